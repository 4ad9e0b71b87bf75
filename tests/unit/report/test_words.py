"""Words: the same sentences with the same values in both languages, numbers as each language writes them."""

import re
import tomllib
from importlib.resources import files

import pytest

import made_up
from letterlab.evaluation import rate
from letterlab.findings.compare import Comparison
from letterlab.report.words import Words, plural_form
from letterlab.study.plan import BASE, FINALS, SEARCH

FORMS = {"en": 2, "ru": 3}
SENTENCES = files("letterlab.report").joinpath("sentences")


def sentences(language: str) -> dict[str, str]:
    parts = [tomllib.loads(file.read_text(encoding="utf-8")) for file in SENTENCES.joinpath(language).iterdir()]
    return {
        f"{table}.{name}": text for tables in parts for table, rows in tables.items() for name, text in rows.items()
    }


def test_a_table_stands_in_one_file_of_the_same_name_in_both_languages():
    places = {
        language: {
            (table, file.name)
            for file in SENTENCES.joinpath(language).iterdir()
            for table in tomllib.loads(file.read_text(encoding="utf-8"))
        }
        for language in FORMS
    }
    assert places["en"] == places["ru"]
    assert len({table for table, _ in places["en"]}) == len(places["en"])


def test_both_languages_have_the_same_keys():
    assert sentences("en").keys() == sentences("ru").keys()


def test_a_sentence_has_the_same_values_in_both_languages():
    english, russian = sentences("en"), sentences("ru")
    # A number may choose a word in one language and need none in the other: its name counts only where it is shown.
    shown = {
        key: [set(re.findall(r"\{(\w+)\}", sentence)) for sentence in (english[key], russian[key])] for key in english
    }
    assert {key: pair for key, pair in shown.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_choice_has_a_form_for_every_number(language):
    for key, sentence in sentences(language).items():
        for forms in re.findall(r"\{\w+\|([^{}]*)\}", sentence):
            assert forms.count("|") + 1 == FORMS[language], key


def test_russian_is_russian():
    # Names, numbers and symbols are the same in both languages; a sentence is not.
    same = [key for key, text in sentences("ru").items() if text == sentences("en")[key] and text.count(" ") > 2]
    assert same == []


def test_every_factor_of_a_plan_has_its_word():
    plan = made_up.large()
    experiments = [experiment for family in plan.families[:4] for experiment in family.experiments]
    factors = {factor.name for one in experiments for factor in (*one.crossed, *one.factors)} | {BASE, SEARCH, FINALS}
    names = {f"{family.name}-{one.name}" for family in plan.families[:4] for one in family.experiments}
    for language in ("en", "ru"):
        assert {f"factor.{name}" for name in factors} <= sentences(language).keys()
        assert {f"experiment.{name}" for name in names} <= sentences(language).keys()


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (21, 0), (22, 1), (111, 2), (101, 0)],
)
def test_russian_plural(n, form):
    assert plural_form("ru", n) == form


def test_english_plural():
    assert [plural_form("en", n) for n in (0, 1, 2, 11, 21)] == [1, 0, 1, 1, 1]


def test_a_sentence_takes_the_form_that_goes_with_its_number(english, russian):
    assert english("letters.set_aside", n=1) == "1 file was set aside and not read as letters."
    assert english("letters.set_aside", n=1200) == "1,200 files were set aside and not read as letters."
    assert [str(russian("asked.taken_one", letter="I", other="L", count=n)) for n in (1, 3, 5)] == [
        "<b>L</b> прочитана как I: 1 раз",
        "<b>L</b> прочитана как I: 3 раза",
        "<b>L</b> прочитана как I: 5 раз",
    ]


def test_values_are_escaped_and_sentences_are_not(english):
    assert "<code>a&amp;b&lt;c</code>" in english("letters.counts", source="a&b<c", train=1, validation=1, test=1)


def test_numbers(english, russian):
    assert (english.integer(3640), russian.integer(3640)) == ("3,640", "3\u202f640")
    assert (english.percent(0.9456), russian.percent(0.9456)) == ("94.6\u202f%", "94,6\u202f%")
    assert (english.setting(0.0003), russian.setting(0.003), english.setting(0.0)) == ("0.0003", "0,003", "0")
    assert english.p(0.0004) == "p\u00a0<\u00a00.001"
    assert russian.p(0.0123) == "p\u00a0=\u00a00,012"
    assert (english.bare_p(0.0004), russian.bare_p(0.0123)) == ("<\u00a00.001", "0,012")
    assert english.bare_p(float("nan")) == "–"
    assert (english.duration(8130.0), russian.duration(3600.0)) == ("2 h 15 min", "1 ч 0 мин")
    assert (english.duration(7.25), english.duration(59.7), russian.duration(200.0)) == (
        "7.2 s",
        "1 min 0 s",
        "3 мин 20 с",
    )


def test_a_rate_carries_its_interval(english, russian):
    share = rate(3443, 3640)
    assert english.rate(share) == "94.6\u202f% (93.8 to 95.3)"
    assert russian.rate(share) == "94,6\u202f% (93,8–95,3)"
    assert english.rate(rate(0, 0)) == "–"


def test_a_difference_carries_its_sign_and_interval(english, russian):
    assert english.difference(Comparison(0.041, 0.033, 0.049, 10, 2, 0.01, 0.01, 0.01)) == "+4.1 (+3.3 to +4.9)"
    assert russian.difference(Comparison(-0.004, -0.009, 0.001, 10, 2, 0.1, 0.1, 0.1)) == "−0,4 (−0,9…+0,1)"
    assert english.signed(-0.00001) == "0.0"


def test_a_name_without_a_word_stands_for_itself():
    assert Words("ru").known("environment", "letterlab") == "letterlab"
