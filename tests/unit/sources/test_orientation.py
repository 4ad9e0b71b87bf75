import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.sources.drawn import draw_letters
from letterlab.sources.orientation import DECIDED, MOST_CERTAIN, decide_orientation


def drawn(letters, each, seed=99):
    labels = np.repeat(np.array([LETTERS.index(letter) for letter in letters], dtype=np.uint8), each)
    return draw_letters(labels, seed), labels


def transposed(images):
    return np.ascontiguousarray(images.transpose(0, 2, 1))


@pytest.fixture(scope="module")
def alphabet():
    return drawn(LETTERS, 5)


def test_drawn_letters_are_found_both_ways(alphabet):
    images, labels = alphabet
    for stored, pictures in (("upright", images), ("stored-transposed", transposed(images))):
        found = decide_orientation(pictures, labels)
        assert (found.stored, found.certainty) == (stored, MOST_CERTAIN)
        assert found.reason.startswith(tuple("123456789"))


def test_both_answers_are_equally_certain(alphabet):
    images, labels = (array[::7] for array in alphabet)
    one, other = decide_orientation(images, labels), decide_orientation(transposed(images), labels)
    assert one.stored != other.stored
    assert one.certainty == pytest.approx(other.certainty)


def test_letters_that_look_alike_both_ways_do_not_decide():
    images = np.zeros((200, 28, 28), dtype=np.uint8)
    rows, columns = np.mgrid[:28, :28] - 13.5
    images[:, np.abs(np.hypot(rows, columns) - 9) < 1.5] = 255
    found = decide_orientation(images, np.full(200, LETTERS.index("O"), dtype=np.uint8))
    assert (found.stored, found.certainty) == ("stored-transposed", 0.5)
    assert "do not tell" in found.reason


def test_blank_pictures_do_not_decide():
    found = decide_orientation(np.zeros((50, 28, 28), dtype=np.uint8), np.arange(50, dtype=np.uint8) % 26)
    assert (found.stored, found.certainty) == ("stored-transposed", 0.5)


def test_a_handful_of_pictures_is_less_certain_than_many():
    certainties = [decide_orientation(*drawn("L", each)).certainty for each in (1, 3, 40)]
    assert DECIDED <= certainties[0] < 0.95
    assert certainties == sorted(certainties)


def test_letters_that_contradict_one_another_do_not_decide(alphabet):
    images, labels = alphabet
    both = np.concatenate([images, transposed(images)])
    assert decide_orientation(both, np.concatenate([labels, labels])).certainty == 0.5
