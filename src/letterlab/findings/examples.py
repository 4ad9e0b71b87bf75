"""Which pictures of a letter a network finds hardest and easiest."""

from dataclasses import dataclass

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions
from letterlab.shapes import Float, Int


@dataclass(frozen=True, eq=False)
class Examples:
    """Positions of some pictures of one letter; none is in both."""

    hardest: Int[np.ndarray, "h"]
    """Lowest margin first, read rightly or not."""
    easiest: Int[np.ndarray, "e"]
    """Highest margin first."""


def margins(predictions: Predictions) -> Float[np.ndarray, "n"]:
    """How far a network puts the label of each picture before the best other letter; above 0 where it reads it rightly.

    The natural logarithm of the ratio of the two probabilities, which is the difference of the network's two scores:
    unlike a difference of probabilities it still tells two pictures apart that are both read with all but certainty.
    """
    probabilities = np.maximum(predictions.probabilities.astype(np.float64), np.finfo(np.float32).tiny)
    every = np.arange(len(predictions))
    of_label = probabilities[every, predictions.labels]
    probabilities[every, predictions.labels] = 0
    return np.log(of_label / probabilities.max(axis=1))


def examples(predictions: Predictions, letter: str, most: int = 8) -> Examples:
    """The hardest and the easiest pictures of a letter, by their margin: so many of each, at most half of them all."""
    positions = np.flatnonzero(predictions.labels == LETTERS.index(letter))
    ordered = positions[np.argsort(margins(predictions)[positions], kind="stable")]
    half = len(ordered) // 2
    return Examples(hardest=ordered[: len(ordered) - half][:most], easiest=ordered[::-1][:half][:most])
