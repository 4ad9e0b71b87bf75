"""Figures of one network: its learning curves, the letters in order of accuracy."""

from typing import Final, Literal

from markupsafe import Markup

from letterlab.evaluation import Z_95
from letterlab.findings.network import Findings
from letterlab.history import Epoch
from letterlab.report.axes import apart, horizontal_grid, padded
from letterlab.report.svg import Scale, figure, tag
from letterlab.report.words import Words
from letterlab.study.tried import Trial

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
    y = padded(min(every), max(every), bottom, top)
    parts = [*horizontal_grid(words, y, quantity == "accuracy", left, right)]
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
    ends = apart([(y(values[part][0][-1]), part) for part in PARTS], least=15, lowest=bottom - 6)
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
        *horizontal_grid(words, y, True, left, right),
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
