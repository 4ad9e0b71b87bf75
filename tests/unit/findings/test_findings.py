"""Confusion, letters, pairs: counted from one small set of predictions that can be checked by eye."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from letterlab.evaluation import Predictions
from letterlab.findings.confusion import as_rates, confusion
from letterlab.findings.letters import evenness, letter_scores
from letterlab.findings.network import Findings
from letterlab.findings.pairs import confused_pairs, mistakes


def test_confusion_has_what_it_is_in_rows_and_what_it_was_read_as_in_columns(predictions):
    counts = confusion(predictions)
    assert counts[:3, :3].tolist() == [[3, 1, 0], [2, 2, 0], [0, 0, 2]]
    assert counts.sum() == 10
    assert as_rates(counts)[0, 1] == 0.25
    assert as_rates(counts)[25].sum() == 0  # no Z: no division by zero


def test_letter_scores(predictions):
    a, b, c, *rest = letter_scores(confusion(predictions))
    assert (a.recall.hits, a.recall.n, a.precision.hits, a.precision.n) == (3, 4, 3, 5)
    assert a.read_as == (("B", 1),)
    assert a.taken_for_it == (("B", 2),)
    assert [a.rank, b.rank, c.rank] == [2, 3, 1]
    assert c.read_as == ()
    assert all(score.recall.n == 0 for score in rest)


def test_evenness_is_pearsons_test_over_the_letters_that_occur():
    counts = np.zeros((26, 26), dtype=np.int64)
    for letter, right in ((0, 90), (1, 70), (2, 85)):
        counts[letter, letter], counts[letter, 25] = right, 100 - right
    found = evenness(letter_scores(counts))
    expected = chi2_contingency([[90, 70, 85], [10, 30, 15]], correction=False)
    assert (found.chi_squared, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    # Bergsma (2013): what chance adds is taken off, from the table's size, too.
    assert found.cramers_v == pytest.approx(np.sqrt((expected.statistic / 300 - 2 / 299) / (1 - 1 / 299)))
    assert (found.best.letter, found.worst.letter, found.degrees) == ("A", "B", 2)
    assert not found.even
    assert found.spread == pytest.approx(np.std([0.9, 0.7, 0.85]))


def test_a_few_mistakes_are_weighed_by_tables_not_by_a_distribution_for_many():
    counts = 140 * np.eye(26, dtype=np.int64)
    for letter, wrong in ((0, 2), (1, 1)):
        counts[letter, letter], counts[letter, 25] = 140 - wrong, wrong
    found = evenness(letter_scores(counts))
    # Of three mistakes among 3,640 two or three fall on one letter in one case of nine; chi-squared would say 0.027.
    assert found.p == pytest.approx(1 - 139 / 139 * (3640 - 140) * (3640 - 280) / (3639 * 3638), abs=0.01)
    assert found.even


def test_one_picture_of_each_letter_shows_no_unevenness():
    counts = np.eye(26, dtype=np.int64)
    counts[0, 0], counts[0, 1] = 0, 1
    found = evenness(letter_scores(counts))
    assert (found.p, found.cramers_v) == pytest.approx((1, 0), abs=1e-6)


def test_a_letter_that_does_not_occur_has_no_rank():
    counts = np.zeros((26, 26), dtype=np.int64)
    counts[3, 3] = 7
    assert [score.rank for score in letter_scores(counts)] == [1 if i == 3 else None for i in range(26)]


def test_chance_alone_seldom_looks_uneven():
    generator = np.random.default_rng(0)
    called_uneven = 0
    for _ in range(200):
        counts = np.zeros((26, 26), dtype=np.int64)
        right = generator.binomial(140, 0.9, 26)
        counts[np.arange(26), np.arange(26)] = right
        counts[np.arange(26), (np.arange(26) + 1) % 26] = 140 - right
        called_uneven += not evenness(letter_scores(counts)).even
    assert 2 <= called_uneven <= 20  # 5 % of 200, give or take


def test_a_perfect_network_is_even_and_has_no_pairs():
    found = Findings.of(
        Predictions(np.eye(26, dtype=np.float32), np.arange(26, dtype=np.uint8), np.array([str(i) for i in range(26)]))
    )
    assert found.evenness.even
    assert found.evenness.p == 1
    assert found.pairs == ()
    assert all(score.rank == 1 for score in found.letters)


def test_pairs_count_both_directions_and_are_ordered_by_share():
    counts = np.diag(np.full(26, 100))
    counts[0, 1] = counts[1, 0] = 5  # A and B: 10 of 210
    counts[2, 3] = 8  # C as D: 8 of 208
    counts[24], counts[24, 24], counts[24, 25] = 0, 7, 3  # few Y: 3 of 110
    pairs = confused_pairs(counts)
    assert [(pair.first, pair.second) for pair in pairs] == [("A", "B"), ("C", "D"), ("Y", "Z")]
    assert (pairs[1].forth.hits, pairs[1].back.hits, pairs[1].both.n) == (8, 0, 208)
    assert pairs[2].forth.share == 0.3
    assert len(confused_pairs(counts, most=2)) == 2


def test_mistakes_come_surest_first(predictions):
    assert mistakes(predictions, "B", "A").tolist() == [7, 6]
    assert mistakes(predictions, "A", "C").tolist() == []
