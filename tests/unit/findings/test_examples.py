"""Hardest and easiest: ordered by the margin, from predictions that can be checked by eye."""

import numpy as np
import pytest

from letterlab.evaluation import Predictions
from letterlab.findings.examples import examples, margins


def test_the_margin_is_the_labels_probability_over_the_best_others(predictions):
    found = margins(predictions)
    other = 0.1 / 25
    assert found[0] == pytest.approx(np.log(0.9 / other), rel=1e-5)
    assert found[3] == pytest.approx(np.log(other / 0.9), rel=1e-5)  # an A read as B
    assert ((found > 0) == predictions.correct).all()


def test_hardest_are_those_least_read_as_their_label_right_or_wrong(predictions):
    found = examples(predictions, "B")
    # 7 is read as A with 0.8, 6 with 0.6; 4 and 5 are read rightly with 0.9.
    assert found.hardest.tolist() == [7, 6]
    assert sorted(found.easiest.tolist()) == [4, 5]
    assert examples(predictions, "A").easiest.tolist() == [0, 1]
    assert examples(predictions, "A", most=1).hardest.tolist() == [3]


def test_pictures_read_with_all_but_certainty_are_told_apart():
    probabilities = np.zeros((3, 26), dtype=np.float32)
    probabilities[:, 0] = 1
    probabilities[:, 1] = [1e-20, 1e-30, 1e-10]
    found = examples(Predictions(probabilities, np.zeros(3, np.uint8), np.array(["a", "b", "c"])), "A")
    assert found.hardest.tolist() == [2, 0]
    assert found.easiest.tolist() == [1]


def test_a_letter_of_which_there_is_little_or_nothing(predictions):
    assert examples(predictions, "Z").hardest.tolist() == examples(predictions, "Z").easiest.tolist() == []
    one = Predictions(predictions.probabilities[:1], predictions.labels[:1], predictions.names[:1])
    assert (examples(one, "A").hardest.tolist(), examples(one, "A").easiest.tolist()) == ([0], [])
