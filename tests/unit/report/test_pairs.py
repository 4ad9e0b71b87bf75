"""Why letters are confused, as the report tells it."""

import base64
from dataclasses import replace

import cv2
import numpy as np
import pytest

import made_up
from letterlab.evaluation import rate
from letterlab.findings.evidence import Direction, Leaning, Measured, Meeting, Neighbours
from letterlab.findings.shapes import MEASURES
from letterlab.letterset import LetterSet
from letterlab.report.pairs import difference, effect, explained, measured, reasons
from letterlab.report.words import Words

WIDER = Measured("width", True, 1.31, 0.8, 1.4, 0.9, 0.0004)
CLOSED = Measured("gap", False, 0.0, 9.0, 0.0, 0.66, 0.02)
LEANING = Leaning("slant", False, -3.2, 4.0, -8.0, 0.41, 140, 0.001)
STRAIGHT = Measured("straightness", True, 0.9, 0.8, 0.95, 0.6, 0.03)
MEETING = Meeting(7, rate(9, 10), rate(30, 100), 12, rate(8, 9), 2, 0.003)
NEAR = Neighbours(rate(6, 10), rate(4, 100), 0.0002)


def direction(*evidence, misread=10, tested=12):
    return Direction("G", "Q", misread, evidence, tested, None)


def test_forms_come_first_then_what_is_strongest(english):
    told = reasons(english, direction(WIDER, NEAR, MEETING, CLOSED, LEANING, STRAIGHT))
    assert [one.pictures for one in told] == [(7, 12), (), (), (), ()]  # the fourth measure is left to findings.json
    assert [str(one.says).split(" ")[0] for one in told] == ["It", "The", "Likeness", "The", "The"]
    assert told[0].says == (
        "It is the form of G shown first that is taken for the form of Q shown second: 9 of 10 misread pictures are "
        "written so, against 30\u202f% of those read rightly (p\u00a0=\u00a00.003), and 8 of these 9 lie nearest to "
        "that form of Q."
    )
    assert told[1].says == "The writing is wider for its height than in G read rightly, as in Q."
    assert told[1].figures == (
        "Measured: width to height; 1.31 in the misread, 0.80 in G read rightly, 1.40 in Q. A large difference, "
        "p\u00a0&lt;\u00a00.001."
    )
    assert "6 of 10 have mostly Q" in told[2].says
    assert told[2].figures is None
    assert told[3].says == "The hollow is more nearly closed than in G read rightly, as in Q."
    assert "0.0 px in the misread, no hollow in G read rightly, 0.0 px in Q. A medium difference" in told[3].figures
    assert told[4].says == "The writing leans less to the right than in G read rightly, as in Q."
    assert "−3° in the misread, 4° in G read rightly, −8° in Q. The mistakes alone do not show" in told[4].figures
    assert "over all 140 G the network leans to Q" in told[4].figures
    assert "(rank correlation 0.41, p\u00a0=\u00a00.001)" in told[4].figures


def test_a_form_taken_for_a_letter_of_one_form(english):
    (told,) = reasons(english, direction(replace(MEETING, of_forms=1)))
    assert told.pictures == (7,)
    assert "9 of 10 are written in this form of G" in told.says


@pytest.mark.parametrize(
    ("misread", "tested", "begins"),
    [
        (10, 12, "No reason is shown: of 12 things tested (shape, "),
        (5, 12, "No reason is shown: of 12 things tested (shape, "),
        (4, 12, "No reason is shown: of 12 things tested none sets these mistakes (4) apart"),
        (1, 12, "No reason is shown: of 12 things tested none sets this mistake (1) apart"),
        (10, 0, "Nothing could be tested: G read rightly and Q are needed"),
    ],
)
def test_no_evidence_is_told_as_none(english, misread, tested, begins):
    (told,) = reasons(english, direction(misread=misread, tested=tested))
    assert str(told.says).startswith(begins)
    assert (told.figures, told.pictures) == (None, ())


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("more", [True, False])
def test_every_measure_has_its_words(language, more):
    words = Words(language)
    for measure in MEASURES:
        for one in (replace(WIDER, measure=measure, more=more), replace(LEANING, measure=measure, more=more)):
            (told,) = reasons(words, direction(one))
            assert "G" in told.says
            assert words(f"measure.{measure}") in told.figures


def test_effects_are_named_at_their_bounds():
    assert [effect(strength) for strength in (0.6, 0.639, 0.64, 0.709, 0.71, 1.0)] == [
        *["small"] * 2, *["medium"] * 2, *["large"] * 2
    ]  # fmt: skip


def test_values_have_their_units(english, russian):
    assert [measured(english, name, value) for name, value in [("head", 0.5), ("loops", 1.25), ("slant", -4.4)]] == [
        "50\u202f%", "1.2", "−4°"
    ]  # fmt: skip
    assert measured(russian, "gap", 8.0) == "8,0 пкс"
    assert measured(russian, "gap", 9.0) == "просвета нет"


def test_a_difference_is_blue_where_the_first_has_more_ink_and_clear_where_both_have_the_same():
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 4:10], images[1, 10:20], images[:, 25] = 255, 127, 255
    letters = LetterSet.of(images, np.array([0, 1], np.uint8), ["a", "b"])
    encoded = base64.b64decode(difference(letters, "A", "B").removeprefix("data:image/png;base64,"))
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED).astype(int)
    assert picture.shape == (28, 28, 4)
    blue, _, red, alpha = np.moveaxis(picture, 2, 0)
    assert (alpha[4:10] == 255).all()
    assert (blue > red)[4:10].all()
    assert ((alpha[10:20] > 110) & (alpha[10:20] < 150)).all()
    assert (red > blue)[10:20].all()
    assert (alpha[20:] == 0).all()


def test_pairs_are_explained_once_and_in_their_order(results):
    family = results.family("mlp")
    found = explained(results, family)
    assert [(one.first, one.second) for one in found] == [(one.first, one.second) for one in family.findings.pairs]
    assert explained(results, family) is found
    assert all(one.doubtful is None for why in found for one in why.directions)


def test_doubtful_labels_are_counted_where_letters_were_read_again():
    results = replace(made_up.results(made_up.small(made_up.mlp(search=0))), reread=made_up.reread())
    family = results.family("mlp")
    among = results.reread.doubt.among("test")
    test = family.best_trial.test
    for why in explained(results, family):
        for one in why.directions:
            wrong = (test.labels == ord(one.letter) - 65) & (test.answers == ord(one.read_as) - 65)
            assert one.doubtful == rate(int((wrong & among).sum()), int(wrong.sum()))
