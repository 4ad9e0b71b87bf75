from dataclasses import replace

import numpy as np
import pytest

from blobs import blobs
from letterlab.letterset import FOLDS
from letterlab.lots import Lot
from letterlab.parts import as_many, commonness, for_curves, parts, scribbles, shown
from letterlab.recipe import Recipe
from letterlab.recognise.ink import prepare_letters


def test_validation_is_cut_from_training_the_same_every_time(letters):
    first, second = parts(letters), parts(letters)
    assert first.validation.names.tolist() == second.validation.names.tolist()
    assert first.validation.counts().tolist() == [2] * 26
    assert not set(first.train.names) & set(first.validation.names)
    assert first.test is letters.test


def test_so_many_of_each_letter_are_shown(letters):
    learned = parts(letters).lots[0]  # 18 of each

    def places(seed, count):
        return shown(learned, Recipe(seed=seed, letters_of_each=count)).at.tolist()

    assert np.bincount(shown(learned, Recipe(letters_of_each=3)).labels).tolist() == [3] * 26
    assert set(places(0, 3)) < set(places(0, 10)) < set(places(0, 17)) < set(places(0, 18)) == set(learned.at)
    assert places(0, 3) == places(0, 3)
    common = len(set(places(0, 9)) & set(places(1, 9)))
    assert 26 * 3 < common < 26 * 6  # half of them, as chance has it
    assert places(0, 1000) == places(0, "all") == learned.at.tolist()


def test_which_letters_are_shown_is_a_chance_of_its_own(letters):
    learned = parts(letters).lots[0]
    order = np.random.default_rng(0).permutation(len(learned))
    expected = np.concatenate([order[learned.labels[order] == label][:3] for label in range(26)])
    assert set(shown(learned, Recipe(letters_of_each=3)).at) != set(learned.at[expected])


def test_a_rare_letter_is_shown_as_often_as_there_is_one(letters):
    learned = Lot.of(letters.train).take(np.arange(18, 520))  # two of the first letter, 20 of the others
    assert np.bincount(shown(learned, Recipe(letters_of_each=5)).labels).tolist() == [2] + [5] * 25


def test_scribbles_are_prepared_where_the_letters_are():
    plain = scribbles(5, 1, prepared=False)
    assert np.array_equal(scribbles(5, 1, prepared=True), prepare_letters(plain))
    assert not np.array_equal(scribbles(5, 1, prepared=True), plain)


def test_lots_are_the_same_letters_without_a_copy(letters):
    for given in (letters, replace(letters, more=blobs(3, 7))):
        for fold in (None, *range(FOLDS)):
            cut = parts(given, fold)
            for lot, part in zip(cut.lots, (cut.train, cut.validation, cut.test), strict=True):
                assert np.array_equal(lot.images(slice(None)), part.images)
                assert np.array_equal(lot.labels, part.labels)
                assert lot.pieces[0][0] is (given.test if part is cut.test else given.train).images


def test_as_many_are_scored_as_validate(letters):
    learned, validation, _ = parts(letters).lots
    assert np.bincount(as_many(learned, validation).labels).tolist() == [2] * 26
    assert as_many(validation, learned) is validation
    assert for_curves(learned, Recipe(letters_of_each=2)).at.tolist() == sorted(
        for_curves(learned, Recipe(letters_of_each=2)).at
    )
    assert np.bincount(for_curves(learned, Recipe(letters_of_each=2)).labels).tolist() == [2] * 26


def test_commonness_compares_shares_and_says_nothing_of_letters_that_are_missing():
    learned, meant = (np.array(labels, dtype=np.uint8) for labels in ([0] * 6 + [1] * 2 + [2] * 2, [0, 1, 1, 3]))
    found = commonness(learned, meant)
    assert np.exp(found[:4]).tolist() == pytest.approx([2.4, 0.4, 1, 1])
    assert not found[4:].any()
