"""Letters of several sources, for one training."""

from dataclasses import replace

import numpy as np

from letterlab.gathering import gather, prepared
from letterlab.letterset import Letters, LetterSet, Orientation
from letterlab.parts import parts
from letterlab.recognise.ink import prepare_letters
from letterlab.sources.drawn import draw_letters

UPRIGHT = Orientation("upright", 1.0, "Made so.")


def drawn(each, seed):
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    return LetterSet.of(draw_letters(labels, seed), labels, [f"{seed}-{i}.png" for i in range(len(labels))])


def letters(seed, **more):
    return Letters(drawn(4, seed), drawn(1, seed + 1), "drawn", UPRIGHT, **more)


def test_of_another_source_only_what_it_has_to_train_on_is_taken():
    own, other, cut = letters(0), letters(10), letters(20, test_was_cut=True)
    together, left_out = gather(own, [other, cut])
    assert left_out == 0
    assert together.train.fingerprint == own.train.fingerprint
    assert together.test is own.test
    assert together.more.fingerprint == other.train.joined(cut.train).joined(cut.test).fingerprint
    assert len({together.fingerprint, own.fingerprint, gather(own, [other])[0].fingerprint}) == 3


def test_none_of_it_validates():
    together, _ = gather(letters(0), [letters(10)])
    alone, both = parts(letters(0)), parts(together)
    assert both.validation.fingerprint == alone.validation.fingerprint
    assert both.train.fingerprint == alone.train.joined(together.more).fingerprint


def test_what_stands_among_the_test_letters_is_left_out_wherever_it_comes_from():
    own, other = letters(0), letters(10)
    own = replace(own, train=own.train.joined(own.test.take(np.array([3]))))
    other = replace(other, train=other.train.joined(own.test.take(np.array([5, 7]))))
    together, left_out = gather(own, [other])
    assert left_out == 3
    assert together.train.fingerprint == letters(0).train.fingerprint
    assert together.more.fingerprint == letters(10).train.fingerprint


def test_without_other_sources_there_is_no_more():
    together, _ = gather(letters(0), [])
    assert together.more is None
    assert together.fingerprint == letters(0).fingerprint


def test_prepared_letters_are_what_a_recogniser_sees():
    together, _ = gather(letters(0), [letters(10)])
    ready = prepared(together)
    assert ready.prepared
    for before, after in ((together.train, ready.train), (together.test, ready.test), (together.more, ready.more)):
        assert np.array_equal(after.images, prepare_letters(before.images))
        assert np.array_equal(after.labels, before.labels)
        assert np.array_equal(after.names, before.names)
    assert ready.fingerprint != together.fingerprint
    assert prepared(letters(0)).more is None
