"""growth.svg: seconds and memory by letters with the curves that were fitted, and speed by trials at once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from letterlab.report.axes import mark, padded_log
from letterlab.report.svg import LogScale, tag

WIDTH, HEIGHT = 360, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 350, 24, 270
STYLE = (
    "svg{background:#fff}text{font:11px sans-serif;fill:#333}.grid{stroke:#ddd}.curve{fill:none;stroke-width:1.5}"
    ".c0{color:#1b6ca8}.c1{color:#c8553d}.c2{color:#2a9d62}.c3{color:#8a4fbf}.c4{color:#b8860b}"
    ".curve{stroke:currentColor}.mark{fill:currentColor}.even{stroke-dasharray:4 3}"
)


class Curve(NamedTuple):
    """Points that were measured, and what was fitted to them: the same places across, other heights."""

    name: str
    points: Mapping[float, float]
    fitted: Mapping[float, float]


def drawn(panels: Mapping[tuple[str, str], Sequence[Curve]]) -> str:
    """The file's content: panels side by side by their titles, below and above, both scales logarithmic."""
    parts = []
    for number, ((below, above), curves) in enumerate(panels.items()):
        parts.append(tag("g", *panel(below, above, curves), transform=f"translate({number * WIDTH} 0)"))
    size = f"0 0 {WIDTH * len(panels)} {HEIGHT}"
    return str(tag("svg", tag("style", STYLE), *parts, xmlns="http://www.w3.org/2000/svg", viewBox=size)) + "\n"


def panel(below: str, above: str, curves: Sequence[Curve]) -> list[Markup]:
    across = [x for one in curves for x in one.points]
    up = [y for one in curves for y in (*one.points.values(), *one.fitted.values())]
    x, y = padded_log(min(across), max(across), LEFT, RIGHT), padded_log(min(up), max(up), BOTTOM, TOP)
    parts = [*grid(x, y), tag("text", above, x=4, y=14), tag("text", below, x=RIGHT - 120, y=BOTTOM + 34)]
    for number, one in enumerate(curves):
        way = " L".join(f"{x(at):.1f} {y(value):.1f}" for at, value in one.fitted.items())
        parts.append(tag("path", d=f"M{way}", class_=f"curve c{number}" + " even" * (not one.points)))
        parts += [mark(number, x(at), y(value), f"mark c{number}") for at, value in one.points.items()]
        line = BOTTOM + 54 + 15 * number
        parts += [mark(number, LEFT, line - 4, f"mark c{number}"), tag("text", one.name, x=LEFT + 12, y=line)]
    return parts


def grid(x: LogScale, y: LogScale) -> list[Markup]:
    parts = []
    for tick in y.ticks(6):
        parts.append(tag("line", x1=LEFT, x2=RIGHT, y1=y(tick), y2=y(tick), class_="grid"))
        parts.append(tag("text", f"{tick:,g}", x=LEFT - 6, y=y(tick) + 4, text_anchor="end"))
    for tick in x.ticks(4):
        parts.append(tag("line", x1=x(tick), x2=x(tick), y1=TOP, y2=BOTTOM, class_="grid"))
        parts.append(tag("text", f"{tick:,.0f}", x=x(tick), y=BOTTOM + 16, text_anchor="middle"))
    return parts
