"""The ink of a page taken apart: pieces of ink, and the lines of writing that they stand on.

All geometry is in whole pixels and every order has its ties decided, so that the same can be written in another
language with the same answers.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import isqrt
from typing import Final, NamedTuple

import numpy as np

from letterlab.recognise.raster import grow, pieces
from letterlab.shapes import Bool, Int64, UInt8

INKED: Final = 64
"""Ink from which a pixel belongs to a piece; fainter pixels beside it are taken along."""
MOST: Final = 5000
"""Pieces that are looked at on one page: the largest, by pixels. A picture of noise has a hundred thousand."""

Box = tuple[int, int, int, int]
"""x, y, width and height in pixels of the ink."""


class Mark(NamedTuple):
    """Ink that belongs together: a piece, or several."""

    box: Box
    ink: UInt8[np.ndarray, "h w"]
    """Its own ink alone, cropped to the box: what else lies in the box is left out."""


def find_lines(ink: UInt8[np.ndarray, "h w"]) -> list[list[Mark]]:
    """The marks of every line of writing, lines from top to bottom, marks from left to right by their middles.

    Lines may be slanted by some 5 degrees and differ in size. Ruled lines, frames and specks are left out. What
    certainly belongs to another piece is joined to it: the dot of an i, a bar over one stem alone. Which other pieces
    belong together is for `read_line` to say.

    Args:
        ink: as `find_ink` gives it, 0 paper, 255 full ink.
    """
    marks = _without_specks(_without_rules(_pieces(ink), ink.shape))
    hosts = _hosts(marks)
    bodies = [number for number, host in enumerate(hosts) if host is None]
    slant = (0, 1)
    for _ in range(2):  # once to learn the slant, once along it
        lines = _lines_along(slant, bodies, marks)
        slant = _slant(lines, marks)
    lines = _without_dots(lines, hosts, marks)
    lines.sort(key=lambda line: sum(sum(_top_and_bottom(marks[number], slant)) for number in line) // len(line))
    return _without_strays([_line(numbers, hosts, marks) for numbers in lines])


def join(marks: Sequence[Mark]) -> Mark:
    """Several marks as one: the box around them all, and the ink of each."""
    left, top = (min(mark.box[axis] for mark in marks) for axis in (0, 1))
    right, bottom = (max(mark.box[axis] + mark.box[axis + 2] for mark in marks) for axis in (0, 1))
    ink = np.zeros((bottom - top, right - left), np.uint8)
    for (x, y, width, height), own in marks:
        place = ink[y - top : y - top + height, x - left : x - left + width]
        np.maximum(place, own, out=place)
    return Mark((left, top, right - left, bottom - top), ink)


def typical(marks: Sequence[Mark]) -> int:
    """How large the writing is, in pixels: the median of the longer sides, each weighed by the root of the box's area.

    Dots, rules and hairs weigh little, so that they do not pass for the size of a letter. Of two in the middle it is
    the larger one.
    """
    sides = sorted(((max(mark.box[2:]), isqrt(mark.box[2] * mark.box[3])) for mark in marks), reverse=True)
    weights = list(accumulate(weight for _, weight in sides))
    return next(longer for (longer, _), above in zip(sides, weights, strict=True) if 2 * above >= weights[-1])


def _pieces(ink: UInt8[np.ndarray, "h w"]) -> list[Mark]:
    """Pieces of connected ink (8 neighbours), the `MOST` largest, by their left edges, then their upper ones."""
    labels, boxes, areas = pieces(ink >= INKED)
    x, y, _, _ = boxes.T
    largest = np.lexsort((x, y, -areas))[:MOST]
    order = largest[np.lexsort((areas[largest], y[largest], x[largest]))]
    return [_piece(ink, labels, int(number) + 1, *boxes[number].tolist()) for number in order]


def _piece(ink: np.ndarray, labels: np.ndarray, number: int, x: int, y: int, width: int, height: int) -> Mark:
    place = np.s_[y : y + height, x : x + width]
    own = grow((labels[place] == number).view(np.uint8))  # no other piece is so near
    return Mark((x, y, width, height), ink[place] * own)


def _without_rules(marks: list[Mark], page: tuple[int, ...]) -> list[Mark]:
    """Leaves out ruled lines, frames and tables: thin, four letters long or longer, and not as high as a letter."""
    height, width = page
    within = [mark for mark in marks if 2 * mark.box[2] < width and 2 * mark.box[3] < height]
    if not within:
        return marks
    size = typical(within)
    return [mark for mark in marks if not _is_rule(mark, size)]


def _is_rule(mark: Mark, size: int) -> bool:
    _, _, width, height = mark.box
    thickness = int(np.count_nonzero(mark.ink >= INKED)) // (width + height)
    as_high_as_a_letter = size < 2 * height < 4 * size
    return max(width, height) >= 4 * size >= 8 * thickness and not as_high_as_a_letter


def _without_specks(marks: list[Mark]) -> list[Mark]:
    least = typical(marks) if marks else 0
    return [mark for mark in marks if 16 * max(mark.box[2:]) >= least]


def _hosts(marks: list[Mark]) -> list[int | None]:
    """For a dot or bar the number of the piece that it stands at, three times as high or higher; None for the others.

    A dot or bar is at most a third of the writing's size across. Of several pieces it is the nearest, where a way up
    counts double: dots stand above their letters.
    """
    if not marks:
        return []
    x, y, width, height = np.array([mark.box for mark in marks], dtype=np.int64).T
    longest, thin = np.maximum(width, height), 3 * np.minimum(width, height) <= typical(marks)

    def near(number: int) -> tuple[Bool[np.ndarray, "n"], Int64[np.ndarray, "n"]]:
        aside = np.maximum(np.maximum(x - (x + width)[number], x[number] - (x + width)), 0)
        below = np.maximum(y - (y + height)[number], 0)
        above = np.maximum(y[number] - (y + height), 0)
        larger = (height >= 3 * height[number]) & (longest >= longest[number])
        return larger & (2 * np.maximum(aside, below + above) <= height), aside + below + 2 * above

    small = np.array([thin[number] and near(number)[0].any() for number in range(len(marks))])
    hosts: list[int | None] = [None] * len(marks)
    for number in np.flatnonzero(small).tolist():
        may, distance = near(number)
        if (may := may & ~small).any():
            hosts[number] = int(np.where(may, distance, np.iinfo(np.int64).max).argmin())
    return hosts


def _without_dots(lines: list[list[int]], hosts: list[int | None], marks: list[Mark]) -> list[list[int]]:
    """The lines that are not thick dots or bars alone: such stand closely over a stem half as high again as they are.

    The hosts of those are set to their stems. Here and not earlier, for a small letter may stand so over a tall one:
    but then others stand beside it.
    """
    kept = []
    for line in lines:
        stems: dict[int, int] = {}
        for number in line:
            if (stem := _stem_under(marks[number], marks, hosts)) is None:
                kept.append(line)
                break
            stems[number] = stem
        else:
            for number, stem in stems.items():
                hosts[number] = stem
    return kept


def _stem_under(dot: Mark, marks: list[Mark], hosts: list[int | None]) -> int | None:
    _, y, _, height = dot.box
    for number, (mark, host) in enumerate(zip(marks, hosts, strict=True)):
        below = mark.box[1] - y - height
        close = 0 <= 2 * below <= mark.box[3] and 3 * height <= 2 * mark.box[3]
        if host is None and close and _is_over(dot, mark, 4):
            return number
    return None


def _lines_along(slant: tuple[int, int], bodies: list[int], marks: list[Mark]) -> list[list[int]]:
    """The numbers of each line's marks from left to right.

    A mark goes to the line with whose last four marks it shares most, on the mean, of the lower one's height; it has to
    share three tenths with one of them, or a line begins with it.
    """
    lines: list[list[int]] = []
    last: list[list[tuple[int, int]]] = []  # tops and bottoms of each line's last four marks
    reach: list[tuple[int, int]] = []  # from the uppermost of those tops to the lowest of those bottoms
    for number in bodies:
        top, bottom = _top_and_bottom(marks[number], slant)
        best, most = len(lines), 0
        for line, (highest, lowest) in enumerate(reach):
            if highest < bottom and top < lowest:
                shares = [_share(top, bottom, *other) for other in last[line]]
                if max(shares) >= 30 and sum(shares) // len(shares) > most:
                    best, most = line, sum(shares) // len(shares)
        if best == len(lines):
            lines.append([])
            last.append([])
            reach.append((top, bottom))
        lines[best].append(number)
        last[best] = [*last[best][-3:], (top, bottom)]
        reach[best] = min(upper for upper, _ in last[best]), max(lower for _, lower in last[best])
    return lines


def _share(top: int, bottom: int, upper: int, lower: int) -> int:
    """How much of the lower of two marks is beside the other, in percent."""
    return 100 * max(min(bottom, lower) - max(top, upper), 0) // min(bottom - top, lower - upper)


def _slant(lines: list[list[int]], marks: list[Mark]) -> tuple[int, int]:
    """By how much the lines fall, and over which length: from each line's first mark to its last.

    Level where that comes to more than one in five: then they are too short to tell.
    """
    ends = [(marks[line[0]].box, marks[line[-1]].box) for line in lines]
    fall = sum(2 * last[1] + last[3] - 2 * first[1] - first[3] for first, last in ends)
    length = sum(2 * last[0] - 2 * first[0] for first, last in ends)
    return (fall, length) if 5 * abs(fall) < length else (0, 1)


def _top_and_bottom(mark: Mark, slant: tuple[int, int]) -> tuple[int, int]:
    """Where a mark would begin and end if the lines were level."""
    x, y, width, height = mark.box
    top = y - (2 * x + width) * slant[0] // (2 * slant[1])
    return top, top + height


def _line(numbers: list[int], hosts: list[int | None], marks: list[Mark]) -> list[Mark]:
    """The marks of a line in order: its dots and bars joined to what they stand over, where that is one mark alone."""
    parts = {number: [marks[number]] for number in numbers}
    for number, host in enumerate(hosts):
        if host in parts:
            over = [k for k in numbers if _is_over(marks[number], marks[k], 8)]
            if len(over) == 1:
                parts[over[0]].append(marks[number])
            else:
                parts[number] = [marks[number]]
    return sorted(map(join, parts.values()), key=lambda mark: (2 * mark.box[0] + mark.box[2], mark.box[1]))


def _is_over(small: Mark, mark: Mark, part: int) -> bool:
    """Whether the middle of the small one lies over or under the mark, a part of the mark's height beside it at most.

    Args:
        part: 8 for an eighth.
    """
    middles = 2 * small.box[0] + small.box[2] - 2 * mark.box[0] - mark.box[2]
    return abs(middles) <= mark.box[2] + 2 * mark.box[3] // part


def _without_strays(lines: list[list[Mark]]) -> list[list[Mark]]:
    """Leaves out lines of one or two marks less than a third as large as the writing is."""
    size = typical([mark for line in lines for mark in line]) if lines else 0
    return [line for line in lines if len(line) > 2 or 3 * max(max(mark.box[2:]) for mark in line) >= size]
