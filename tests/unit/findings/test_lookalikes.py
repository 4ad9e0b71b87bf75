"""The nearest pictures across a border, none twice."""

import numpy as np
import pytest

from letterlab.findings.lookalikes import look_alikes

# A at 0, 1, 5 and 40; B at 1.5, 5.25 and 90; a C that lies between.
SPACE = np.array([0, 1, 5, 40, 1.5, 5.25, 90, 1.2], np.float32)[:, None]
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2], np.uint8)
USUAL = np.abs(SPACE[:4] - SPACE[4:7].T).mean()


def test_the_nearest_first_and_no_picture_twice():
    found = look_alikes(SPACE, LABELS, "A", "B")
    assert [(one.first, one.second) for one in found] == [(2, 5), (1, 4), (3, 6)]
    assert [one.distance for one in found] == pytest.approx([0.25 / USUAL, 0.5 / USUAL, 50 / USUAL])


def test_as_many_as_are_wanted_from_either_side():
    assert [(one.first, one.second) for one in look_alikes(SPACE, LABELS, "B", "A", most=2)] == [(5, 2), (4, 1)]


def test_equal_pictures_are_no_distance_apart_and_an_absent_letter_has_none():
    assert look_alikes(np.zeros((2, 3), np.float32), np.array([0, 1], np.uint8), "A", "B")[0].distance == 0
    assert look_alikes(SPACE, LABELS, "A", "Z") == ()
