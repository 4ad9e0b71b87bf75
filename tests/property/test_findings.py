"""What holds of all comparisons, families, frontiers and crossings."""

import math
from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from letterlab.evaluation import Predictions
from letterlab.findings.calibration import calibration, refusal
from letterlab.findings.compare import Comparison, compare, compare_all, holm
from letterlab.findings.crossing import crossing
from letterlab.findings.frontier import frontier


def answers(n):
    """What some seeds of a recipe read rightly of n letters."""
    row = st.lists(st.booleans(), min_size=n, max_size=n)
    return st.lists(row, min_size=1, max_size=4).map(lambda rows: np.array(rows, dtype=bool).reshape(-1, n))


several = st.integers(1, 12).flatmap(lambda n: st.lists(answers(n), min_size=2, max_size=5))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(several)
def test_a_comparison_is_in_bounds_and_mirrors(recipes):
    first, second = recipes[:2]
    found, mirrored = compare(first, second), compare(second, first)
    assert found.difference == pytest.approx(first.mean(axis=1).mean() - second.mean(axis=1).mean())
    assert -1 <= found.low <= found.high <= 1
    assert 0 <= found.p_letters <= 1
    assert math.isnan(found.p_seeds) or 0 <= found.p_seeds <= 1
    assert (mirrored.low, mirrored.high) == pytest.approx((-found.high, -found.low))
    assert mirrored.p_letters == pytest.approx(found.p_letters)
    assert mirrored.p_seeds == pytest.approx(found.p_seeds, nan_ok=True)
    assert mirrored.apart == found.apart


@settings(max_examples=40, deadline=None, derandomize=True)
@given(several)
def test_a_family_only_ever_makes_p_larger(recipes):
    pairs = list(pairwise(recipes))
    for found, (first, second) in zip(compare_all(pairs), pairs, strict=True):
        alone = compare(first, second)
        assert alone.p <= found.p <= 1
        assert (found.difference, found.low, found.high) == (alone.difference, alone.low, alone.high)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_statsmodels(p):
    with patch("gc.collect"):  # which it calls each time; beside all other tests that takes most of a second
        theirs = multipletests(p, method="holm")[1]
    assert holm(p) == pytest.approx(theirs)


few = st.integers(0, 4).map(float)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(few, few), max_size=12))
def test_the_frontier_is_what_nobody_dominates(points):
    costs, gains = [cost for cost, _ in points], [gain for _, gain in points]
    found = frontier(costs, gains)
    undominated = {
        i
        for i, (cost, gain) in enumerate(points)
        if not any(c <= cost and g >= gain and (c, g) != (cost, gain) for c, g in points)
    }
    assert set(found) == undominated
    assert len(found) == len(undominated)
    assert [costs[i] for i in found] == sorted(costs[i] for i in found)


SIGNS = {
    1: Comparison(0.02, 0.01, 0.03, 100, 2, 0.01, math.nan, 0.01),
    0: Comparison(0.0, -0.01, 0.01, 100, 2, 1.0, math.nan, 1.0),
    -1: Comparison(-0.02, -0.03, -0.01, 100, 2, 0.01, math.nan, 0.01),
}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(SIGNS)), max_size=8))
def test_a_crossing_lies_between_a_lead_and_a_lag(signs):
    found = crossing(list(range(len(signs))), [SIGNS[sign] for sign in signs])
    if {1, -1} <= set(signs):
        assert found.kind == "crosses"
        last, first = found.between
        assert signs[last] * signs[first] == -1
        assert not any(signs[last + 1 : first])
        assert -signs[last] not in signs[: last + 1]  # it is the first crossing
    else:
        expected = {1: "always above", -1: "always below", 0: "not shown"}[sum(set(signs))]
        assert (found.kind, found.between) == (expected, None)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0.04, 1), st.booleans()), min_size=1, max_size=30))
def test_calibration_and_refusal_count_every_letter(letters):
    sure, correct = np.array([one for one, _ in letters]), np.array([right for _, right in letters])
    probabilities = np.repeat(((1 - sure) / 25)[:, None], 26, axis=1).astype(np.float32)
    probabilities[:, 0] = sure
    n = len(letters)
    answers = Predictions(probabilities, (~correct).astype(np.uint8), np.arange(n).astype(str))
    found, left = calibration(answers), refusal(answers)
    assert sum(one.right.n for one in found.bins) == n
    assert sum(one.right.hits for one in found.bins) == correct.sum()
    assert 0 <= found.low <= found.error <= found.high
    assert found.error >= abs(found.excess) - 1e-6
    assert left.curve[0].right.n == n
    read = [one.right.n for one in left.curve]
    assert all(fewer < more for more, fewer in pairwise(read))
    assert [one.right.n + round(one.refused * n) for one in left.curve] == [n] * len(read)
    for one in left.reached:
        assert one.kept.right.share >= one.target > correct.mean()
        assert one.kept.refused <= 0.5
