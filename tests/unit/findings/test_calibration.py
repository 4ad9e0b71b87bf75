"""Calibration and refusal, on answers whose chances are known."""

import numpy as np
import pytest

from letterlab.evaluation import Predictions
from letterlab.findings.calibration import calibration, refusal


def said(confidence: np.ndarray, correct: np.ndarray) -> Predictions:
    """A network that says A of every letter, so surely; B is what the letters are that it reads wrongly."""
    probabilities = np.repeat(((1 - confidence) / 25)[:, None], 26, axis=1).astype(np.float32)
    probabilities[:, 0] = confidence
    return Predictions(probabilities, (~correct).astype(np.uint8), np.array([str(i) for i in range(len(correct))]))


def drawn(n: int, seed: int, lacking: float = 0.0) -> Predictions:
    """Answers that are right with the probability given, less so much."""
    generator = np.random.default_rng(seed)
    confidence = generator.beta(6, 1, n).clip(0.1, 0.999)
    return said(confidence, generator.random(n) < confidence - lacking)


def test_the_error_is_counted_by_hand():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.62, 0.62])
    found = calibration(said(confidence, np.array([True, True, True, False, True, False])))
    assert [(one.right.hits, one.right.n) for one in found.bins] == [(1, 2), (3, 4)]
    assert [one.confidence for one in found.bins] == pytest.approx([0.62, 0.95])
    assert [one.low for one in found.bins] == pytest.approx([9 / 15, 14 / 15])
    assert [one.high for one in found.bins] == pytest.approx([10 / 15, 1])
    assert found.error == pytest.approx((4 * 0.20 + 2 * 0.12) / 6)
    assert found.excess == pytest.approx(confidence.mean() - 4 / 6)


def test_errors_that_lie_on_both_sides_do_not_cancel():
    confidence = np.array([0.9] * 10 + [0.5] * 10)
    found = calibration(said(confidence, np.array([True] * 7 + [False] * 3 + [True] * 7 + [False] * 3)))
    assert found.error == pytest.approx(0.2)
    assert found.excess == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("lacking", "leaning"), [(0.1, "over"), (-0.1, "under"), (0.0, "neither")])
def test_which_way_it_leans(lacking, leaning):
    found = calibration(drawn(2000, 3, lacking))
    assert found.leaning == leaning
    assert found.excess == pytest.approx(lacking, abs=0.03)
    assert (found.p < 0.01) == (lacking != 0)


def test_a_network_with_hardly_a_mistake_is_not_called_unsure_where_its_confidence_is_true():
    # Without a mistake among the letters no resample has one, but a true 0.99 is often right 130 times of 130.
    generator = np.random.default_rng(0)
    confidence = np.full(130, 0.99)
    leaning = [calibration(said(confidence, generator.random(130) < confidence)).leaning for _ in range(40)]
    assert leaning.count("neither") >= 36


def test_the_error_by_chance_is_that_of_true_probabilities():
    """And p is small no oftener than it should be."""
    found = [calibration(drawn(300, seed)) for seed in range(60)]
    assert np.mean([one.error for one in found]) == pytest.approx(np.mean([one.by_chance for one in found]), rel=0.1)
    assert np.mean([one.p for one in found]) == pytest.approx(0.5, abs=0.12)
    assert sum(one.p < 0.05 for one in found) <= 8


def test_the_interval_holds_the_true_error():
    """All letters are too surely read by 0.08, which makes the true error 0.08."""
    found = [calibration(drawn(1000, seed, 0.08)) for seed in range(40)]
    assert sum(one.low <= 0.08 <= one.high for one in found) >= 34
    assert all(0 <= one.low <= one.error <= one.high for one in found)


def test_where_all_is_true_the_interval_begins_at_zero_and_holds_what_was_measured():
    found = [calibration(drawn(300, seed)) for seed in range(20)]
    assert sum(one.low == 0 for one in found) >= 16
    assert all(0 <= one.low <= one.error <= one.high for one in found)


def test_the_least_sure_are_left_unread_first():
    confidence = np.linspace(0.99, 0.5, 100)
    correct = np.arange(100) < 80  # all of the twenty least sure are wrong
    found = refusal(said(confidence, correct))
    assert len(found.curve) == 51
    assert found.curve[0].refused == 0
    assert (found.curve[0].right.hits, found.curve[0].right.n) == (80, 100)
    assert (found.curve[10].refused, found.curve[10].right.hits) == (pytest.approx(0.1), 80)
    assert (found.curve[20].right.share, found.curve[50].right.n) == (1, 50)


def test_the_fewest_that_have_to_be_left_unread():
    confidence = np.linspace(0.99, 0.5, 200)
    correct = np.arange(200) < 190
    reached = {one.target: one for one in refusal(said(confidence, correct)).reached}
    assert sorted(reached) == [0.98, 0.99, 0.995, 0.999]  # 0.95 is the accuracy on all
    assert (reached[0.98].kept.right.hits, reached[0.98].kept.right.n) == (190, 193)
    assert reached[0.999].kept.refused == pytest.approx(0.05)
    assert all(one.low <= one.kept.refused <= one.high for one in reached.values())
    assert 0.015 < reached[0.999].low < reached[0.999].high < 0.09  # ± 2 sqrt(10) / 200


def test_letters_of_one_confidence_are_left_unread_together():
    found = refusal(said(np.array([0.9] * 80 + [0.6] * 20), np.array([True] * 90 + [False] * 10)))
    assert [one.right.n for one in found.curve] == [100, 80]
    assert found.reached[0].kept.right.n == 80


def test_an_accuracy_that_is_never_reached():
    found = refusal(said(np.linspace(0.99, 0.5, 100), np.arange(100) % 2 == 0))
    assert found.reached == ()
    assert found.missed == (0.95, 0.98, 0.99, 0.995, 0.999)


def test_a_perfect_network_has_nothing_to_reach():
    found = refusal(said(np.linspace(0.99, 0.5, 100), np.ones(100, dtype=bool)))
    assert (found.reached, found.missed) == ((), ())


def test_one_letter():
    one = said(np.array([0.7]), np.array([True]))
    assert calibration(one).error == pytest.approx(0.3)
    assert len(refusal(one).curve) == 1
