"""Pictures: real PNG, dark ink on white, of the right letters."""

import base64

import cv2
import numpy as np

from letterlab.letterset import LetterSet
from letterlab.report.pictures import CELL, COLUMNS, Atlas, data_uri, mean_image, samples


def decoded(uri: str) -> np.ndarray:
    head, _, body = uri.partition(",")
    assert head == "data:image/png;base64"
    return cv2.imdecode(np.frombuffer(base64.b64decode(body), np.uint8), cv2.IMREAD_UNCHANGED)


def letters_of(labels: list[int]) -> LetterSet:
    images = np.array([np.full((28, 28), 10 * i, np.uint8) for i in range(len(labels))])
    return LetterSet.of(images, np.array(labels, np.uint8), [f"{i}.png" for i in range(len(labels))])


def test_data_uri_turns_bright_ink_dark():
    image = np.arange(784, dtype=np.uint16).reshape(28, 28).astype(np.uint8)
    assert np.array_equal(decoded(data_uri(image)), 255 - image)


def test_samples_are_the_first_of_a_letter_one_below_the_other():
    letters = letters_of([0, 1, 0, 1, 1, 1])
    assert samples(letters, "B", 3)[::28, 0].tolist() == [10, 30, 40]
    assert samples(letters, "A", 3).shape == (56, 28)
    assert samples(letters, "C", 3) is None


def test_mean_image():
    letters = letters_of([0, 1, 0])
    assert mean_image(letters, "A").max() == mean_image(letters, "A").min() == 10
    assert mean_image(letters, "Z") is None


def test_a_sheet_holds_each_letter_once_where_its_elements_point():
    atlas = Atlas()
    images = np.random.default_rng(0).integers(0, 256, (COLUMNS + 2, 28, 28), np.uint8)
    for image in (*images, images[0]):
        element = atlas(image, 'a "b"', 3)
    assert element == (
        '<span class="ink pic" role="img" title="a &#34;b&#34;" style="--column:0;--row:0;--scale:3"></span>'
    )
    assert 'style="--column:1;--row:1"' in atlas(images[-1], "last")
    sheet = decoded(atlas.sheet())
    assert sheet.shape == (2 * CELL, COLUMNS * CELL)
    shown = sheet[CELL + 1 : CELL + 29, CELL + 1 : CELL + 29].astype(int)
    assert np.abs(shown - (255 - images[-1].astype(int))).max() <= 8
    assert len(np.unique(shown)) == 16
    assert (sheet[:, ::CELL] == 255).all()
    assert (sheet[::CELL] == 255).all()
