"""Which marks of a line are one letter: decided by what a network says of every way to group them."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.recognise.ink import prepare
from letterlab.recognise.segment import Box, Mark, join, typical
from letterlab.shapes import Float32, UInt8

MOST_MARKS: Final = 4
"""Marks that a letter may be made of."""
LEAST_PROBABILITY: Final = 1e-6
"""So that a letter of which a network knows nothing costs much, and not everything."""

# Prices, in natural logarithms of probability. Chosen on pages composed of training letters, a third of them broken,
# where 91 % are read with them and 73 % if nothing is joined; half or twice as much of one changes that by 3 % at most.
JOINING: Final = 0.3
"""Price of taking a mark for a part of the same letter as the mark before it."""
JOINING_OVER_A_GAP: Final = 4.0
"""What that costs more, times the gap between the two in sizes of the writing."""
JOINING_OVERLAPPED: Final = -2.0
"""What it costs more, times the share of the narrower one's width that lies over or under the other."""
LEAVING_OUT: Final = 2.0
"""Price of taking a small mark for no part of any letter: a full stop, a speck."""


class Group(NamedTuple):
    """A letter of a line: the marks that it is made of, joined."""

    mark: Mark
    picture: UInt8[np.ndarray, "28 28"]
    """What the network saw: `prepare` of the mark's ink."""
    probabilities: Float32[np.ndarray, "c"]
    """As `score` gave them."""
    space_before: bool
    """Whether a word begins with it, after another word of the same line."""


class _Span(NamedTuple):
    """Marks from the first up to, not including, the end, taken for one letter."""

    first: int
    end: int
    price: float


def read_line(
    marks: Sequence[Mark], score: Callable[[UInt8[np.ndarray, "n 28 28"]], Float32[np.ndarray, "n c"]]
) -> list[Group]:
    """The letters of a line, from left to right.

    Neighbouring marks that are close enough are offered to the network as one letter, in every way in which they can
    be grouped, and the likeliest way to group the whole line is taken: over-segmentation and a best path through what
    a classifier says of the segments (LeCun et al. 1998, Gradient-based learning applied to document recognition,
    section V). The logarithm of the likeliest letter's probability counts once for each mark in a group, so that few
    groups are not favoured by their number alone. A mark shorter than a third of the writing is no letter by itself:
    it is a part of one, or left out.

    Args:
        marks: one line of `find_lines`.
        score: what a network says of prepared pictures; the first 26 columns are the letters. A 27th, "no letter",
            counts against a group by what it takes from the letters.
    """
    if not marks:
        return []
    size = typical(marks)
    spans = [span for end in range(1, len(marks) + 1) for span in _spans_to(end, marks, size)]
    joined = [join(marks[span.first : span.end]) for span in spans]
    pictures = np.stack([prepare(mark.ink) for mark in joined])
    probabilities = score(pictures)
    best = np.maximum(probabilities[:, : len(LETTERS)].max(axis=1), LEAST_PROBABILITY).astype(np.float64)
    gains = (np.log(best) * [span.end - span.first for span in spans]).tolist()
    path = _best_path(spans, gains, [_is_small(mark, size) for mark in marks])
    spaces = _spaces([joined[number].box for number in path], size)
    return [
        Group(joined[number], pictures[number], probabilities[number], space)
        for number, space in zip(path, spaces, strict=True)
    ]


def _is_small(mark: Mark, size: int) -> bool:
    return 3 * max(mark.box[2:]) < size


def _spans_to(end: int, marks: Sequence[Mark], size: int) -> list[_Span]:
    """The spans that end before a mark's number, the shortest first.

    A letter is at most half as wide again as the writing is large, and has no gap wider than a third of that size.
    """
    x, _, width, _ = marks[end - 1].box
    left, right, price = x, x + width, 0.0
    spans = [] if _is_small(marks[end - 1], size) else [_Span(end - 1, end, 0.0)]
    for first in range(end - 2, max(end - 1 - MOST_MARKS, -1), -1):
        x, _, width, _ = marks[first].box
        gap = left - x - width
        over = min(max(-gap, 0), width, right - left)
        left, right = min(left, x), max(right, x + width)
        if 3 * gap > size or 2 * (right - left) > 3 * size:
            break
        price += JOINING + JOINING_OVER_A_GAP * max(gap, 0) / size
        price += JOINING_OVERLAPPED * over / min(width, right - left)
        spans.append(_Span(first, end, price))
    return spans


def _best_path(spans: list[_Span], gains: list[float], small: list[bool]) -> list[int]:
    """Numbers of the spans that make up the likeliest way through all marks (Viterbi 1967), from left to right.

    Of two ways equally likely it is the one that leaves the last mark out, else the one with the shorter last span.
    """
    likelihood = [0.0] + [-np.inf] * len(small)
    last: list[int | None] = [None] * (len(small) + 1)
    number = 0
    for end in range(1, len(small) + 1):
        if small[end - 1]:
            likelihood[end] = likelihood[end - 1] - LEAVING_OUT
        while number < len(spans) and spans[number].end == end:
            span = spans[number]
            through = likelihood[span.first] + gains[number] - span.price
            if through > likelihood[end]:
                likelihood[end], last[end] = through, number
            number += 1
    path = []
    end = len(small)
    while end:
        if (taken := last[end]) is None:
            end -= 1
        else:
            path.append(taken)
            end = spans[taken].first
    return path[::-1]


def _spaces(boxes: list[Box], size: int) -> list[bool]:
    """Before which letters a word begins: a gap of three fifths of the writing's size and of twice the line's median.

    One of half as much again as the size is wide enough whatever the median is: a line may be one letter a word.
    """
    gaps = [after[0] - before[0] - before[2] for before, after in pairwise(boxes)]
    usual = sorted(gaps)[(len(gaps) - 1) // 2] if gaps else 0
    return [False] + [5 * gap >= 3 * size and (gap >= 2 * usual or 2 * gap >= 3 * size) for gap in gaps]
