"""How well the network that is shipped reads hands that it was not trained on, on the whole way from a picture."""

import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.duplicates import find_duplicates
from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.opening import open_letters


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser()


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def share_read(recogniser, images, labels):
    """How many of these letters are read rightly."""
    read = [recogniser.read(image).text for image in images]
    return np.mean([letter == LETTERS[label] for letter, label in zip(read, labels, strict=True)])


def test_of_the_test_letters_95_percent_are_read(real, cache, recogniser):
    test = open_letters(real / "letters", cache=cache).test
    assert share_read(recogniser, test.images, test.labels) >= 0.95


def test_of_emnist_89_percent_are_read(real, cache, recogniser):
    """Without the letters that also stand among those that the network may have been trained on."""
    emnist = open_letters(f"emnist:{real / 'emnist'}", cache=cache).test
    letters, extra = (open_letters(real / source, cache=cache) for source in ("letters", "letters/extra"))
    assert extra.test_was_cut  # so both its parts are for training
    known = np.concatenate([letters.train.images, extra.train.images, extra.test.images])
    *_, doubles = find_duplicates(known, emnist.images)
    assert 0 < len(doubles) < 200
    unknown = np.setdiff1d(np.arange(len(emnist)), doubles.second)
    assert share_read(recogniser, emnist.images[unknown], emnist.labels[unknown]) >= 0.89


def test_of_the_pictures_91_percent_are_read(real, recogniser):
    files = sorted((real / "pictures").glob("*.png"))
    assert len(files) == 440
    read = [recogniser.read(file, single=True).text for file in files]
    assert np.mean([letter == file.name[0].upper() for letter, file in zip(read, files, strict=True)]) >= 0.91
