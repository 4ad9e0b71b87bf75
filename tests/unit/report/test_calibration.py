"""Figures are checked by their data: what stands in them, and where."""

import re

import pytest

from letterlab.evaluation import Predictions
from letterlab.findings.network import Findings
from letterlab.report.calibration import refusal_figure, reliability_figure


@pytest.fixture
def findings(results) -> Findings:
    return results.family("mlp").findings


def marks(figure: str) -> list[tuple[str, float, float]]:
    """Of each mark what it tells on hover, and where it stands."""
    groups = re.findall(r"<g><title>([^<]*)</title>(.*?)</g>", figure)
    places = [re.search(r'<circle cx="([\d.]+)" cy="([\d.]+)"', body) for _, body in groups]
    return [(title, float(at[1]), float(at[2])) for (title, _), at in zip(groups, places, strict=True)]


def test_each_bin_stands_where_its_confidence_and_accuracy_are(findings, english):
    figure = reliability_figure(english, findings.calibration)
    found = marks(figure)
    diagonal = re.search(r'x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)" y2="([\d.]+)" class="frontier"', figure)
    x0, x1, y0, y1 = map(float, diagonal.groups())
    assert len(found) == len(findings.calibration.bins) > 1
    for (title, x, y), one in zip(found, findings.calibration.bins, strict=True):
        assert x == pytest.approx(x0 + (x1 - x0) * one.confidence, abs=0.06)
        assert y == pytest.approx(y0 + (y1 - y0) * one.right.share, abs=0.06)
        assert f"{one.right.hits} of {one.right.n} right" in title
        assert english.rate(one.right) in title


def test_bars_are_as_high_as_the_bins_are_full(findings, english):
    figure = reliability_figure(english, findings.calibration)
    heights = [float(one) for one in re.findall(r'height="([\d.]+)" class="bar"', figure)]
    n = [one.right.n for one in findings.calibration.bins]
    assert [height / max(heights) for height in heights] == pytest.approx([one / max(n) for one in n], abs=0.01)


def test_the_refusal_curve_holds_each_point(findings, english):
    found = marks(refusal_figure(english, findings.refusal))
    assert len(found) == len(findings.refusal.curve)
    for (title, _, _), one in zip(found, findings.refusal.curve, strict=True):
        assert title == (
            f"{english.percent(one.refused)} left unread: {one.right.hits} of the other {one.right.n} right, "
            f"{english.rate(one.right)}"
        )
    assert [x for _, x, _ in found] == sorted(x for _, x, _ in found)
    best = min(found, key=lambda mark: mark[2])  # upwards is a smaller y
    shares = [one.right.share for one in findings.refusal.curve]
    assert best[0] == found[shares.index(max(shares))][0]


def test_a_curve_of_one_point(predictions, english):
    first = Predictions(predictions.probabilities[:1], predictions.labels[:1], predictions.names[:1])
    one = Findings.of(first)
    assert len(marks(refusal_figure(english, one.refusal))) == 1
    assert len(marks(reliability_figure(english, one.calibration))) == 1
