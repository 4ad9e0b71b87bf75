"""Which settings matter most over the whole space of recipes that was tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import create_trial

FEWEST_TRIALS: Final = 10
"""From fewer no forest learns anything."""
FORESTS: Final = 5


@dataclass(frozen=True)
class Importance:
    """How much of what the recipes differ in is due to one factor."""

    factor: str
    share: float
    """Of the variance of the value over the whole space, what this factor alone explains, 0 to 1."""
    deviation: float
    """Standard deviation of the share over repetitions with other forests."""


def importances(levels: Sequence[Mapping[str, str]], values: Sequence[float]) -> tuple[Importance, ...]:
    """The main effects of fANOVA, the largest first (Hutter, Hoos, Leyton-Brown 2014); by Optuna, with a random forest.

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
    # scikit-learn, which it brings along, takes a second to import.
    from optuna.importance import FanovaImportanceEvaluator

    study = _study(levels, values)
    found = [FanovaImportanceEvaluator(seed=seed).evaluate(study) for seed in range(FORESTS)]
    shares = {factor: [one[factor] for one in found] for factor in levels[0]}
    return tuple(
        sorted(
            (Importance(factor, float(np.mean(of)), float(np.std(of, ddof=1))) for factor, of in shares.items()),
            key=lambda importance: -importance.share,
        )
    )


def _study(levels: Sequence[Mapping[str, str]], values: Sequence[float]) -> optuna.Study:
    """The trials as Optuna knows them, each level as the middle of a piece of a line, all pieces of the same length.

    Not as categories: of these Optuna makes a column each, and its fANOVA then averages over points that have several
    levels of a factor at once, or none. Two factors that explain half of the variance each came out as 0.32 and 0.39,
    and a factor of ten levels took ten times as long. On the line every level weighs the same and the shares are
    right. The levels stand by the mean of their values, by which a tree needs the fewest cuts (Fisher 1958).
    """
    numbers = {factor: _by_mean([one[factor] for one in levels], values) for factor in levels[0]}
    line: dict[str, BaseDistribution] = {
        factor: FloatDistribution(-0.5, len(of) - 0.5) if len(of) > 1 else FloatDistribution(0, 0)
        for factor, of in numbers.items()
    }
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # It would say that a study was created.
    try:
        study = optuna.create_study()
    finally:
        optuna.logging.set_verbosity(verbosity)
    study.add_trials(
        create_trial(
            params={factor: numbers[factor][level] for factor, level in one.items()}, distributions=line, value=value
        )
        for one, value in zip(levels, values, strict=True)
    )
    return study


def _by_mean(levels: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """The levels of one factor, numbered by the mean of their values."""
    grouped: dict[str, list[float]] = {}
    for level, value in zip(levels, values, strict=True):
        grouped.setdefault(level, []).append(value)
    order = sorted(grouped, key=lambda level: (float(np.mean(grouped[level])), level))
    return {level: float(number) for number, level in enumerate(order)}
