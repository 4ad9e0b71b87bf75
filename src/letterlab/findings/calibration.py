"""Whether a network is as often right as it says, and how right it is where it may leave the doubtful unread."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from letterlab.evaluation import Predictions, Rate, rate
from letterlab.findings.compare import RESAMPLES, letter_weights
from letterlab.shapes import Bool, Float, Float32, Int

BINS: Final = 15
"""Of equal width, as in Guo et al. 2017: errors of calibration with other bins are not the same quantity."""
TARGETS: Final = (0.95, 0.98, 0.99, 0.995, 0.999)
"""Accuracies that one may want."""
MOST_REFUSED: Final = 0.5
"""A network that leaves more than that unread does not read letters."""


@dataclass(frozen=True)
class Bin:
    """The letters of which a network was about as sure."""

    low: float
    high: float
    """Their confidence, the probability of the answer, is at least `low` and below `high`; 1 is in the last bin."""
    confidence: float
    """Its mean."""
    right: Rate


@dataclass(frozen=True)
class Calibration:
    """How far the probability that a network gives its answers is from how often they are right."""

    bins: tuple[Bin, ...]
    """By rising confidence; those that hold a letter."""
    error: float
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017): |share right - mean confidence| of the bins,
    weighted by their letters."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    by_chance: float
    """The error that a network with these very confidences would show on average, were each of them true."""
    p: float
    """Probability of an error at least as large, were they true."""
    excess: float
    """Mean confidence less accuracy: above 0 the network is too sure of itself."""
    excess_low: float
    """Lower end of its 95 % bootstrap interval, which holds 0 where true confidences would show as much by chance."""
    excess_high: float

    @property
    def leaning(self) -> str:
        """`over` for too sure, `under` for not sure enough; `neither` where that is not more than chance."""
        if self.excess_low > 0:
            return "over"
        return "under" if self.excess_high < 0 else "neither"


@dataclass(frozen=True)
class Kept:
    """What is left of the letters when the least sure are not read."""

    refused: float
    """Share of all letters that are not read."""
    right: Rate
    """Of those read."""


@dataclass(frozen=True)
class Reached:
    """How many letters a network has to leave unread to be right so often on the rest."""

    target: float
    kept: Kept
    """The fewest refused with which the accuracy is reached."""
    low: float
    """Lower end of the 95 % bootstrap interval of the share refused."""
    high: float
    """Upper end; 1 where some resamples reach it with no letter."""


@dataclass(frozen=True)
class Refusal:
    """Accuracy against the share of letters that are not read, the least sure first."""

    curve: tuple[Kept, ...]
    """From none refused to `MOST_REFUSED`, a step a percentage point."""
    reached: tuple[Reached, ...]
    """Those of `TARGETS` that are above the accuracy on all letters and come within `MOST_REFUSED`."""
    missed: tuple[float, ...]
    """Those that do not."""


def calibration(predictions: Predictions) -> Calibration:
    """Confidence against accuracy, in bins.

    The error is never below 0, so chance alone makes one, the larger the fewer letters: `by_chance` and `p` say how
    large a one, from answers drawn by the confidences themselves (consistency resampling: Bröcker and Smith 2007). A
    bootstrap adds that chance a second time; its percentiles are therefore mirrored at the error that was measured
    (the basic bootstrap of Davison and Hinkley 1997). That fails near 0, so the interval begins at 0 where p is 0.05 or
    more, and what was measured always lies in it.
    """
    confidence = predictions.probabilities.max(axis=1).astype(np.float64)
    n = len(predictions)
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    members = (places[:, None] == np.arange(BINS)).astype(np.float32)
    lacking = (confidence - predictions.correct).astype(np.float32)
    error = _error(lacking[None] @ members, n)[0]
    by_letters = letter_weights(n) @ (members * lacking[:, None])
    low, high = 2 * error - np.quantile(_error(by_letters, n), [0.975, 0.025])
    drawn = np.random.default_rng(0).random((RESAMPLES, n), dtype=np.float32) < confidence
    true = _error((confidence - drawn).astype(np.float32) @ members, n)
    excess = float(lacking.mean())
    excess_low, excess_high = np.quantile(by_letters.sum(axis=1) / n, [0.025, 0.975])
    # With hardly a mistake the resamples hold no more of them: what chance would make of true confidences is told too.
    chance = np.quantile((confidence - drawn).mean(axis=1), [0.025, 0.975])
    if chance[0] <= excess <= chance[1]:
        excess_low, excess_high = min(excess_low, 0.0), max(excess_high, 0.0)
    p = float((1 + (true >= error).sum()) / (1 + RESAMPLES))
    return Calibration(
        bins=tuple(_bin(i, confidence[places == i], predictions.correct[places == i]) for i in np.unique(places)),
        error=float(error),
        low=max(float(low), 0.0) if p < 0.05 else 0.0,
        high=max(float(high), float(error)),
        by_chance=float(true.mean()),
        p=p,
        excess=excess,
        excess_low=float(excess_low),
        excess_high=float(excess_high),
    )


def _error(lacking: Float32[np.ndarray, "_ bins"], n: int) -> Float32[np.ndarray, "_"]:
    return np.abs(lacking).sum(axis=1) / n


def _bin(i: np.integer, confidence: Float[np.ndarray, "m"], correct: Bool[np.ndarray, "m"]) -> Bin:
    return Bin(
        low=float(i / BINS),
        high=float((i + 1) / BINS),
        confidence=float(confidence.mean()),
        right=rate(int(correct.sum()), len(correct)),
    )


def refusal(predictions: Predictions) -> Refusal:
    """Accuracy when the least sure letters are left unread (El-Yaniv and Wiener 2010: risk against coverage).

    Letters of one confidence are left unread together. Nothing is chosen by the curve: a threshold that is to be used
    has to be found on other letters than these.
    """
    confidence = predictions.probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    correct, n = predictions.correct[order], len(order)
    # Letters of one confidence stay together: how many can be read, the surest first.
    readable = np.flatnonzero(np.append(np.diff(confidence[order]) != 0, True)) + 1
    asked = [n - round(n * points / 100) for points in range(round(100 * MOST_REFUSED) + 1)]
    read = dict.fromkeys(int(readable[np.searchsorted(readable, max(one, 1))]) for one in asked)
    reached, missed = [], []
    for target in (target for target in TARGETS if target > correct.mean()):
        most = int(_most_read(np.ones((1, n), np.float32), correct, readable, target)[0])
        if most >= n * (1 - MOST_REFUSED):
            # In parts: running sums of all resamples at once take much memory.
            resamples = np.array_split(letter_weights(n), 20)
            again = [_most_read(weights, correct, readable, target) for weights in resamples]
            low, high = np.quantile(1 - np.concatenate(again) / n, [0.025, 0.975])
            reached.append(Reached(target, _kept(correct, most), float(low), float(high)))
        else:
            missed.append(target)
    return Refusal(tuple(_kept(correct, one) for one in read), tuple(reached), tuple(missed))


def _kept(correct: Bool[np.ndarray, "n"], read: int) -> Kept:
    n = len(correct)
    return Kept(1 - read / n, rate(int(correct[:read].sum()), read))


def _most_read(
    weights: Float32[np.ndarray, "r n"], correct: Bool[np.ndarray, "n"], readable: Int[np.ndarray, "m"], target: float
) -> Float32[np.ndarray, "r"]:
    """How many letters, each weighed, can be read so that the target is reached; 0 where none."""
    read = np.cumsum(weights, axis=1)[:, readable - 1]
    wrong = np.cumsum(weights * ~correct, axis=1)[:, readable - 1]
    return (read * (wrong <= (1 - target) * read + 1e-6)).max(axis=1)
