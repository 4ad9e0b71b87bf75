import json
from dataclasses import asdict, replace

import cv2
import numpy as np
import pytest

from letterlab.audit import audit, balance
from letterlab.letterset import SIDE, Letters, LetterSet, Orientation, SetAside


def strokes(labels: str, seed: int) -> LetterSet:
    generator = np.random.default_rng(seed)
    images = np.zeros((len(labels), SIDE, SIDE), dtype=np.uint8)
    for image in images:
        points = generator.integers(6, 22, (5, 2), dtype=np.int32)
        cv2.polylines(image, [points], isClosed=False, color=255, thickness=2, lineType=cv2.LINE_AA)
    names = [f"{letter}_{seed}{number:04}.jpg" for number, letter in enumerate(labels)]
    return LetterSet.of(images, np.array([ord(letter) - 97 for letter in labels], dtype=np.uint8), names)


def with_pictures(letters: LetterSet, changes: dict[int, np.ndarray]) -> LetterSet:
    images = letters.images.copy()
    for position, image in changes.items():
        images[position] = image
    return LetterSet.of(images, letters.labels, letters.names.tolist())


@pytest.fixture
def letters() -> Letters:
    """Six letters to train on, three to test with, no two alike."""
    return Letters(strokes("abcabc", 1), strokes("abc", 2), "some.zip", Orientation("upright", 0.987, "They stand."))


@pytest.fixture
def leaking(letters) -> Letters:
    """Test picture 2 stands in train at 4, under another letter, and shifted at 1; train 3 is train 0."""
    picture = letters.test.images[2]
    first = letters.train.images[0]
    return replace(letters, train=with_pictures(letters.train, {4: picture, 1: np.roll(picture, 1, axis=1), 3: first}))


def test_letters_without_a_fault(letters):
    found = audit(letters)
    assert found.train_counts == (2, 2, 2, *[0] * 23)
    assert found.test_counts == (1, 1, 1, *[0] * 23)
    assert found.within_train == found.within_test == found.between == found.contradictions == ()
    assert found.leaks.tolist() == []
    assert letters.without_train(found.leaks).fingerprint == letters.fingerprint


def test_leaks_are_named_and_can_be_left_out(leaking):
    found = audit(leaking)
    assert found.leaks.tolist() == [1, 4]
    exact, near = found.between
    assert (exact.first, exact.second, exact.exact) == (4, 2, True)
    assert (exact.first_file, exact.second_file) == ("b_10004.jpg", "c_20002.jpg")
    assert (near.first, near.second, near.exact) == (1, 2, False)
    clean = leaking.without_train(found.leaks)
    assert clean.train.names.tolist() == ["a_10000.jpg", "c_10002.jpg", "a_10003.jpg", "c_10005.jpg"]
    assert audit(clean).leaks.tolist() == []


def test_duplicates_that_contradict_each_other(leaking):
    found = audit(leaking)
    assert [(pair.first_letter, pair.second_letter) for pair in found.contradictions] == [("B", "C"), ("B", "C")]
    assert not any(pair.contradicts for pair in found.within_train)


def test_the_summary_says_it_all(leaking):
    aside = tuple(SetAside(f"bad{number}.jpg", "it is damaged") for number in range(7))
    told = replace(leaking, set_aside=(*aside, SetAside("9.jpg", "no letter in its name")), notes=("A note.",))
    lines = audit(replace(told, drawn=True, test_was_cut=True)).lines()
    text = "\n".join(lines)
    assert lines[0] == "some.zip: 6 letters to train on, 3 to test on."
    assert "drawn by this program" in text
    assert "a sixth of each letter was cut off" in text
    assert "Orientation: upright, 98.7% certain. They stand." in lines
    assert "A note." in lines
    assert "Set aside: 8 files." in lines
    assert "  7: it is damaged (bad0.jpg, bad1.jpg, bad2.jpg, bad3.jpg, bad4.jpg and 2 more)" in lines
    assert "  1: no letter in its name (9.jpg)" in lines
    assert "Duplicates within train: 1 exact, 1 near." in lines
    assert "  a_10000.jpg = a_10003.jpg, b_10001.jpg ~ b_10004.jpg" in lines
    assert "Duplicates within test: 0 exact, 0 near." in lines
    assert "Duplicates between train and test: 1 exact, 1 near." in lines
    assert "  b_10004.jpg (B) = c_20002.jpg (C), b_10001.jpg (B) ~ c_20002.jpg (C)" in lines
    assert "Duplicates under two letters, of which one is wrong: 1 exact, 1 near." in lines
    assert "  Test letters that also stand in train: 1. Leave out of train: 2 files." in lines


def test_the_table_of_counts_has_its_columns_below_one_another(letters):
    lines = audit(letters).lines()
    head = next(line for line in lines if line.split()[:2] == ["A", "B"])
    train = lines[lines.index(head) + 1]
    assert train.split() == ["train", "2", "2", "2", *["0"] * 10]
    assert head.index("C") == train.replace("train", "     ").index("2", head.index("B") + 1)


def test_json_can_hold_it(leaking):
    described = json.loads(json.dumps(asdict(audit(leaking))))
    assert described["between"][0]["first_file"] == "b_10004.jpg"
    assert described["train_counts"][:3] == [2, 2, 2]


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ([500] * 26, "even, 500 of each letter."),
        ([1000] + [500] * 25, "from 500 (B) to 1,000 (A): the rarest letter has 50% of the most frequent one."),
        ([3, *[5] * 24, 0], "there is no Z; 5 of the most frequent letter, B."),
        ([0] * 26, "there is no letter."),
    ],
)
def test_balance(counts, said):
    assert balance(counts) == said


def test_nothing_at_all():
    nothing = strokes("", 0)
    found = audit(Letters(nothing, nothing, "empty", Orientation("upright", 1.0, "Said so.")))
    assert found.leaks.tolist() == []
    assert "empty: 0 letters to train on, 0 to test on." in found.lines()
