"""Crossings of two curves, each point ahead (+), behind (-) or not told apart (0)."""

import math

import pytest

from letterlab.findings.compare import Comparison
from letterlab.findings.crossing import Crossing, crossing

POINTS = {
    "+": Comparison(0.02, 0.01, 0.03, 1000, 2, 0.001, math.nan, 0.01),
    "-": Comparison(-0.02, -0.03, -0.01, 1000, 2, 0.001, math.nan, 0.01),
    "0": Comparison(0.01, -0.01, 0.03, 1000, 2, 0.3, math.nan, 0.3),
    "p": Comparison(0.02, 0.01, 0.03, 1000, 2, 0.04, math.nan, 0.2),  # Holm's correction took it back
}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("+0-", Crossing("crosses", (16, 64))),
        ("--++", Crossing("crosses", (32, 64))),
        ("0-00+-", Crossing("crosses", (32, 256))),
        ("+0+0", Crossing("always above", None)),
        ("0-", Crossing("always below", None)),
        ("p-", Crossing("always below", None)),
        ("0p0", Crossing("not shown", None)),
        ("", Crossing("not shown", None)),
    ],
)
def test_only_what_is_told_apart_counts(points, expected):
    xs = [16 * 2**i for i in range(len(points))]
    assert crossing(xs, [POINTS[point] for point in points]) == expected
