import cv2
import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.sources.drawn import BLOCK, draw_blocks, draw_letters

ALL = np.tile(np.arange(26, dtype=np.uint8), 20)


def many(letter: str, count: int = 300) -> np.ndarray:
    return draw_letters(np.full(count, LETTERS.index(letter), dtype=np.uint8), 5)


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return draw_letters(ALL, 0)


def test_every_letter_is_bright_ink_on_black(drawn):
    assert drawn.shape == (len(ALL), 28, 28)
    assert drawn.dtype == np.uint8
    assert (drawn.max(axis=(1, 2)) == 255).all()
    inked = (drawn > 127).mean(axis=(1, 2))
    assert inked.min() > 0.02
    assert inked.max() < 0.6


def extent(pictures: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last row (axis 1) or column (axis 2) with ink, of each picture."""
    there = pictures.any(axis=3 - axis)
    return there.argmax(axis=1), 27 - there[:, ::-1].argmax(axis=1)


def test_two_pixels_are_free_on_each_side_and_the_letter_fills_the_rest(drawn):
    (top, bottom), (left, right) = extent(drawn, axis=1), extent(drawn, axis=2)
    assert min(top.min(), left.min()) == 2
    assert max(bottom.max(), right.max()) == 25
    assert (np.maximum(bottom - top, right - left) >= 22).all()


def test_a_letter_stands_in_the_middle(drawn):
    for axis in (1, 2):
        first, last = extent(drawn, axis)
        assert (np.abs(first + last - 27) <= 3).all()


def test_same_seed_same_bytes_and_another_seed_other_pictures(drawn):
    np.testing.assert_array_equal(draw_letters(ALL, 0), drawn)
    other = draw_letters(ALL, 1)
    assert (other != drawn).any(axis=(1, 2)).all()


def test_number_of_threads_changes_nothing(drawn):
    threads = cv2.getNumThreads()
    try:
        for number in (1, 3):
            cv2.setNumThreads(number)
            np.testing.assert_array_equal(draw_letters(ALL, 0), drawn)
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_a_longer_request_begins_with_the_same_pictures(drawn, count):
    np.testing.assert_array_equal(draw_letters(ALL[:count], 0), drawn[:count])


def test_a_picture_depends_on_no_other_label(drawn):
    labels = ALL.copy()
    labels[::2] = 25
    np.testing.assert_array_equal(draw_letters(labels, 0)[1::2], drawn[1::2])


def test_blocks_are_the_same_letters_in_order(drawn):
    blocks = list(draw_blocks(ALL, 0))
    assert [len(block) for block in blocks] == [BLOCK, BLOCK, len(ALL) - 2 * BLOCK]
    np.testing.assert_array_equal(np.concatenate(blocks), drawn)


def test_no_two_pictures_of_a_letter_are_the_same():
    pictures = many("I")
    assert len(np.unique(pictures, axis=0)) == len(pictures)


def test_letters_are_upright():
    ink = {letter: many(letter).mean(axis=0) for letter in "LTJV"}
    top, bottom, left, right = np.s_[2:9], np.s_[19:26], np.s_[:, 2:12], np.s_[:, 16:26]
    assert ink["T"][top].sum() > 1.2 * ink["T"][bottom].sum()  # its bar lies on top
    assert ink["V"][top].sum() > 1.2 * ink["V"][bottom].sum()  # it stands on a point
    assert ink["L"][bottom][right].sum() > 1.5 * ink["L"][top][right].sum()  # its foot goes right
    assert ink["J"][bottom][left].sum() > 2 * ink["J"][bottom][right].sum()  # its hook goes left


def test_pens_are_thin_and_thick():
    ink = (many("I") > 127).sum(axis=(1, 2))
    assert np.quantile(ink, 0.95) > 2 * np.quantile(ink, 0.05)
