"""What the axes share: ends of scales, ticks, names that keep apart."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.report.axes import apart, horizontal_grid, mark, padded, padded_log, places, ticks_below, usual
from letterlab.report.svg import Scale
from letterlab.report.words import Words


def test_a_scale_leaves_out_what_is_far_worse_than_the_others():
    assert usual([0.90, 0.91, 0.92, 0.93, 0.04], near=0.1) == (0.90, 0.93)
    assert usual([0.93, 0.93, 0.93, 0.90, 0.04], near=0.1) == (0.90, 0.93)
    assert usual([0.5, 0.6, 0.9], near=0.1) == (0.5, 0.9)


def test_one_value_has_room_around_it():
    assert padded(0.5, 0.5, 0, 100)(0.5) == pytest.approx(50)
    assert padded_log(20, 20, 0, 100)(20) == pytest.approx(50)


def lines(grid) -> list[float]:
    return [float(y) for part in grid for y in re.findall(r'y1="([\d.]+)"', part)]


@given(low=st.floats(0, 0.95), span=st.floats(0.01, 1))
@settings(derandomize=True, deadline=None)
def test_an_axis_has_four_grid_lines_whose_values_do_not_touch(low, span):
    english = Words("en")
    for y, shares in (
        (padded(low, min(low + span, 1), 216, 10), True),
        (Scale(low - 0.03 * (1 - low), 1 + 0.02 * (1 - low), 216, 10), True),
        (padded(low, low + 4 * span, 216, 10), False),
    ):
        grid = horizontal_grid(english, y, shares, 50, 300)
        assert len(lines(grid)) >= 4
        assert min(before - after for before, after in pairwise(lines(grid))) >= 14
        texts = [part for part in grid if part.startswith("<text")]
        assert len(set(texts)) == len(texts) == len(lines(grid))


def test_no_more_grid_lines_than_it_takes(english):
    assert [len(lines(horizontal_grid(english, Scale(0, high, 216, 10), True, 50, 300))) for high in (1, 0.5)] == [6, 6]
    between = horizontal_grid(english, Scale(0.45, 0.97, 216, 10), True, 50, 300)
    assert re.findall(r">(\d+)", "".join(between)) == ["50", "60", "70", "80", "90"]
    assert len(lines(horizontal_grid(english, padded_log(21, 95, 216, 10), False, 50, 300))) >= 4


def test_places_tell_ticks_apart():
    assert [places([0.9, 0.95], True), places([0.90, 0.905], True), places([1.0, 1.5], False)] == [0, 1, 1]


def test_of_names_that_would_overlap_the_right_one_stands():
    shown = ticks_below([(100.0, "512"), (120.0, "1,024"), (145.0, "2,048"), (10.0, "2")], 20)
    assert [text.partition(">")[2].partition("<")[0] for text in shown] == ["2,048", "512", "2"]


@given(st.lists(st.floats(0, 200), min_size=1, max_size=10))
def test_names_keep_apart_and_above_the_floor(heights):
    found = apart([(height, str(i)) for i, height in enumerate(heights)], least=15, lowest=200)
    assert sorted(name for _, name in found) == sorted(str(i) for i in range(len(heights)))
    assert all(after - before >= 15 - 1e-9 for (before, _), (after, _) in pairwise(found))
    assert found[-1][0] <= 200


def test_names_that_are_apart_stay_where_they_are():
    assert apart([(50.0, "b"), (10.0, "a")], least=15, lowest=200) == [(10.0, "a"), (50.0, "b")]


def test_marks_differ_in_shape():
    assert len({mark(shape, 10, 10, "mark") for shape in range(6)}) == 6
    assert mark(0, 1, 2, "mark c0") == mark(6, 1, 2, "mark c0")
