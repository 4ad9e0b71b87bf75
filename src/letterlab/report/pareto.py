"""Accuracy against what it costs: all candidates of a study, and those that none beats at their cost."""

from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup

from letterlab.findings.frontier import frontier
from letterlab.report.axes import horizontal_grid, mark, padded, padded_log, ticks_below, usual
from letterlab.report.svg import LogScale, Number, Scale, figure, tag
from letterlab.report.words import Words
from letterlab.study.results import Results
from letterlab.study.tried import Tried

Cost = Literal["parameters", "seconds"]
COSTS: Final[tuple[Cost, ...]] = ("parameters", "seconds")
_BENEATH: Final = 28  # pixels for the marks beneath the scale and their arrows


@dataclass(frozen=True, eq=False)
class Spot:
    """A candidate in the figure."""

    tried: Tried
    family: int
    """Which family of the study it is of."""
    cost: float
    """Parameters, or seconds of training."""

    @property
    def gain(self) -> float:
        """Mean accuracy on the validation letters."""
        return self.tried.validation_mean


def spots(results: Results, cost: Cost) -> list[Spot]:
    """Every candidate of every experiment and of the finals."""
    return [
        Spot(one, i, float(one.parameters if cost == "parameters" else one.seconds))
        for i, family in enumerate(results.families)
        for group in (*(result.tried + result.searched for result in family.experiments), family.finals)
        for one in group
    ]


def best_at_cost(results: Results, cost: Cost) -> list[Spot]:
    """The Pareto frontier by rising cost: no other candidate costs at most as much and reads at least as many."""
    every = spots(results, cost)
    return [every[i] for i in frontier([one.cost for one in every], [one.gain for one in every])]


def pareto_figure(words: Words, results: Results, cost: Cost) -> Markup:
    """A mark for each candidate, filled where it was shown all letters; the frontier as steps, its members numbered.

    Candidates far below the others stand beneath the scale, each over an arrow.
    """
    left, right, top, bottom, width, height = 52, 744, 14, 300, 760, 336
    every, best = spots(results, cost), best_at_cost(results, cost)
    costs = [max(one.cost, 1e-3) for one in every]
    x = padded_log(min(costs), max(costs), left, right)
    low, high = usual([one.gain for one in every], near=0.1)
    y = padded(low, high, bottom - _BENEATH if min(one.gain for one in every) < low else bottom, top)
    ticks = x.ticks(8)
    parts = [
        *horizontal_grid(words, y, True, left, right),
        *ticks_below([(x(tick), _cost(words, tick)) for tick in ticks], bottom + 18),
        tag("text", words(f"costs.axis_{cost}"), x=(left + right) / 2, y=height - 2, class_="axis-name"),
        tag("path", d=_steps(best, x, y, right), class_="frontier"),
    ]
    numbers = {id(one.tried): i for i, one in enumerate(best, start=1)}
    for one in sorted(every, key=lambda one: id(one.tried) in numbers):
        parts.append(_spot(words, results, one, numbers.get(id(one.tried)), x, y))
    return figure(width, height, str(words(f"costs.alt_{cost}")), *parts, *_numbers(best, x, y))


def _cost(words: Words, value: float) -> str:
    return words.integer(round(value)) if value >= 1 else words.setting(value)


def _place(one: Spot, x: LogScale, y: Scale) -> tuple[float, float]:
    return x(max(one.cost, 1e-3)), y(one.gain) if one.gain >= y.low else y.start + _BENEATH / 2


def _steps(best: list[Spot], x: LogScale, y: Scale, right: Number) -> str:
    """From each member straight to the next one's cost, then up to it."""
    first, *others = [_place(one, x, y) for one in best]
    way = f"M{first[0]:.1f} {first[1]:.1f}" + "".join(f" H{across:.1f} V{up:.1f}" for across, up in others)
    return f"{way} H{right}"


def _spot(words: Words, results: Results, one: Spot, number: int | None, x: LogScale, y: Scale) -> Markup:
    tried = one.tried
    family = results.families[one.family].family
    across, up = _place(one, x, y)
    shown = tried.recipe.letters_of_each == "all"
    title = words(
        "costs.hover",
        name=f"{tried.experiment}/{tried.name}",
        mean=words.percent(tried.validation_mean),
        parameters=tried.parameters,
        seconds=words.duration(tried.seconds),
        family=words.known("family", family),
    )
    kind = f"mark c{one.family % 8}" + ("" if shown else " hollow") + ("" if number else " faint")
    hover = tag("circle", cx=across, cy=up, r=8, class_="hover")
    parts = [tag("title", title), hover, mark(one.family, across, up, kind)]
    if tried.validation_mean < y.low:
        parts.append(tag("path", d=f"M{across - 4:.1f} {up + 7:.1f} h8 l-4 6 z", class_="note"))
    return tag("g", *parts)


def _numbers(best: list[Spot], x: LogScale, y: Scale) -> list[Markup]:
    """The members' numbers, above and left of their marks; of those too close to stand apart, as a range."""
    runs: list[list[int]] = []
    last = (-1e9, -1e9)
    for i, one in enumerate(best, start=1):
        across, up = _place(one, x, y)
        if runs and abs(across - last[0]) < 44 and abs(up - last[1]) < 14:
            runs[-1].append(i)
        else:
            runs.append([i])
            last = (across, up)
    parts = []
    for run in runs:
        across, up = _place(best[run[0] - 1], x, y)
        text = str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}"
        parts.append(tag("text", text, x=across - 5, y=up - 6, class_="to-left strong"))
    return parts
