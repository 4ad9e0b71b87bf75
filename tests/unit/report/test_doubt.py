"""The section on doubtful labels: its numbers, its pictures, and what it says where there are none."""

import re
from dataclasses import replace

import numpy as np
import pytest

import made_up
from letterlab.evaluation import Predictions, rate
from letterlab.findings.doubt import Doubt
from letterlab.report.doubt import PICTURES, by_kind, without
from letterlab.report.doubtful_file import DOUBTFUL_FILE, write_doubtful
from letterlab.report.page import write_report

FOUND = made_up.doubt()


def section(results, folder, language="en"):
    write_report(results, folder / "report.html", language)
    html = (folder / "report.html").read_text(encoding="utf-8")
    return re.search(r'<section id="doubt">.*?</section>', html, re.S)[0]


@pytest.fixture(scope="module")
def doubted():
    return replace(made_up.results(), reread=made_up.reread())


def test_an_accuracy_with_and_without_the_letters_in_doubt():
    labels = np.zeros(10, dtype=np.uint8)
    probabilities = np.eye(26, dtype=np.float32)[[0, 0, 0, 0, 0, 0, 1, 1, 1, 1]]
    letters = tuple(replace(FOUND.letters[0], part="test", position=place) for place in (5, 6, 7, 8))
    found = without(
        Doubt(letters, {"train": 1, "test": 10}, rate(1, 1)), Predictions(probabilities, labels, np.array(["a"] * 10))
    )
    assert [(one.hits, one.n) for one in (found.every, found.sound, found.doubtful, found.mistakes)] == [
        (6, 10), (5, 6), (1, 4), (3, 4)
    ]  # fmt: skip


def test_the_kinds_are_counted_in_both_parts():
    rows = by_kind(FOUND)
    assert rows[-1][0] == "all"
    assert [share.hits for share in rows[-1][1]] == [FOUND.among("train").sum(), FOUND.among("test").sum()]
    assert [share.n for share in rows[-1][1]] == [FOUND.sizes["train"], FOUND.sizes["test"]]
    assert {kind for kind, _ in rows[:-1]} == {one.kind for one in FOUND.letters}
    assert np.sum([[share.hits for share in shares] for _, shares in rows[:-1]]) == len(FOUND.letters)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_surest_are_shown_and_the_rest_is_counted(language, doubted, tmp_path):
    html = section(doubted, tmp_path, language)
    assert html.count("<figure>") == PICTURES < len(FOUND.letters)
    for one in FOUND.letters[:3]:
        assert one.name in html
    for one in FOUND.letters[PICTURES:]:
        assert f"{one.name} (" not in html or one.name in [other.name for other in FOUND.letters[:PICTURES]]
    assert str(len(FOUND.letters)) in html


def test_how_well_these_networks_read_is_told_and_that_drawn_letters_have_no_wrong_label(doubted, tmp_path):
    html = section(doubted, tmp_path).replace("\u202f", " ")
    assert "88.8 %" in html
    assert "every doubt here" not in html
    assert "every doubt here" in section(replace(doubted, letters=replace(doubted.letters, drawn=True)), tmp_path)


def test_verdicts_of_a_person_are_told(doubted, tmp_path):
    assert "No person has looked" in section(doubted, tmp_path)
    path = tmp_path / DOUBTFUL_FILE
    write_doubtful(FOUND, path)
    first, second, third, *others = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([first, second + "yes", third + "no", *others]), encoding="utf-8")
    assert "has looked at 2 letters in doubt and agrees about 1: 50.0" in section(doubted, tmp_path)


def test_without_a_doubt_and_without_a_reading_it_says_so(doubted, tmp_path):
    html = section(replace(doubted, reread=made_up.reread(Doubt((), FOUND.sizes, FOUND.read))), tmp_path)
    assert "<figure>" not in html
    assert "0: 0.0" in html.replace("\u202f", " ")
    assert "it is not known whose label is in doubt" in section(replace(doubted, reread=None), tmp_path)
