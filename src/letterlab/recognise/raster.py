"""What is done to pictures pixel by pixel: exact, with numpy alone, for OpenCV is larger than all else together that
reading letters needs."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from letterlab.shapes import Bool, Float32, Int32, Int64, UInt8


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


def extremes(
    picture: UInt8[np.ndarray, "h w"], radius: int
) -> tuple[UInt8[np.ndarray, "h w"], UInt8[np.ndarray, "h w"]]:
    """The brightest and the darkest of the square of 2 radius + 1 about each pixel, cut off by the picture's border."""
    height, width = picture.shape
    both = np.concatenate([picture, 255 - picture], axis=1)  # the darkest is the brightest of the inverted picture
    both = _down_max(both, radius).reshape(height, 2, width).T.reshape(width, -1)
    brightest, darkest = _down_max(both, radius).reshape(width, 2, height).transpose(1, 2, 0)
    return brightest, 255 - darkest


def window_sums(values: Float32[np.ndarray, "n h w"], radius: int) -> Float32[np.ndarray, "n h w"]:
    """The sum over the square of 2 radius + 1 about each pixel, as far as it lies in the picture.

    Of whole numbers it is exact as long as no sum comes to more than 2**24.
    """
    return _band(values.shape[1], radius) @ values @ _band(values.shape[2], radius)


@lru_cache(64)
def _band(n: int, radius: int) -> Float32[np.ndarray, "n n"]:
    """1 where two of n numbers in a row are no more than the radius apart."""
    at = np.arange(n)
    return (np.abs(at - at[:, None]) <= radius).astype(np.float32)


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
    return np.maximum(found[:height], found[rest : rest + height])


def bounding_box(mask: Bool[np.ndarray, "h w"]) -> tuple[int, int, int, int]:
    """x, y, width and height of the box around what is true; all 0 where nothing is."""
    columns, rows = (np.flatnonzero(mask.any(axis=axis)) for axis in (0, 1))
    if not len(rows):
        return 0, 0, 0, 0
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def pieces(mask: Bool[np.ndarray, "h w"]) -> Pieces:
    """What is connected in a mask, by sides or corners.

    Runs of pixels in a row are joined to those that they touch in the next row: each takes the number of the first run
    that it is joined to, and of the one that that is joined to, until none changes.
    """
    height, width = mask.shape
    stride = width + 1  # a column without ink keeps the rows apart
    flat = np.zeros(height * stride + 1, dtype=np.bool_)
    flat[1:].reshape(height, stride)[:, :width] = mask
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    begins, ends = edges[::2], edges[1::2]
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
    lengths = np.diff(edges, prepend=0, append=height * stride)
    labels = np.repeat(values, lengths).reshape(height, stride)[:, :width]
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=0))
    if not len(starts):
        return Pieces(labels, np.empty((0, 4), dtype=np.int64), np.empty(0, dtype=np.int64))
    rows, columns = begins[order] // stride, begins[order] % stride
    lengths = (ends - begins)[order]
    left, right = np.minimum.reduceat(columns, starts), np.maximum.reduceat(columns + lengths, starts)
    top, bottom = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts) + 1
    return Pieces(labels, np.stack([left, top, right - left, bottom - top], axis=1), np.add.reduceat(lengths, starts))
