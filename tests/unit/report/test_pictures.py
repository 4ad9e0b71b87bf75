"""Pictures: real PNG, dark ink on white, of the right letters."""

import base64

import cv2
import numpy as np

from letterlab.letterset import LetterSet
from letterlab.report.pictures import data_uri, mean_image, pictured_mistakes, samples


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


def test_mistakes_are_the_right_pictures_the_surest_first(predictions):
    letters = LetterSet.of(
        np.array([np.full((28, 28), 10 * i, np.uint8) for i in range(10)]),
        predictions.labels,
        predictions.names.tolist(),
    )
    found = pictured_mistakes(letters, predictions, "B", "A", 8)
    assert [one.name for one in found] == ["7.png", "6.png"]
    assert [round(one.sure, 3) for one in found] == [0.8, 0.6]
    assert decoded(found[0].picture)[0, 0] == 255 - 70
    assert [one.name for one in pictured_mistakes(letters, predictions, "B", "A", 1)] == ["7.png"]
    assert pictured_mistakes(letters, predictions, "C", "A", 8) == []
