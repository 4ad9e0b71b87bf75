"""Look-alikes: pictures of two letters that are hardly apart."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from letterlab.alphabet import LETTERS
from letterlab.shapes import Float32, UInt8


@dataclass(frozen=True)
class LookAlike:
    """A picture of one letter and one of another, the nearest to each other across the border."""

    first: int
    """Position of the first letter's picture."""
    second: int
    distance: float
    """As a share of the mean distance between pictures of the two letters: 0 is no difference at all."""


def look_alikes(
    space: Float32[np.ndarray, "n k"], labels: UInt8[np.ndarray, "n"], first: str, second: str, most: int = 4
) -> tuple[LookAlike, ...]:
    """The nearest pictures of two letters, nearest first; no picture is shown twice.

    Args:
        space: where pictures that look alike lie near each other (findings/forms.py).
        labels: of these pictures.
        first: A to Z.
        second: another letter.
        most: how many are wanted; there are fewer where a letter has fewer pictures.
    """
    at, other = (np.flatnonzero(labels == LETTERS.index(letter)) for letter in (first, second))
    apart = cdist(space[at].astype(np.float64), space[other].astype(np.float64))
    usual = max(float(apart.mean()), np.finfo(np.float64).tiny) if apart.size else 1.0
    found = []
    for _ in range(min(most, *apart.shape)):
        i, j = np.unravel_index(apart.argmin(), apart.shape)
        found.append(LookAlike(int(at[i]), int(other[j]), float(apart[i, j] / usual)))
        apart[i, :] = apart[:, j] = np.inf
    return tuple(found)
