import math

import numpy as np
import pytest
from scipy.stats import binomtest

from letterlab.evaluation import Predictions, rate


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (1, 3), (90, 100), (3443, 3640)])
def test_rate_has_wilsons_interval(hits, n):
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    found = rate(hits, n)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.share == hits / n
    assert found.low <= found.share <= found.high


def test_rate_of_nothing_is_unknown():
    found = rate(0, 0)
    assert math.isnan(found.share)
    assert (found.low, found.high) == (0, 1)


def test_predictions_know_their_answers(predictions):
    assert predictions.accuracy.hits == 7
    assert predictions.correct.tolist() == [True] * 3 + [False] + [True] * 2 + [False] * 2 + [True] * 2
    assert 0 < predictions.loss < 10


def test_loss_is_the_mean_cross_entropy_and_finite_for_a_probability_of_zero():
    probabilities = np.zeros((2, 26), dtype=np.float32)
    probabilities[0, 3], probabilities[1, 4], probabilities[1, 5] = 1, 0.5, 0.5
    right = Predictions(probabilities, np.array([3, 5], dtype=np.uint8), np.array(["a", "b"]))
    assert right.loss == pytest.approx(math.log(2) / 2)
    wrong = Predictions(probabilities, np.array([4, 5], dtype=np.uint8), np.array(["a", "b"]))
    assert 40 < wrong.loss < 50


def test_predictions_come_back_from_their_file(predictions, tmp_path):
    predictions.save(tmp_path / "test.npz")
    opened = Predictions.open(tmp_path / "test.npz")
    assert (opened.probabilities == predictions.probabilities).all()
    assert opened.names.tolist() == predictions.names.tolist()
    assert opened.labels.dtype == np.uint8
