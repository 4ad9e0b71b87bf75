"""Pages of real handwriting, composed of letters that the network has never seen, and pictures of one letter."""

import zipfile

import cv2
import numpy as np
import pytest

from letterlab.recognise.recogniser import Recogniser
from pages import compose, photographed, right_letters, scaled

SEEDS = range(5)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture(scope="module")
def letters(real):
    """500 test letters, upright, and their class indices."""
    with zipfile.ZipFile(real / "letters" / "test" / "images.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")][:500]
        pictures = [cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_GRAYSCALE).T for name in names]
    return np.stack(pictures), np.array([ord(name[0]) - ord("a") for name in names])


def test_pages_are_read(recogniser, letters):
    pages = [compose(*letters, seed, slant=2.5 * (seed - 2)) for seed in SEEDS]
    read = [recogniser.read(page.grey) for page in pages]
    shares = [right_letters(reading.text, page.text) for reading, page in zip(read, pages, strict=True)]
    assert np.mean(shares) >= 0.9, shares
    for reading, page in zip(read, pages, strict=True):
        assert reading.text.count("\n") == page.text.count("\n")
        assert abs(reading.text.count(" ") - page.text.count(" ")) <= 1
        assert abs(len(reading.letters) - len(page.boxes)) <= 1


def test_letters_that_almost_touch_are_read(recogniser, letters):
    page = compose(*letters, 9, apart=(0.02, 0.12))
    assert right_letters(recogniser.read(page.grey).text, page.text) >= 0.85


def test_boxes_are_where_the_letters_stand(recogniser, letters):
    page = compose(*letters, 3)
    found = recogniser.read(page.grey).letters
    near = [
        any(np.abs(np.subtract(letter.box, box)).max() <= 6 for letter in found)  # the edge of soft ink is soft
        for box in page.boxes
    ]
    assert np.mean(near) >= 0.95


def test_a_letter_on_paper_is_one_letter(recogniser, letters):
    """Though many are written in two pieces, or have a speck beside them."""
    counts = []
    for number, image in enumerate(letters[0][:150]):
        sheet = np.pad(scaled(image, 168), 40)
        grey = photographed(sheet, np.random.default_rng(number), noise=3, light=0.1)
        counts.append(len(recogniser.read(grey).letters))
    assert np.mean(np.array(counts) == 1) >= 0.99, counts


def test_a_picture_of_one_letter_is_one_letter(recogniser, real):
    pictures = sorted((real / "pictures").glob("*.png"))[::20]
    assert {picture.name for picture in pictures if len(recogniser.read(picture).letters) != 1} == set()
