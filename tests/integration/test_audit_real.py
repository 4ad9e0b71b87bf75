"""The audit on real letters: what it finds in them, and copies of them that were changed."""

import zipfile

import cv2
import numpy as np
import pytest

from letterlab.audit import audit
from letterlab.duplicates import find_duplicates
from letterlab.letterset import Letters, LetterSet, Orientation


def part(path) -> LetterSet:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        pictures = [cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_GRAYSCALE).T for name in names]
    labels = np.array([ord(name[0]) - ord("a") for name in names], dtype=np.uint8)
    return LetterSet.of(np.stack(pictures), labels, names)


@pytest.fixture(scope="module")
def real_letters(real) -> Letters:
    parts = [part(real / "letters" / name / "images.zip") for name in ("train", "test")]
    return Letters(*parts, "letters", Orientation("stored-transposed", 1.0, "Said so."))


def jpeg(quality):
    def encoded(image):
        stored = cv2.imencode(".jpg", np.ascontiguousarray(image.T), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE).T

    return encoded


def noisy(image):
    noise = np.random.default_rng(0).normal(0, 5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


CHANGES = {
    "JPEG at quality 50": jpeg(50),
    "JPEG at quality 95": jpeg(95),
    "shifted by a pixel": lambda image: cv2.warpAffine(image, np.float32([[1, 0, 1], [0, 1, -1]]), (28, 28)),
    "shifted by half a pixel": lambda image: cv2.warpAffine(image, np.float32([[1, 0, 0.5], [0, 1, 0]]), (28, 28)),
    "15 % brighter": lambda image: np.clip(image * 1.15, 0, 255).astype(np.uint8),
    "15 % darker": lambda image: (image * 0.85).astype(np.uint8),
    "light noise": noisy,
    "light blur": lambda image: cv2.GaussianBlur(image, (0, 0), 0.5),
}


def test_two_people_are_seldom_taken_for_one(real_letters):
    """Looked at one by one, the 25 pairs are the same writing; hundreds of plain strokes lie nearer and are none."""
    found = audit(real_letters)
    pairs = found.within_train + found.within_test + found.between
    assert sum(pair.exact for pair in pairs) == 3
    assert len(pairs) == 25
    assert len(found.leaks) == 1
    assert found.contradictions == ()


@pytest.mark.parametrize("plain", [False, True], ids=["all letters", "I and L alone"])
@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found(real_letters, change, plain):
    train = real_letters.train
    pool = np.flatnonzero(np.isin(train.labels, [8, 11])) if plain else np.arange(len(train))
    chosen = np.random.default_rng(0).choice(pool, 200, replace=False)
    copies = np.stack([CHANGES[change](image) for image in train.images[chosen]])
    between = find_duplicates(train.images, copies)[2]
    assert np.isin(np.arange(200), between.second).mean() >= 0.99
    assert np.isin(chosen, between.first).mean() >= 0.99
