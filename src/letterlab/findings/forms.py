"""Written forms of a letter: the ways of writing it that lie apart, such as A and a, told without knowing the case."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions, Rate, rate
from letterlab.letterset import SIDE, LetterSet
from letterlab.shapes import Float, Float32, Int

MOST: Final = 4
"""Forms of one letter."""
FEWEST: Final = 8
"""Pictures that a form has at least; and a twentieth of the letter's."""
APART: Final = 0.25
"""Mean silhouette below which "no substantial structure has been found" (Kaufman and Rousseeuw 1990, p. 88)."""
COMPONENTS: Final = 40
"""Of the pixels that stand for a picture where a network's features are not known."""


@dataclass(frozen=True, eq=False)
class Form:
    """One way of writing a letter, and how it is read."""

    letter: str
    positions: Int[np.ndarray, "m"]
    """Of its pictures, among all."""
    medoid: int
    """Position of the picture that is nearest to all others of the form."""
    share: Rate
    """Of the letter's pictures, those of this form."""
    accuracy: Rate
    """Of the form's pictures, those read rightly."""
    read_as: tuple[tuple[str, int], ...]
    """What the others were read as, most often first, with counts."""


def forms(space: Float32[np.ndarray, "n k"], predictions: Predictions, letter: str) -> tuple[Form, ...]:
    """The forms of a letter, the commonest first; a single one where its pictures do not fall apart.

    Ward's clustering (Ward 1963) into two, three and four; of those whose parts all have enough pictures the one with
    the highest mean silhouette (Rousseeuw 1987), if that shows some structure.

    Args:
        space: where pictures that look alike lie near each other: what a network's last layer is given, or
            `pixel_space`.
        predictions: what that network said of the same pictures.
        letter: A to Z; of one without pictures there is no form.
    """
    at = np.flatnonzero(predictions.labels == LETTERS.index(letter))
    if not len(at):
        return ()
    square = squareform(pdist(space[at].astype(np.float64)))
    parts = _parts(space[at], square)
    return tuple(
        _form(letter, at[members], square[np.ix_(members, members)], predictions, len(at))
        for members in sorted((np.flatnonzero(parts == part) for part in np.unique(parts)), key=lambda one: -len(one))
    )


def _parts(points: Float32[np.ndarray, "n k"], square: Float[np.ndarray, "n n"]) -> Int[np.ndarray, "n"]:
    """Which part each picture belongs to."""
    n = len(points)
    best, found = APART, np.ones(n, dtype=np.int64)
    if n < 2 * FEWEST:
        return found
    tree = linkage(points.astype(np.float64), "ward")
    for count in range(2, MOST + 1):
        parts = fcluster(tree, count, "maxclust")
        enough = parts.max() > 1 and np.bincount(parts)[1:].min() >= max(FEWEST, n / 20)
        if enough and (mean := silhouette(square, parts)) > best:
            best, found = mean, parts
    return found


def silhouette(square: Float[np.ndarray, "n n"], parts: Int[np.ndarray, "n"]) -> float:
    """Mean silhouette of parts 1, 2, ... of at least two points each, from all distances (Rousseeuw 1987): how much
    nearer points are to their own part than to the next, from -1 to 1."""
    belongs = parts[:, None] == np.arange(1, parts.max() + 1)
    sums, sizes = square @ belongs, belongs.sum(axis=0)
    own = sums[belongs] / (sizes[parts - 1] - 1)
    next_one = np.where(belongs, np.inf, sums / sizes).min(axis=1)
    return float(((next_one - own) / np.maximum(np.maximum(own, next_one), np.finfo(float).tiny)).mean())


def _form(
    letter: str,
    positions: Int[np.ndarray, "m"],
    square: Float[np.ndarray, "m m"],
    predictions: Predictions,
    n: int,
) -> Form:
    answers = predictions.answers[positions]
    wrong = np.bincount(answers[answers != LETTERS.index(letter)], minlength=len(LETTERS))
    order = [int(k) for k in np.argsort(-wrong, kind="stable") if wrong[k]]
    return Form(
        letter,
        positions,
        int(positions[square.sum(axis=1).argmin()]),
        rate(len(positions), n),
        rate(int(predictions.correct[positions].sum()), len(positions)),
        tuple((LETTERS[k], int(wrong[k])) for k in order),
    )


@lru_cache(maxsize=2)
def pixel_space(letters: LetterSet) -> Float32[np.ndarray, "n 40"]:
    """Pictures by their pixels alone, smoothed so that a line beside a line is near it, as principal components."""
    smoothed = np.stack([cv2.GaussianBlur(image, (0, 0), 1.2) for image in letters.images])
    pixels = smoothed[:, ::2, ::2].reshape(-1, (SIDE // 2) ** 2).astype(np.float32) / 255
    pixels -= pixels.mean(axis=0)
    _, directions = np.linalg.eigh(pixels.T @ pixels)
    return pixels @ directions[:, ::-1][:, :COMPONENTS]
