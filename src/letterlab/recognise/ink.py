"""Grey pixels to ink, and ink to the 28x28 that a network sees: the same for training, shell, server and page.

`find_ink` flattens the paper (uneven light, soft shadows), decides whether the ink is dark or light, and drops noise.
`prepare` crops a letter, thickens a thin pen and brings the letter to 28x28 as EMNIST did (Cohen et al. 2017,
arXiv:1702.05373): in the middle of a square, aspect kept, 2 pixels of border, brightest ink 255.

All arithmetic is in whole numbers, so that it can be written again elsewhere with the same result: `//` rounds down,
sums and products are exact (floating-point arrays below hold whole numbers, or quotients whose floor is exact), and
windows at the border are those pixels of the window that lie in the picture.
"""

from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from letterlab.letterset import SIDE
from letterlab.recognise.raster import bounding_box, extremes, grow, pieces, window_sums
from letterlab.shapes import Bool, Float32, Float64, Int16, Num, UInt8

LONGEST: Final = 2048
"""Longest side of the ink in pixels; a larger picture is shrunk by means over blocks."""
GRID: Final = 256
"""Longest side of the grid on which it is decided whether the ink is dark."""
CELLS: Final = 64
"""Longest side of the grid of cells for each of which the paper's brightness is told."""
DARKEST: Final = 64
"""Paper counts as at least so bright when the depth of ink is measured against it."""
FAINTEST: Final = 40
"""A picture whose ink is no deeper than this (of 255) has none."""
EDGE: Final = 32
"""Ink from here on (of 255) belongs to the letter's box."""
INNER: Final = 24
"""Side of the square that a letter fills: `SIDE` less 2 pixels of border on each side."""
WORK: Final = 72
"""Side of the square on which the pen is evened out: three to a pixel of the result."""
THIN: Final = 7
"""Least width of the pen on that square: nearly EMNIST's middle one, which is 7.5."""

STRIP: Final = 2**16
"""Pixels that are worked on at a time where several numbers are kept of each."""
_LOWEST: Final = 255 * 255 // DARKEST + 1  # more than depth can be below 0


class Ink(NamedTuple):
    """Where a picture has ink, and how much."""

    ink: UInt8[np.ndarray, "h w"]
    """0 where there is paper, 255 where the ink is full."""
    shrink: int
    """Pixels of the picture to a pixel of the ink, in each direction."""


def find_ink(grey: UInt8[np.ndarray, "h w"]) -> Ink:
    """The ink of a picture, dark on light or light on dark: all zeros where there is none.

    1. Shrink by means over blocks until the longer side is at most `LONGEST`.
    2. Decide whether the ink is dark (`_is_dark_on_light`); if not, invert.
    3. Tell the paper's brightness everywhere (`_paper`), linearly between the middles of its cells.
    4. Depth of each pixel: `((paper - grey) * 255 + base // 2) // base`, base being the paper, at least `DARKEST`.
    5. Scatter is by how much the depth's 25 % quantile lies above its 5 % quantile (both are of paper alone: about one
       standard deviation of its noise). Ink is deeper than the 25 % quantile and six scatters, and than 16; full ink
       is the 95 % quantile of that. Where full is less than `FAINTEST`, or nine scatters, there is no ink.
    6. Pixels deeper than that, and than a quarter of full, are a piece with those that they touch, by sides or corners.
       Pieces without a pixel above a third of full are noise, as are those of very few pixels in a large picture. The
       others stay, with one more pixel all around.
    7. Ink is depth as a share of full: `(depth * 255 + full // 2) // full`, no more than 255.
    """
    shrink = -(-max(grey.shape) // LONGEST)
    grey = _block_means(grey, shrink)
    block = -(-max(grey.shape) // GRID)
    grid = _block_means(grey, block)
    if not _is_dark_on_light(grid):
        grey, grid = 255 - grey, 255 - grid
    pool = -(-max(grid.shape) // CELLS)
    depth = _depth(grey, _paper(_over_blocks(np.maximum, grid, pool)), block * pool)
    # how many pixels have each depth: the first of the counts belongs to -_LOWEST
    counts = np.bincount((depth + _LOWEST).ravel(), minlength=_LOWEST + 256)
    quarter = _quantile(counts, 25) - _LOWEST
    scatter = quarter - (_quantile(counts, 5) - _LOWEST)
    least = max(16, quarter + 6 * scatter)
    full = _quantile(counts[least + _LOWEST :], 95) + least if least < 256 else 0
    if full < max(FAINTEST, quarter + 9 * scatter):
        return Ink(np.zeros_like(grey), shrink)
    kept = _kept(depth >= max(least, full // 4), depth > full // 3, min(max(grey.shape) // 32, 8))
    place = grow(kept.view(np.uint8)).view(np.bool_)
    ink = np.zeros_like(grey)
    share = np.floor((depth[place].astype(np.float32) * np.float32(255) + np.float32(full // 2)) / np.float32(full))
    ink[place] = np.clip(share, 0, 255)
    return Ink(ink, shrink)


def prepare(ink: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "28 28"]:
    """The letter as a network sees it: cropped, pen evened out, centred, scaled as EMNIST; all zeros without ink.

    1. Crop to the pixels of `EDGE` or more, and put them in the middle of a square with the longer side; an odd pixel
       goes to the right and to the bottom.
    2. Bring the square to `WORK` pixels by area, thicken a thin pen there (`_even_pen`), bring it to `INNER` by area.
       A letter that fills 24x24, as in EMNIST, and has no thin pen comes out as it is.
    3. Scale: `(value * 255 + brightest // 2) // brightest`.
    """
    picture = np.zeros((SIDE, SIDE), dtype=np.uint8)
    left, top, width, height = bounding_box(ink >= EDGE)
    side = max(width, height)
    if not side:
        return picture
    letter = ink[top : top + height, left : left + width]
    work = _by_area(letter, side, WORK)
    if not work.any():  # specks so far apart that nothing of them is left at this size
        return picture
    inner = _by_area(_even_pen(work), None, INNER).astype(np.int32)
    brightest = int(inner.max())
    picture[2:-2, 2:-2] = (inner * 255 + brightest // 2) // brightest
    return picture


def prepare_letters(images: UInt8[np.ndarray, "n 28 28"]) -> UInt8[np.ndarray, "n 28 28"]:
    """Each letter as a network sees it: `prepare(find_ink(image).ink)`."""
    return np.array([prepare(find_ink(image).ink) for image in images], dtype=np.uint8).reshape(-1, SIDE, SIDE)


def _is_dark_on_light(grid: UInt8[np.ndarray, "y x"]) -> bool:
    """Whether the ink is dark. The inverted grid gives the opposite answer, unless the votes are exactly even.

    Ink is less than the paper about it. Each cell votes light (1) or dark (-1): on which side of the middle between the
    extremes in its window it lies. Windows whose extremes are less than half as far apart as any are have no ink, and
    no vote. When fewer than two thirds agree, as where a thick letter is cropped closely, the cells on the border
    have as many votes again as all cells, for the border is paper for the most part.
    """
    highest, lowest, greatest = _extremes(grid)
    place = (2 * grid.astype(np.int16) - highest - lowest) * (2 * (highest - lowest) >= greatest)
    light, dark = int(np.count_nonzero(place > 0)), int(np.count_nonzero(place < 0))
    if 3 * abs(light - dark) >= light + dark:
        return light >= dark
    border = np.sign(np.concatenate([place[0], place[-1], place[1:-1, 0], place[1:-1, -1]]))
    return (light - dark) * len(border) + int(border.sum()) * (light + dark) >= 0


def _extremes(grid: UInt8[np.ndarray, "y x"]) -> tuple[Int16[np.ndarray, "y x"], Int16[np.ndarray, "y x"], int]:
    """Greatest and least within a quarter of the longer side (rounded up) in each direction; most they are apart."""
    highest, lowest = (part.astype(np.int16) for part in extremes(grid, -(-max(grid.shape) // 4)))
    return highest, lowest, int((highest - lowest).max())


def _paper(cells: UInt8[np.ndarray, "y x"]) -> Float32[np.ndarray, "y x"]:
    """The paper's brightness in each cell, also below the (dark) ink.

    Paper is at first what is lighter than the middle between the extremes in its window, and every cell whose window
    has no ink. Then, until nothing changes, it is each cell that is at most an eighth of the greatest span darker than
    the mean of the paper in the 5x5 cells about it: it grows into soft shadows, and not into ink, whose edges are
    sharp. Its brightness is the mean of the paper in the 3x3 cells about; where fewer than four of those are paper, in
    twice the radius, and so on. Means are rounded half up.
    """
    highest, lowest, greatest = _extremes(cells)
    values = cells.astype(np.float32)
    paper = (2 * (highest - lowest) < greatest) | (2 * values >= highest + lowest)
    # No darker than the rounded mean less the tolerance: times the count of the mean, there is nothing to round.
    lightest = values + np.float32(max(4, greatest // 8) + 0.5)
    for _ in range(CELLS):
        counts, sums = _counts_and_sums(values, paper, 2)
        grown = counts * lightest > sums
        if np.array_equal(grown, paper):
            break
        paper = grown
    radius = 1
    counts, sums = _counts_and_sums(values, paper, radius)
    while radius < max(cells.shape) and (few := counts < 4).any():
        radius *= 2
        more = _counts_and_sums(values, paper, radius)
        counts, sums = np.where(few, more, (counts, sums))
    return np.floor((sums + np.floor(counts / 2)) / np.maximum(counts, 1))


def _counts_and_sums(
    values: Float32[np.ndarray, "y x"], paper: Bool[np.ndarray, "y x"], radius: int
) -> Float32[np.ndarray, "2 y x"]:
    """How many cells are paper in the window about each, and the sum of their values."""
    parts = np.empty((2, *paper.shape), np.float32)
    parts[0] = paper
    np.multiply(values, paper, out=parts[1])
    return window_sums(parts, radius)


def _depth(grey: UInt8[np.ndarray, "h w"], cells: Float32[np.ndarray, "y x"], block: int) -> Int16[np.ndarray, "h w"]:
    """How much darker than the paper, as a share of 255; below 0 where it is brighter.

    The paper of the cells is brought to pixels linearly between (and beyond) their middles, rounded half up, 0 to 255.
    In strips, so that what is worked out on the way stays in a processor's cache.
    """
    rows, columns = (_between(n, length, block) for n, length in zip(cells.shape, grey.shape, strict=True))
    across = cells @ columns.T
    depth = np.empty(grey.shape, np.int16)
    for top in range(0, len(grey), strip := max(STRIP // grey.shape[1], 1)):
        place = np.s_[top : top + strip]
        paper = rows[place] @ across
        paper += 2 * block * block
        paper /= 4 * block * block
        np.clip(np.floor(paper, out=paper), 0, 255, out=paper)
        deep = paper - grey[place]
        deep *= 255
        np.maximum(paper, DARKEST, out=paper)
        half = paper / 2
        deep += np.floor(half, out=half)
        deep /= paper
        depth[place] = np.floor(deep, out=deep)
    return depth


def _quantile(counts: np.ndarray, percent: int) -> int:
    """The least value that so many percent of all, or more, do not exceed; 0 where nothing is counted."""
    upto = np.cumsum(counts)
    return int(np.searchsorted(upto * 100, int(upto[-1]) * percent))


def _kept(deep: Bool[np.ndarray, "h w"], certain: Bool[np.ndarray, "h w"], fewest: int) -> Bool[np.ndarray, "h w"]:
    """The pieces of what is deep that have so many pixels, and a certain one among them."""
    if fewest < 2:
        near = grow((deep & certain).view(np.uint8)).view(np.bool_)
        if np.array_equal(near & deep, deep):  # as in most letters of 28x28
            return deep
    left, top, width, height = bounding_box(deep)
    place = np.s_[top : top + height, left : left + width]
    labels, _, areas = pieces(deep[place])
    good = np.zeros(len(areas) + 1, np.bool_)
    good[labels[certain[place]]] = True
    good[1:] &= areas >= fewest
    good[0] = False
    kept = np.zeros_like(deep)
    kept[place] = np.take(good, labels)
    return kept


def _even_pen(work: UInt8[np.ndarray, "s s"]) -> UInt8[np.ndarray, "t t"]:
    """Thickens a thin pen to a width of `THIN`; what it grows by is added to the sides.

    A hairline of a large picture is faint by now, but where lines meet: where the level, which is the mean of values
    weighted by themselves, is below 128, they become `value * 128**2 // level**2`, no more than 255. The pen's width is
    twice the area by what the area grows when its edges move out by one pixel (the mean of growing by a square and by a
    cross of 3x3, for edges in all directions). Half of what lacks, in 256ths of a pixel, is grown by square and cross
    in turn, the last step in part. A thick pen is left: to make it thinner would break what is thin beside it.
    """
    values = work.astype(np.int32)
    level = int((values * values).sum(dtype=np.int64)) // int(values.sum())
    if level < 128:
        work = np.minimum(values * 128**2 // max(level, 1) ** 2, 255).astype(np.uint8)
    roomy = np.zeros((WORK + 8, WORK + 8), np.uint8)
    roomy[4:-4, 4:-4] = work
    work = roomy
    area = int(work.sum(dtype=np.int64))
    grown = sum(int(grow(work, cross).sum(dtype=np.int64)) for cross in (False, True)) - 2 * area
    lacking = THIN * 128 - 4 * area * 128 // grown
    if lacking <= 0:
        return work[4:-4, 4:-4]
    steps, share = divmod(lacking, 256)
    for step in range(steps):
        work = grow(work, cross=step % 2 == 1)
    thicker = grow(work, cross=steps % 2 == 1).astype(np.int32)
    cut = 3 - steps
    inner = slice(cut, work.shape[0] - cut)
    return ((work.astype(np.int32) * (256 - share) + thicker * share + 128) >> 8).astype(np.uint8)[inner, inner]


def _by_area(part: UInt8[np.ndarray, "h w"], side: int | None, size: int) -> UInt8[np.ndarray, "t t"]:
    """The part, in the middle of a black square of that side, at another size.

    Each pixel is the mean of what it covers, by area, rounded half up.
    """
    height, width = part.shape
    side = side or height
    weights = _overlaps(side, size)
    y, x = (side - height) // 2, (side - width) // 2
    sums = weights[:, y : y + height] @ part.astype(np.float64) @ weights[:, x : x + width].T
    return np.floor((sums + side * side // 2) / (side * side)).astype(np.uint8)


@lru_cache(256)
def _overlaps(m: int, n: int) -> Float64[np.ndarray, "n m"]:
    """How much of m pixels lies in each of n, both laid over the length m * n: whole numbers, m in each row."""
    i, j = np.arange(n)[:, None], np.arange(m)[None, :]
    return np.maximum(np.minimum((i + 1) * m, (j + 1) * n) - np.maximum(i * m, j * n), 0).astype(np.float64)


def _block_means(grey: UInt8[np.ndarray, "h w"], block: int) -> UInt8[np.ndarray, "y x"]:
    """Means over blocks, rounded half up; what is left over at the right and at the bottom is left out."""
    if block == 1:
        return grey
    n = min(block, grey.shape[0]) * min(block, grey.shape[1])
    sums = _over_blocks(np.add, grey, block, np.uint16 if n <= 256 else np.uint32)
    return ((sums + n // 2) // n).astype(np.uint8)


def _over_blocks(
    combine: np.ufunc, grid: UInt8[np.ndarray, "h w"], block: int, kind: type[np.unsignedinteger[Any]] = np.uint8
) -> Num[np.ndarray, "y x"]:
    """All of each block combined; what is left over at the right and at the bottom is left out.

    Row by row and column by column: over whole rows numpy is ten times as quick as over the few pixels of a block.
    """
    height, width = (max(length // block, 1) for length in grid.shape)
    down, across = (min(block, length) for length in grid.shape)
    rows = grid[: height * down : down].astype(kind)
    for row in range(1, down):
        combine(rows, grid[row : height * down : down], out=rows)
    cells = rows[:, : width * across : across].copy()
    for column in range(1, across):
        combine(cells, rows[:, column : width * across : across], out=cells)
    return cells


@lru_cache(8)
def _between(n: int, length: int, block: int) -> Float32[np.ndarray, "length n"]:
    """How many of 2 * block parts of each of n cells go to each pixel."""
    if n == 1:
        return np.full((length, 1), 2 * block, dtype=np.float32)
    at = 2 * np.arange(length) + 1 - block  # from the middle of the first cell, in parts of 1 / (2 * block) of a cell
    first = np.clip(at // (2 * block), 0, n - 2)
    share = at - first * 2 * block
    weights = np.zeros((length, n), dtype=np.float32)
    weights[np.arange(length), first] = 2 * block - share
    weights[np.arange(length), first + 1] = share
    return weights
