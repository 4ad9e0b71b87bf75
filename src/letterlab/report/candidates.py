"""Candidates side by side: the accuracy of each with every seed, and how much each factor explains of it."""

from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from letterlab.findings.compare import Comparison
from letterlab.findings.importance import Importance
from letterlab.report.axes import padded, places, usual
from letterlab.report.effects import combination, crossed_level
from letterlab.report.svg import Number, Scale, figure, tag
from letterlab.report.words import Words
from letterlab.study.results import ExperimentResult, FamilyResult
from letterlab.study.tried import Tried


@dataclass(frozen=True, eq=False)
class Group:
    """Candidates that stand together in the figure, most of them compared with one."""

    name: str
    reference: Tried | None
    """The one they are compared with; None where nothing in the group is compared."""
    rows: tuple[tuple[Tried, Comparison | None], ...]
    """Each with its difference to the reference."""


def groups_of(words: Words, result: ExperimentResult) -> list[Group]:
    """An experiment's candidates: by factor, or by combination of crossed factors, against their base."""
    experiment = result.experiment
    found: list[Group] = []

    def label(one: Tried) -> str:
        if not experiment.crossed:
            return words.known("factor", one.varied)
        if experiment.factors:
            return combination(words, result, one)
        return crossed_level(words, experiment.crossed[0].name, one)

    for name, members in groupby(result.tried, key=label):
        rows = tuple((one, result.to_base.get(one)) for one in members)
        compared = next((one for one, comparison in rows if comparison), None)
        found.append(Group(name, result.base_of(compared) if compared else None, rows))
    return found


def group_of_ranked(words: Words, family: FamilyResult) -> list[Group]:
    """The ranked candidates of a family, against the best."""
    rows = tuple((one, family.to_best.get(one)) for one in family.ranked)
    return [Group(words.known("factor", "finals"), family.best, rows)]


def candidates_figure(words: Words, groups: list[Group]) -> Markup:
    """Validation accuracy of all candidates, in groups.

    A hollow dot is one seed, the full dot their mean. The bar is the 95 % interval of the difference to the reference,
    laid off from the reference's mean (the vertical line): a bar that crosses the line is not told apart from it.
    """
    left, right, row, top = 340, 692, 22, 34
    x = _scale(groups, left, right)
    rows: list[Markup] = []
    lines: list[Markup] = []
    y = float(top)
    for group in groups:
        rows.append(tag("line", x1=0, x2=760, y1=y + 2, y2=y + 2, class_="grid"))
        rows.append(tag("text", group.name, x=0, y=y + 18, class_="label strong"))
        named = len(group.name) > 16  # a name that is too long for its column stands above its candidates
        y += row if named else 0
        start = y
        for tried, comparison in group.rows:
            rows.append(_row(words, group, tried, comparison, x, y + row / 2 + 3))
            y += row
        if group.reference and group.reference.validation_mean >= x.low:
            at = x(group.reference.validation_mean)
            lines.append(tag("line", x1=at, x2=at, y1=start + 3, y2=y + 3, class_="best-line"))
        y += 5
    ticks = x.ticks(6)
    digits = places(ticks, shares=True)
    axis = [
        part
        for tick in ticks
        for part in (
            tag("line", x1=x(tick), x2=x(tick), y1=top, y2=y, class_="grid"),
            tag("text", words.percent(tick, digits), x=x(tick), y=top - 8, class_="tick"),
        )
    ]
    name = tag("text", words("candidates.axis"), x=left, y=12, class_="axis-name to-right")
    count = sum(len(group.rows) for group in groups)
    return figure(760, y + 4, str(words("candidates.alt", n=count)), *axis, name, *lines, *rows)


def _scale(groups: list[Group], left: Number, right: Number) -> Scale:
    """Holds every seed and interval of the candidates that are not far below all others."""
    means = [one.validation_mean for group in groups for one, _ in group.rows]
    lowest, _ = usual(means, near=0.1)
    every = []
    for group in groups:
        for one, comparison in group.rows:
            if one.validation_mean >= lowest:
                every += one.validation_accuracies
                if comparison and group.reference:
                    middle = group.reference.validation_mean
                    every += [middle + comparison.low, middle + comparison.high]
    return padded(min(every), max(every), left, right)


def _row(words: Words, group: Group, tried: Tried, comparison: Comparison | None, x: Scale, y: Number) -> Markup:
    mean = tried.validation_mean
    seeds = "; ".join(words.percent(value) for value in tried.validation_accuracies)
    shown = {"name": tried.name, "mean": words.percent(mean), "seeds": seeds}
    if comparison and group.reference:
        told = words.difference(comparison)
        title = words(
            "candidates.row", **shown, reference=group.reference.name, difference=told, p=words.p(comparison.p)
        )
    else:
        title = words("candidates.plain_row", **shown)
    is_reference = tried is group.reference
    parts = [
        tag("title", title),
        tag("rect", x=126, y=y - 11, width=634, height=22, class_="hover"),
        tag("text", tried.name, x=132, y=y + 4, class_="label strong" if is_reference else "label"),
        tag("text", words.percent(mean), x=758, y=y + 4, class_="label to-left"),
    ]
    if mean < x.low:
        # Off the scale to the left: an arrow stands for it, its value is written beside it.
        parts.append(tag("path", d=f"M{x.start + 8:.1f} {y - 4:.1f} l-7 4 l7 4 z", class_="mean"))
        return tag("g", *parts)
    if comparison and group.reference:
        middle = group.reference.validation_mean
        low, high = (x(min(max(middle + end, x.low), x.high)) for end in (comparison.low, comparison.high))
        parts.append(
            tag(
                "rect",
                x=low,
                y=y - 3,
                width=high - low,
                height=6,
                class_="interval apart" if comparison.apart else "interval",
            )
        )
    parts += [
        tag("circle", cx=x(max(value, x.low)), cy=y, r=3.4, class_="seed") for value in tried.validation_accuracies
    ]
    parts.append(tag("circle", cx=x(mean), cy=y, r=4.2, class_="mean best" if is_reference else "mean"))
    return tag("g", *parts)


def importance_figure(words: Words, importances: tuple[Importance, ...]) -> Markup:
    """A bar for each factor: the share of the variance that it alone explains, with its deviation between forests."""
    left, right, row = 170, 700, 22
    x = Scale(0, max(0.01, *(one.share + one.deviation for one in importances)), left, right)
    parts: list[Markup] = []
    for i, one in enumerate(importances):
        y = i * row + row / 2 + 2
        share, name = words.percent(one.share), words.known("factor", one.factor)
        end = x(min(one.share + one.deviation, x.high))
        title = words("importance.hover", factor=name, share=share, deviation=words.percent(one.deviation))
        parts.append(
            tag(
                "g",
                tag("title", title),
                tag("rect", x=0, y=y - 11, width=760, height=22, class_="hover"),
                tag("text", name, x=left - 10, y=y + 4, class_="label to-left"),
                tag("rect", x=left, y=y - 6, width=max(x(one.share) - left, 1), height=12, class_="bar"),
                tag("line", x1=x(max(one.share - one.deviation, 0)), x2=end, y1=y, y2=y, class_="whisker"),
                tag("text", share, x=end + 8, y=y + 4, class_="label"),
            )
        )
    return figure(760, len(importances) * row + 6, str(words("importance.alt")), *parts)
