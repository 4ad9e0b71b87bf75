"""What can be measured of a letter's picture: strokes, loops, openness, slant, and where its ink stands."""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from letterlab.letterset import SIDE, LetterSet
from letterlab.shapes import Bool, Float, Int, UInt8

BLOCK: Final = 256
"""Pictures that are measured at once."""
MARGIN: Final = 5
"""Ground around each picture, wide enough that closing the widest gap joins no two pictures."""
PLACE: Final = SIDE + 2 * MARGIN
"""Side of a picture with the ground around it."""
GAPS: Final = 8
"""The widest gap that is closed to see whether a loop appears."""
SPECK: Final = 2
"""Pixels that a piece of ink or a patch of ground must have to count."""
WINDOW: Final = 7
"""Side of the window within which a stroke is called straight or bent."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Measures of n pictures. Lengths are in pixels; ink is what is brighter than half.

    A picture without ink has 0 in all, and no hollow.
    """

    thickness: Float[np.ndarray, "n"]
    """Of the line: the ink with its grey edges, divided by the length of the skeleton."""
    width: Float[np.ndarray, "n"]
    """Of the box around the ink, divided by its height."""
    pieces: Float[np.ndarray, "n"]
    """Of ink that do not touch: an i with its dot has two."""
    loops: Float[np.ndarray, "n"]
    """Patches of ground that ink encloses."""
    gap: Float[np.ndarray, "n"]
    """How wide the mouth is through which a hollow of the letter opens to the ground outside: the least thickening of
    the ink that turns one into a loop. 0 where there is a loop, 9 where nothing up to 8 closes to one."""
    ends: Float[np.ndarray, "n"]
    """Free ends of the skeleton."""
    crossings: Float[np.ndarray, "n"]
    """Places where three or more strokes of the skeleton meet."""
    slant: Float[np.ndarray, "n"]
    """Degrees by which the letter leans to the right of upright, from its second moments; negative to the left."""
    balance: Float[np.ndarray, "n"]
    """Height of the ink's centre of mass in its box: 0 is the foot, 1 the head."""
    straightness: Float[np.ndarray, "n"]
    """How far the skeleton runs in one direction within 7 by 7 pixels around each of its points: 1 is straight."""
    head: Float[np.ndarray, "n"]
    """Width that the ink spans in the upper quarter of its box, as a share of the box."""
    foot: Float[np.ndarray, "n"]
    """The same in the lower quarter."""
    left: Float[np.ndarray, "n"]
    """Height that the ink spans in the left quarter of its box, as a share of the box."""
    right: Float[np.ndarray, "n"]
    """The same in the right quarter."""

    def __getitem__(self, measure: str) -> Float[np.ndarray, "n"]:
        """The values of the measure of this name."""
        return np.asarray(getattr(self, measure))


MEASURES: Final = tuple(field.name for field in fields(Shapes))


@lru_cache(maxsize=2)
def shapes_of(letters: LetterSet) -> Shapes:
    """The measures of all letters of a set, worked out once for all who ask."""
    return measure(letters.images)


def measure(images: UInt8[np.ndarray, "n 28 28"]) -> Shapes:
    """Measures every picture."""
    blocks = [_measured(images[begin : begin + BLOCK]) for begin in range(0, len(images), BLOCK)]
    return Shapes(**{name: np.concatenate([np.zeros(0), *(block[name] for block in blocks)]) for name in MEASURES})


def _measured(images: UInt8[np.ndarray, "n 28 28"]) -> dict[str, Float[np.ndarray, "n"]]:
    n = len(images)
    stack = np.pad(images, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN))).reshape(n * PLACE, PLACE)
    ink = (stack > 127).astype(np.uint8)
    skeleton = thinned(ink)
    neighbours = cv2.filter2D(skeleton, -1, np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8), borderType=0)
    points = np.maximum(_sums(skeleton, n), 1)
    length = _sums(cv2.filter2D(skeleton, cv2.CV_32F, _STEPS, borderType=cv2.BORDER_CONSTANT) * skeleton, n) / 2
    loops, gap = _hollows(ink, n)
    return {
        "thickness": _sums(stack, n) / 255 / np.maximum(length, 1),
        "pieces": _pieces(ink, n, SPECK),
        "loops": loops,
        "gap": gap,
        "ends": _sums((skeleton == 1) & (neighbours == 1), n),
        # Two junctions that nearly touch are one: thinning pulls a cross apart.
        "crossings": _pieces(cv2.dilate(_CROSSING[_codes(skeleton)] * skeleton, np.ones((3, 3), np.uint8)), n, 1),
        "straightness": _sums(_straight(skeleton), n) / points,
        **_box(images),
    }


def _sums(
    stack: Bool[np.ndarray, "rows 38"] | UInt8[np.ndarray, "rows 38"] | Float[np.ndarray, "rows 38"], n: int
) -> Float[np.ndarray, "n"]:
    """Of each picture's place in the stack."""
    return stack.reshape(n, -1).sum(axis=1, dtype=np.float64)


def _pieces(mask: UInt8[np.ndarray, "rows 38"], n: int, least: int) -> Float[np.ndarray, "n"]:
    """How many pieces of at least so many pixels there are in each picture's place; corners join."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return _counted(stats[1:], n, least)


def _counted(stats: Int[np.ndarray, "components 5"], n: int, least: int) -> Float[np.ndarray, "n"]:
    found = stats[stats[:, cv2.CC_STAT_AREA] >= least]
    return np.bincount(found[:, cv2.CC_STAT_TOP] // PLACE, minlength=n).astype(np.float64)


def _hollows(ink: UInt8[np.ndarray, "rows 38"], n: int) -> tuple[Float[np.ndarray, "n"], Float[np.ndarray, "n"]]:
    """Loops, and the narrowest mouth of a hollow."""
    distance = cv2.distanceTransform(1 - ink, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    loops = np.zeros(n)
    gap = np.full(n, GAPS + 1.0)
    for width in range(GAPS, -1, -1):
        # Ground farther than half the gap from ink; the gap's middle is that and half a pixel from it.
        ground = (distance > width / 2 + 0.5).astype(np.uint8)
        _, patches, stats, _ = cv2.connectedComponentsWithStats(ground, connectivity=4)
        stats[[0, patches[0, 0]], cv2.CC_STAT_AREA] = 0  # the ink, and the ground outside
        loops = _counted(stats, n, SPECK)
        gap[loops > 0] = width
    return loops, gap


def _straight(skeleton: UInt8[np.ndarray, "rows 38"]) -> Float[np.ndarray, "rows 38"]:
    """At each point of the skeleton, how much longer than wide the skeleton around it is: 0 to 1."""
    t = np.arange(WINDOW, dtype=np.float32) - WINDOW // 2
    one = np.ones_like(t)

    def summed(across: Float[np.ndarray, "t"], down: Float[np.ndarray, "t"]) -> Float[np.ndarray, "points"]:
        return cv2.sepFilter2D(skeleton, cv2.CV_32F, across, down, borderType=cv2.BORDER_CONSTANT)[at]

    at = skeleton > 0
    count, x, y = summed(one, one), summed(t, one), summed(one, t)
    xx, yy, xy = summed(t * t, one) - x * x / count, summed(one, t * t) - y * y / count, summed(t, t) - x * y / count
    found = np.zeros(skeleton.shape)
    found[at] = np.sqrt((xx - yy) ** 2 + 4 * xy**2) / np.maximum(xx + yy, 1e-6)
    return found


def _box(images: UInt8[np.ndarray, "n 28 28"]) -> dict[str, Float[np.ndarray, "n"]]:
    """What is measured of the box around the ink, and of where in it the ink stands."""
    ink = images > 127
    top, height = _span(np.any(ink, axis=2))
    begin, width = _span(np.any(ink, axis=1))
    down = (np.arange(SIDE) + 0.5 - top[:, None]) / height[:, None]
    across = (np.arange(SIDE) + 0.5 - begin[:, None]) / width[:, None]
    mass = np.maximum(images.sum(axis=(1, 2), dtype=np.float64), 1)
    rows, columns = images.sum(axis=2, dtype=np.float64), images.sum(axis=1, dtype=np.float64)
    pixels = np.arange(SIDE) + 0.5
    x, y = columns @ pixels / mass, rows @ pixels / mass
    yy = np.maximum(rows @ pixels**2 / mass - y**2, 1e-6)
    xy = np.einsum("nij,i,j->n", images, pixels, pixels, optimize=True) / mass - x * y
    some = ink.any(axis=(1, 2))
    return {
        "width": some * width / height,
        "slant": np.degrees(np.arctan2(-xy, yy)) * some,
        "balance": some * (top + height - y) / height,
        "head": some * _span((ink & (down < 0.25)[:, :, None]).any(axis=1))[1] / width,
        "foot": some * _span((ink & (down > 0.75)[:, :, None]).any(axis=1))[1] / width,
        "left": some * _span((ink & (across < 0.25)[:, None, :]).any(axis=2))[1] / height,
        "right": some * _span((ink & (across > 0.75)[:, None, :]).any(axis=2))[1] / height,
    }


def _span(there: Bool[np.ndarray, "n 28"]) -> tuple[Int[np.ndarray, "n"], Int[np.ndarray, "n"]]:
    """The first place where it is true, and how many from there to the last; all of it where it is nowhere."""
    first = there.argmax(axis=1)
    return first, SIDE - there[:, ::-1].argmax(axis=1) - first


def thinned(ink: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """The skeleton of ink (1) on ground (0): Zhang and Suen 1984, and then without the corners that this leaves.

    Of those, each of four interleaved grids is asked in turn, so that no two pixels that touch go at once.
    """
    skeleton = ink.copy()
    before = -1
    while before != (before := cv2.countNonZero(skeleton)):
        for removable in _REMOVABLE:
            skeleton &= 1 - cv2.LUT(_codes(skeleton), removable)
    for row, column in np.ndindex(2, 2):
        skeleton[row::2, column::2] &= 1 - cv2.LUT(_codes(skeleton), _CORNER)[row::2, column::2]
    return skeleton


def _codes(skeleton: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "height width"]:
    """The eight neighbours of each pixel as bits: north is 1, north-east 2, and on around to north-west, 128."""
    return cv2.filter2D(skeleton, cv2.CV_8U, _BITS, borderType=cv2.BORDER_CONSTANT)


_BITS: Final = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], dtype=np.float32)
_STEPS: Final = np.array([[2**0.5, 1, 2**0.5], [1, 0, 1], [2**0.5, 1, 2**0.5]], dtype=np.float32)
"""How far each neighbour is."""
_AROUND: Final = (np.arange(256)[:, None] >> np.arange(8)) & 1
"""The eight neighbours of each code, clockwise from north."""
_STROKES: Final = ((_AROUND == 0) & (np.roll(_AROUND, -1, axis=1) == 1)).sum(axis=1)
"""How many strokes leave a pixel: changes from ground to ink on the way around."""
_JOINED: Final = sum(
    (1 - _AROUND[:, k]) * (1 - (1 - _AROUND[:, k + 1]) * (1 - _AROUND[:, (k + 2) % 8])) for k in (0, 2, 4, 6)
)
"""Strokes that only the pixel joins, those that touch by a corner being one (Yokoi, Toriwaki and Fukumura 1975)."""
_CORNER: Final = ((_JOINED == 1) & (_AROUND.sum(axis=1) >= 2)).astype(np.uint8)
_CROSSING: Final = (_STROKES >= 3).astype(np.uint8)


def _removable(north: int, east: int, south: int, west: int) -> UInt8[np.ndarray, "256"]:
    """Whether a pixel with these neighbours may go in one of the two turns, which look from opposite sides."""
    many = _AROUND.sum(axis=1)
    edge = (_AROUND[:, [north, east, south]].prod(axis=1) == 0) & (_AROUND[:, [east, south, west]].prod(axis=1) == 0)
    return ((many >= 2) & (many <= 6) & (_STROKES == 1) & edge).astype(np.uint8)


_REMOVABLE: Final = (_removable(0, 2, 4, 6), _removable(4, 6, 0, 2))
