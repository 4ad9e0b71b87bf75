import pytest

from letterlab.alphabet import LETTERS, index_of, letter_of_surname
from letterlab.errors import LetterlabError


def test_index_of_is_the_place_in_the_alphabet_in_either_case():
    assert [index_of(letter) for letter in LETTERS] == list(range(26))
    assert index_of("k") == 10


@pytest.mark.parametrize("wrong", ["", "AB", "é", "7", "Я", "ß"])
def test_index_of_refuses_what_is_no_letter(wrong):
    with pytest.raises(LetterlabError, match="not a letter from A to Z"):
        index_of(wrong)


@pytest.mark.parametrize(
    ("surname", "letter"),
    [
        ("Smith", "S"), ("o'Neil", "O"), ("émile", "E"), ("Łódź", "L"), ("Øster", "O"), ("van Gogh", "V"),
        # ICAO Doc 9303: what a Russian passport writes
        ("Иванов", "I"), ("Жуков", "Z"), ("Чехов", "C"), ("Шишкин", "S"), ("Щукин", "S"), ("Юдин", "I"),
        ("Яшин", "I"), ("Хармс", "K"), ("Цой", "T"), ("Эйзенштейн", "E"), ("Ёлкин", "E"), ("Йорк", "I"),
        ("Уткин", "U"), ("Ывов", "Y"), ("Ьюдин", "I"), ("Рябов", "R"), ("Ґалаґан", "G"), ("Єнін", "I"), ("Њего", "N"),
    ],
)  # fmt: skip
def test_first_letter_of_a_surname(surname, letter):
    assert letter_of_surname(surname) == letter


def test_a_surname_without_a_letter_is_refused():
    with pytest.raises(LetterlabError, match="--letter"):
        letter_of_surname("山田")
