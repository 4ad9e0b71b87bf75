"""Figures of how far a network's probabilities can be trusted: reliability, and accuracy when it may pass."""

from markupsafe import Markup

from letterlab.findings.calibration import MOST_REFUSED, Bin, Calibration, Refusal
from letterlab.report.axes import horizontal_grid, ticks_below
from letterlab.report.svg import Scale, figure, tag
from letterlab.report.words import Words

_LEFT, _RIGHT, _TOP = 46, 412, 12
_WIDTH = 432


def reliability_figure(words: Words, calibration: Calibration) -> Markup:
    """Of the letters of about one confidence, how many are right, with Wilson's interval; below, how many they are."""
    bottom, foot = 300, 366
    x, y = Scale(0, 1, _LEFT, _RIGHT), Scale(0, 1, bottom, _TOP)
    n = sum(one.right.n for one in calibration.bins)
    tallest = Scale(0, max(one.right.n for one in calibration.bins), foot, bottom + 26)
    parts = [
        *horizontal_grid(words, y, True, _LEFT, _RIGHT),
        tag("line", x1=x(0), x2=x(1), y1=y(0), y2=y(1), class_="frontier"),
    ]
    for one in calibration.bins:
        left, right = x(one.low) + 1, x(one.high) - 1
        across = x(one.confidence)
        parts.append(
            tag(
                "g",
                tag("title", _told(words, one, n)),
                tag("rect", x=left, y=_TOP, width=right - left, height=foot - _TOP, class_="hover"),
                tag(
                    "rect",
                    x=left,
                    y=tallest(one.right.n),
                    width=right - left,
                    height=foot - tallest(one.right.n),
                    class_="bar",
                ),
                tag("line", x1=across, x2=across, y1=y(one.right.high), y2=y(one.right.low), class_="whisker"),
                tag("circle", cx=across, cy=y(one.right.share), r=4.2, class_="mean"),
            )
        )
    parts += ticks_below([(x(tick), words.percent(tick, 0)) for tick in x.ticks(5)], foot + 16)
    parts.append(tag("text", words("calibration.confidence"), x=(_LEFT + _RIGHT) / 2, y=foot + 36, class_="axis-name"))
    return figure(_WIDTH, foot + 42, str(words("calibration.alt")), *parts)


def _told(words: Words, one: Bin, n: int) -> str:
    return words(
        "calibration.hover",
        low=words.percent(one.low, 0),
        high=words.percent(one.high, 0),
        confidence=words.percent(one.confidence),
        hits=one.right.hits,
        n=one.right.n,
        rate=words.rate(one.right),
        share=words.percent(one.right.n / n),
    )


def refusal_figure(words: Words, refusal: Refusal) -> Markup:
    """Accuracy on the letters read against the share left unread, with Wilson's interval."""
    bottom = 300
    low = min(one.right.low for one in refusal.curve)
    x, y = Scale(0, MOST_REFUSED, _LEFT, _RIGHT), Scale(low - 0.03 * (1 - low), 1, bottom, _TOP)
    there = [f"{x(one.refused):.1f},{y(one.right.high):.1f}" for one in refusal.curve]
    back = [f"{x(one.refused):.1f},{y(one.right.low):.1f}" for one in reversed(refusal.curve)]
    line = " ".join(f"{x(one.refused):.1f},{y(one.right.share):.1f}" for one in refusal.curve)
    parts = [
        *horizontal_grid(words, y, True, _LEFT, _RIGHT),
        tag("polygon", points=" ".join(there + back), class_="area c0"),
        tag("polyline", points=line, class_="curve c0"),
    ]
    half = (_RIGHT - _LEFT) / (len(refusal.curve) * 2)
    for one in refusal.curve:
        title = words(
            "refusal.hover",
            refused=words.percent(one.refused),
            hits=one.right.hits,
            n=one.right.n,
            rate=words.rate(one.right),
        )
        across = x(one.refused)
        parts.append(
            tag(
                "g",
                tag("title", title),
                tag("rect", x=across - half, y=_TOP, width=2 * half, height=bottom - _TOP, class_="hover"),
                tag("circle", cx=across, cy=y(one.right.share), r=1.6, class_="mark c0"),
            )
        )
    parts += ticks_below([(x(tick), words.percent(tick, 0)) for tick in x.ticks(5)], bottom + 18)
    parts.append(tag("text", words("refusal.refused"), x=(_LEFT + _RIGHT) / 2, y=bottom + 38, class_="axis-name"))
    return figure(_WIDTH, bottom + 44, str(words("refusal.alt")), *parts)
