"""Paired comparisons: two networks, or two recipes, on the same letters."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from scipy.stats import binomtest

from letterlab.evaluation import Z_95


@dataclass(frozen=True)
class Comparison:
    """How two networks (or recipes) differ on the same letters."""

    difference: float
    """Accuracy of the first less that of the second."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    n: int
    """Letters."""

    @property
    def apart(self) -> bool:
        """The interval leaves out zero."""
        return self.low > 0 or self.high < 0


def compare(first: Bool[np.ndarray, "seeds_a n"], second: Bool[np.ndarray, "seeds_b n"]) -> Comparison:
    """Difference in accuracy between two recipes, each trained with some seeds and read the same n letters.

    Each letter gives one paired value: the share of the first's seeds that read it rightly less the same share of the
    second's. The interval is that of a mean of n such values (normal approximation), so it says what other letters of
    this kind would show; of what other seeds would show it knows only through the seeds that were averaged.
    """
    values = first.mean(axis=0) - second.mean(axis=0)
    mean = float(values.mean())
    half = Z_95 * float(values.std(ddof=1)) / float(np.sqrt(len(values))) if len(values) > 1 else float("inf")
    return Comparison(mean, mean - half, mean + half, len(values))


def mcnemar(first: Bool[np.ndarray, "n"], second: Bool[np.ndarray, "n"]) -> float:
    """Exact two-sided p of McNemar's test that two networks err equally often on the same letters (McNemar 1947)."""
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)
