import cv2
import numpy as np
import pytest

from letterlab import duplicates
from letterlab.duplicates import find_duplicates, settle
from letterlab.letterset import SIDE

NONE = np.zeros((0, SIDE, SIDE), dtype=np.uint8)


def scribbles(count: int, seed: int) -> np.ndarray:
    """Strokes through five random points each, as unlike one another as letters of different people or more."""
    generator = np.random.default_rng(seed)
    images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    for image in images:
        points = generator.integers(6, 22, (5, 2), dtype=np.int32)
        cv2.polylines(image, [points], isClosed=False, color=255, thickness=2, lineType=cv2.LINE_AA)
    return images


def encoded(image):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 75])[1], cv2.IMREAD_GRAYSCALE)


def noisy(image):
    noise = np.random.default_rng(0).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


CHANGES = {
    "encoded again": encoded,
    "shifted": lambda image: np.roll(image, (1, -1), axis=(0, 1)),
    "darker": lambda image: (image * 0.85).astype(np.uint8),
    "on a grey ground": lambda image: np.maximum(image, 12),
    "noisy": noisy,
    "blurred": lambda image: cv2.GaussianBlur(image, (0, 0), 0.5),
}


def pairs_of(found):
    return list(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_a_settled_form_is_normalised_and_empty_without_ink():
    images = np.concatenate([scribbles(5, 0), np.full((2, SIDE, SIDE), 90, np.uint8)])
    forms = settle(images)
    assert np.allclose(forms.mean(axis=1), 0, atol=1e-6)
    assert np.allclose(np.linalg.norm(forms, axis=1), [1, 1, 1, 1, 1, 0, 0], atol=1e-5)


def test_a_shift_changes_nothing_in_a_settled_form():
    images = scribbles(5, 0)
    assert np.allclose(settle(images), settle(np.roll(images, (2, -3), axis=(1, 2))), atol=1e-5)


def test_exact_duplicates_are_paired_with_the_first():
    one, two, three = scribbles(3, 0)
    train, test, between = find_duplicates(np.stack([one, two, one, three, one]), np.stack([three, three]))
    assert pairs_of(train) == [(0, 2), (0, 4)]
    assert pairs_of(test) == [(0, 1)]
    assert pairs_of(between) == [(3, 0), (3, 1)]
    for found in (train, test, between):
        assert found.exact.all()
        assert np.allclose(found.distance, 0, atol=1e-6)


def test_pictures_without_ink_are_duplicates_only_of_their_equals():
    blank, grey = np.zeros((SIDE, SIDE), np.uint8), np.full((SIDE, SIDE), 90, np.uint8)
    train, _, between = find_duplicates(np.stack([blank, grey, blank]), np.stack([grey]))
    assert pairs_of(train) == [(0, 2)]
    assert pairs_of(between) == [(1, 0)]


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found_and_nothing_else(change):
    letters = scribbles(300, 1)
    copies = np.stack([CHANGES[change](image) for image in letters[::10]])
    train, test, between = find_duplicates(letters, copies)
    assert sorted(pairs_of(between)) == [(i * 10, i) for i in range(30)]
    assert not between.exact.any()
    assert len(train) == len(test) == 0


def test_a_rarer_shape_may_be_further_from_its_double():
    """Strokes that lean by a little more or less each: many people's I. And one K, twice, from different scans."""
    strokes = np.zeros((3000, SIDE, SIDE), dtype=np.uint8)
    for number, stroke in enumerate(strokes):
        lean = (number / 3000 - 0.5) * 12
        ends = ((14 + lean) * 16, 4 * 16), ((14 - lean) * 16, 24 * 16)
        cv2.line(stroke, *(tuple(map(int, end)) for end in ends), 255, 2, cv2.LINE_AA, shift=4)
    k = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for start, end in (((9, 4), (9, 24)), ((19, 5), (9, 15)), ((12, 13), (20, 24))):
        cv2.line(k, start, end, 255, 2, cv2.LINE_AA)
    enlarged = cv2.warpAffine(k, np.float32([[1.04, 0, -0.5], [0, 1.04, -0.5]]), (SIDE, SIDE))
    neighbours = 1 - settle(strokes[::50])[0] @ settle(strokes[::50])[1]
    scans = 1 - settle(k[None])[0] @ settle(enlarged[None])[0]
    assert 0.001 < neighbours < scans < 0.03, "the case at hand: two strokes are nearer than the two scans"

    found = find_duplicates(np.concatenate([strokes[::50], np.stack([k, enlarged])]), NONE)[0]
    assert pairs_of(found) == [], "too few letters to tell"
    found = find_duplicates(np.concatenate([strokes[::50], scribbles(2000, 2), np.stack([k, enlarged])]), NONE)[0]
    assert pairs_of(found) == [(2060, 2061)]


def test_blocks_give_the_same_as_one_block(monkeypatch):
    train = np.concatenate([scribbles(40, 3), np.roll(scribbles(40, 3)[::3], 1, axis=1)])
    test = np.concatenate([noisy(train[::7]), scribbles(9, 4)])
    whole = [pairs_of(found) for found in find_duplicates(train, test)]
    monkeypatch.setattr(duplicates, "_BLOCK", 7)
    assert [pairs_of(found) for found in find_duplicates(train, test)] == whole
    assert all(whole[::2])


def test_memory_mapped_letters(tmp_path):
    letters = scribbles(20, 5)
    np.save(tmp_path / "train.npy", np.concatenate([letters, letters[:3]]))
    train, _, between = find_duplicates(np.load(tmp_path / "train.npy", mmap_mode="r"), NONE)
    assert pairs_of(train) == [(0, 20), (1, 21), (2, 22)]
    assert len(between) == 0
