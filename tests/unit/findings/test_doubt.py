"""Doubts about labels: what is wrong is found and named, what is right is left alone."""

from dataclasses import replace

import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.findings.doubt import Doubt, Reading, doubt, viewed
from letterlab.letterset import SIDE, LetterSet

EACH = 20
TURNED = dict(zip("HINOSXZMWNUDPBQ", "HINOSXZWMZNPDQB", strict=True))
"""What letters are read as when they are turned; the others are read as nothing."""


def sure(letter: str | None, how: float = 0.9) -> np.ndarray:
    """A network that is so sure of a letter; without one, as unsure as can be."""
    found = np.full(26, 1 / 26 if letter is None else (1 - how) / 25, dtype=np.float32)
    if letter is not None:
        found[LETTERS.index(letter)] = how
    return found


def reading(**odd) -> Reading:
    """20 of each letter, all read rightly, but for the first of some: `Q={"label": "O"}` is a Q that is labelled O.

    What a letter is read as upright, turned and mirrored may be given too.
    """
    labels, seen = [], {"upright": [], "turned": [], "mirrored": []}
    for number in range(26 * EACH):
        letter = LETTERS[number // EACH]
        given = odd.get(letter, {}) if number % EACH == 0 else {}
        labels.append(LETTERS.index(given.get("label", letter)))
        usual = {"upright": letter, "turned": TURNED.get(letter), "mirrored": None}
        for view, read in usual.items():
            seen[view].append(sure(given.get(view, read)))
    letters = LetterSet.of(
        np.zeros((len(labels), SIDE, SIDE), np.uint8),
        np.array(labels, np.uint8),
        [f"{i}.png" for i in range(len(labels))],
    )
    upright, turned, mirrored = (np.array(one, np.float32) for one in seen.values())
    return Reading(letters, upright, {"turned": turned, "mirrored": mirrored})


def found(**odd) -> Doubt:
    return doubt(reading(**odd), reading())


def the_one(**odd):
    [one] = found(**odd).letters
    return one


def test_where_every_letter_is_read_as_its_label_none_is_in_doubt():
    assert found().letters == ()
    assert (found().read.hits, found().read.n) == (26 * EACH, 26 * EACH)


def test_how_many_training_letters_are_read_as_their_label():
    assert doubt(reading(Q={"label": "O"}, R={"upright": "P"}), reading(A={"upright": "B"})).read.hits == 26 * EACH - 2


def test_a_wrong_label_is_found_and_mended():
    one = the_one(Q={"label": "O", "turned": None})
    assert (one.part, one.position, one.name, one.label) == ("train", 16 * EACH, f"{16 * EACH}.png", "O")
    assert (one.kind, one.suggested) == ("mislabelled", "Q")
    assert (one.of_label, one.of_suggested) == pytest.approx((0.004, 0.9))
    assert one.score == pytest.approx(0.896)


@pytest.mark.parametrize("view", ["turned", "mirrored"])
def test_a_letter_that_reads_as_its_label_in_another_view_alone(view):
    one = the_one(R={"upright": None, view: "R"})
    assert (one.label, one.kind, one.suggested) == ("R", view, "R")
    assert one.of_label == pytest.approx(1 / 26)
    assert one.of_suggested == pytest.approx(0.9)


def test_a_w_labelled_m_may_be_either():
    one = the_one(M={"upright": "W", "turned": "M"})
    assert (one.label, one.kind, one.suggested) == ("M", "mislabelled or turned", "W")
    one = the_one(L={"upright": "J", "mirrored": "L"})
    assert (one.label, one.kind, one.suggested) == ("L", "mislabelled or mirrored", "J")


def test_a_letter_that_looks_the_same_turned_is_never_said_to_be_turned():
    one = the_one(S={"upright": "Z", "turned": "S"})
    assert (one.label, one.kind, one.suggested) == ("S", "mislabelled", "Z")
    assert found(H={"upright": "N", "turned": "H"}).letters[0].kind == "mislabelled"


def test_of_two_views_the_surer_is_told():
    given = reading(R={"upright": None, "turned": "R", "mirrored": "R"})
    given.views["turned"][17 * EACH] = sure("R", 0.95)
    assert doubt(given, reading()).letters[0].kind == "turned"
    given.views["mirrored"][17 * EACH] = sure("R", 0.97)
    assert doubt(given, reading()).letters[0].kind == "mirrored"


def test_what_no_view_reads_is_unreadable():
    one = the_one(K={"upright": None})
    assert (one.label, one.kind, one.suggested) == ("K", "unreadable", None)
    assert np.isnan(one.of_suggested)
    assert one.score == pytest.approx(1 - (1 / 26) / (0.3 * (19 * 0.9 + 1 / 26) / 20))
    # Read as something turned, it is not unreadable; but that says nothing of its label.
    assert found(K={"upright": None, "turned": "T"}).letters == ()


def test_an_answer_less_sure_than_is_usual_of_that_letter_is_no_doubt():
    given = reading()
    given.upright[0] = sure("B", 0.6)
    assert doubt(given, reading()).letters == ()
    given.upright[EACH : 2 * EACH] = sure("B", 0.55)  # of B less is usual
    assert [one.suggested for one in doubt(given, reading()).letters] == ["B"]


def test_letters_that_are_written_alike_are_no_doubt():
    """Two I of 40 that are read as L may be mislabelled; of six nobody would think so, nor that they are mirrored."""
    for few, expected in ((2, ["L", "L"]), (6, [])):
        given = reading()
        given.upright[8 * EACH : 8 * EACH + few] = sure("L")
        given.views["mirrored"][8 * EACH : 8 * EACH + few] = sure("I")
        found = doubt(given, reading()).letters
        assert [(one.label, one.suggested) for one in found] == [("I", letter) for letter in expected]


def test_the_surest_is_first_whatever_its_part():
    train, test = (
        reading(Q={"label": "O", "turned": None}, A={"label": "E"}),
        reading(R={"upright": None, "turned": "R"}),
    )
    train.upright[0] = sure("A", 0.99)
    found = doubt(train, test)
    assert [one.label for one in found.letters] == ["E", "O", "R"]
    assert [one.part for one in found.letters] == ["train", "train", "test"]
    assert np.flatnonzero(found.among("train")).tolist() == [0, 16 * EACH]
    assert np.flatnonzero(found.among("test")).tolist() == [17 * EACH]
    assert found.sizes == {"train": 26 * EACH, "test": 26 * EACH}


def test_a_part_without_some_letters_is_looked_at_all_the_same():
    given = reading(Q={"label": "O", "turned": None})
    few = np.flatnonzero(np.isin(given.letters.labels, [14, 16]))
    part = Reading(given.letters.take(few), given.upright[few], {view: seen[few] for view, seen in given.views.items()})
    assert [one.suggested for one in doubt(reading(), part).letters] == ["Q"]


def test_a_part_of_one_letter_has_nothing_to_compare_with():
    one = reading()
    which = one.letters.labels == 0
    alone = Reading(
        one.letters.take(which), one.upright[which], {view: seen[which] for view, seen in one.views.items()}
    )
    assert doubt(reading(), alone).letters == ()


def test_the_views():
    image = np.arange(SIDE * SIDE, dtype=np.uint32).reshape(1, SIDE, SIDE).astype(np.uint8)
    letters = LetterSet.of(image, np.array([3], np.uint8), ["d.png"])
    turned, mirrored = viewed(letters, "turned"), viewed(letters, "mirrored")
    assert (turned.images[0] == np.rot90(image[0], 2)).all()
    assert (mirrored.images[0] == np.fliplr(image[0])).all()
    assert turned.images.flags.c_contiguous
    assert (turned.names.tolist(), turned.labels.tolist()) == (["d.png"], [3])
    assert replace(turned, images=image).fingerprint != letters.fingerprint
