"""Normalisation over batch sizes (task 2.2): which is ahead where, whether they cross, and what Wu and He found."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from markupsafe import Markup

from letterlab.findings.compare import Comparison, compare_all
from letterlab.findings.crossing import Crossing, crossing
from letterlab.recipe import Torchvision
from letterlab.report.sweeps import Curve, Quantity, sweep_figure
from letterlab.report.words import Words
from letterlab.study.results import ExperimentResult
from letterlab.study.tried import Tried

FACTORS: Final = {"normalisation", "batch size", "rate"}
PAPER: Final = {32: (0.236, 0.241), 16: (0.237, 0.242), 8: (0.248, 0.240), 4: (0.273, 0.242), 2: (0.347, 0.241)}
"""Error of ResNet-50 on ImageNet by letters a batch (and GPU): BatchNorm, GroupNorm. Wu and He 2018, Table 2."""


@dataclass(frozen=True, eq=False)
class Versus:
    """Two normalisations over the batch sizes, at one kind of learning rate."""

    rate: str
    first: str
    second: str
    batches: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    """Accuracy of the first less that of the second at each batch size, p corrected (Holm) over them."""

    @property
    def crossing(self) -> Crossing:
        """Whether the one is ahead at some batch sizes and the other at others."""
        return crossing(self.batches, self.comparisons)


@dataclass(frozen=True, eq=False)
class Rise:
    """How much the error of a normalisation grows from the largest batch size up to 32 to the smallest."""

    rate: str
    normalisation: str
    large: int
    small: int
    at_large: float
    """Error there."""
    at_small: float
    comparison: Comparison
    """Of the accuracies, large less small: its difference is the rise of the error."""


@dataclass(frozen=True, eq=False)
class BatchSweep:
    """An experiment that crosses normalisation, batch size and learning rate."""

    result: ExperimentResult

    @cached_property
    def rates(self) -> list[str]:
        """Levels of the rate: fixed, scaled."""
        return self._levels("rate")

    @cached_property
    def normalisations(self) -> list[str]:
        """Levels of the normalisation: bn, gn-16, none."""
        return self._levels("normalisation")

    def _levels(self, name: str) -> list[str]:
        factor = next(factor for factor in self.result.experiment.crossed if factor.name == name)
        there = {one.levels[name] for one in self.result.tried}
        return [level.name for level in factor.levels if level.name in there]

    def along(self, rate: str, normalisation: str) -> dict[int, Tried]:
        """The candidates of one curve by their batch size, rising."""
        found = [
            one
            for one in self.result.tried
            if (one.levels["rate"], one.levels["normalisation"]) == (rate, normalisation)
        ]
        return {one.recipe.batch_size: one for one in sorted(found, key=lambda one: one.recipe.batch_size)}

    def of_kind(self, kind: str) -> list[str]:
        """The levels that are batch, group or none by their recipes."""
        return [
            name
            for name in self.normalisations
            if any(_kind(one) == kind for one in self.result.tried if one.levels["normalisation"] == name)
        ]

    @cached_property
    def group(self) -> str | None:
        """The GroupNorm of highest mean validation accuracy, over the batch sizes and rates that all of them have."""
        cells = {
            name: {(rate, batch): one for rate in self.rates for batch, one in self.along(rate, name).items()}
            for name in self.of_kind("group")
        }
        if not cells:
            return None
        common = set.intersection(*(set(one) for one in cells.values()))
        return max(cells, key=lambda name: sum(cells[name][cell].validation_mean for cell in common))

    @cached_property
    def versus(self) -> list[Versus]:
        """BatchNorm against the best GroupNorm and against none, at each rate."""
        batch, none = self.of_kind("batch"), self.of_kind("none")
        found = []
        for rate in self.rates:
            for first, second in ((name, other) for name in batch[:1] for other in (self.group, *none[:1]) if other):
                one, other = self.along(rate, first), self.along(rate, second)
                batches = [size for size in one if size in other]
                pairs = [(one[size].validation_correct, other[size].validation_correct) for size in batches]
                if batches:
                    found.append(Versus(rate, first, second, tuple(batches), tuple(compare_all(pairs))))
        return found

    @cached_property
    def rises(self) -> list[Rise]:
        """Of BatchNorm and the best GroupNorm at each rate; p corrected (Holm) over all."""
        cells = []
        for rate in self.rates:
            for name in (*self.of_kind("batch")[:1], *([self.group] if self.group else [])):
                curve = {size: one for size, one in self.along(rate, name).items() if size <= max(PAPER)}
                if len(curve) > 1:
                    cells.append((rate, name, max(curve), min(curve), curve[max(curve)], curve[min(curve)]))
        compared = compare_all([(one.validation_correct, other.validation_correct) for *_, one, other in cells])
        return [
            Rise(rate, name, large, small, 1 - one.validation_mean, 1 - other.validation_mean, comparison)
            for (rate, name, large, small, one, other), comparison in zip(cells, compared, strict=True)
        ]


def batch_sweep(result: ExperimentResult) -> BatchSweep | None:
    """The experiment as a sweep over batch sizes, if it is one and anything of it is done."""
    crossed = {factor.name for factor in result.experiment.crossed}
    return BatchSweep(result) if crossed == FACTORS and not result.experiment.factors and result.tried else None


def _kind(tried: Tried) -> str:
    return "" if isinstance(tried.recipe.model, Torchvision) else tried.recipe.model.normalisation


def normalisation(words: Words, sweep: BatchSweep, name: str) -> Markup:
    """What a level is: BatchNorm; GroupNorm of 16 channels (gn-16); none."""
    model = next(one.recipe.model for one in sweep.result.tried if one.levels["normalisation"] == name)
    if isinstance(model, Torchvision):
        return words("batches.other", name=name)
    if model.normalisation != "group":
        return words(f"batches.{model.normalisation}", name=name)
    if model.group_size == "all":
        return words("batches.group_all", name=name)
    return words("batches.group", name=name, n=model.group_size)


def batches_figure(words: Words, sweep: BatchSweep, rate: str, quantity: Quantity) -> Markup:
    """A curve for each normalisation against the batch size; the scales are those of all rates."""
    curves = {
        one: [
            Curve(name, tuple(sweep.along(one, name).items()), colour)
            for colour, name in enumerate(sweep.normalisations)
            if sweep.along(one, name)
        ]
        for one in sweep.rates
    }
    beside = [curve for each in curves.values() for curve in each]
    names = {size: words.integer(size) for curve in beside for size, _ in curve.points}
    label = words(f"batches.alt_{quantity}", rate=words.known("rate", rate))
    return sweep_figure(words, curves[rate], quantity, beside, str(words("batches.axis")), names, str(label))


def versus_sentence(words: Words, sweep: BatchSweep, one: Versus) -> Markup:
    """Where the one is shown ahead and where the other, and whether they cross."""
    first, second = normalisation(words, sweep, one.first), normalisation(words, sweep, one.second)
    crossed, rate = one.crossing, words.known("rate", one.rate)
    if crossed.between:
        last, then = crossed.between
        at_last, at_then = (one.comparisons[one.batches.index(size)] for size in crossed.between)
        if at_last.difference < 0:
            first, second, at_last, at_then = second, first, _turned(at_last), _turned(at_then)
        return words(
            "batches.crosses",
            rate=rate,
            first=first,
            second=second,
            last=last,
            then=then,
            better=words.difference(at_last),
            worse=words.difference(at_then),
        )
    if crossed.kind == "not shown":
        return words("batches.not_shown", rate=rate, first=first, second=second, of=len(one.batches))
    above = crossed.kind == "always above"
    shown = [
        f"{words.integer(size)}: {words.difference(each if above else _turned(each))}"
        for size, each in zip(one.batches, one.comparisons, strict=True)
        if each.apart
    ]
    return words(
        "batches.ahead",
        rate=rate,
        first=first if above else second,
        second=second if above else first,
        n=len(shown),
        of=len(one.batches),
        where="; ".join(shown),
    )


def _turned(comparison: Comparison) -> Comparison:
    """The second less the first."""
    return replace(comparison, difference=-comparison.difference, low=-comparison.high, high=-comparison.low)


def choice_sentence(words: Words, sweep: BatchSweep) -> Markup | None:
    """That the GroupNorm compared was chosen among several; None where there was nothing to choose."""
    sizes = len(sweep.of_kind("group"))
    return words("batches.chosen", group=sweep.group, n=sizes) if sizes > 1 and sweep.versus else None


def rise_sentence(words: Words, one: Rise, kind: str) -> Markup:
    """Beside the paper: whether the error rises to small batches, and by how much. `kind` is batch or group."""
    shown = one.comparison.apart
    way = "flat" if not shown else "rises" if one.comparison.difference > 0 else "falls"
    paper = PAPER[2][kind == "group"] - PAPER[32][kind == "group"]
    return words(
        f"paper.{kind}_{way}",
        name=one.normalisation,
        rate=words.known("rate", one.rate),
        large=one.large,
        small=one.small,
        at_large=words.percent(one.at_large),
        at_small=words.percent(one.at_small),
        rise=words.difference(one.comparison),
        paper=words.signed(paper),
    )
