"""What the figures' axes share: where a scale ends, its grid lines, names that keep apart."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from letterlab.report.svg import LogScale, Number, Scale, tag
from letterlab.report.words import Words

_DIGIT = 7  # pixels that a figure or letter of a tick takes, about


def padded(low: Number, high: Number, start: Number, end: Number) -> Scale:
    """A scale with a little air at both ends, also for one value."""
    air = 0.06 * (high - low) or 0.05 * abs(high) or 0.05
    return Scale(low - air, high + air, start, end)


def padded_log(low: Number, high: Number, start: Number, end: Number) -> LogScale:
    """A logarithmic scale with a little air at both ends, also for one value."""
    air = (high / low) ** 0.06 if high > low else 1.5
    return LogScale(low / air, high * air, start, end)


def usual(values: Sequence[float], near: float) -> tuple[float, float]:
    """The lowest and the highest value that a scale has to hold; higher is better.

    Those more than four times as far from the highest as the median is are left out, lest they squeeze all others into
    a corner; but none that is near the highest. A figure says which it leaves out: an arrow stands for each.
    """
    end, middle = max(values), float(np.median(values))
    reach = max(4 * abs(middle - end), near)
    kept = [value for value in values if abs(value - end) <= reach]
    return float(min(kept)), float(max(kept))


def places(ticks: Sequence[float], shares: bool) -> int:
    """Digits after the point that tell neighbouring ticks apart."""
    step = (ticks[1] - ticks[0]) * (100 if shares else 1) if len(ticks) > 1 else 1
    return max(0, -int(np.floor(np.log10(step) + 1e-9)))


def horizontal_grid(words: Words, y: Scale | LogScale, shares: bool, left: Number, right: Number) -> list[Markup]:
    """Grid lines with their values, as percentages or as they are; never past 100 %.

    At least four, as few as round values allow: of a linear scale always, of a logarithmic one where there are so many.
    """
    ticks: list[float] = []
    for most in range(5, 12):
        ticks = [tick for tick in y.ticks(most) if not shares or tick <= 1 + 1e-9]
        if len(ticks) >= 4:
            break
    digits = places(ticks, shares)
    parts = []
    for tick in ticks:
        if isinstance(y, LogScale):
            text = words.setting(tick)
        else:
            text = words.percent(tick, digits) if shares else words.decimal(tick, digits)
        parts += [
            tag("line", x1=left, x2=right, y1=y(tick), y2=y(tick), class_="grid"),
            tag("text", text, x=left - 6, y=y(tick) + 4, class_="tick to-left"),
        ]
    return parts


def ticks_below(ticks: Sequence[tuple[float, str]], y: Number) -> list[Markup]:
    """The names of places along the x-axis; of those that would overlap, the right one stands."""
    parts: list[Markup] = []
    free = float("inf")
    for x, text in sorted(ticks, reverse=True):
        half = len(text) * _DIGIT / 2
        if x + half <= free:
            parts.append(tag("text", text, x=x, y=y, class_="tick"))
            free = x - half - 4
    return parts


def apart(ends: Sequence[tuple[float, str]], least: Number, lowest: Number) -> list[tuple[float, str]]:
    """Heights at which names stand at least so far apart, none below the lowest."""
    placed: list[tuple[float, str]] = []
    for pixel, name in sorted(ends):
        placed.append((max(pixel, placed[-1][0] + least) if placed else pixel, name))
    floor = float(lowest)
    for i in reversed(range(len(placed))):
        pixel, name = placed[i]
        placed[i] = (min(pixel, floor), name)
        floor = placed[i][0] - least
    return placed


def mark(shape: int, x: Number, y: Number, kind: str) -> Markup:
    """A mark of some six pixels: shapes tell curves apart where colours do not."""
    r = 3.6
    if shape % 6 == 0:
        return tag("circle", cx=x, cy=y, r=r, class_=kind)
    if shape % 6 == 1:
        return tag("rect", x=x - 3.2, y=y - 3.2, width=6.4, height=6.4, class_=kind)
    ways = {
        2: f"M{x:.1f} {y - 4.3:.1f} l4.2 7.4 h-8.4 z",
        3: f"M{x:.1f} {y - 4.8:.1f} l4.8 4.8 l-4.8 4.8 l-4.8 -4.8 z",
        4: f"M{x:.1f} {y + 4.3:.1f} l4.2 -7.4 h-8.4 z",
        5: f"M{x - 1.4:.1f} {y - 4.4:.1f} h2.8 v3 h3 v2.8 h-3 v3 h-2.8 v-3 h-3 v-2.8 h3 z",
    }
    return tag("path", d=ways[shape % 6], class_=kind)
