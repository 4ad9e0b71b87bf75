"""How sure a pair's place in the list is."""

import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.findings.pairs import confused_pairs


def matrix(wrong, n=100):
    counts = np.diag([n] * 26)
    for (letter, answer), count in wrong.items():
        i, j = LETTERS.index(letter), LETTERS.index(answer)
        counts[i, j] += count
        counts[i, i] -= count
    return counts


def test_what_is_far_ahead_keeps_its_place_and_what_is_equal_shares_it():
    alone = {"AB": 40, "CD": 20} | {a + b: 2 for a, b in zip("EGIKMOQSUW", "FHJLNPRTVX", strict=True)}
    found = confused_pairs(matrix(alone))
    assert [(pair.ranks, pair.in_list) for pair in found[:2]] == [((1, 1), 1.0), ((2, 2), 1.0)]
    # Ten equals for eight places: each is in the list in somewhat less than 8 of 10 resamples, for it may be drawn
    # without a mistake.
    assert [pair.in_list for pair in found[2:]] == pytest.approx([0.79] * 8, abs=0.05)
    for pair in found[2:]:
        assert 3 <= pair.ranks[0] <= 4
        assert pair.ranks[1] > 10


def test_a_single_mistake_is_drawn_again_in_two_of_three_resamples():
    (pair,) = confused_pairs(matrix({"AB": 1}))
    assert pair.in_list == pytest.approx(1 - (1 - 1 / 100) ** 100, abs=0.05)
    assert pair.ranks == (1, 163)  # with no mistake it is in the middle of 325 equals
    assert confused_pairs(matrix({"AB": 1}), most=325)[0].in_list == pair.in_list  # a pair never confused is in no list


def test_equal_pairs_share_the_only_place():
    (pair,) = confused_pairs(matrix({"AB": 30, "CD": 30}), most=1)
    assert pair.in_list == pytest.approx(0.5, abs=0.05)


def test_the_same_counts_give_the_same_certainty():
    counts = matrix({"AB": 5, "CD": 4, "EF": 3})
    assert confused_pairs(counts) == confused_pairs(counts)


def test_letters_that_do_not_occur_are_no_obstacle():
    counts = matrix({"AB": 5})
    counts[25, 25] = 0
    assert confused_pairs(counts)[0].both.hits == 5
