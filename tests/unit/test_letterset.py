from dataclasses import replace

import numpy as np
import pytest

from letterlab.letterset import Letters, LetterSet, SetAside, split_stratified


def test_fingerprint_follows_pictures_and_labels_but_not_names(letters):
    train = letters.train
    same = LetterSet.of(train.images, train.labels, [f"other{i}" for i in range(len(train))])
    assert same.fingerprint == train.fingerprint
    changed = train.images.copy()
    changed[3, 4, 5] ^= 1
    assert LetterSet.of(changed, train.labels, train.names.tolist()).fingerprint != train.fingerprint
    assert train.take(np.arange(len(train))[::-1]).fingerprint != train.fingerprint


def test_take_keeps_pictures_labels_and_names_together(letters):
    taken = letters.train.take(np.array([7, 3]))
    assert taken.names.tolist() == [letters.train.names[7], letters.train.names[3]]
    assert (taken.images == letters.train.images[[7, 3]]).all()
    assert taken.labels.tolist() == letters.train.labels[[7, 3]].tolist()


def test_counts(letters):
    assert letters.test.counts().tolist() == [4] * 26


@pytest.mark.parametrize("fraction", [0.1, 1 / 6, 0.5])
def test_split_takes_the_same_share_of_every_letter(letters, fraction):
    kept, cut = split_stratified(letters.train.labels, fraction, 0)
    assert sorted([*kept, *cut]) == list(range(len(letters.train)))
    assert np.bincount(letters.train.labels[cut]).tolist() == [round(20 * fraction)] * 26
    assert (np.diff(cut) > 0).all()
    assert split_stratified(letters.train.labels, fraction, 1)[1].tolist() != cut.tolist()


def test_split_leaves_one_of_a_rare_letter_and_skips_missing_ones():
    kept, cut = split_stratified(np.array([0, 1, 1, 5, 5, 5], dtype=np.uint8), 0.1, 0)
    assert 0 in kept
    assert len(cut) == 2
    assert len(kept) == 4


def saved(letters, folder):
    folder.mkdir()
    letters.save(folder)
    return folder


def test_saved_letters_open_memory_mapped_and_equal(letters, tmp_path):
    described = replace(
        letters,
        set_aside=(SetAside("é_1.jpg", "no letter"),),
        notes=("Буква",),
        drawn=True,
        more=letters.test.take(np.arange(3)),
        prepared=True,
    )
    opened = Letters.open(saved(described, tmp_path / "described"))
    assert isinstance(opened.train.images, np.memmap)
    assert (opened.train.images == letters.train.images).all()
    assert opened.test.names.tolist() == letters.test.names.tolist()
    assert opened.fingerprint == described.fingerprint
    assert (opened.set_aside, opened.notes, opened.drawn) == (described.set_aside, described.notes, True)
    assert opened.orientation == letters.orientation
    assert opened.more.names.tolist() == letters.test.names[:3].tolist()
    assert opened.prepared
    assert not Letters.open(saved(letters, tmp_path / "alone")).more


def test_without_train_leaves_out_just_those(letters):
    fewer = letters.without_train(np.array([0, 5]))
    assert len(fewer.train) == len(letters.train) - 2
    assert letters.train.names[5] not in fewer.train.names
    assert fewer.test is letters.test
    assert fewer.fingerprint != letters.fingerprint
