"""The pairs of letters that are most often confused, and the mistakes themselves."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions, Rate, rate
from letterlab.shapes import Float, Int

RESAMPLES: Final = 1000


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
    in_list: float
    """How often the pair is in the list again when the letters are drawn anew: share of the resamples."""
    ranks: tuple[int, int]
    """Its rank in the middle 95 % of the resamples; 1 is the pair most often confused."""


def confused_pairs(counts: Int[np.ndarray, "26 26"], most: int = 10) -> tuple[Pair, ...]:
    """The unordered pairs with the most mistakes in both directions together, most first.

    Ordered by how many of the two letters' pictures are read as the other (as a share, so that a letter with few
    pictures is not overlooked); among equals by the alphabet. Pairs that were never confused are left out.

    How sure a place in the list is comes from a bootstrap: each letter's pictures are drawn anew, with replacement, as
    many as there are (Efron 1979; for ranks, Goldstein and Spiegelhalter 1996). A pair that shares its rank with others
    has the middle of their ranks, and its part of the places left. A pair that was never confused never is in a
    resample either, so the certainty is somewhat too high.
    """
    totals = counts.sum(axis=1)
    shares = _shares(counts[None])[0]
    listed = [k for k in np.argsort(-shares, kind="stable")[:most].tolist() if shares[k]]
    if not listed:
        return ()
    drawn = _shares(_resampled(counts))
    pairs = []
    for k in listed:
        again = drawn[:, k]
        i, j = int(_FIRST[k]), int(_SECOND[k])
        above = (drawn > again[:, None]).sum(axis=1)
        equal = (drawn == again[:, None]).sum(axis=1)
        low, high = np.quantile(above + (equal + 1) / 2, [0.025, 0.975])
        pairs.append(
            Pair(
                first=LETTERS[i],
                second=LETTERS[j],
                forth=rate(int(counts[i, j]), int(totals[i])),
                back=rate(int(counts[j, i]), int(totals[j])),
                both=rate(int(counts[i, j] + counts[j, i]), int(totals[i] + totals[j])),
                in_list=float(np.mean((again > 0) * np.clip((most - above) / equal, 0, 1))),
                ranks=(int(np.floor(low)), int(np.ceil(high))),
            )
        )
    return tuple(pairs)


_FIRST, _SECOND = np.triu_indices(len(LETTERS), 1)
"""The letters of each of the 325 pairs, in the order of the alphabet."""


def _shares(counts: Int[np.ndarray, "r 26 26"]) -> Float[np.ndarray, "r 325"]:
    """Of the pictures of the two letters of each pair, those read as the other; 0 where there are none."""
    totals = counts.sum(axis=2)
    wrong = counts[:, _FIRST, _SECOND] + counts[:, _SECOND, _FIRST]
    return wrong / np.maximum(totals[:, _FIRST] + totals[:, _SECOND], 1)


def _resampled(counts: Int[np.ndarray, "26 26"]) -> Int[np.ndarray, "r 26 26"]:
    """Confusion matrices of as many pictures of each letter, drawn anew; the same ones every time."""
    generator = np.random.default_rng(0)
    rows = [generator.multinomial(int(row.sum()), row / max(row.sum(), 1), RESAMPLES) for row in counts]
    return np.stack(rows, axis=1)


def mistakes(predictions: Predictions, letter: str, read_as: str) -> Int[np.ndarray, "m"]:
    """Positions of the pictures of one letter that were read as another, those said most surely first."""
    label, answer = LETTERS.index(letter), LETTERS.index(read_as)
    found = np.flatnonzero((predictions.labels == label) & (predictions.answers == answer))
    return found[np.argsort(-predictions.probabilities[found, answer], kind="stable")]
