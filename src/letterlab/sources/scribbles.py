"""Drawn things that are no letters: what a network has to see to be able to say that it reads none."""

from collections.abc import Callable
from functools import cache
from typing import Final

import cv2
import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.letterset import SIDE
from letterlab.shapes import Float, UInt8
from letterlab.sources.curves import Form, form
from letterlab.sources.drawn import CANVAS, as_emnist, draw_letters
from letterlab.sources.strokes import strokes_of

# Digits and signs that nobody takes for a letter, in the notation of `strokes`. 0, 1, 2, 5, 6 and 9 are not among them:
# people write O, I, Z, S, b and g so. Nor are +, /, !, V-shaped marks, squares and triangles, for t, I, i, V, O and A.
_SIGNS: Final = """
11 30 52 34^ 66 48 09 / 00 60^ 24 55 48 08 / 01 20 42 24^ 46 38 09 / 10 50 63 34^ 57 49 08
49 40^ 06^ 66 / 50 05^ 75 | 52 59 / 00 05^ 65 | 50 59 / 40 16^ 66 | 43 49 / 00 60^ 29 / 00 60^ 29 | 14 54
01 00^ 60^ 39 | 25 65 / 61 30 02 35 66 48 28 06 35 62 61 / 50 20 12 35 56 48 18 06 35 52 50 / 30 11 33 55 38 17 35 52 30
01 20 51 33 26 | 28 29 / 01 30 62 34 36 | 38 39 / 69 12 20 31 06 28 57 64 / 79 21 30 41 06 18 39 65
20 19 | 60 59 | 03 83 | 06 76 / 30 29 | 60 59 | 03 93 | 06 96 / 01 10 21 12 01 | 80 09 | 67 76 87 78 67
02 62 | 05 65 / 01 61 | 04 64 | 07 67 / 40 48 | 02 86 | 06 82 / 65 44 35 37 56 53 | 62 67 86 83 50 20 03 06 19 49 78
61 30 02 35 66 39 07 | 30 39 / 71 40 14 26 49 78 | 03 54 | 05 55 / 40 49 | 00 44^ 09 | 80 44^ 89
40 49 | 42 11 04 27 46 67 84 71 42 / 00 08 78 | 40 48 | 80 88^ 99 / 00 09 | 04 34 | 64 50 32 37 59 77 72 60
60 69 | 60 20 02 24 65 | 45 09 / 00 09 | 05 34 57 38 09 | 80 89 / 20 18 | 20 60^ 68 | 09 07^ 87^ 89
01 30 62 66 48 08 | 24 65 / 08 28^ 04 10 50 64 48^ 68 / 42 20 05 28 46 62 80 85 68 46 42 / 09 40^ 89^ 03^ 93^ 09
05 85 | 52 85^ 58 / 85 05 | 32 05^ 38 / 40 49 | 12 40^ 72 / 40 11 05 18 49 78 85 71 40 | 33 34 | 53 54 | 26 47 66
45 54 66 37 24 30 71 86 59 19 03 / 40 49 | 04 84 | 11 78 | 71 18 / 00 80^ 88^ 08^ 00 | 40 48 | 04 84
00 80^ 88^ 08^ 00^ 88 / 40 11 05 18 49 78 85 71 40 | 40 49 | 05 85 / 30 39 | 50 59 | 03 83 / 00 09 | 30 39 | 60 69
"""


_MOST: Final = 3  # letters that are joined into one picture


def draw_scribbles(n: int, seed: int) -> UInt8[np.ndarray, "n 28 28"]:
    """Pictures of what is no letter: other signs, several letters in one, crossed out ones, tangles, blots, noise.

    Upright, bright ink (255) on black (0), brought to 28x28 as EMNIST was. Picture i depends on the seed and on i
    alone: a longer request begins with the same pictures.
    """
    labels = np.random.default_rng(seed).integers(0, len(LETTERS), n * _MOST).astype(np.uint8)
    letters = draw_letters(labels, seed).reshape(n, _MOST, SIDE, SIDE)
    pictures = np.zeros((n, SIDE, SIDE), dtype=np.uint8)
    for i in range(n):
        generator = np.random.default_rng([seed, i])
        draw = _KINDS[generator.choice(len(_KINDS), p=_SHARES)]
        pictures[i] = as_emnist(draw(letters[i], generator))
    return pictures


_Letters = UInt8[np.ndarray, "k 28 28"]


@cache
def _signs() -> list[Form]:
    return [form(strokes_of(one)) for line in _SIGNS.strip().splitlines() for one in line.split("/")]


def _sign(_: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    signs = _signs()
    sign = signs[generator.integers(len(signs))]
    points = sign.points + generator.normal(0, generator.uniform(0.005, 0.04), sign.points.shape)
    return _inked(np.split(sign.spline @ points, sign.ends), generator)


def _tangle(_: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    """Strokes that lead nowhere, long enough to be no letter."""
    strokes = generator.integers(1, 5)
    points = [generator.uniform(-0.5, 0.5, (generator.integers(10, 16) // strokes + 3, 2)) for _ in range(strokes)]
    bend = np.linspace(0, 1, 40)[:, None]
    runs = []
    for stroke in points:
        # Midpoints joined by parabolas, the points between them as handles: smooth, and cheap to work out.
        middle = (stroke[1:] + stroke[:-1]) / 2
        runs += [
            (1 - bend) ** 2 * before + 2 * bend * (1 - bend) * handle + bend**2 * after
            for before, handle, after in zip(middle[:-1], stroke[1:-1], middle[1:], strict=True)
        ]
    return _inked(runs, generator, thickest=7)


def _hatching(_: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    """Parallel lines, perhaps with others across."""
    places = np.linspace(-0.5, 0.5, generator.integers(4, 9))
    lines = [np.array([[place, -0.5], [place, 0.5]]) for place in places]
    if generator.random() < 0.5:
        lines += [line[:, ::-1] for line in lines]
    return _inked([line + generator.normal(0, 0.03, (2, 2)) for line in lines], generator, turn=np.pi)


def _several(letters: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    """Two or three letters beside or above each other: no letter, and what a page falls into when cut wrongly."""
    along = 1 if generator.random() < 0.8 else 0
    gap = np.zeros((SIDE, SIDE), dtype=np.uint8).take(np.arange(generator.integers(0, 7)), axis=along)
    taken = letters[: generator.integers(2, _MOST + 1)]
    parts = [part for letter in taken for part in (np.compress(letter.any(axis=1 - along), letter, axis=along), gap)]
    row = np.concatenate(parts, axis=along)
    height, width = np.array(row.shape) * CANVAS // max(row.shape)
    canvas = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    canvas[:height, :width] = cv2.resize(row, (int(width), int(height)), interpolation=cv2.INTER_LINEAR)
    return canvas


def _crossed_out(letters: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    canvas = np.asarray(cv2.resize(letters[0], (CANVAS, CANVAS), interpolation=cv2.INTER_LINEAR))
    for _ in range(generator.integers(3, 7)):
        ends = generator.integers(0, CANVAS, (2, 2))
        ends[:, 0] = generator.integers(0, 24), CANVAS - generator.integers(1, 24)
        cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), 255, int(generator.integers(3, 10)))
    return canvas


def _blot(letters: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    """A spot, as wide as high or nearly, or a few of them: no pen has written it."""
    canvas = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    for _ in range(int(generator.choice([1, 1, 3, 8, 20]))):
        middle, radius = generator.integers(30, CANVAS - 30, 2), int(generator.integers(3, 30))
        axes = (radius, int(radius * generator.uniform(0.6, 1)))
        cv2.ellipse(canvas, middle.tolist(), axes, float(generator.uniform(0, 180)), 0, 360, 255, -1)
    return canvas


def _noise(_: _Letters, generator: np.random.Generator) -> UInt8[np.ndarray, "128 128"]:
    """Grains, from fine to coarse."""
    grain = np.asarray(
        cv2.GaussianBlur(generator.standard_normal((CANVAS, CANVAS)), (0, 0), float(generator.uniform(0.5, 9)))
    )
    return np.where(grain > np.quantile(grain, generator.uniform(0.55, 0.97)), 255, 0).astype(np.uint8)


def _inked(
    runs: list[Float[np.ndarray, "_ 2"]], generator: np.random.Generator, turn: float = 0.25, thickest: int = 12
) -> UInt8[np.ndarray, "128 128"]:
    """Lines drawn by one pen, their places from -0.5 to 0.5, widened, slanted and turned by chance."""
    angle, slant = generator.uniform(-turn, turn), generator.normal(0, 0.15)
    stretch = np.exp(generator.normal(0, 0.15))
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = matrix @ np.array([[stretch, slant], [0, 1 / stretch]])
    pen = int(generator.integers(3, thickest + 1))
    size = CANVAS * 0.55
    canvas = np.zeros((CANVAS, CANVAS), dtype=np.uint8)
    for run in runs:
        places = np.rint(run @ matrix.T * size + CANVAS / 2).astype(np.int32)
        cv2.polylines(canvas, [places], isClosed=False, color=255, thickness=pen)
    return canvas


_Draw = Callable[[_Letters, np.random.Generator], UInt8[np.ndarray, "128 128"]]
_KINDS: Final[list[_Draw]] = [_sign, _several, _tangle, _crossed_out, _hatching, _blot, _noise]
_SHARES: Final = [0.35, 0.2, 0.18, 0.09, 0.04, 0.06, 0.08]
