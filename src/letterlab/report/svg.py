"""Elements, scales and ticks of figures drawn as SVG."""

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

Number = int | float
"""Pixels and values: whole ones are numbers too, also to a checker that tells int from float."""


def tag(name: str, *children: str, **attributes: str | Number) -> Markup:
    """An element with its children; text is escaped. `class_` is class, `text_anchor` is text-anchor, `viewBox` as is.

    Numbers are given to a tenth of a pixel.
    """
    # Plain strings put together here: a report has some 60,000 elements, and Markup.format takes ten times as long.
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_written(one)}"' for key, one in attributes.items())
    return Markup(f"<{name}{written}>{''.join(map(escape, children))}</{name}>")


def _written(value: str | Number) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else escape(value)


def figure(width: Number, height: Number, label: str, *children: str) -> Markup:
    """A whole figure: scales to the width it is given, and is named for those who hear it read."""
    return tag("svg", *children, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=label)


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to pixels."""

    low: Number
    high: Number
    start: Number
    """Pixel of the low value."""
    end: Number
    """Pixel of the high value."""

    def __call__(self, value: Number) -> float:
        """The pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Round values (steps of 1, 2 or 5 times a power of ten) within the scale, at most so many."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        # Rounding must not carry one at an end over it.
        return [min(max(step * i, self.low), self.high) for i in range(first, last + 1)]


@dataclass(frozen=True)
class LogScale:
    """A logarithmic scale from positive values to pixels."""

    low: Number
    high: Number
    start: Number
    """Pixel of the low value."""
    end: Number
    """Pixel of the high value."""

    def __call__(self, value: Number) -> float:
        """The pixel of a value."""
        return self.start + math.log(value / self.low) / math.log(self.high / self.low) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Round values within the scale: 1, 2 or 5 times powers of ten, or powers alone where these are too many.

        Over less than a decade those of a linear scale.
        """
        if self.high < 10 * self.low:
            return Scale(self.low, self.high, self.start, self.end).ticks(most)
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        found: list[float] = []
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [step * 10.0**decade for decade in decades for step in steps]
            found = [tick for tick in found if self.low <= tick <= self.high]
            if len(found) <= most:
                return found
        return found[:: math.ceil(len(found) / most)]
