"""SVG: escaping, scales and ticks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterlab.report.svg import LogScale, Scale, figure, tag


def test_tag_escapes_text_and_values_but_not_its_own_children():
    inner = tag("title", "a < b & c")
    assert tag("g", inner, class_="x", text_anchor='"') == (
        '<g class="x" text-anchor="&#34;"><title>a &lt; b &amp; c</title></g>'
    )


def test_numbers_are_given_to_a_tenth():
    assert tag("rect", x=1.26, y=2.0, width=3) == '<rect x="1.3" y="2" width="3"></rect>'


def test_figure_is_named():
    assert 'role="img" aria-label="Loss"' in figure(10, 20, "Loss")


def test_scale():
    scale = Scale(0, 10, 100, 0)
    assert [scale(0), scale(5), scale(10)] == [100, 50, 0]
    assert scale.ticks(5) == [0, 2, 4, 6, 8, 10]
    assert Scale(0.87, 0.93, 0, 1).ticks(6) == pytest.approx([0.87, 0.88, 0.89, 0.90, 0.91, 0.92, 0.93])


@given(
    low=st.floats(-1e3, 1e3),
    width=st.floats(1e-3, 1e3),
    most=st.integers(2, 10),
)
def test_ticks_are_few_even_and_within_the_scale(low, width, most):
    ticks = Scale(low, low + width, 0, 1).ticks(most)
    assert len(ticks) <= most + 1
    assert all(low - 1e-6 <= tick <= low + width + 1e-6 for tick in ticks)
    steps = [after - before for before, after in pairwise(ticks)]
    assert steps == pytest.approx([steps[0]] * len(steps) if steps else [])


def test_log_scale():
    scale = LogScale(1, 1000, 0, 300)
    assert [scale(1), scale(10), scale(1000)] == pytest.approx([0, 100, 300])
    assert scale.ticks(12) == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    assert scale.ticks(4) == [1, 10, 100, 1000]
    assert scale.ticks(2) == [1, 100]
    assert LogScale(2.1, 4.4, 0, 1).ticks(5) == pytest.approx([2.5, 3, 3.5, 4])


@given(low=st.floats(1e-3, 1e3), times=st.floats(1.5, 1e6), most=st.integers(2, 10))
def test_log_ticks_are_few_and_within_the_scale(low, times, most):
    ticks = LogScale(low, low * times, 0, 1).ticks(most)
    assert len(ticks) <= most + 1
    assert all(low <= tick <= low * times for tick in ticks)
