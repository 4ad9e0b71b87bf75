"""The real letters, read from their zips and idx files. What is upright is told by what letters look like."""

import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.letterset import Letters
from letterlab.sources.opening import open_letters
from letterlab.sources.orientation import MOST_CERTAIN, decide_orientation


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def letters(real, cache) -> Letters:
    return open_letters(real / "letters", cache=cache)


@pytest.fixture(scope="module")
def emnist(real, cache) -> Letters:
    return open_letters(f"emnist:{real / 'emnist'}", cache=cache)


def ink(letter_set, letter):
    """[28, 28] Mean picture of a letter."""
    return letter_set.images[letter_set.labels == LETTERS.index(letter)].mean(axis=0)


def spread(weights):
    """Standard deviation of the position of ink along an axis."""
    positions = np.arange(28)
    mean = (weights * positions).sum() / weights.sum()
    return np.sqrt((weights * (positions - mean) ** 2).sum() / weights.sum())


def assert_upright(letter_set, letters):
    """Checks on letters whose shape tells up from down and down from across; all would fail transposed."""
    facts = {
        "I": lambda mean: spread(mean.sum(axis=1)) > 1.5 * spread(mean.sum(axis=0)),  # taller than wide
        "L": lambda mean: mean[14:].sum() > 1.2 * mean[:14].sum(),  # its bar is below
        "T": lambda mean: mean[:14].sum() > 1.6 * mean[14:].sum(),  # its bar is above
        "Y": lambda mean: mean[:14].sum() > 1.3 * mean[14:].sum(),  # it forks above
        "W": lambda mean: mean[14:].sum() > 1.3 * mean[:14].sum(),  # it meets below
    }
    for letter in letters:
        mean = ink(letter_set, letter)
        assert facts[letter](mean), letter
        assert not facts[letter](mean.T), letter


def test_all_letters_are_read(letters):
    assert letters.train.counts().tolist() == [500] * 26
    assert letters.test.counts().tolist() == [140] * 26
    assert not letters.set_aside
    assert not letters.test_was_cut
    assert not letters.drawn
    for part in (letters.train, letters.test):
        assert [LETTERS.index(name[0].upper()) for name in part.names] == part.labels.tolist()


def test_they_are_found_to_be_stored_transposed(letters):
    assert (letters.orientation.stored, letters.orientation.certainty) == ("stored-transposed", MOST_CERTAIN)


def test_they_stand_upright(letters):
    assert_upright(letters.train, "ILTYW")
    assert_upright(letters.test, "ILTYW")


def test_ink_is_bright_on_black(letters):
    border = np.ones((28, 28), dtype=bool)
    border[1:-1, 1:-1] = False
    assert np.median(letters.train.images[:, border]) < 10
    assert np.median(letters.train.images.max(axis=(1, 2))) > 240


def test_one_zip_alone_has_its_test_part_cut(real, cache):
    for source in (real / "letters" / "train", real / "letters" / "train" / "images.zip"):
        letters = open_letters(source, cache=cache)
        assert letters.test_was_cut
        assert set(letters.train.counts()) == {417}
        assert set(letters.test.counts()) == {83}


def test_a_second_opening_is_the_same(real, cache, letters):
    again = open_letters(real / "letters", cache=cache)
    assert again.fingerprint == letters.fingerprint
    assert np.array_equal(again.train.names, letters.train.names)


def test_emnist(emnist):
    assert len(emnist.train) == 0
    assert emnist.test.counts().tolist() == [800] * 12 + [400] + [0] * 13
    assert (emnist.orientation.stored, emnist.orientation.certainty) == ("stored-transposed", MOST_CERTAIN)
    assert_upright(emnist.test, "IL")
    assert any("labels here run from 1 to 13" in note for note in emnist.notes)


@pytest.mark.parametrize("source", ["letters", "emnist"])
def test_the_orientation_is_found_both_ways_and_from_one_letter_alone(source, letters, emnist):
    part = letters.train if source == "letters" else emnist.test
    images = np.array(part.images)
    for stored, pictures in (("upright", images), ("stored-transposed", images.transpose(0, 2, 1))):
        found = decide_orientation(pictures, part.labels)
        assert (found.stored, found.certainty) == (stored, MOST_CERTAIN)
        for index in np.unique(part.labels):
            of_letter = part.labels == index
            found = decide_orientation(pictures[of_letter], part.labels[of_letter])
            if LETTERS[index] in "AORX":  # these look alike both ways
                assert found.stored == stored or found.certainty < 0.95, LETTERS[index]
            else:
                assert found.stored == stored, LETTERS[index]


def test_ten_letters_are_nearly_always_enough_and_one_is_never_certain(letters):
    generator = np.random.default_rng(0)
    answers = {count: [] for count in (1, 10)}
    for count, found in answers.items():
        for _ in range(50):
            some = generator.choice(len(letters.test), count, replace=False)
            found.append(decide_orientation(letters.test.images[some], letters.test.labels[some]))
    assert np.mean([answer.stored == "upright" for answer in answers[10]]) >= 0.96
    assert all(answer.certainty < 0.95 for answer in answers[1])
