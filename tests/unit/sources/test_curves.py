import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.sources.curves import SEGMENTS, all_curves
from letterlab.sources.strokes import forms_of


def samples_of(form: int) -> np.ndarray:
    """[runs, SEGMENTS + 1, 2] without the filling."""
    curves = all_curves()
    samples = (curves.spline[form] @ curves.points[form]).reshape(-1, SEGMENTS + 1, 2)
    return samples[: curves.runs[form]]


def form_of(letter: str, number: int) -> int:
    return int(all_curves().first[LETTERS.index(letter.upper()), int(letter.islower())]) + number


def test_every_form_of_every_letter_is_there():
    curves = all_curves()
    for index, letter in enumerate(LETTERS):
        assert curves.count[index].tolist() == [len(forms_of(letter)), len(forms_of(letter.lower()))]
    assert len(curves.points) == curves.count.sum()
    np.testing.assert_array_equal(curves.first.ravel(), np.cumsum(curves.count) - curves.count.ravel())


def test_larger_side_is_one_and_the_middle_is_zero():
    for points, spline in zip(all_curves().points, all_curves().spline, strict=True):
        there = points[np.abs(spline).sum(axis=0) > 0]
        low, high = there.min(axis=0), there.max(axis=0)
        assert (high - low).max() == pytest.approx(1)
        np.testing.assert_allclose(low + high, 0, atol=1e-6)


def test_the_pen_passes_every_point():
    for form, (points, spline) in enumerate(zip(all_curves().points, all_curves().spline, strict=True)):
        there = points[np.abs(spline).sum(axis=0) > 0]
        samples = samples_of(form).reshape(-1, 2)
        nearest = np.hypot(*(there[:, None] - samples).T).min(axis=0)
        # a point lies between two samples at most half a segment away
        assert nearest.max() < 0.07


def test_straight_between_sharp_turns():
    leg = samples_of(form_of("A", 0))[0]  # the first run of the A's left leg
    along, across = leg[-1] - leg[0], leg - leg[0]
    np.testing.assert_allclose(along[0] * across[:, 1] - along[1] * across[:, 0], 0, atol=1e-6)


def test_round_between_other_points():
    radius = np.hypot(*samples_of(form_of("O", 0)).reshape(-1, 2).T)
    assert radius.max() / radius.min() < 1.4


def test_runs_of_a_curve_meet():
    bar = samples_of(form_of("I", 0))
    assert len(bar) > 2
    np.testing.assert_array_equal(bar[:-1, -1], bar[1:, 0])


def test_what_a_form_does_not_fill_stays_at_its_end():
    curves = all_curves()
    form = int(curves.runs.argmin())
    samples = curves.spline[form] @ curves.points[form]
    end = curves.runs[form] * (SEGMENTS + 1)
    assert end < len(samples)
    np.testing.assert_array_equal(samples[end:], np.broadcast_to(samples[end - 1], samples[end:].shape))


def test_length_travelled_grows():
    curves = all_curves()
    assert (np.diff(curves.travelled, axis=1) >= 0).all()
    bar = form_of("I", 0)
    assert curves.travelled[bar, -1] == pytest.approx(1)
