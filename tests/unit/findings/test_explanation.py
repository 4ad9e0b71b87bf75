"""Why letters are confused, where the reason is known: rings that are open or closed."""

import cv2
import numpy as np
import pytest

from letterlab.evaluation import Predictions, rate
from letterlab.findings.confusion import confusion
from letterlab.findings.evidence import Leaning, Measured, Meeting, Neighbours
from letterlab.findings.explanation import _above, _divisions, _of_neighbours, _Seen, explain
from letterlab.findings.pairs import confused_pairs
from letterlab.letterset import LetterSet

LETTER_C, LETTER_O = 2, 14


def ring(generator, open_by):
    image = np.zeros((28, 28), np.uint8)
    centre, radius = generator.integers(13, 16, 2).tolist(), int(generator.integers(7, 10))
    cv2.ellipse(image, centre, (radius, radius), 0, open_by / 2, 360 - open_by / 2, 255, 2)
    return image


def study(misread_open_by, misread=8, of_each=40):
    """C open by 90 degrees and O closed, both read rightly; then C that are read as O, open by so much."""
    generator = np.random.default_rng(0)
    images = [ring(generator, by) for by in [90] * of_each + [0] * of_each + [misread_open_by] * misread]
    labels = np.array([LETTER_C] * of_each + [LETTER_O] * of_each + [LETTER_C] * misread, np.uint8)
    answers = np.array([LETTER_C] * of_each + [LETTER_O] * of_each + [LETTER_O] * misread)
    probabilities = np.full((len(labels), 26), 0.001, np.float32)
    probabilities[np.arange(len(labels)), answers] = 0.975
    names = [str(i) for i in range(len(labels))]
    return LetterSet.of(np.stack(images), labels, names), Predictions(probabilities, labels, np.array(names))


def explained(letters, predictions, features=None, doubtful=None):
    return explain(confused_pairs(confusion(predictions)), letters, predictions, features, doubtful)


def test_closed_c_are_read_as_o_because_they_are_closed():
    (why,) = explained(*study(0))
    (direction,) = why.directions
    assert (why.first, why.second, direction.letter, direction.read_as, direction.misread) == ("C", "O", "C", "O", 8)
    by_measure = {one.measure: one for one in direction.evidence if isinstance(one, Measured)}
    assert {"loops", "ends", "gap"} <= set(by_measure)
    loops = by_measure["loops"]
    assert (loops.misread, loops.own, loops.other, loops.more, loops.strength) == (1, 0, 1, True, 1)
    assert not by_measure["ends"].more
    assert not by_measure["gap"].more
    assert all(one.p < 0.05 and 0.5 < one.strength <= 1 for one in direction.evidence)
    assert [one.strength for one in direction.evidence] == sorted(
        (one.strength for one in direction.evidence), reverse=True
    )
    of_shape = [one.measure for one in direction.evidence if isinstance(one, (Measured, Leaning))]
    assert len(of_shape) == len(set(of_shape))
    (near,) = (one for one in direction.evidence if isinstance(one, Neighbours))
    assert near.misread.share > 0.5
    assert near.own == rate(0, 40)
    assert why.told.auc > 0.9
    assert len(why.look_alikes) == 4
    assert direction.doubtful is None


def test_c_as_open_as_all_others_give_no_reason():
    (why,) = explained(*study(90))
    (direction,) = why.directions
    assert direction.evidence == ()
    assert direction.tested > 5


def test_one_mistake_is_not_explained_by_what_chance_allows():
    (why,) = explained(*study(0, misread=1))
    (direction,) = why.directions
    assert not [one for one in direction.evidence if isinstance(one, Measured)]


def test_a_leaning_is_told_where_the_mistakes_are_too_few():
    """The more closed a C is, the more the network leans to O; one C alone is misread."""
    generator = np.random.default_rng(0)
    opened = np.linspace(110, 20, 60)
    images = [ring(generator, by) for by in [*opened, *[0] * 40]]
    labels = np.array([LETTER_C] * 60 + [LETTER_O] * 40, np.uint8)
    probabilities = np.full((100, 26), 1e-4, np.float32)
    probabilities[:60, LETTER_O] = np.linspace(0.01, 0.492, 60)
    probabilities[:60, LETTER_C] = 0.98 - probabilities[:60, LETTER_O]
    probabilities[60:, LETTER_O] = 0.99
    predictions = Predictions(probabilities, labels, labels.astype(str))
    (why,) = explained(LetterSet.of(np.stack(images), labels, labels.astype(str).tolist()), predictions)
    (direction,) = why.directions
    found = {one.measure: one for one in direction.evidence if isinstance(one, Leaning)}
    assert not found["gap"].more
    assert found["gap"].correlation > 0.8
    assert found["gap"].n == 60
    assert not {one.measure for one in direction.evidence if isinstance(one, Measured)} & set(found)


def test_three_pictures_in_order_are_no_evidence():
    # Of three values each order is as likely as any other, so that all three rise together is no news: p is 1/6.
    generator = np.random.default_rng(0)
    told = 0
    for seed in range(20):
        images = np.stack([ring(generator, by) for by in (90, 60, 30, 0, 0, 0)])
        labels = np.array([LETTER_C] * 3 + [LETTER_O] * 3, np.uint8)
        chances = np.random.default_rng(seed).dirichlet(np.ones(26), 6).astype(np.float32)
        chances[:, [LETTER_C, LETTER_O]] += [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]]
        chances /= chances.sum(axis=1, keepdims=True)
        names = [str(i) for i in range(6)]
        letters, predictions = LetterSet.of(images, labels, names), Predictions(chances, labels, np.array(names))
        told += sum(len(one.evidence) for why in explained(letters, predictions) for one in why.directions)
    assert told == 0


def test_the_forms_that_meet_are_named():
    letters, predictions = study(0)
    # The network sees two forms of C, the misread all of the second, and two of O, of which the second is near that.
    at = np.array([0.0] * 20 + [10.0] * 20 + [30.0] * 20 + [13.0] * 20 + [10.5] * 8)
    space = (at[:, None] * [1, 0] + np.random.default_rng(1).normal(size=(88, 2)) / 10).astype(np.float32)
    (why,) = explained(letters, predictions, space)
    (meeting,) = (one for one in why.directions[0].evidence if isinstance(one, Meeting))
    assert (meeting.share, meeting.usual, meeting.nearest) == (rate(8, 8), rate(20, 40), rate(8, 8))
    assert meeting.medoid in [*range(20, 40), *range(80, 88)]
    assert 60 <= meeting.meets < 80
    assert meeting.of_forms == 2
    assert {letters.labels[one.second] for one in why.look_alikes} == {LETTER_O}
    assert all(60 <= one.second < 80 for one in why.look_alikes)


def test_doubtful_labels_are_counted_among_the_mistakes():
    letters, predictions = study(0)
    doubtful = np.zeros(len(letters), dtype=bool)
    doubtful[[0, 50, 80, 81]] = True
    (why,) = explained(letters, predictions, doubtful=doubtful)
    assert why.directions[0].doubtful == rate(2, 8)


def test_a_letter_that_is_never_read_rightly_is_told_to_be_untested():
    letters, predictions = study(0)
    keep = np.r_[40:88]
    few = Predictions(predictions.probabilities[keep], predictions.labels[keep], predictions.names[keep])
    (why,) = explained(letters.take(keep), few)
    assert (why.directions[0].tested, why.directions[0].evidence) == (0, ())


def test_the_commoner_direction_comes_first():
    letters, predictions = study(0)
    probabilities = predictions.probabilities.copy()
    probabilities[41, [LETTER_C, LETTER_O]] = 0.975, 0.001
    (why,) = explained(letters, Predictions(probabilities, predictions.labels, predictions.names))
    assert [(one.letter, one.misread) for one in why.directions] == [("C", 8), ("O", 1)]


def test_a_picture_is_not_its_own_neighbour():
    """The five nearest of the misread at 0 are two of its own letter and three of the other."""
    seen = object.__new__(_Seen)
    seen.pixels = np.array([0, 1, 1.1, 2, 2.1, 2.2, 9, 9.1], np.float32)[:, None]
    near = _of_neighbours(seen, np.array([0]), np.array([1, 2]), np.array([3, 4, 5, 6, 7]))
    assert near.misread == rate(1, 1)


def test_how_often_one_value_is_above_another():
    assert _above(np.array([[3.0], [1.0]]), np.array([[2.0], [1.0], [0.0]]))[0] == pytest.approx((3 + 1.5) / 6)


def test_a_letter_that_is_only_an_answer_leaves_nothing_to_compare():
    letters, predictions = study(0)
    keep = np.r_[:40, 80:88]
    some = Predictions(predictions.probabilities[keep], predictions.labels[keep], predictions.names[keep])
    (why,) = explained(letters.take(keep), some)
    assert (why.told, why.look_alikes) == (None, ())
    assert (why.directions[0].misread, why.directions[0].tested) == (8, 0)


def test_divisions_are_even():
    found = _divisions(3, 7)
    assert all(len(set(row)) == 3 for row in found.tolist())
    assert np.bincount(found.ravel(), minlength=7) / len(found) == pytest.approx(np.full(7, 3 / 7), abs=0.02)
    assert _divisions(4, 4).sum(axis=1).tolist() == [6] * len(found)
