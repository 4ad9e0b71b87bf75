"""Letters drawn from strokes, and brought to 28 by 28 pixels as EMNIST's were (Cohen et al. 2017, arXiv:1702.05373)."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np

from letterlab.letterset import SIDE
from letterlab.shapes import Bool, Float32, Int, Int32, UInt8
from letterlab.sources.curves import SEGMENTS, all_curves

BLOCK: Final = 256
"""Letters worked out at once. Chance belongs to a block and a place in it, whatever else is asked for."""
CANVAS: Final = 128
"""Side of the black and white picture a letter is drawn on, as in NIST Special Database 19."""
BORDER: Final = 2
"""Pixels kept free on each side of a letter."""
SUBPIXEL: Final = 3
"""Bits after the binary point in the coordinates that OpenCV is given."""
PAPERS: Final = 4
"""Kinds of paper, from smooth to rough."""


@dataclass(frozen=True)
class _Traces:
    """What the pen does on the canvas, for `b` letters of at most `r` runs of `s` samples each."""

    runs: Int32[np.ndarray, "b r s 2"]
    """Samples, column and row, with `SUBPIXEL` bits."""
    thickness: Int[np.ndarray, "b r"]
    """Of the line, in pixels."""
    count: Int[np.ndarray, "b"]
    """Number of runs."""
    gap: Int[np.ndarray, "b"]
    """Run in whose middle the ink gave out; none when it is not below `count`."""
    paper: Int[np.ndarray, "b 3"]
    """Kind of paper, and the row and column of the sheet where the letter stands."""


def draw_letters(labels: UInt8[np.ndarray, "n"], seed: int) -> UInt8[np.ndarray, "n 28 28"]:
    """Letters drawn from strokes, upright, bright ink (255) on black (0).

    Args:
        labels: class index of each letter, 0 (A) to 25 (Z). Capital or small, and which form of it, falls by chance.
        seed: 0 or more. Picture i depends on the seed, on i and on label i alone: a longer request begins with the
            same pictures.
    """
    return np.concatenate([np.empty((0, SIDE, SIDE), dtype=np.uint8), *draw_blocks(labels, seed)])


def drawn_small(n: int, seed: int) -> Bool[np.ndarray, "n"]:
    """Which of the first n letters of `draw_letters` with this seed are small; the others are capitals."""
    blocks = range(-(-n // BLOCK))
    small = [_small(np.random.default_rng([seed, number])) for number in blocks]
    return np.concatenate([np.empty(0, dtype=bool), *small])[:n]


def draw_blocks(labels: UInt8[np.ndarray, "n"], seed: int) -> Iterator[UInt8[np.ndarray, "b 28 28"]]:
    """The pictures of `draw_letters` in order, `BLOCK` at a time, the last time fewer."""
    # One thread: a letter is some twenty calls of OpenCV of a microsecond or two each, and two threads that pass
    # Python's lock to and fro between those are slower than one.
    for number, begin in enumerate(range(0, len(labels), BLOCK)):
        part = labels[begin : begin + BLOCK]
        # always a whole block: as many random numbers, and sums in the same order
        traces = _traces(np.pad(part, (0, BLOCK - len(part))), np.random.default_rng([seed, number]))
        yield np.stack([as_emnist(_ink(traces, i)) for i in range(len(part))])


def _traces(labels: UInt8[np.ndarray, "b"], generator: np.random.Generator) -> _Traces:
    """Writes each letter by a hand of its own."""
    curves, b = all_curves(), len(labels)

    def even(low: float, high: float, *shape: int) -> Float32[np.ndarray, "b ..."]:
        return generator.uniform(low, high, (b, *shape)).astype(np.float32)

    def normal(deviation: float, *shape: int) -> Float32[np.ndarray, "b ..."]:
        return generator.standard_normal((b, *shape), dtype=np.float32) * np.float32(deviation)

    case = _small(generator).astype(int)
    form = curves.first[labels, case] + (generator.random(b) * curves.count[labels, case]).astype(int)
    points = curves.points[form]  # [b, k, 2], larger side 1
    travelled = curves.travelled[form]  # [b, s]

    # An untidy hand misses points, sets whole strokes beside their joints, and bends the letter as a whole.
    points += normal(1.0, *points.shape[1:]) * even(0.005, 0.045, 1, 1)
    shifts = normal(1.0, int(curves.stroke.max()) + 1, 2) * even(0.0, 0.04, 1, 1)
    points += np.take_along_axis(shifts, curves.stroke[form][:, :, None], axis=1)
    for _ in range(2):
        waves = (points * even(-5.0, 5.0, 1, 2)).sum(axis=2, keepdims=True)
        points += np.sin(waves + even(0.0, 2 * np.pi, 1, 1)) * normal(0.065, 1, 2)
    samples = curves.spline[form] @ points  # [b, s, 2]
    for _ in range(2):  # tremor
        waves = travelled[:, :, None] * even(4.0, 25.0, 1, 1)
        samples += np.sin(waves + even(0.0, 2 * np.pi, 1, 2)) * normal(0.007, 1, 2)

    # Width against height, slant (to the right, as a rule), turn.
    x, y = samples[:, :, 0] * np.exp(normal(0.25, 1)), samples[:, :, 1]
    x -= y * (normal(0.2, 1) + np.float32(0.12))
    turn = normal(0.08, 1)
    samples = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=2)

    # People write larger and smaller with the same pen: small letters come out thick when brought to one size.
    size = np.exp(even(np.log(30), np.log(84), 1))  # [b, 1]
    low, high = samples.min(axis=1, keepdims=True), samples.max(axis=1, keepdims=True)
    samples = (samples - (low + high) / 2) / (high - low).max(axis=2, keepdims=True) * size[:, :, None] + CANVAS / 2
    # No pen fills the letter: the longer the way, the thinner the line can be.
    pen = np.minimum(np.exp(normal(0.45, 1)) * 5, size * np.minimum(0.3, 0.6 / travelled[:, -1:]))
    middle = travelled.reshape(b, -1, SEGMENTS + 1)[:, :, SEGMENTS // 2]  # of each run
    pressure = 1 + np.sin(middle * even(1.0, 6.0, 1) + even(0.0, 2 * np.pi, 1)) * even(0.0, 0.3, 1)

    count = curves.runs[form]
    return _Traces(
        runs=np.rint(samples * (1 << SUBPIXEL)).astype(np.int32).reshape(b, -1, SEGMENTS + 1, 2),
        thickness=np.clip(np.rint(pen * pressure), 2, None).astype(int),
        count=count,
        gap=(generator.random(b) * count * 12).astype(int),  # one letter in twelve has a gap
        paper=generator.integers(0, [PAPERS, CANVAS, CANVAS], (b, 3)),
    )


def _small(generator: np.random.Generator) -> Bool[np.ndarray, "b"]:
    """The case of a block's letters: the first that its generator is asked for."""
    return generator.integers(0, 2, BLOCK).astype(bool)


@cache
def _papers() -> UInt8[np.ndarray, "4 256 256"]:
    """Sheets of paper: 255 where ink takes, 0 in the hollows it does not reach."""
    grain = np.random.default_rng(0).standard_normal((2 * CANVAS, 2 * CANVAS))
    grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.8))
    depths = np.quantile(grain, np.linspace(0, 0.03, PAPERS))
    return np.where(grain < depths[:, None, None], 0, 255).astype(np.uint8)


def _ink(traces: _Traces, i: int) -> UInt8[np.ndarray, "128 128"]:
    """Letter i in black and white."""
    canvas = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    count, gap = traces.count[i], traces.gap[i]
    for run, thickness in zip(traces.runs[i, :count], traces.thickness[i, :count].tolist(), strict=True):
        cv2.polylines(canvas, [run], isClosed=False, color=255, thickness=thickness, shift=SUBPIXEL)
    if gap < count:
        middle = traces.runs[i, gap, SEGMENTS // 2] >> SUBPIXEL
        cv2.circle(canvas, middle.tolist(), int(traces.thickness[i, gap]) // 2 + 1, color=0, thickness=-1)
    kind, top, left = traces.paper[i]
    return canvas & _papers()[kind, top : top + CANVAS, left : left + CANVAS]


def as_emnist(canvas: UInt8[np.ndarray, "128 128"]) -> UInt8[np.ndarray, "28 28"]:
    """EMNIST's steps: blur, crop to the ink, centre in a square, shrink by cubic interpolation, scale to 0 to 255."""
    left, top, width, height = cv2.boundingRect(canvas)
    # cropping first leaves less to blur, and comes to the same with room for what the blur spreads: two pixels
    side = max(width, height) + 4
    square = np.zeros((side, side), dtype=np.uint8)
    x, y = (side - width) // 2, (side - height) // 2
    square[y : y + height, x : x + width] = canvas[top : top + height, left : left + width]
    cv2.GaussianBlur(square, (5, 5), 1, dst=square, borderType=cv2.BORDER_CONSTANT)
    picture = np.zeros((SIDE, SIDE), dtype=np.uint8)
    inner = picture[BORDER:-BORDER, BORDER:-BORDER]
    cv2.resize(square, inner.shape, dst=inner, interpolation=cv2.INTER_CUBIC)
    cv2.normalize(picture, picture, 0, 255, cv2.NORM_MINMAX)
    return picture
