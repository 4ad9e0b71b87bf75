"""Figures of a study: learning curves, candidates side by side, letters in order of accuracy."""

from itertools import groupby
from typing import Final, Literal

import numpy as np
from markupsafe import Markup

from letterlab.evaluation import Z_95
from letterlab.findings.network import Findings
from letterlab.history import Epoch
from letterlab.report.svg import Number, Scale, figure, tag
from letterlab.report.words import Words
from letterlab.study.results import FamilyResult, Trial, Tried

PARTS: Final = ("train", "validation", "test")
Quantity = Literal["loss", "accuracy"]


def learning_curves(words: Words, trials: list[Trial], quantity: Quantity) -> Markup:
    """Loss or accuracy over the epochs: the first trial's curves named at their ends, those of the others thin."""
    left, right, top, bottom, width, height = 46, 334, 12, 216, 430, 252
    values = {
        part: [[_score(epoch, part, quantity) for epoch in trial.record.epochs] for trial in trials] for part in PARTS
    }
    every = [value for curves in values.values() for curve in curves for value in curve]
    x = Scale(1, max(2, *(len(trial.record.epochs) for trial in trials)), left, right)
    y = _padded(min(every), max(every), bottom, top)
    parts = [*_horizontal_grid(words, y, quantity == "accuracy", left, right)]
    parts += [
        tag("text", words.decimal(tick, 0), x=x(tick), y=bottom + 18, class_="tick")
        for tick in x.ticks(8)
        if tick == round(tick)
    ]
    parts.append(tag("text", words("curves.epoch"), x=(left + right) / 2, y=height - 2, class_="axis-name"))
    for part in PARTS:
        parts += [_line(x, y, curve, f"line thin {part}") for curve in values[part][1:]]
        parts.append(_line(x, y, values[part][0], f"line {part}"))
        for number, value in enumerate(values[part][0], start=1):
            shown = words.percent(value) if quantity == "accuracy" else words.decimal(value, 3)
            title = words(f"curves.{part}_{quantity}", epoch=number, value=shown)
            parts.append(tag("circle", tag("title", title), cx=x(number), cy=y(value), r=2.2, class_=f"dot {part}"))
    ends = _apart([(y(values[part][0][-1]), part) for part in PARTS], least=15, lowest=bottom - 6)
    parts += [
        tag("text", words(f"curves.{part}"), x=right + 9, y=pixel + 4, class_=f"end {part}") for pixel, part in ends
    ]
    return figure(width, height, str(words(f"curves.alt_{quantity}", name=trials[0].name)), *parts)


def _score(epoch: Epoch, part: str, quantity: Quantity) -> float:
    score = {"train": epoch.train, "validation": epoch.validation, "test": epoch.test}[part]
    return score.loss if quantity == "loss" else score.accuracy


def _line(x: Scale, y: Scale, curve: list[float], kind: str) -> Markup:
    points = " ".join(f"{x(number):.1f},{y(value):.1f}" for number, value in enumerate(curve, start=1))
    return tag("polyline", points=points, class_=kind)


def _padded(low: Number, high: Number, start: Number, end: Number) -> Scale:
    """A scale with a little air at both ends, also for one value."""
    air = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    return Scale(low - air, high + air, start, end)


def _horizontal_grid(words: Words, y: Scale, shares: bool, left: Number, right: Number) -> list[Markup]:
    """Grid lines with their values, as percentages or as they are; never past 100 %."""
    ticks = [tick for tick in y.ticks(5) if not shares or tick <= 1 + 1e-9]
    places = _places(ticks, shares)
    parts = []
    for tick in ticks:
        text = words.percent(tick, places) if shares else words.decimal(tick, places)
        parts += [
            tag("line", x1=left, x2=right, y1=y(tick), y2=y(tick), class_="grid"),
            tag("text", text, x=left - 6, y=y(tick) + 4, class_="tick to-left"),
        ]
    return parts


def _places(ticks: list[float], shares: bool) -> int:
    """Digits after the point that tell neighbouring ticks apart."""
    step = (ticks[1] - ticks[0]) * (100 if shares else 1) if len(ticks) > 1 else 1
    return max(0, -int(np.floor(np.log10(step) + 1e-9)))


def _apart(ends: list[tuple[float, str]], least: Number, lowest: Number) -> list[tuple[float, str]]:
    """Heights at which names stand at least so far apart, none below the lowest."""
    placed: list[tuple[float, str]] = []
    for pixel, name in sorted(ends):
        placed.append((max(pixel, placed[-1][0] + least) if placed else pixel, name))
    too_far = max(0.0, placed[-1][0] - lowest)
    return [(pixel - too_far, name) for pixel, name in placed]


def candidates_figure(words: Words, family: FamilyResult) -> Markup:
    """Validation accuracy of all candidates, in groups by the factor varied.

    A hollow dot is one seed, the full dot their mean. The bar is the paired 95 % interval of the difference to the best
    candidate, laid off from the best's mean (the vertical line): a bar that crosses the line is not told apart from it.
    """
    best = float(np.mean(family.best.validation_accuracies))
    order = {factor: i for i, factor in enumerate(dict.fromkeys(tried.varied for tried in _base_first(family)))}
    grouped = groupby(
        sorted(family.ranked, key=lambda tried: (order[tried.varied], -float(np.mean(tried.validation_accuracies)))),
        key=lambda tried: tried.varied,
    )
    left, right, row, top = 340, 692, 22, 34
    x = _candidate_scale(family, left, right)
    rows: list[Markup] = []
    y = float(top)
    for factor, members in grouped:
        rows.append(tag("line", x1=0, x2=760, y1=y + 2, y2=y + 2, class_="grid"))
        rows.append(tag("text", words.known("factor", factor), x=0, y=y + 18, class_="label strong"))
        for tried in members:
            rows.append(_candidate_row(words, family, tried, x, best, y + row / 2 + 3))
            y += row
        y += 5
    ticks = x.ticks(6)
    places = _places(ticks, shares=True)
    axis = [
        part
        for tick in ticks
        for part in (
            tag("line", x1=x(tick), x2=x(tick), y1=top, y2=y, class_="grid"),
            tag("text", words.percent(tick, places), x=x(tick), y=top - 8, class_="tick"),
        )
    ]
    line = tag("line", x1=x(best), x2=x(best), y1=top - 4, y2=y, class_="best-line")
    name = tag("text", words("candidates.axis"), x=left, y=12, class_="axis-name to-right")
    return figure(760, y + 4, str(words("candidates.alt", n=len(family.ranked))), *axis, name, line, *rows)


def _base_first(family: FamilyResult) -> list[Tried]:
    return sorted(family.ranked, key=lambda tried: tried.varied != "base")


def _candidate_scale(family: FamilyResult, left: Number, right: Number) -> Scale:
    """Holds every seed and interval; but a candidate far below does not squeeze all others into a corner."""
    means = [float(np.mean(tried.validation_accuracies)) for tried in family.ranked]
    every = [value for tried in family.ranked for value in tried.validation_accuracies]
    every += [
        max(means) + end
        for comparison in map(family.against_best, family.ranked)
        for end in (comparison.low, comparison.high)
    ]
    usual = max(means) - float(np.median(means))
    low = max(min(every), max(means) - 4 * usual) if usual else min(every)
    return _padded(low, max(every), left, right)


def _candidate_row(words: Words, family: FamilyResult, tried: Tried, x: Scale, best: float, y: Number) -> Markup:
    mean = float(np.mean(tried.validation_accuracies))
    seeds = "; ".join(words.percent(value) for value in tried.validation_accuracies)
    is_best = tried is family.best
    comparison = family.against_best(tried)
    key = "candidates.best_row" if is_best else "candidates.row"
    title = words(key, name=tried.name, mean=words.percent(mean), seeds=seeds, difference=words.difference(comparison))
    parts = [
        tag("title", title),
        tag("rect", x=126, y=y - 11, width=634, height=22, class_="hover"),
        tag("text", tried.name, x=132, y=y + 4, class_="label strong" if is_best else "label"),
        tag("text", words.percent(mean), x=758, y=y + 4, class_="label to-left"),
    ]
    if mean < x.low:
        # Off the scale to the left: an arrow stands for it, its value is written beside it.
        parts.append(tag("path", d=f"M{x.start + 8:.1f} {y - 4:.1f} l-7 4 l7 4 z", class_="mean"))
        return tag("g", *parts)
    if not is_best:
        low, high = x(max(best + comparison.low, x.low)), x(min(best + comparison.high, x.high))
        parts.append(tag("rect", x=low, y=y - 3, width=high - low, height=6, class_="interval"))
    parts += [
        tag("circle", cx=x(max(value, x.low)), cy=y, r=3.4, class_="seed") for value in tried.validation_accuracies
    ]
    parts.append(tag("circle", cx=x(mean), cy=y, r=4.2, class_="mean best" if is_best else "mean"))
    return tag("g", *parts)


def letters_figure(words: Words, findings: Findings) -> Markup:
    """Accuracy of each letter with its Wilson interval, best first, over the band that chance alone would fill."""
    seen = sorted(
        (score for score in findings.letters if score.recall.n), key=lambda score: (-score.recall.share, score.letter)
    )
    left, right, top, bottom = 50, 748, 12, 236
    low = min(score.recall.low for score in seen)
    y = Scale(low - 0.03 * (1 - low), 1 + 0.02 * (1 - low), bottom, top)
    step = (right - left) / len(seen)
    overall, chance = findings.accuracy, Z_95 * findings.evenness.expected_spread
    upper, lower = y(min(overall.share + chance, 1)), y(max(overall.share - chance, y.low))
    parts = [
        tag("rect", x=left, y=upper, width=right - left, height=lower - upper, class_="band"),
        *_horizontal_grid(words, y, True, left, right),
        tag("line", x1=left, x2=right, y1=y(overall.share), y2=y(overall.share), class_="best-line"),
    ]
    for i, score in enumerate(seen):
        x = left + (i + 0.5) * step
        title = words(
            "evenness.hover",
            letter=score.letter,
            hits=score.recall.hits,
            n=score.recall.n,
            rate=words.rate(score.recall),
            rank=score.rank,
        )
        parts.append(
            tag(
                "g",
                tag("title", title),
                tag("rect", x=x - step / 2, y=top, width=step, height=bottom - top + 26, class_="hover"),
                tag("line", x1=x, x2=x, y1=y(score.recall.high), y2=y(score.recall.low), class_="whisker"),
                tag("circle", cx=x, cy=y(score.recall.share), r=4.2, class_="mean"),
                tag("text", score.letter, x=x, y=bottom + 20, class_="tick strong"),
            )
        )
    return figure(760, bottom + 28, str(words("evenness.alt")), *parts)
