"""What the raw figures come to: ratios with their spread, as a table and as a figure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Against:
    """Ours and one of theirs."""

    name: str
    theirs: float
    """Seconds, the median of all alternations."""
    ratio: float
    """How many times faster ours is, by the medians."""
    low: float
    """The least ratio of the two in one alternation."""
    high: float
    """The greatest."""
    least: float
    """What the ratio should be; 0 for a comparison that is only for context."""
    peak: int
    """Bytes of memory, at most."""
    shown: str
    """What else its answers said."""

    @property
    def met(self) -> bool:
        """The ratio is what it should be."""
        return self.ratio >= self.least


@dataclass(frozen=True)
class Standing:
    """What one row came to."""

    what: str
    ours: Against
    """Beside itself, for its own seconds, memory and words."""
    theirs: tuple[Against, ...]
    limit: float | None
    """Seconds that ours must not reach."""

    @property
    def fastest(self) -> Against:
        """The peer that came nearest to ours."""
        return min((one for one in self.theirs if one.least), key=lambda one: one.theirs)

    @property
    def met(self) -> bool:
        """All that was promised of this row."""
        return all(one.met for one in self.theirs) and (self.limit is None or self.ours.theirs < self.limit)


def standing(row: Mapping[str, Any]) -> Standing:
    """From a row of results.json."""
    ours = row["ours"]
    return Standing(
        row["what"], against(ours, ours), tuple(against(ours, theirs) for theirs in row["theirs"]), row["limit"]
    )


def against(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Against:
    """The ratio of two jobs' seconds: of their medians, and its range in pairs of one alternation."""
    own, other = (seconds(job["answers"]) for job in (ours, theirs))
    pairs = [divided(one, two) for one, two in zip(other, own, strict=True)]
    return Against(
        theirs["name"],
        median(other),
        divided(median(other), median(own)),
        min(pairs),
        max(pairs),
        theirs["least"],
        theirs["peak"],
        shown(theirs["answers"]),
    )


def seconds(answers: list[dict[str, Any]]) -> list[float]:
    """Infinite where the work could not be done."""
    return [math.inf if answer["seconds"] is None else answer["seconds"] for answer in answers]


def divided(theirs: float, ours: float) -> float:
    """How many times faster ours is; 0 where ours could not do the work."""
    return 0.0 if math.isinf(ours) else theirs / ours


def shown(answers: list[dict[str, Any]]) -> str:
    """What the answers hold beside the seconds: one value, or the least and the greatest."""
    words = []
    for name in answers[0]:
        values = [answer[name] for answer in answers if name != "seconds" and answer.get(name) is not None]
        if values and (isinstance(values[0], str) or min(values) == max(values)):
            words.append(f"{name} {value(values[0])}")
        elif values:
            words.append(f"{name} {value(min(values))} to {value(max(values))}")
    return ", ".join(words)


def value(one: Any) -> str:
    """A number or a word as it is shown."""
    return f"{one:.4g}" if isinstance(one, float) else f"{one:,}" if isinstance(one, int) else str(one)


def time(seconds: float) -> str:
    """With three digits: 1.23 s, 45.6 ms."""
    if math.isinf(seconds):
        return "not done"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{seconds * 1e6:.0f} µs"


def times(ratio: float) -> str:
    """A ratio with as many digits as it bears."""
    return "∞" if math.isinf(ratio) else f"{ratio:.0f}" if ratio >= 100 else f"{ratio:#.3g}".rstrip(".")


def table(found: Mapping[str, Any], shortfalls: Mapping[str, str] | None = None) -> str:
    """The rows, and what is known of why one falls short."""
    rows = {name: standing(row) for name, row in found.items()}
    lines = [
        "# Against peers",
        "",
        "Written by `make bench` from `results.json`, which holds every single time. Ours and theirs took turns, on",
        "the same letters and machine. A ratio is that of the medians; behind it the least and the greatest of a turn.",
        "Absolute times are context: they are this machine's.",
        "",
        "![How many times faster than the fastest peer](results.svg)",
        "",
        "| row | ours | the fastest peer | times faster | promised | kept |",
        "| --- | ---: | --- | ---: | ---: | --- |",
    ]
    for name, row in rows.items():
        best = row.fastest
        limit = f", under {time(row.limit)}" if row.limit else ""
        lines.append(
            f"| [{row.what}](#{name}) | {time(row.ours.theirs)} | {best.name}, {time(best.theirs)} "
            f"| **{times(best.ratio)}** ({times(best.low)} to {times(best.high)}) | {times(best.least)}{limit} "
            f"| {'yes' if row.met else '**no**'} |"
        )
    for name, row in rows.items():
        lines += [
            "",
            f"## {name}",
            "",
            f"{row.what}; {len(found[name]['ours']['answers'])} turns.",
            "",
            "| job | median | ours is faster by | promised | peak memory | more |",
            "| --- | ---: | ---: | ---: | ---: | --- |",
            f"| **{row.ours.name}** | {time(row.ours.theirs)} | | | {row.ours.peak / 1e6:,.0f} MB | {row.ours.shown} |",
        ]
        lines += [
            f"| {one.name} | {time(one.theirs)} | {times(one.ratio)} ({times(one.low)} to {times(one.high)}) "
            f"| {times(one.least) if one.least else ''} | {one.peak / 1e6:,.0f} MB | {one.shown} |"
            for one in row.theirs
        ]
        if not row.met and shortfalls and name in shortfalls:
            lines += ["", f"Why not: {shortfalls[name]}"]
    lines += ["", "## On what", ""]
    for circumstances, names in gathered(found).items():
        lines += [f"{', '.join(names)}: {circumstances}", ""]
    return "\n".join(lines).rstrip() + "\n"


def gathered(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """Rows by the circumstances under which they were measured, in words."""
    groups: dict[str, list[str]] = {}
    for name, row in found.items():
        machine = ", ".join(f"{key} {value}" for key, value in row["machine"].items() if key != "load before")
        programs = "; ".join(
            f"{whose} " + ", ".join(f"{key} {value}" for key, value in known.items())
            for whose, known in row["versions"].items()
        )
        letters = "drawn letters only" if row["drawn"] else "written letters, and drawn ones where there are 65,000"
        words = f"`{row['command']}` on {row['date'][:10]}; {letters}; {machine}. Versions: {programs}."
        groups.setdefault(words, []).append(name)
    return groups


WIDTH, LEFT, ROW, TOP = 960, 490, 22, 34


def figure(found: Mapping[str, Any]) -> str:
    """results.svg: for each row the ratio to the fastest peer with its range, and what was promised, on a log scale."""
    rows = [standing(row) for row in found.values()]
    most = max([10.0, *(min(row.fastest.high, 1e6) for row in rows), *(row.fastest.least for row in rows)])
    decades = math.ceil(math.log10(most))

    def across(ratio: float) -> float:
        return LEFT + (WIDTH - LEFT - 30) * min(max(math.log10(max(ratio, 0.1)), 0), decades) / decades

    height = TOP + ROW * len(rows) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        'font-size="12" role="img">',
        "<title>How many times faster letterlab is than the fastest peer</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for power in range(decades + 1):
        x = across(10.0**power)
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 36}" stroke="#ddd"/>',
            f'<text x="{x:.1f}" y="{TOP - 14}" text-anchor="middle" fill="#555">{10**power:,}</text>',
        ]
    for number, row in enumerate(rows):
        best, y = row.fastest, TOP + ROW * number + ROW / 2
        colour = "#1a7f5a" if row.met else "#b3261e"
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 4:.0f}" text-anchor="end" fill="#222">{escape(row.what)}</text>',
            f'<line x1="{across(best.low):.1f}" y1="{y}" x2="{across(best.high):.1f}" y2="{y}" stroke="{colour}" '
            'stroke-width="3" stroke-opacity="0.45"/>',
            f'<circle cx="{across(best.ratio):.1f}" cy="{y}" r="5" fill="{colour}"/>',
            f'<line x1="{across(best.least):.1f}" y1="{y - 8}" x2="{across(best.least):.1f}" y2="{y + 8}" '
            'stroke="#222" stroke-width="2"/>',
        ]
    parts += [
        f'<text x="{WIDTH - 30}" y="{height - 14}" text-anchor="end" fill="#555">times faster than the fastest peer: '
        "median, range of the turns, and a bar for what is promised</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
