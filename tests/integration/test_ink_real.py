"""Real letters and real pictures keep their shape on the way to the 28x28 that a network sees."""

import cv2
import numpy as np
import pytest

from letterlab.recognise.decoding import decode
from letterlab.recognise.ink import find_ink, prepare, prepare_letters
from letterlab.sources.opening import open_letters


@pytest.fixture(scope="module")
def images(real):
    return np.array(open_letters(str(real / "letters")).train.images[::40])


@pytest.fixture(scope="module")
def pictures(real):
    """Every ninth picture, grey."""
    return [decode(path.read_bytes()) for path in sorted((real / "pictures").glob("*.png"))[::9]]


def difference(one, other):
    return np.abs(one.astype(int) - other).mean()


def alike(one, other):
    """Correlation of two pictures, one of them moved by up to two pixels."""
    moved = [np.roll(one, (y, x), axis=(0, 1)).ravel() for y in range(-2, 3) for x in range(-2, 3)]
    return np.corrcoef([other.ravel(), *moved])[0, 1:].max()


def test_real_letters_keep_their_shape(images):
    found = prepare_letters(images)
    likeness = np.array([alike(one, other) for one, other in zip(found, images, strict=True)])
    assert np.median(likeness) > 0.95
    assert np.mean(likeness < 0.75) < 0.02
    assert all(picture.max() == 255 for picture in found)
    for image in images[::4]:
        assert np.array_equal(find_ink(255 - image).ink, find_ink(image).ink)


def test_no_real_letter_is_taken_for_its_ground(images):
    for image in images:
        inside = cv2.boundingRect((image >= 32).astype(np.uint8))
        crop = image[inside[1] : inside[1] + inside[3], inside[0] : inside[0] + inside[2]]
        if min(crop.shape) >= 8:
            assert difference(find_ink(crop).ink, crop) < difference(find_ink(crop).ink, 255 - crop)


def test_real_letters_photographed_are_much_as_they_were(images):
    y, x = np.mgrid[0:192, 0:192] / 192
    lamp = 1 - 0.7 * ((x - 0.3) ** 2 + (y - 0.4) ** 2)
    noise = np.random.default_rng(0).normal(0, 6, (192, 192))
    changes = []
    for image in images[::4]:
        large = np.pad(cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC), 40)
        photo = np.clip(225 * lamp * (1 - 0.75 * large / 255) + noise, 0, 255).astype(np.uint8)
        changes.append(difference(prepare(find_ink(photo).ink), prepare(find_ink(image).ink)))
    assert np.mean(changes) < 9
    assert np.max(changes) < 35


def test_real_pictures_give_letters_as_emnist_has_them(pictures):
    found = np.stack([prepare(find_ink(grey).ink) for grey in pictures])
    assert (found.max(axis=(1, 2)) == 255).all()
    assert (np.maximum(found.any(axis=1).sum(axis=1), found.any(axis=2).sum(axis=1)) >= 22).all()
    assert 20 < found.mean() < 90  # EMNIST: 44
    assert not found[:, :2].any()


def test_real_pictures_stay_the_same_moved_inverted_smaller_and_in_other_light(pictures):
    changes = {"smaller": [], "half lit": []}
    for grey in pictures[::3]:
        found = find_ink(grey)
        wanted = prepare(found.ink)
        assert np.array_equal(find_ink(255 - grey).ink, found.ink)
        moved = np.pad(grey[:, 60:], ((0, 0), (0, 60)), constant_values=255)
        if grey[:, :60].min() == 255:
            assert difference(prepare(find_ink(moved).ink), wanted) < 3
        changes["smaller"].append(difference(prepare(find_ink(cv2.resize(grey, None, fx=0.2, fy=0.2)).ink), wanted))
        light = np.linspace(1, 0.5, grey.shape[1])
        changes["half lit"].append(difference(prepare(find_ink(np.rint(grey * light).astype(np.uint8)).ink), wanted))
    assert np.mean(changes["smaller"]) < 8
    assert np.mean(changes["half lit"]) < 3
    assert max(max(each) for each in changes.values()) < 25
