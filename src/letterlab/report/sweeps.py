"""Curves over something that was varied in steps: accuracy, loss or time against batch size or number of letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from letterlab.report.axes import apart, horizontal_grid, mark, padded, padded_log, ticks_below
from letterlab.report.svg import LogScale, Number, Scale, figure, tag
from letterlab.report.words import Words
from letterlab.study.tried import Tried

Quantity = Literal["accuracy", "loss", "seconds"]


@dataclass(frozen=True, eq=False)
class Curve:
    """Candidates that differ in nothing but what is laid off along the x-axis, and in their seeds."""

    name: str
    points: tuple[tuple[int, Tried], ...]
    """Along rising x."""
    colour: int
    """Which of the colours and shapes of marks."""
    dashed: bool = False


def values_of(tried: Tried, quantity: Quantity) -> list[float]:
    """One a seed: accuracy or loss on the validation letters, or seconds of training."""
    if quantity == "accuracy":
        return tried.validation_accuracies
    if quantity == "loss":
        return [trial.on_validation.loss for trial in tried.trials]
    return [trial.record.seconds for trial in tried.trials]


def sweep_figure(
    words: Words,
    curves: Sequence[Curve],
    quantity: Quantity,
    beside: Sequence[Curve],
    axis: str,
    names: Mapping[int, str],
    label: str,
    width: int = 430,
    room: int = 84,
) -> Markup:
    """One curve through the means of each, over the band that its seeds fill; x is logarithmic.

    Args:
        words: of the report.
        curves: what is drawn, at two places along x or more.
        quantity: what is laid off upwards.
        beside: all curves of the figures beside it, which share its scale.
        axis: name of the x-axis.
        names: of the places along it.
        label: what the figure shows, for those who hear it read.
        width: of the figure in pixels.
        room: for the names at the curves' ends.
    """
    left, right, top, bottom, height = 52, width - room, 10, 216, 252
    xs = [x for curve in (*curves, *beside) for x, _ in curve.points]
    x = LogScale(min(xs), max(xs), left + 6, right)
    y = _upwards(beside, quantity, bottom, top)
    parts = [
        *horizontal_grid(words, y, quantity == "accuracy", left, right),
        *ticks_below([(x(place), names[place]) for place in sorted(set(xs))], bottom + 18),
        tag("text", axis, x=(left + right) / 2, y=height - 2, class_="axis-name"),
    ]
    parts += [_band(curve, quantity, x, y) for curve in curves]
    parts += [part for curve in curves for part in _curve(words, curve, quantity, x, y, names)]
    ends = [y(_mean(curve.points[-1][1], quantity)) for curve in curves]
    for pixel, i in apart([(end, str(i)) for i, end in enumerate(ends)], least=15, lowest=bottom):
        curve, from_y = curves[int(i)], ends[int(i)]
        from_x = x(curve.points[-1][0])
        leader = tag("line", x1=from_x + 5, y1=from_y, x2=right + 12, y2=pixel, class_=f"leader c{curve.colour % 8}")
        name = tag("text", curve.name, x=right + 25, y=pixel + 4, class_="end")
        parts += [leader, mark(curve.colour, right + 17, pixel, _kind(curve)), name]
    return figure(width, height, label, *parts)


def _upwards(curves: Sequence[Curve], quantity: Quantity, bottom: Number, top: Number) -> Scale | LogScale:
    """The scale that holds every seed of all curves: one that collapses is the finding, not an outlier."""
    every = [value for curve in curves for _, one in curve.points for value in values_of(one, quantity)]
    return (padded_log if quantity == "seconds" else padded)(min(every), max(every), bottom, top)


def _mean(tried: Tried, quantity: Quantity) -> float:
    values = values_of(tried, quantity)
    return float(sum(values) / len(values))


def _kind(curve: Curve) -> str:
    return f"mark c{curve.colour % 8}" + (" hollow" if curve.dashed else "")


def _band(curve: Curve, quantity: Quantity, x: LogScale, y: Scale | LogScale) -> Markup:
    """From the lowest seed to the highest."""
    seeds = [(place, values_of(one, quantity)) for place, one in curve.points]
    upper = [f"{x(place):.1f},{y(max(values)):.1f}" for place, values in seeds]
    lower = [f"{x(place):.1f},{y(min(values)):.1f}" for place, values in reversed(seeds)]
    return tag("polygon", points=" ".join(upper + lower), class_=f"area c{curve.colour % 8}")


def _curve(
    words: Words, curve: Curve, quantity: Quantity, x: LogScale, y: Scale | LogScale, names: Mapping[int, str]
) -> list[Markup]:
    means = [(place, one, _mean(one, quantity)) for place, one in curve.points]
    way = " ".join(f"{x(place):.1f},{y(mean):.1f}" for place, _, mean in means)
    kind = f"curve c{curve.colour % 8}" + (" dashed" if curve.dashed else "")
    parts = [tag("polyline", points=way, class_=kind)]
    for place, one, mean in means:
        seeds = "; ".join(_written(words, value, quantity) for value in values_of(one, quantity))
        title = words(
            "sweep.hover", name=curve.name, at=names[place], mean=_written(words, mean, quantity), seeds=seeds
        )
        at = mark(curve.colour, x(place), y(mean), _kind(curve))
        around = tag("circle", cx=x(place), cy=y(mean), r=9, class_="hover")
        parts.append(tag("g", tag("title", title), around, at))
    return parts


def _written(words: Words, value: float, quantity: Quantity) -> str:
    if quantity == "accuracy":
        return words.percent(value)
    return words.decimal(value, 3) if quantity == "loss" else words.duration(value)
