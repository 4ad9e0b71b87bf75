"""Capitals and small letters: told from drawn letters whose case is known, and compared."""

import numpy as np
import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.contingency_tables import StratifiedTable

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions
from letterlab.findings.case import TELLABLE, Cases, by_case, tell_cases
from letterlab.letterset import LetterSet
from letterlab.sources.drawn import draw_letters, drawn_small


@pytest.fixture(scope="module")
def drawn() -> tuple[LetterSet, np.ndarray]:
    """Forty of each letter, of another seed than those they are compared with, and which are small."""
    labels = np.tile(np.arange(26, dtype=np.uint8), 40)
    return LetterSet.of(draw_letters(labels, 5), labels, [str(i) for i in range(len(labels))]), drawn_small(1040, 5)


def test_the_case_of_drawn_letters_is_told_rightly(drawn):
    letters, small = drawn
    found = tell_cases(letters)
    told = found.capital | found.small
    tellable = np.isin(letters.labels, [LETTERS.index(letter) for letter in TELLABLE])
    assert not told[~tellable].any()
    assert told[tellable].mean() > 0.7
    assert (found.small == small)[told].mean() > 0.97
    assert not (found.capital & found.small).any()


def test_it_is_told_of_each_picture_by_itself(drawn):
    letters, _ = drawn
    every, some = tell_cases(letters), tell_cases(letters.take(np.arange(0, len(letters), 7)))
    assert np.array_equal(every.capital[::7], some.capital)
    assert np.array_equal(every.small[::7], some.small)


def test_letters_that_do_not_occur(drawn):
    letters, _ = drawn
    found = tell_cases(letters.take(letters.labels == LETTERS.index("C")))
    assert not (found.capital | found.small).any()


def answers(*groups: tuple[str, str, int, int]) -> tuple[Predictions, Cases]:
    """Letter, case, how many are read rightly, how many there are."""
    labels = np.concatenate([np.full(n, LETTERS.index(letter), dtype=np.uint8) for letter, _, _, n in groups])
    right = np.concatenate([np.arange(n) < hits for _, _, hits, n in groups])
    case = np.concatenate([np.full(n, name) for _, name, _, n in groups])
    probabilities = np.eye(26, dtype=np.float32)[np.where(right, labels, (labels + 1) % 26)]
    names = np.array([str(i) for i in range(len(labels))])
    return Predictions(probabilities, labels, names), Cases(case == "capital", case == "small")


GROUPS = (
    ("A", "capital", 95, 100),
    ("A", "small", 30, 40),
    ("A", "untold", 5, 10),
    ("B", "capital", 45, 50),
    ("B", "small", 80, 90),
    ("D", "capital", 50, 50),  # no small D: D is not compared
    ("C", "capital", 1, 10),  # never told, and not asked for
    ("C", "small", 1, 10),
)


def test_both_forms_of_each_letter_are_compared():
    found = by_case(*answers(*GROUPS))
    assert [one.letter for one in found.letters] == ["A", "B"]
    a, b = found.letters
    assert (a.capital.hits, a.capital.n, a.small.hits, a.untold.n) == (95, 100, 30, 10)
    assert a.p == pytest.approx(2 * fisher_exact([[95, 5], [30, 10]]).pvalue)  # Holm: the smaller of two
    assert b.p == pytest.approx(fisher_exact([[45, 5], [80, 10]]).pvalue)
    assert (a.apart, b.apart) == (True, False)


def test_all_letters_together_are_compared_in_the_same_mix():
    found = by_case(*answers(*GROUPS))
    assert (found.capital.hits, found.capital.n, found.small.n, found.untold.n) == (140, 150, 130, 10)
    tables = [np.array([[95, 5], [30, 10]]), np.array([[45, 5], [80, 10]])]
    assert found.p == pytest.approx(StratifiedTable(tables).test_null_odds(correction=False).pvalue)
    weights = 100 * 40 / 140, 50 * 90 / 140
    expected = np.average([0.95 - 0.75, 0.9 - 80 / 90], weights=weights)
    assert found.difference == pytest.approx(expected)
    spread = np.sqrt(
        np.average([0.95 * 0.05 / 100 + 0.75 * 0.25 / 40, 0.09 / 50 + 80 * 10 / 90**3], weights=weights) / 2
    )
    assert (found.low, found.high) == (
        pytest.approx(expected - 1.96 * spread, abs=0.015),
        pytest.approx(expected + 1.96 * spread, abs=0.015),
    )
    assert found.apart


def test_a_mix_of_hard_and_easy_letters_is_no_difference():
    found = by_case(
        *answers(("A", "capital", 99, 100), ("A", "small", 10, 10), ("B", "capital", 5, 10), ("B", "small", 50, 100))
    )
    assert found.capital.share > found.small.share + 0.3
    assert not found.apart
    assert abs(found.difference) < 0.02


def test_where_all_are_right_there_is_no_difference():
    found = by_case(*answers(("A", "capital", 9, 9), ("A", "small", 9, 9)))
    assert (found.p, found.difference, found.low, found.high, found.apart) == (1, 0, 0, 0, False)


def test_without_both_forms_of_any_letter_nothing_is_compared():
    assert by_case(*answers(("A", "capital", 9, 9), ("B", "small", 9, 9))) is None
