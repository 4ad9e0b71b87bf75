"""What is done to pictures pixel by pixel: exact, with numpy alone, for OpenCV is larger than all else together that
reading letters needs."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int32, Int64, Shaped, UInt8


class Pieces(NamedTuple):
    """What is connected in a mask, by sides and corners, in the order of their first pixels, row by row."""

    labels: Int32[np.ndarray, "h w"]
    """Number of the piece that a pixel belongs to, from 1; 0 outside of them."""
    boxes: Int64[np.ndarray, "n 4"]
    """x, y, width and height of each."""
    areas: Int64[np.ndarray, "n"]
    """Pixels of each."""


def grow(picture: UInt8[np.ndarray, "h w"], cross: bool = False) -> UInt8[np.ndarray, "h w"]:
    """Each pixel as bright as the brightest of it and its eight neighbours, or its four with `cross`."""
    grown = picture.copy()
    np.maximum(grown[1:], picture[:-1], out=grown[1:])
    np.maximum(grown[:-1], picture[1:], out=grown[:-1])
    sideways = picture if cross else grown.copy()
    np.maximum(grown[:, 1:], sideways[:, :-1], out=grown[:, 1:])
    np.maximum(grown[:, :-1], sideways[:, 1:], out=grown[:, :-1])
    return grown


def window_max(picture: UInt8[np.ndarray, "h w"], radius: int) -> UInt8[np.ndarray, "h w"]:
    """The brightest pixel of the square of 2 radius + 1 about each pixel, as far as it lies in the picture."""
    for _ in range(2):
        picture = _down_max(picture, radius).T
    return picture


def window_min(picture: UInt8[np.ndarray, "h w"], radius: int) -> UInt8[np.ndarray, "h w"]:
    """The darkest pixel of the square of 2 radius + 1 about each pixel, as far as it lies in the picture."""
    return 255 - window_max(255 - picture, radius)


def window_sums(values: Shaped[np.ndarray, "h w"], radius: int) -> Int64[np.ndarray, "h w"]:
    """The sum over the square of 2 radius + 1 about each pixel, as far as it lies in the picture; of whole numbers."""
    for _ in range(2):
        height, width = values.shape
        sums = np.zeros((height + 2 * radius + 1, width), dtype=np.int64)
        inner = sums[radius + 1 : radius + 1 + height]
        np.cumsum(values, axis=0, out=inner)
        sums[radius + 1 + height :] = inner[-1:]
        values = (sums[2 * radius + 1 :] - sums[:height]).T
    return values


def _down_max(picture: UInt8[np.ndarray, "h w"], radius: int) -> UInt8[np.ndarray, "h w"]:
    """The brightest of 2 radius + 1 pixels one below the other: of 1, 2, 4 and so on, and of two that overlap."""
    height, width = picture.shape
    found = np.zeros((height + 2 * radius, width), dtype=np.uint8)
    found[radius : radius + height] = picture
    window, wanted = 1, 2 * radius + 1
    while 2 * window <= wanted:
        found = np.maximum(found[:-window], found[window:])
        window *= 2
    rest = wanted - window
    return np.maximum(found[: len(found) - rest], found[rest:])


def bounding_box(mask: Bool[np.ndarray, "h w"]) -> tuple[int, int, int, int]:
    """x, y, width and height of the box around what is true; all 0 where nothing is."""
    columns, rows = np.flatnonzero(mask.any(axis=0)).tolist(), np.flatnonzero(mask.any(axis=1)).tolist()
    if not rows:
        return 0, 0, 0, 0
    return columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1


def pieces(mask: Bool[np.ndarray, "h w"]) -> Pieces:
    """What is connected in a mask, by sides or corners.

    Runs of pixels in a row are joined to those that they touch in the next row: each takes the number of the first run
    that it is joined to, and of the one that that is joined to, until none changes.
    """
    height, width = mask.shape
    stride = width + 1  # a column without ink keeps the rows apart
    flat = np.zeros(height * stride + 1, dtype=np.int8)
    flat[1:].reshape(height, stride)[:, :width] = mask
    change = np.diff(flat)
    begins, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    first = np.searchsorted(ends, begins + stride)  # of the runs below that each touches
    touching = np.searchsorted(begins, ends + stride, side="right") - first
    above = np.repeat(np.arange(len(begins)), touching)
    below = np.arange(len(above)) - np.repeat(np.cumsum(touching) - touching - first, touching)
    root = np.arange(len(begins))
    while True:
        one, other = root[above], root[below]
        if np.array_equal(one, other):
            break
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(root, further := root[root]):
            root = further
    is_first = root == np.arange(len(root))
    number = np.cumsum(is_first)[root]
    # Ground and run by turns, as long as each is.
    values = np.zeros(2 * len(begins) + 1, dtype=np.int32)
    values[1::2] = number
    edges = np.concatenate([np.stack([begins, ends], axis=1).ravel(), [height * stride]])
    labels = np.repeat(values, np.diff(edges, prepend=0)).reshape(height, stride)[:, :width]
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=0))
    if not len(starts):
        return Pieces(labels, np.empty((0, 4), dtype=np.int64), np.empty(0, dtype=np.int64))
    rows, columns = begins[order] // stride, begins[order] % stride
    lengths = (ends - begins)[order]
    left, right = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns + lengths, starts)
    top, bottom = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts) + 1
    return Pieces(labels, np.stack([left, top, right - left, bottom - top], axis=1), np.add.reduceat(lengths, starts))
