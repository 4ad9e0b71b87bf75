"""Which settings matter most over the whole space of recipes that was tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from letterlab.shapes import Float, Int

FEWEST_TRIALS: Final = 10
"""From fewer no forest learns anything."""
FORESTS: Final = 5
TREES: Final = 64
"""Of each forest."""


@dataclass(frozen=True)
class Importance:
    """How much of what the recipes differ in is due to one factor."""

    factor: str
    share: float
    """Of the variance of the value over the whole space, what this factor alone explains, 0 to 1."""
    deviation: float
    """Standard deviation of the share over repetitions with other forests."""


def importances(levels: Sequence[Mapping[str, str]], values: Sequence[float]) -> tuple[Importance, ...]:
    """The main effects of fANOVA, the largest first (Hutter, Hoos, Leyton-Brown 2014), with random forests.

    One entry a trial: the level of every factor (the same factors in all) and what came of it, such as its accuracy
    on the validation letters. A forest learns the value from the levels; the space is every combination of them, all
    equally likely, tried or not. A factor's share is the variance of the forest's mean value at its levels, divided
    by the variance over the whole space. The shares are not scaled to sum to 1: what they lack is due to factors
    that work together. A factor with one level has share 0. Fewer than ten trials, or values that are all equal,
    give no shares at all.

    What the shares do not tell:

    - Which level is better, and whether a factor matters beyond chance. Noise has shares too: in 60 trials of mere
      noise eight factors of 3 to 5 levels got 0.05 each on average and up to 0.24, in 40 trials one of ten levels
      0.26 on average. `deviation` is of forests, not of trials, and does not warn of it. That is for `compare`.
    - Joint effects, where the trials vary one factor at a time around a base: no trial then shows two factors at
      once, and the forest takes what it has not seen for what is nearest to it. The base's level of each factor
      stands in most trials, the others in one or two, which a tree grown on a resample of the trials may not have
      seen: the share of a factor with one level far off comes out too low, against one of which all levels differ
      from the base's.
    - The space evenly, where a search went to good recipes: what it seldom tried is guessed from few trials.
    """
    if len(values) < FEWEST_TRIALS or len(set(values)) == 1:
        return ()
    numbers = {factor: _by_mean([one[factor] for one in levels], values) for factor in levels[0]}
    varied = [factor for factor, of in numbers.items() if len(of) > 1]
    shares = {factor: np.zeros(FORESTS) for factor in numbers}
    if varied:
        x = np.array([[numbers[factor][one[factor]] for factor in varied] for one in levels])
        sizes = np.array([len(numbers[factor]) for factor in varied])
        found = np.array([_of_forest(x, np.array(values), sizes, seed) for seed in range(FORESTS)])
        shares |= dict(zip(varied, found.T, strict=True))
    return tuple(
        sorted(
            (Importance(factor, float(of.mean()), float(of.std(ddof=1))) for factor, of in shares.items()),
            key=lambda importance: -importance.share,
        )
    )


def _of_forest(
    x: Float[np.ndarray, "n k"], y: Float[np.ndarray, "n"], sizes: Int[np.ndarray, "k"], seed: int
) -> Float[np.ndarray, "k"]:
    """The shares of k factors, each the mean over the trees of one forest; trees that say nothing do not count.

    A level is the middle of a piece of a line, all pieces of the same length, and the levels stand by the mean of
    their values, by which a tree needs the fewest cuts (Fisher 1958). With a column for each level in their place a
    tree would be asked about points that have several levels of a factor at once, or none.
    """
    from sklearn.ensemble import RandomForestRegressor  # a second to import

    forest = RandomForestRegressor(TREES, random_state=seed).fit(x, y)
    shares = [_of_tree(one.tree_, sizes) for one in forest.estimators_ if one.tree_.node_count > 1]
    return np.mean(shares, axis=0)


def _of_tree(tree: Any, sizes: Int[np.ndarray, "k"]) -> Float[np.ndarray, "k"]:
    """The share of the variance of one tree's values that each factor explains by itself.

    Its leaves are boxes that fill the space; the mean value at a place of one factor is that of all boxes there, each
    weighed by the share of the other factors' space that it takes.
    """
    low = np.full((tree.node_count, len(sizes)), -0.5)
    high = low + sizes
    inner = np.array([0])
    while len(inner):
        left, right, by = tree.children_left[inner], tree.children_right[inner], tree.feature[inner]
        for child in (left, right):
            low[child], high[child] = low[inner], high[inner]
        high[left, by] = low[right, by] = tree.threshold[inner]
        inner = np.concatenate([left, right])
        inner = inner[tree.feature[inner] >= 0]
    leaves = tree.feature < 0
    low, high, value = low[leaves], high[leaves], tree.value[leaves, 0, 0]
    sides = (high - low) / sizes
    volume = sides.prod(axis=1)
    value = value - volume @ value
    explained = np.empty(len(sizes))
    for factor, size in enumerate(sizes):
        ends = np.unique([low[:, factor], high[:, factor]])
        middles = (ends[1:] + ends[:-1]) / 2
        holds = (low[:, factor, None] < middles) & (middles < high[:, factor, None])  # [leaves pieces]
        means = (value * volume / sides[:, factor]) @ holds
        explained[factor] = np.diff(ends) / size @ means**2
    return explained / (volume @ value**2)


def _by_mean(levels: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """The levels of one factor, numbered by the mean of their values."""
    grouped: dict[str, list[float]] = {}
    for level, value in zip(levels, values, strict=True):
        grouped.setdefault(level, []).append(value)
    order = sorted(grouped, key=lambda level: (float(np.mean(grouped[level])), level))
    return {level: float(number) for number, level in enumerate(order)}
