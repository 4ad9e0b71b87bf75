"""The section on evenness, in every language: what it says of a network follows from what was found."""

import re
from dataclasses import replace

import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

import made_up
from letterlab.alphabet import LETTERS
from letterlab.report import calibration
from letterlab.report.figure_files import named
from letterlab.report.figures import letters_figure
from letterlab.report.pictures import Atlas
from letterlab.report.words import Words
from letterlab.study.results import Results

MLP = '{% import "evenness.html" as evenness %}{{ evenness.evenness(results.family("mlp")) }}'


def page(results: Results, language: str = "en") -> str:
    """The section about the MLP."""
    environment = Environment(loader=PackageLoader("letterlab.report"), autoescape=True, undefined=StrictUndefined)
    environment.filters["named"] = named
    environment.globals.update(
        say=Words(language),
        results=results,
        LETTERS=LETTERS,
        calibration=calibration,
        letters_figure=letters_figure,
        pic=Atlas(),
    )
    return environment.from_string(MLP).render()


def told(results: Results, language: str = "en") -> str:
    """The section without its tags and figures."""
    text = re.sub(r"<svg.*?</svg>|<[^>]*>", "", page(results, language), flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", text)


def of(share: float, each: int = 20, **given) -> Results:
    return made_up.results(made_up.small(made_up.mlp(0)), lambda *_: share, each=each, **given)


@pytest.fixture(scope="module")
def usual() -> Results:
    return of(0.9)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("share", [1.0, 0.0, 0.5])
def test_any_network_can_be_told_of(share, language):
    assert len(told(of(share, 3, absent="BX"), language)) > 1000


def test_the_worst_letter_and_how_sure_that_is(usual, english):
    found = usual.family("mlp").findings.evenness
    text = told(usual)
    assert not found.worst_standing.apart
    assert f"That {found.worst.letter} is the worst and no other is not shown" in text
    assert f"in about {english.percent(found.worst_standing.again, 0)} of cases" in text
    assert f"of its pictures {english.percent(found.worst_standing.expected)} would then be read rightly" in text


def test_one_letter_far_below_the_others_is_apart(usual):
    family = usual.family("mlp")
    findings = family.findings
    apart = replace(findings.evenness, worst_standing=replace(findings.evenness.worst_standing, p=0.001, alike=()))
    family.__dict__["findings"] = replace(findings, evenness=apart)
    try:
        text = told(usual)
    finally:
        family.__dict__["findings"] = findings
    assert f"That {apart.worst.letter} is read worse than each other letter is more than chance" in text


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.02, 0.04, "It is too sure of itself"),
        (-0.04, -0.02, "It is less sure than it might be"),
        (-0.01, 0.02, "It is not shown to be too sure or not sure enough"),
    ],
)
def test_which_way_it_leans_with_the_interval_the_right_way_round(usual, low, high, said):
    family = usual.family("mlp")
    findings = family.findings
    leaning = replace(findings.calibration, excess=(low + high) / 2, excess_low=low, excess_high=high)
    family.__dict__["findings"] = replace(findings, calibration=leaning)
    try:
        text = told(usual)
    finally:
        family.__dict__["findings"] = findings
    assert said in text
    assert ("3.0 percentage points (2.0 to 4.0)" in text) == (low * high > 0)


def test_the_accuracies_that_are_reached(usual, english):
    text = told(usual)
    found = usual.family("mlp").findings.refusal
    for one in found.reached:
        assert f"{english.percent(one.target)}" in text
        assert english.rate(one.kept.right) in text
    assert ("Not reached" in text) == bool(found.missed)


def test_capitals_and_small_letters(usual, english):
    text = told(usual)
    found = usual.by_case["mlp"]
    assert f"{found.capital.n} capitals and {found.small.n} small letters" in text
    assert english.rate(found.capital) in text
    assert f"{usual.test.names[usual.cases.capital][0]}: told to be a capital A" in page(usual)


def test_without_letters_of_both_cases_that_is_said():
    only = of(0.9, 6, absent="ABDEFGHLNQRT")
    assert "No letter was told to be there both as a capital and as a small one." in told(only)
