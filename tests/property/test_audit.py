from dataclasses import replace

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.audit import audit
from letterlab.letterset import SIDE, Letters, LetterSet, Orientation

CHANGES = {
    "none": lambda image: image,
    "shift": lambda image: np.roll(image, (-1, 1), axis=(0, 1)),
    "jpeg": lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1], 0),
    "darker": lambda image: (image * 0.9).astype(np.uint8),
}


def scribbles(count: int, seed: int) -> LetterSet:
    generator = np.random.default_rng(seed)
    images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    for image in images:
        points = generator.integers(7, 21, (5, 2), dtype=np.int32)
        cv2.polylines(image, [points], isClosed=False, color=255, thickness=2, lineType=cv2.LINE_AA)
    return LetterSet.of(images, generator.integers(0, 26, count, dtype=np.uint8), [f"{seed}-{i}" for i in range(count)])


def joined(letters: LetterSet, images: np.ndarray) -> LetterSet:
    """The letters and, after them, these pictures under the letter A."""
    return LetterSet.of(
        np.concatenate([letters.images, images]),
        np.concatenate([letters.labels, np.zeros(len(images), np.uint8)]),
        [*letters.names.tolist(), *(f"planted-{number}" for number in range(len(images)))],
    )


seeds = st.integers(0, 2**16)
copies = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(sorted(CHANGES))), max_size=12)


@settings(max_examples=40, deadline=None)
@given(seeds, copies, copies)
def test_no_planted_duplicate_is_lost(seed, in_train, in_test):
    """Copies of train letters, in train and in test: each is named, and none leaks that was not planted in test."""
    train, test = scribbles(12, 2 * seed), scribbles(5, 2 * seed + 1)
    planted = [
        np.array([CHANGES[change](train.images[which]) for which, change in plan], np.uint8).reshape(-1, SIDE, SIDE)
        for plan in (in_train, in_test)
    ]
    letters = Letters(
        joined(train, planted[0]), joined(test, planted[1]), "planted", Orientation("upright", 1.0, "So.")
    )
    found = audit(letters)
    named_in_train = {position for pair in found.within_train for position in (pair.first, pair.second)}
    assert named_in_train >= set(range(12, 12 + len(in_train))) | {which for which, _ in in_train}
    assert {pair.second for pair in found.between} == set(range(5, 5 + len(in_test)))
    leaking = {which for which, _ in in_test}
    assert set(found.leaks.tolist()) == leaking | {12 + i for i, (which, _) in enumerate(in_train) if which in leaking}
    assert audit(letters.without_train(found.leaks)).between == ()


@settings(max_examples=25, deadline=None)
@given(seeds, copies)
def test_between_train_and_test_is_the_same_from_either_side(seed, plan):
    train = scribbles(12, seed)
    copied = np.array([CHANGES[change](train.images[which]) for which, change in plan], np.uint8)
    letters = Letters(
        train, joined(scribbles(3, seed + 2**20), copied.reshape(-1, SIDE, SIDE)), "", Orientation("upright", 1.0, "")
    )
    there, back = audit(letters), audit(replace(letters, train=letters.test, test=letters.train))
    assert {pair.first for pair in there.between} == {pair.second for pair in back.between}
    assert {pair.second for pair in there.between} == {pair.first for pair in back.between}
    assert there.within_train == back.within_test
    assert there.within_test == back.within_train


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2), st.integers(0, 2), st.integers(0, 255), seeds)
def test_any_handful_of_pictures_can_be_looked_through(of_train, of_test, grey, seed):
    """None or one of each part, of one grey or of noise."""
    generator = np.random.default_rng(seed)

    def some(count: int) -> LetterSet:
        images = generator.integers(0, 256, (count, SIDE, SIDE), dtype=np.uint8)
        images[:1] = grey
        return LetterSet.of(images, np.zeros(count, np.uint8), [str(number) for number in range(count)])

    found = audit(Letters(some(of_train), some(of_test), "few", Orientation("upright", 1.0, "")))
    assert [(pair.first, pair.second) for pair in found.between] == ([(0, 0)] if of_train and of_test else [])
    assert sum(found.train_counts) == of_train
    assert found.lines()
