"""The arithmetic of pixels is OpenCV's, without it."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.recognise.raster import bounding_box, extremes, grow, pieces, window_sums

CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


@st.composite
def pictures(draw):
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    return generator.integers(0, 256, (height, width), dtype=np.uint8)


@settings(derandomize=True, deadline=None)
@given(pictures(), st.integers(0, 25))
def test_windows_are_opencvs(picture, radius):
    window = (2 * radius + 1, 2 * radius + 1)
    assert np.array_equal(grow(picture), cv2.dilate(picture, np.ones((3, 3), np.uint8)))
    assert np.array_equal(grow(picture, cross=True), cv2.dilate(picture, CROSS))
    brightest, darkest = extremes(picture, radius)
    assert np.array_equal(brightest, cv2.dilate(picture, np.ones(window, np.uint8)))
    assert np.array_equal(darkest, cv2.erode(picture, np.ones(window, np.uint8)))
    parts = np.stack([picture, picture > 100]).astype(np.float32)
    wanted = [
        cv2.boxFilter(part, cv2.CV_64F, window, normalize=False, borderType=cv2.BORDER_CONSTANT) for part in parts
    ]
    assert np.array_equal(window_sums(parts, radius), wanted)


def check(mask):
    assert bounding_box(mask) == cv2.boundingRect(mask.view(np.uint8))
    found = pieces(mask)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    assert len(found.areas) == len(found.boxes) == found.labels.max(initial=0) == count - 1
    assert np.array_equal(found.labels > 0, mask)
    pairs = np.unique(np.stack([found.labels[mask], labels[mask]]), axis=1)
    assert np.array_equal(pairs[0], np.arange(1, count))  # each of ours is one of theirs
    assert np.array_equal(stats[pairs[1], :4], found.boxes)
    assert np.array_equal(stats[pairs[1], 4], found.areas)
    _, first = np.unique(found.labels[mask], return_index=True)
    assert np.array_equal(first, np.sort(first))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(pictures(), st.integers(0, 256))
def test_pieces_are_opencvs(picture, share):
    check(picture < share)


def test_pieces_that_wind_and_branch_are_one():
    spiral = np.zeros((41, 41), dtype=bool)
    for ring in range(0, 20, 2):
        spiral[ring, max(ring - 2, 0) : 41 - ring] = True
        spiral[ring : 41 - ring, 40 - ring] = True
        spiral[40 - ring, ring : 41 - ring] = True
        spiral[ring + 2 : 41 - ring, ring] = True
    comb = np.zeros((40, 41), dtype=bool)
    comb[:, ::2] = True
    comb[-1] = True
    for mask in (spiral, spiral[::-1], spiral.T, comb, comb[::-1], comb.T, np.eye(30, dtype=bool)):
        assert len(pieces(np.ascontiguousarray(mask)).areas) == 1
        check(np.ascontiguousarray(mask))


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (3, 4)])
def test_where_nothing_is_there_are_no_pieces(shape):
    labels, boxes, areas = pieces(np.zeros(shape, dtype=bool))
    assert labels.shape == shape
    assert not labels.any()
    assert (boxes.shape, areas.shape) == ((0, 4), (0,))
