"""Whether letters are stored upright or transposed, told from the pictures."""

from dataclasses import dataclass
from functools import cache
from math import exp, lgamma
from typing import Final

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.letterset import SIDE, Orientation
from letterlab.shapes import Float32, UInt8

SAMPLE: Final = 40
"""Pictures of each letter that are looked at, and drawn letters that each is compared with."""
DECIDED: Final = 0.6
"""Certainty below which the orientation counts as undecided."""
MOST_CERTAIN: Final = 0.999
"""Certainty is never given as more: the assumptions themselves may fail."""

# How much of a drawn letter's advantage over chance carries over to letters written by people, and how alike people's
# letters are: the weight of the prior in votes. Measured over five origins of handwriting, letter by letter: with these
# two, answers of a certainty between 0.6 and 1 were right as often as it says, or more often.
_CARRIED_OVER: Final = 0.8
_PRIOR_VOTES: Final = 4.0
_ROUNDING: Final = 1e-5
"""Correlations that differ by less are equal, as those of a blank picture or one symmetric to its diagonal are."""


def decide_orientation(images: UInt8[np.ndarray, "n 28 28"], labels: UInt8[np.ndarray, "n"]) -> Orientation:
    """How these letters are stored, and with what certainty.

    Of each letter up to 40 pictures vote. A picture votes for upright when it correlates more with one of 40 drawn
    letters of its own class than with any of them transposed, and for transposed in the opposite case. How far a
    letter's votes can be trusted is measured on the drawn letters themselves, each compared with the others of its
    class: the votes of O, which looks alike both ways, count for little.

    The votes become a probability by a beta-binomial model: the share p of right votes among all pictures of one
    letter is unknown, with a Beta prior around what the drawn letters give, less a fifth of its advantage over one
    half. With k of n votes for upright, a letter's evidence is the log of P(k | n, upright) / P(n - k | n, upright),
    and the letters' evidence is added, both orientations being equally probable beforehand. So pictures of one letter
    are taken as alike, of different letters as independent, and other ways of lying (mirrored, upside down) as absent.

    Below a certainty of 0.6 the answer is the assignment's own way, stored transposed, with certainty 0.5.

    Args:
        images: bright ink on black, as stored.
        labels: class index of each, 0 to 25.
    """
    evidence, upright, votes = 0.0, 0, 0
    for index, references in enumerate(_references()):
        positions = np.flatnonzero(labels == index)
        sample = positions[np.linspace(0, len(positions) - 1, min(SAMPLE, len(positions))).astype(int)]
        pictures = _normalised(images[sample])
        for_upright, for_transposed = _votes(pictures @ references.upright.T, pictures @ references.transposed.T)
        evidence += _evidence(for_upright, for_transposed, references.trust)
        upright += for_upright
        votes += for_upright + for_transposed
    certainty = min(1 / (1 + exp(-min(abs(evidence), 50))), MOST_CERTAIN)
    if certainty < DECIDED:
        return Orientation(
            "stored-transposed",
            0.5,
            f"The pictures do not tell ({upright:,} of {votes:,} are nearer to drawn letters as they are, the others "
            "when transposed): the assignment's own way was taken.",
        )
    if evidence > 0:
        return Orientation(
            "upright",
            certainty,
            f"{upright:,} of {votes:,} pictures looked at are nearer to drawn letters as they are.",
        )
    return Orientation(
        "stored-transposed",
        certainty,
        f"{votes - upright:,} of {votes:,} pictures looked at are nearer to drawn letters when transposed.",
    )


@dataclass(frozen=True)
class _Drawn:
    """Drawn letters of one class to compare with."""

    upright: Float32[np.ndarray, "m 784"]
    transposed: Float32[np.ndarray, "m 784"]
    trust: float
    """Probability, one half or more, that the vote of a picture of this letter is right."""


@cache
def _references() -> list[_Drawn]:
    """The drawn letters of each class. How far to trust a class is told by each voting among the others of it."""
    from letterlab.sources.drawn import draw_letters  # the drawing is needed only where letters are first read

    references = []
    drawn = draw_letters(np.repeat(np.arange(len(LETTERS), dtype=np.uint8), SAMPLE), seed=0)
    for letters in np.split(drawn, len(LETTERS)):
        upright, transposed = _normalised(letters), _normalised(letters.transpose(0, 2, 1))
        others = ~np.eye(SAMPLE, dtype=bool)
        right, wrong = _votes(np.where(others, upright @ upright.T, -1), np.where(others, upright @ transposed.T, -1))
        trust = 0.5 + _CARRIED_OVER * max(0.0, right / max(right + wrong, 1) - 0.5)
        references.append(_Drawn(upright, transposed, trust))
    return references


def _votes(upright: Float32[np.ndarray, "n m"], transposed: Float32[np.ndarray, "n m"]) -> tuple[int, int]:
    """How many pictures correlate most with a drawn letter as it is, and how many with one transposed."""
    difference = upright.max(axis=1) - transposed.max(axis=1)
    return int((difference > _ROUNDING).sum()), int((difference < -_ROUNDING).sum())


def _normalised(images: UInt8[np.ndarray, "n 28 28"]) -> Float32[np.ndarray, "n 784"]:
    """Rows of mean 0 and length 1, so that a product of two is their correlation; 0 for a picture of one grey."""
    rows = images.reshape(-1, SIDE * SIDE).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _evidence(upright: int, transposed: int, trust: float) -> float:
    """Log odds for upright from one letter's votes, when a vote is right with probability Beta around `trust`."""
    right, wrong = _PRIOR_VOTES * trust, _PRIOR_VOTES * (1 - trust)
    return lgamma(upright + right) + lgamma(transposed + wrong) - lgamma(transposed + right) - lgamma(upright + wrong)
