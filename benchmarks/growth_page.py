"""GROWTH.md and growth.svg, from what benchmarks/growth.py measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from growth_figure import Curve, drawn
from scipy.stats import t as student
from workers import TRIALS

from letterlab.machine import cores


class Measured(NamedTuple):
    """One measurement."""

    what: str
    letters: int
    seconds: float
    """For all letters; by proportion where only a share was measured."""
    memory: float
    """Bytes that the process held at most, beyond what it began with; files mapped into memory count."""
    share: float


class Law(NamedTuple):
    """y = factor * x ** exponent, by least squares on logarithms; with the exponent's interval of 95 %."""

    factor: float
    exponent: float
    low: float
    high: float
    last: float
    """The exponent between the last two points alone."""

    def named(self) -> str:
        """Linear and the like, as far as the interval tells. A fixed cost hardly counts between the last two points."""
        wide = self.high - self.low >= 0.5
        if self.low <= 1 <= self.high and not wide:
            return "linear"
        if self.low > 1:
            return "more than linear"
        if self.last > 0.9:
            return "linear, beside a fixed cost"
        return "not told: the interval is wide" if wide else "less than linear"

    def cells(self) -> str:
        return f"{self.exponent:.2f} ({self.low:.2f} to {self.high:.2f}) | {self.last:.2f} | {self.named()}"


@dataclass
class Page:
    """All that was measured."""

    where: str
    precision: str
    limits: dict[str, float]
    measured: list[Measured] = field(default_factory=list)
    at_once: dict[int, float] = field(default_factory=dict)
    """Seconds of the same trials, by how many were trained at once."""
    minutes: float = 0.0

    def of(self, what: str) -> list[Measured]:
        return [one for one in self.measured if one.what == what]

    @property
    def whats(self) -> list[str]:
        return list(dict.fromkeys(one.what for one in self.measured))


def law(x: Sequence[float], y: Sequence[float]) -> Law:
    """The power law through three points or more."""
    a, b = np.log(x), np.log(np.maximum(y, 1e-9))
    (slope, offset), rest = np.polyfit(a, b, 1), len(x) - 2
    off = b - slope * a - offset
    wide = student.ppf(0.975, rest) * np.sqrt(off @ off / rest / ((a - a.mean()) @ (a - a.mean())))
    return Law(np.exp(offset), slope, slope - wide, slope + wide, (b[-1] - b[-2]) / (a[-1] - a[-2]))


def write(page: Page, folder: Path) -> None:
    """Writes both files."""
    (folder / "GROWTH.md").write_text(text(page), encoding="utf-8")
    (folder / "growth.svg").write_text(draw(page), encoding="utf-8")


def text(page: Page) -> str:
    lines = [
        "# How it grows",
        "",
        f"Written by `python benchmarks/growth.py` from what it measured: {page.where}; {page.minutes:.0f} minutes.",
        "Letters are drawn, a seventh of them to test with; each measurement is a process of its own with one thread.",
        "",
        "![Time and memory by letters, and trials by how many at once](growth.svg)",
        "",
        "## With the letters",
        "",
        "Curves are y = a x^b by least squares on logarithms; b with its interval of 95 %. A fixed cost makes b",
        "smaller than it will be for many letters, so b between the two largest numbers stands beside it: above",
        "0.9 it is called linear. Memory is what the process held at most beyond what it began with, with what it",
        "mapped of files.",
        "",
    ]
    sizes = sorted({one.letters for one in page.measured})
    head = " | ".join(f"{n:,}" for n in sizes)
    for name, cell in (("seconds", seconds_cell), ("MB", lambda one: f"{one.memory / 1e6:.0f}")):
        lines += [f"| {name} for so many letters | {head} | exponent b | of the last two | growth |"]
        lines += ["| --- |" + " --- |" * (len(sizes) + 3)]
        for what in page.whats:
            cells = " | ".join(cell(one) for one in page.of(what))
            lines.append(f"| {what} | {cells} | {law_of(page, what, name).cells()} |")
        named = {what: law_of(page, what, name).named() for what in page.whats}
        said = [
            f"{kind}: {', '.join(of for of in named if named[of] == kind)}" for kind in dict.fromkeys(named.values())
        ]
        lines += ["", f"Growth of {name} is {'; '.join(said)}.", ""]
    partly = [one for one in page.measured if one.share < 0.995]
    if partly:
        parts = ", ".join(f"{one.share:.1%} of {one.what} with {one.letters:,}" for one in partly)
        lines += [
            f"\\* By proportion from a part (letters of an epoch drawn from all, the first pictures read): {parts}.",
            "",
        ]
    lines += with_workers(page) + with_limits(page)
    return "\n".join(lines).rstrip() + "\n"


def seconds_cell(one: Measured) -> str:
    return f"{one.seconds:.2f}" + ("*" if one.share < 0.995 else "")


def law_of(page: Page, what: str, name: str) -> Law:
    points = page.of(what)
    values = [one.seconds if name == "seconds" else one.memory for one in points]
    return law([one.letters for one in points], values)


def with_workers(page: Page) -> list[str]:
    counts, times = list(page.at_once), list(page.at_once.values())
    found = law(counts, times)
    best = min(page.at_once, key=page.at_once.__getitem__)
    lines = ["## With the trials at once", ""]
    lines += [f"The same {TRIALS} trainings of a CNN, by `--workers`; the machine has {cores()} cores.", ""]
    lines += ["| at once | seconds for all | times as soon as one |", "| --- | --- | --- |"]
    lines += [f"| {n} | {seconds:.1f} | {times[0] / seconds:.2f} |" for n, seconds in page.at_once.items()]
    lines += [
        "",
        f"Time goes as the number at once to the power {found.exponent:.2f} ({found.low:.2f} to {found.high:.2f}); a",
        f"core for each gives -1. Quickest: {best} at once, {times[0] / page.at_once[best]:.2f} times as soon as one.",
        "",
    ]
    return lines


def with_limits(page: Page) -> list[str]:
    of = page.limits
    lines = ["## The machine's limits", "", "| one core, at the best of five tries | a second |", "| --- | --- |"]
    copies = {"copy": "copied within memory", "copy in cache": "copied within a cache (2 MB in all)"}
    lines += [f"| {name}, bytes read and written | {of[key] / 1e9:.1f} GB |" for key, name in copies.items()]
    lines += [f"| copied within memory by all {cores()} cores | {of['copy by all'] / 1e9:.1f} GB |"]
    for kind in ("fp32", "bf16"):
        lines += [f"| multiply-adds, product of matrices, {kind} | {of[f'product {kind}'] / 1e9:.0f} billion |"]
        lines += [f"| multiply-adds, convolution 3x3, {kind} | {of[f'convolution {kind}'] / 1e9:.0f} billion |"]
    lines += [
        "",
        "What a step asks for (128 letters, forward and backward, with their changes and the optimiser) is counted",
        "as it runs: multiply-adds of products and convolutions, and the bytes that each operation is given and gives.",
        "At the higher of its precision's two peaks, or at the speed of memory, it would take the times below; what",
        "stays in a cache comes sooner than from memory.",
        "",
        "| a step | multiply-adds | at the peak | bytes | at memory's speed | measured | of peak | of memory's speed |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    said = []
    precision = page.precision
    for name, key in (("MLP", "mlp"), ("CNN", "cnn")):
        what = f"an epoch of the {name}"
        peak = max(of[f"product {precision}"], of[f"convolution {precision}"])
        count, moved = of[f"{key} multiply-adds"], of[f"{key} bytes"]
        one = page.of(what)[len(page.of(what)) // 2]
        took = one.seconds / steps(one.letters)
        computing, moving = count / peak, moved / of["copy"]
        lines.append(
            f"| {name}, {precision} | {count / 1e6:,.0f} million | {1000 * computing:.2f} ms | {moved / 1e6:.0f} MB | "
            f"{1000 * moving:.2f} ms | {1000 * took:.2f} ms | {computing / took:.0%} | {moving / took:.0%} |"
        )
        nearer = "memory" if moving > computing else "arithmetic"
        share = max(computing, moving) / took
        said.append(
            f"The {name} (with {one.letters:,} letters) is nearer to the limit of {nearer}, at which its steps would "
            f"take {share:.0%} of their time. "
            + (
                f"The other {1 - share:.0%} goes into what neither counts."
                if share < 1
                else f"Its {nearer} is quicker than what was measured."
            )
        )
    second, one = (page.at_once.get(n, 0.0) for n in (2, 1))
    gain = of["copy by all"] / of["copy"]
    said.append(
        f"All cores together copy {gain:.2f} times as much as one"
        + (f", and two trials at once end {one / second:.2f} times as soon as one after the other." if second else ".")
    )
    return [*lines, "", *said]


def steps(letters: int) -> int:
    """Of an epoch of so many letters: a seventh tests, a tenth of the rest validates; 128 to a step."""
    return max(round((letters - letters // 7) * 0.9) // 128, 1)


def draw(page: Page) -> str:
    """The figure: curves with their exponents."""
    panels: dict[tuple[str, str], list[Curve]] = {}
    for name in ("seconds", "MB"):
        curves = []
        for what in page.whats:
            points = {one.letters: one.seconds if name == "seconds" else one.memory / 1e6 for one in page.of(what)}
            found = law(list(points), list(points.values()))
            fitted = {n: found.factor * n**found.exponent for n in points}
            curves.append(Curve(f"{what}: x^{found.exponent:.2f}", points, fitted))
        panels["letters", name] = curves
    one = next(iter(page.at_once.values()))
    sooner = {n: one / seconds for n, seconds in page.at_once.items()}
    even = {n: min(n, cores()) for n in page.at_once}
    panels["trials at once", "times as soon as one"] = [
        Curve("measured", sooner, sooner),
        Curve(f"a core for each of them, of {cores()}", {}, even),
    ]
    return drawn(panels)
