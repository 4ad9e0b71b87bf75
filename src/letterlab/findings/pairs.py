"""The pairs of letters that are most often confused, and the mistakes themselves."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions, Rate, rate


@dataclass(frozen=True)
class Pair:
    """Two letters and how often each is read as the other."""

    first: str
    second: str
    forth: Rate
    """Of the pictures of the first letter, those read as the second."""
    back: Rate
    """Of the pictures of the second letter, those read as the first."""
    both: Rate
    """Of the pictures of either, those read as the other."""


def confused_pairs(counts: Int[np.ndarray, "26 26"], most: int = 10) -> tuple[Pair, ...]:
    """The unordered pairs with the most mistakes in both directions together, most first.

    Ordered by how many of the two letters' pictures are read as the other (as a share, so that a letter with few
    pictures is not overlooked); among equals by the alphabet. Pairs that were never confused are left out.
    """
    totals = counts.sum(axis=1)
    pairs = [
        Pair(
            first=LETTERS[i],
            second=LETTERS[j],
            forth=rate(int(counts[i, j]), int(totals[i])),
            back=rate(int(counts[j, i]), int(totals[j])),
            both=rate(int(counts[i, j] + counts[j, i]), int(totals[i] + totals[j])),
        )
        for i in range(len(LETTERS))
        for j in range(i + 1, len(LETTERS))
        if counts[i, j] + counts[j, i]
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.both.share)[:most])


def mistakes(predictions: Predictions, letter: str, read_as: str) -> Int[np.ndarray, "m"]:
    """Positions of the pictures of one letter that were read as another, those said most surely first."""
    label, answer = LETTERS.index(letter), LETTERS.index(read_as)
    found = np.flatnonzero((predictions.labels == label) & (predictions.answers == answer))
    return found[np.argsort(-predictions.probabilities[found, answer], kind="stable")]
