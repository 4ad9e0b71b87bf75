from itertools import pairwise

import pytest

from letterlab.alphabet import LETTERS
from letterlab.sources.strokes import forms_of

BOTH_CASES = LETTERS + LETTERS.lower()


def test_a_form_is_strokes_of_curves_that_meet_in_sharp_turns():
    roof = [[(0, 9), (3, 0)], [(3, 0), (6, 9)]]
    bar = [[(1, 6), (5, 6)]]
    assert forms_of("A")[0] == [roof, bar]


@pytest.mark.parametrize("letter", BOTH_CASES)
def test_every_capital_and_small_letter_has_several_forms_and_each_once(letter):
    forms = forms_of(letter)
    assert len(forms) >= 2
    assert all(forms.count(form) == 1 for form in forms)


@pytest.mark.parametrize("letter", BOTH_CASES)
def test_a_curve_goes_on_from_point_to_point(letter):
    for form in forms_of(letter):
        for stroke in form:
            assert all(before[-1] == after[0] for before, after in pairwise(stroke))
            for curve in stroke:
                assert len(curve) >= 2
                assert all(point != following for point, following in pairwise(curve))


def test_only_a_bare_bar_is_a_form_of_two_letters():
    letters_with: dict[str, set[str]] = {}
    for letter in BOTH_CASES:
        for form in forms_of(letter):
            letters_with.setdefault(str(form), set()).add(letter.upper())
    shared = {form: letters for form, letters in letters_with.items() if len(letters) > 1}
    assert shared == {str([[[(0, 0), (0, 9)]]]): {"I", "L"}}
