"""The report: self-contained, complete, in order, and right in every unusual case."""

import re
import sys
from html.parser import HTMLParser

import pytest

import made_up
from letterlab.alphabet import LETTERS
from letterlab.report.page import write_report
from letterlab.study.plan import smoke
from letterlab.study.results import Failure

SECTIONS = ["answer", "letters", "s1-1", "s1-2", "s1-3", "s1-4", "s2-1", "s2-2", "s3", "s4", "method"]
VOID = {"meta", "link", "img", "br", "input", "hr"}


class Page(HTMLParser):
    """Collects what a test asks for, and checks that every element is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.unnamed: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids += [given["id"]] if "id" in given else []
        self.references += [given[name] for name in ("src", "href", "srcset", "data", "action") if name in given]
        if (tag == "img" and not given.get("alt")) or (tag == "svg" and not given.get("aria-label")):
            self.unnamed.append(str(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def written(results, folder, language="en") -> str:
    path = folder / "report.html"
    write_report(results, path, language)
    return path.read_text(encoding="utf-8")


def text_of(html: str, section: str | None = None) -> str:
    if section:
        html = re.search(rf'<(section|header|div) id="{section}">.*?</\1>', html, re.S)[0]
    bare = re.sub(r"<(style|script|title)>.*?</\1>|<[^>]+>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", bare).replace("\u202f", " ")


@pytest.fixture(scope="module")
def english_page(results, tmp_path_factory) -> str:
    return written(results, tmp_path_factory.mktemp("report"))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_is_whole_self_contained_and_in_order(results, tmp_path, language):
    html = written(results, tmp_path, language)
    page = Page(html)
    assert f'<html lang="{language}">' in html
    assert [one for one in page.ids if one in SECTIONS] == SECTIONS
    assert len(page.ids) == len(set(page.ids))
    targets = [one.removeprefix("#") for one in page.references if one.startswith("#")]
    assert set(targets) <= set(page.ids)
    assert all(one.startswith(("#", "data:")) for one in page.references)
    assert "@import" not in html
    assert "url(" not in html
    assert page.unnamed == []
    assert "{" not in text_of(re.sub(r"<pre.*?</pre>", "", html, flags=re.S))
    assert len(html) < 8_000_000
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_the_answer_holds_the_numbers_of_the_results(results, english_page, english):
    answer = text_of(english_page, "answer")
    for family in results.families:
        assert english.rate(family.findings.accuracy).replace("\u202f", " ") in answer
        assert family.best.name in answer
    k = results.family("cnn").findings.letters[10]
    assert f"The chosen letter, K, is read rightly in {english.rate(k.recall)}".replace("\u202f", " ") in answer
    assert "drawn by the program" not in answer
    assert "no test part" not in answer


def test_the_best_is_chosen_by_validation_not_by_test(tmp_path, results):
    mlp = made_up.results({"mlp-512-256": 0.95}).families[0]
    cnn = made_up.results({"cnn-32": 0.90}).families[0]
    for trial in cnn.best.trials:  # a CNN that is perfect in the test, and yet not the best by validation
        object.__setattr__(trial, "test", made_up.answers_with(trial.test.labels, 1.0, 0))
    both = made_up.results({"mlp-512-256": 0.95})
    object.__setattr__(both, "families", (mlp, cnn))
    answer = text_of(written(both, tmp_path), "answer")
    assert "the best network is mlp-512-256, a multi-layer perceptron" in answer
    assert "The best CNN, cnn-32, reads 100.0 %" in answer


def test_every_candidate_and_seed_is_in_the_tables(results, english_page, english):
    html = english_page
    for family in results.families:
        section = re.search(rf'<section id="{"s1-1" if family.family == "mlp" else "s2-1"}">.*?</section>', html, re.S)[
            0
        ]
        for tried in family.ranked:
            assert section.count(f'<th scope="row">{tried.name}</th>') == 2
            each = "; ".join(english.decimal(100 * share) for share in tried.validation_accuracies)
            assert f'<span class="each">{each}</span>' in section


def test_pictures_of_mistakes_are_named(results, english_page):
    html = english_page
    family = results.family("mlp")
    test = family.best_trial.test
    letter, answer = next((LETTERS[a], LETTERS[b]) for a, b in zip(test.labels, test.answers, strict=True) if a != b)
    pair = next(pair for pair in family.findings.pairs if {pair.first, pair.second} == {letter, answer})
    section = re.search(r'<section id="s1-3">.*?</section>', html, re.S)[0]
    told = re.findall(rf'<img [^>]*alt="(\S+): labelled {letter}, read as {answer}, [\d.]+\u202f% sure"', section)
    wrong = (test.labels == LETTERS.index(letter)) & (test.answers == LETTERS.index(answer))
    assert len(told) == min((pair.forth if pair.first == letter else pair.back).hits, 8)
    assert set(told) <= set(test.names[wrong].tolist())


def test_values_are_escaped(english_page):
    html = english_page
    assert "train/&lt;b&gt;.jpg" in html
    assert "train/<b>" not in html


def test_the_tensorboard_command_names_the_folder(results, tmp_path):
    folder = tmp_path / "my study"
    assert f"tensorboard --logdir &#39;{folder}/trials&#39;" in written(results, folder)


def test_drawn_letters_and_a_cut_test_part_are_named(tmp_path):
    answer = text_of(written(made_up.results({"mlp-128": 0.9}, drawn=True), tmp_path), "answer")
    assert "drawn by the program, not written by people" in answer
    assert "The source had no test part" in answer


def test_a_surname_gives_its_rule(tmp_path, english_page):
    html = written(made_up.results({"mlp-128": 0.9}, letter="I", surname="Иванов"), tmp_path)
    assert "I is the first letter of the surname Иванов" in text_of(html, "s1-4")
    assert "surname" not in text_of(english_page, "s1-4")


@pytest.mark.parametrize(("name", "there", "missing"), [("mlp-128", "s1-1", "s2-1"), ("cnn-32", "s2-1", "s1-1")])
def test_a_missing_family_is_said_to_be_missing(tmp_path, name, there, missing):
    html = written(made_up.results({name: 0.9}), tmp_path)
    page = Page(html)
    targets = {one.removeprefix("#") for one in page.references if one.startswith("#")}
    assert targets <= set(page.ids)
    assert "not part of this study" in text_of(html, missing)
    assert "not part of this study" not in text_of(html, there)
    assert 'id="duel"' not in html


def test_one_seed_and_one_candidate(tmp_path):
    html = text_of(written(made_up.results({"mlp-128": 0.9}, seeds=1), tmp_path))
    assert "trained with one seed" in html
    assert "Of 1 network tried" in html
    assert "thin the other" not in html


def test_a_perfect_network_has_no_pairs_and_is_even(tmp_path):
    html = written(made_up.results({"mlp-128": 1.0}), tmp_path)
    Page(html)
    assert "not one test letter was read as another" in text_of(html, "s1-3")
    assert "Evenly: all 156 test letters were read rightly" in text_of(html, "s1-2")
    assert "No K was read as another letter" in text_of(html, "s1-4")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_letters_that_do_not_occur(tmp_path, language):
    html = written(made_up.results(absent="KMNOPQRSTUVWXYZ"), tmp_path, language)
    Page(html)
    assert "nan" not in text_of(html)
    told = {"en": "does not occur among the test letters", "ru": "Выбранной буквы K среди тестовых нет"}
    assert told[language] in text_of(html, "answer")


def test_a_network_that_reads_nothing(tmp_path):
    Page(written(made_up.results({"mlp-128": 0.0, "cnn-32": 0.0}), tmp_path))


def test_failed_trainings_are_named(tmp_path):
    failed = (Failure("cnn-32.seed0", "The loss is not a number."),)
    html = written(made_up.results({"mlp-128": 0.9}, failed=failed), tmp_path)
    assert "1 training failed; its candidate is not ranked. cnn-32.seed0: The loss is not a number." in text_of(html)


def test_seeds_that_differ_in_number_are_named(tmp_path):
    study = made_up.results({"mlp-512-256": 0.9}, seeds=2)
    fewer = made_up.tried(smoke("fp32").candidates[1], 0.8, 1, 6)
    family = study.families[0]
    object.__setattr__(family, "ranked", (*family.ranked, fewer))
    assert "not all trained with the same number of seeds" in text_of(written(study, tmp_path))


def test_nothing_loads_torch_to_write_a_report():
    import subprocess

    code = "import sys, letterlab.report.page, letterlab.report.findings_file; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
