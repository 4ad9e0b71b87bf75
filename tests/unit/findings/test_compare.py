"""Comparisons: against statsmodels, SciPy, loops by hand, and chance itself."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, norm, ttest_rel
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels
from statsmodels.stats.multitest import multipletests

from letterlab.findings.compare import Comparison, compare, compare_all, holm, mcnemar, mean_interval


def rows(*texts):
    """One row a seed, one character a letter: 1 where it was read rightly."""
    return np.array([[character == "1" for character in text] for text in texts])


def read_rightly(generator, seeds, n, share):
    """Letters of unequal difficulty, so that the seeds err on much the same letters."""
    ease = generator.standard_normal(n) + norm.ppf(share) * np.sqrt(1.2)
    return ease + np.sqrt(0.2) * generator.standard_normal((seeds, n)) > 0


def test_comparison_is_paired():
    generator = np.random.default_rng(1)
    easy = generator.random(2000) < 0.9
    first, second = easy.copy(), easy.copy()
    second[np.flatnonzero(easy)[:30]] = False  # the second misses 30 that the first reads
    found = compare(first[None], np.stack([second, second]))
    assert found.difference == pytest.approx(0.015)
    assert found.apart  # an unpaired interval of two accuracies of 0.9 on 2,000 letters would be 0.019 wide
    assert 0.009 < found.low < found.high < 0.021
    assert (found.n, found.seeds) == (2000, 1)
    assert found.p == found.p_letters == mcnemar(first, second) == pytest.approx(2 * 0.5**30)
    assert mcnemar(first, first) == 1


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_interval_of_a_mean_is_that_of_its_difference_to_nothing(seeds):
    correct = read_rightly(np.random.default_rng(4), seeds, 400, 0.85)
    nothing = compare(correct, np.zeros_like(correct))
    assert mean_interval(correct) == (nothing.low, nothing.high)
    assert nothing.low < correct.mean() < nothing.high


def test_a_recipe_is_not_apart_from_itself():
    correct = np.random.default_rng(2).random((3, 500)) < 0.8
    found = compare(correct, correct)
    assert (found.difference, found.low, found.high, found.p_letters, found.p) == (0, 0, 0, 1, 1)
    assert not found.apart


def test_with_one_seed_each_it_is_mcnemars_exact_test():
    generator = np.random.default_rng(3)
    for share in (0.7, 0.8, 0.85):
        first, second = read_rightly(generator, 2, 120, share)
        table = [[(first & second).sum(), (first & ~second).sum()], [(~first & second).sum(), (~first & ~second).sum()]]
        expected = mcnemar_of_statsmodels(table, exact=True).pvalue
        assert compare(first[None], second[None]).p_letters == pytest.approx(expected)
        assert mcnemar(first, second) == pytest.approx(expected)


def test_letters_of_equal_size_are_counted_exactly():
    """Two seeds against two that differ in one seed alone: 4 letters for the first, 1 for the second, by 1/2 each."""
    found = compare(rows("1111011", "1111011"), rows("1111011", "0000111"))
    assert found.p_letters == pytest.approx(binomtest(4, 5).pvalue)
    # Three seeds against two: the letters' values 1 - 1/2 and 0 - 1/2 are of one size, whatever thirds they came from.
    mixed = compare(rows("11110", "11110", "11110"), rows("11111", "00000"))
    assert mixed.p_letters == pytest.approx(binomtest(4, 5).pvalue)


def test_letters_of_unequal_size_are_counted_by_their_squares():
    """Values 1, 1, 1/2, -1/2, 0: z is their sum 2 by the root of their squares' sum 2.5."""
    found = compare(rows("11101", "11001"), rows("00011", "00001"))
    assert found.difference == pytest.approx(2 / 5)
    assert found.p_letters == pytest.approx(2 * norm.sf(2 / np.sqrt(2.5)))
    assert compare(rows("00011", "00001"), rows("11101", "11001")).p_letters == pytest.approx(found.p_letters)


def test_the_test_over_the_letters_is_the_one_that_swaps_signs():
    generator = np.random.default_rng(4)
    first, second = read_rightly(generator, 3, 400, 0.8), read_rightly(generator, 3, 400, 0.75)
    values = first.mean(axis=0) - second.mean(axis=0)
    swapped = (generator.choice([-1, 1], (20_000, 400)) * values).sum(axis=1)
    by_hand = (np.abs(swapped) >= abs(values.sum()) - 1e-9).mean()
    assert 0.01 < by_hand < 0.9
    assert compare(first, second).p_letters == pytest.approx(by_hand, abs=0.02)


def test_over_the_seeds_it_is_the_paired_t_test():
    generator = np.random.default_rng(5)
    first, second = generator.random((4, 300)) < 0.9, generator.random((4, 300)) < 0.87
    found = compare(first, second)
    assert found.p_seeds == pytest.approx(ttest_rel(first.mean(axis=1), second.mean(axis=1)).pvalue)
    assert found.seeds == 4


@pytest.mark.parametrize(
    ("first", "second", "seeds"),
    [
        (rows("1101"), rows("1011"), 1),
        (rows("1101", "1001"), rows("1011"), 1),
        (rows("1101", "1001", "1111"), rows("1011", "1000"), 2),
        (rows("1101", "1110"), rows("1011", "0111"), 2),
    ],
    ids=["one each", "one against two", "three against two", "all differ by the same"],
)
def test_nothing_is_said_over_the_seeds_where_they_tell_nothing(first, second, seeds):
    found = compare(first, second)
    assert math.isnan(found.p_seeds)
    assert found.seeds == seeds


def test_one_seed_each_gives_the_bootstrap_of_a_mean():
    generator = np.random.default_rng(6)
    first, second = generator.random((1, 600)) < 0.9, generator.random((1, 600)) < 0.85
    found = compare(first, second)
    values = first[0].astype(float) - second[0]
    expected = bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", rng=generator).confidence_interval
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.06 * width)
    assert found.high == pytest.approx(expected.high, abs=0.06 * width)


def interval_by_hand(first, second, paired):
    """The two-way bootstrap as its words say it: letters drawn, seeds drawn, a mean taken of what was drawn."""
    generator = np.random.default_rng(7)
    means = []
    for _ in range(4000):
        letters = generator.integers(0, first.shape[1], first.shape[1])
        seeds = generator.integers(0, len(first), len(first))
        others = seeds if paired else generator.integers(0, len(second), len(second))
        means.append(first[seeds][:, letters].mean() - second[others][:, letters].mean())
    return np.quantile(means, [0.025, 0.975])


def seeds_of_accuracies(generator, shares, n=200):
    return np.stack([generator.random(n) < share for share in shares])


def test_equally_many_seeds_are_drawn_as_pairs():
    """Good and bad seeds, the same for both: as pairs they hardly differ."""
    generator = np.random.default_rng(8)
    shares = (0.95, 0.75, 0.5, 0.35)
    first, second = seeds_of_accuracies(generator, shares), seeds_of_accuracies(generator, shares)
    found = compare(first, second)
    low, high = interval_by_hand(first, second, paired=True)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.08 * (high - low))
    far_low, far_high = interval_by_hand(first, second, paired=False)
    assert far_high - far_low > 1.5 * (high - low)


def test_unequally_many_seeds_are_drawn_each_side_by_itself():
    generator = np.random.default_rng(9)
    first = seeds_of_accuracies(generator, (0.9, 0.6, 0.7))
    second = seeds_of_accuracies(generator, (0.95, 0.5))
    found = compare(first, second)
    low, high = interval_by_hand(first, second, paired=False)
    # Two seeds have three means: the ends lie where these cluster, and 1,000 resamples find them less well.
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_the_interval_knows_that_seeds_differ_and_the_letters_do_not():
    """One seed of the first was lucky: over the letters that is far from chance, over the seeds it is not."""
    generator = np.random.default_rng(10)
    first = seeds_of_accuracies(generator, (0.9, 0.7, 0.7), n=2000)
    second = seeds_of_accuracies(generator, (0.7, 0.7, 0.7), n=2000)
    found = compare(first, second)
    assert found.p < 0.001
    assert found.low <= 0 < found.high
    assert not found.apart


def test_it_repeats_and_mirrors():
    generator = np.random.default_rng(11)
    first, second = generator.random((3, 300)) < 0.9, generator.random((2, 300)) < 0.8
    found, again, mirrored = compare(first, second), compare(first, second), compare(second, first)
    assert found == again
    assert (mirrored.difference, mirrored.low, mirrored.high) == pytest.approx(
        (-found.difference, -found.high, -found.low)
    )


@pytest.mark.parametrize(
    ("low", "high", "p", "apart"),
    [(0.01, 0.03, 0.01, True), (-0.03, -0.01, 0.01, True), (-0.01, 0.03, 0.01, False), (0.01, 0.03, 0.06, False)],
)
def test_apart_takes_both_the_interval_and_p(low, high, p, apart):
    assert Comparison((low + high) / 2, low, high, 100, 2, 0.001, math.nan, p).apart is apart


def test_holm_by_hand_and_by_statsmodels():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []
    p = np.random.default_rng(12).random(20) ** 3
    assert holm(p.tolist()) == pytest.approx(multipletests(p, method="holm")[1])


def test_a_family_is_corrected_and_else_as_its_comparisons():
    generator = np.random.default_rng(13)
    reference = read_rightly(generator, 2, 500, 0.8)
    worse = reference & (generator.random((2, 500)) < 0.9)
    found = compare_all([(worse, reference), (reference, reference), (worse[:1], reference)])
    alone = compare(worse, reference)
    assert found[0].p == pytest.approx(3 * alone.p)
    assert (found[0].low, found[0].p_letters) == (alone.low, alone.p_letters)
    assert [one.seeds for one in found] == [2, 2, 1]
    assert [one.apart for one in found] == [True, False, True]
    assert compare_all([]) == []


def test_of_noise_few_families_call_any_candidate_different():
    """200 families of 8 equal recipes: with Holm one in twenty may err, without it one in four would."""
    generator = np.random.default_rng(14)
    corrected = uncorrected = apart = 0
    for _ in range(200):
        reference, *candidates = (generator.random((2, 80)) < 0.8 for _ in range(9))
        found = compare_all([(candidate, reference) for candidate in candidates])
        corrected += any(one.p < 0.05 for one in found)
        uncorrected += any(one.p_letters < 0.05 for one in found)
        apart += any(one.apart for one in found)
    assert 1 <= corrected <= 20
    assert apart <= corrected
    assert uncorrected >= 40


def test_the_interval_of_five_seeds_holds_the_truth():
    """Recipes of equal worth, letters and seeds by chance: the interval holds zero in about 95 cases of 100."""
    generator = np.random.default_rng(15)
    held = 0
    for _ in range(200):
        luck = 0.15 * generator.standard_normal((2, 5, 1))
        right = generator.standard_normal(300) + luck + 0.3 * generator.standard_normal((2, 5, 300)) > -1
        found = compare(right[0], right[1])
        held += found.low <= 0 <= found.high
    assert 165 <= held <= 196
