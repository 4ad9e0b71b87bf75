"""What holds of the folds of any letters: each letter is held out once, and every training knows of all kinds of it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.letterset import FOLDS, SIDE, Letters, LetterSet, Orientation, folds_stratified
from letterlab.parts import parts

LABELS = st.lists(st.integers(0, 25), min_size=FOLDS, max_size=120).map(lambda one: np.array(one, dtype=np.uint8))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(LABELS)
def test_folds_are_equally_large_and_so_are_their_shares_of_each_letter(labels):
    folds = folds_stratified(labels)
    counts = np.array([np.bincount(labels[folds == fold], minlength=26) for fold in range(FOLDS)])
    assert counts.sum() == len(labels)
    assert np.ptp(counts, axis=0).max() <= 1
    assert np.ptp(counts.sum(axis=1)) <= 1
    assert folds_stratified(labels).tolist() == folds.tolist()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(LABELS)
def test_every_training_letter_is_held_out_in_one_fold_and_learned_in_the_others(labels):
    images = np.zeros((len(labels), SIDE, SIDE), np.uint8)
    train = LetterSet.of(images, labels, [str(number) for number in range(len(labels))])
    letters = Letters(train, train, "made up", Orientation("upright", 1.0, "Made so."))
    cuts = [parts(letters, fold) for fold in range(FOLDS)]
    held_out = [name for cut in cuts for name in cut.validation.names]
    assert sorted(held_out) == sorted(train.names)
    for cut in cuts:
        assert sorted([*cut.train.names, *cut.validation.names]) == sorted(train.names)
        assert cut.test is train
