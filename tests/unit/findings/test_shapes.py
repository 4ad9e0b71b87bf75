"""Measures of shape, on pictures drawn so that each is known."""

import cv2
import numpy as np
import pytest

from letterlab.findings.shapes import BLOCK, MEASURES, measure, shapes_of, thinned
from letterlab.letterset import LetterSet


def drawn(*lines, thickness=2, side=28):
    """A picture of lines through points (column, row)."""
    image = np.zeros((side, side), np.uint8)
    for line in lines:
        cv2.polylines(image, [np.array(line)], False, 255, thickness)
    return image


def ring(open_by=0):
    """A circle of radius 8; open to the right by so many degrees."""
    image = np.zeros((28, 28), np.uint8)
    cv2.ellipse(image, (14, 14), (8, 8), 0, open_by / 2, 360 - open_by / 2, 255, 2)
    return image


UPRIGHT = drawn([(14, 4), (14, 23)])
CROSS = drawn([(5, 5), (22, 22)], [(22, 5), (5, 22)])
DOTTED = drawn([(14, 11), (14, 23)], [(14, 4), (14, 5)])
L = drawn([(7, 4), (7, 23), (20, 23)])
V = drawn([(5, 4), (14, 23), (23, 4)])
U = drawn([(6, 4), (6, 23), (21, 23), (21, 4)])
T = drawn([(14, 4), (14, 23)], [(5, 4), (23, 4)])
DRAWN = {
    "T": T,
    "I": UPRIGHT,
    "X": CROSS,
    "i": DOTTED,
    "L": L,
    "V": V,
    "U": U,
    "O": ring(),
    "C": ring(100),
    "o": ring(35),
}
SHAPES = measure(np.stack(list(DRAWN.values())))


def value(name, of):
    return SHAPES[name][list(DRAWN).index(of)]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("pieces", {"I": 1, "i": 2, "O": 1, "X": 1}),
        ("loops", {"O": 1, "C": 0, "o": 0, "I": 0, "X": 0}),
        ("ends", {"I": 2, "X": 4, "L": 2, "O": 0, "C": 2, "U": 2}),
        ("crossings", {"I": 0, "X": 1, "T": 1, "O": 0, "L": 0, "C": 0}),
    ],
)
def test_what_is_counted(name, known):
    assert {of: value(name, of) for of in known} == known


def test_an_eight_has_two_loops_and_joins_in_one_place():
    eight = np.zeros((28, 28), np.uint8)
    cv2.circle(eight, (14, 9), 5, 255, 2)
    cv2.circle(eight, (14, 19), 5, 255, 2)
    found = measure(eight[None])
    assert (found.loops[0], found.gap[0], found.pieces[0], found.ends[0]) == (2, 0, 1, 0)


def test_the_gap_is_as_wide_as_the_opening():
    assert value("gap", "O") == 0
    widths = [measure(ring(degrees)[None]).gap[0] for degrees in (30, 60, 90)]
    assert widths == sorted(widths)
    # The chord of the opening, less the thickness of the line, of which one half stands at either end.
    assert widths == pytest.approx([2 * 8 * np.sin(np.radians(degrees / 2)) - 3 for degrees in (30, 60, 90)], abs=0.8)
    assert [value("gap", of) for of in "IXLV"] == [9, 9, 9, 9]  # a V is widest where it opens: no hollow


def test_lengths_and_shares():
    assert value("width", "I") == pytest.approx(2 / 20, abs=0.06)
    assert value("width", "O") == pytest.approx(1)
    bars = np.zeros((3, 28, 28), np.uint8)
    for bar, thickness in zip(bars, (1, 2, 4), strict=True):
        bar[3:25, 10 : 10 + thickness] = 255
    assert measure(bars).thickness == pytest.approx([1, 2, 4], rel=0.3)  # a skeleton ends within the ink
    leaning = drawn([(4, 4), (23, 23)], thickness=1)
    assert measure(leaning[None]).thickness[0] == pytest.approx(2**-0.5, rel=0.1)  # a pixel for each step aslant
    assert value("head", "V") == pytest.approx(1)
    assert value("foot", "V") < 0.45
    assert measure(V[None, ::-1]).head[0] == pytest.approx(value("foot", "V"))
    assert value("foot", "U") == pytest.approx(1)
    assert value("left", "L") == pytest.approx(1)
    assert value("right", "L") < 0.25
    assert value("head", "L") < 0.25


def test_where_the_ink_stands():
    assert value("balance", "O") == pytest.approx(0.5, abs=0.03)
    assert value("balance", "L") < 0.4
    assert measure(L[None, ::-1]).balance[0] == pytest.approx(1 - value("balance", "L"))


def test_slant_is_the_angle_of_a_leaning_line():
    right = drawn([(9, 24), (19, 4)])
    assert measure(right[None]).slant[0] == pytest.approx(np.degrees(np.arctan(10 / 20)), abs=2)
    assert measure(right[None, :, ::-1]).slant[0] == pytest.approx(-np.degrees(np.arctan(10 / 20)), abs=2)
    assert value("slant", "I") == pytest.approx(0, abs=0.5)


def test_a_line_is_straighter_than_a_ring_and_a_ring_than_a_zigzag():
    zigzag = drawn([(4, 4), (9, 10), (4, 16), (9, 22), (15, 16), (21, 22)], thickness=1)
    assert value("straightness", "I") > 0.97 > value("straightness", "O") > measure(zigzag[None]).straightness[0]


def test_a_picture_without_ink_has_nothing_and_no_hollow():
    found = measure(np.zeros((1, 28, 28), np.uint8))
    assert {name: float(found[name][0]) for name in MEASURES} == dict.fromkeys(MEASURES, 0.0) | {"gap": 9.0}


def test_a_picture_is_measured_alone():
    """Neighbours in the stack, ink at the border and the place in a block change nothing."""
    full = np.full((28, 28), 255, np.uint8)
    full[8:20, 8:20] = 0
    images = np.stack([full, ring(60), full, *[CROSS] * (BLOCK - 2), full])
    found = measure(images)
    for at in (0, 1, 2, len(images) - 1):
        alone = measure(images[at : at + 1])
        assert [found[name][at] for name in MEASURES] == [alone[name][0] for name in MEASURES]
    assert found.loops[0] == 1


def test_no_pictures_no_measures():
    assert all(len(measure(np.zeros((0, 28, 28), np.uint8))[name]) == 0 for name in MEASURES)


def test_a_sets_measures_are_worked_out_once():
    letters = LetterSet.of(np.stack([CROSS]), np.array([23], np.uint8), ["x"])
    assert shapes_of(letters) is shapes_of(letters)
    assert shapes_of(letters).ends.tolist() == [4]


def test_the_skeleton_of_a_bar_runs_along_its_middle_nearly_to_its_ends():
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 11:16] = 1
    rows, columns = np.nonzero(thinned(bar))
    assert rows.min() <= 7
    assert rows.max() >= 20
    assert np.median(columns) == 13


def test_a_skeleton_is_thin_and_keeps_what_hangs_together():
    for image in DRAWN.values():
        ink = (image > 127).astype(np.uint8)
        thin = thinned(ink)
        assert not (thin & ~ink).any()
        assert cv2.connectedComponents(thin)[0] == cv2.connectedComponents(ink)[0]
        square = cv2.filter2D(thin, -1, np.ones((2, 2), np.uint8), borderType=cv2.BORDER_CONSTANT)
        assert (square == 4).sum() <= 1
