"""The forms of letters as smooth curves, held in arrays of one shape so that many letters are worked out at once."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.shapes import Float, Float32, Int
from letterlab.sources.strokes import Stroke, forms_of

SEGMENTS: Final = 4
"""Straight pieces in a run: a part of a curve that is drawn with one thickness."""
RUN_LENGTH: Final = 0.22
"""Length of a run, about, as a part of the letter's larger side."""


@dataclass(frozen=True)
class Curves:
    """All `f` forms: at most `k` points, and `s` samples, which are runs of `SEGMENTS` + 1 samples each.

    What a form does not fill repeats its last sample, so that it neither widens the letter nor inks anything.
    """

    points: Float32[np.ndarray, "f k 2"]
    """Points the pen passes, column and row, centred, larger side 1."""
    stroke: Int[np.ndarray, "f k"]
    """Which stroke of its form a point belongs to."""
    spline: Float32[np.ndarray, "f s k"]
    """Samples are this matrix times the points, also when the points have been moved a little."""
    travelled: Float32[np.ndarray, "f s"]
    """Length that the pen has drawn before it comes to a sample."""
    runs: Int[np.ndarray, "f"]
    """Number of runs of a form."""
    first: Int[np.ndarray, "26 2"]
    """First form of each letter, capital and small."""
    count: Int[np.ndarray, "26 2"]
    """Number of forms of each letter, capital and small."""


@dataclass(frozen=True)
class Form:
    """One form, as `Curves` describes it."""

    points: Float[np.ndarray, "k 2"]
    stroke: list[int]
    spline: Float[np.ndarray, "s k"]
    travelled: Float[np.ndarray, "s"]

    @property
    def ends(self) -> Int[np.ndarray, "r"]:
        """Where in its samples a run ends and the next one begins."""
        return np.arange(SEGMENTS + 1, len(self.spline), SEGMENTS + 1)


@cache
def all_curves() -> Curves:
    """The forms of `strokes`, worked out once."""
    forms: list[Form] = []
    first, count = np.zeros((2, len(LETTERS), 2), dtype=int)
    for index, letter in enumerate(LETTERS):
        for case, name in enumerate((letter, letter.lower())):
            found = [form(strokes) for strokes in forms_of(name)]
            first[index, case], count[index, case] = len(forms), len(found)
            forms += found
    f, k, s = len(forms), max(len(one.points) for one in forms), max(len(one.spline) for one in forms)
    curves = Curves(
        points=np.zeros((f, k, 2), dtype=np.float32),
        stroke=np.zeros((f, k), dtype=int),
        spline=np.zeros((f, s, k), dtype=np.float32),
        travelled=np.zeros((f, s), dtype=np.float32),
        runs=np.array([len(one.spline) // (SEGMENTS + 1) for one in forms]),
        first=first,
        count=count,
    )
    for row, one in enumerate(forms):
        s, k = one.spline.shape
        curves.points[row, :k] = one.points
        curves.stroke[row, :k] = one.stroke
        curves.spline[row, :s, :k] = one.spline
        curves.spline[row, s:, :k] = one.spline[-1]
        curves.travelled[row, :s] = one.travelled
        curves.travelled[row, s:] = one.travelled[-1]
    return curves


def form(strokes: list[Stroke]) -> Form:
    """A form worked out from its strokes."""
    points: list[tuple[int, int]] = []
    stroke_of: list[int] = []
    curves: list[list[int]] = []  # positions in points
    for number, stroke in enumerate(strokes):
        for curve in stroke:
            # a curve that goes on after a sharp turn shares its first point with the one before
            shared = curve is not stroke[0]
            begin = len(points) - shared
            points += curve[shared:]
            curves.append(list(range(begin, len(points))))
        stroke_of += [number] * (len(points) - len(stroke_of))
    corners = np.array(points, dtype=float)
    low, high = corners.min(axis=0), corners.max(axis=0)
    corners = (corners - (low + high) / 2) / (high - low).max()

    splines, travelled, before = [], [], 0.0
    for places in curves:
        length = np.hypot(*np.diff(corners[places], axis=0).T).sum()
        runs = max(round(length / RUN_LENGTH), 1)
        # neighbouring runs share a sample
        samples = (np.arange(runs)[:, None] * SEGMENTS + np.arange(SEGMENTS + 1)).ravel()
        matrix = np.zeros((runs * SEGMENTS + 1, len(corners)))
        matrix[:, places] = _spline(corners[places], len(matrix))
        splines.append(matrix[samples])
        travelled.append(before + samples / (runs * SEGMENTS) * length)
        before += length
    return Form(corners, stroke_of, np.concatenate(splines), np.concatenate(travelled))


def _spline(points: Float[np.ndarray, "k 2"], samples: int) -> Float[np.ndarray, "{samples} k"]:
    """Matrix from points to samples of the natural cubic spline through them.

    Its knots are centripetal (they lie apart by the square root of the points' distance), which keeps the curve from
    running out between points that lie unevenly. They are those of these very points, so that the matrix is fixed.
    """
    k = len(points)
    gaps = np.sqrt(np.hypot(*np.diff(points, axis=0).T))
    knots = np.concatenate([[0], np.cumsum(gaps)])
    left, right = np.eye(k), np.zeros((k, k))
    for i in range(1, k - 1):
        before, after = gaps[i - 1], gaps[i]
        left[i, i - 1 : i + 2] = before, 2 * (before + after), after
        right[i, i - 1 : i + 2] = 6 / before, -6 / before - 6 / after, 6 / after
    bend = np.linalg.solve(left, right)  # second derivatives at the knots; zero at both ends
    at = np.linspace(0, knots[-1], samples)
    piece = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, k - 2)
    gap = gaps[piece][:, None]
    b = (at - knots[piece])[:, None] / gap
    a = 1 - b
    value = np.eye(k)
    return (
        a * value[piece] + b * value[piece + 1] + ((a**3 - a) * bend[piece] + (b**3 - b) * bend[piece + 1]) * gap**2 / 6
    )
