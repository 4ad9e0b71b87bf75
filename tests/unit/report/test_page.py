"""The report: self-contained, complete, in order, and right in every unusual case."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import made_up
from letterlab.alphabet import LETTERS
from letterlab.findings.examples import examples
from letterlab.report.matrix import MOST_RIGHT, MOST_WRONG
from letterlab.report.page import write_report
from letterlab.report.words import Words
from letterlab.study.results import Failure

SECTIONS = ["answer", "letters", "s1-1", "s1-2", "s1-3", "s1-4", "s2-1", "s2-2", "s3", "doubt", "costs", "s4", "method"]
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


def whole(results, folder, language="en") -> str:
    path = folder / "report.html"
    write_report(results, path, language)
    return path.read_text(encoding="utf-8")


def shown(html: str) -> str:
    """The report without the other language, which waits in a template."""
    return re.sub(r"<template.*?</template>", "", html, flags=re.S)


def written(results, folder) -> str:
    """The English report as it opens."""
    return shown(whole(results, folder))


def bodies(results, folder) -> dict[str, str]:
    """Of one report that of each language: the English one opens, the Russian one waits."""
    html = whole(results, folder)
    return {"en": shown(html), "ru": re.search(r'<template data-language="ru">(.*?)</template>', html, re.S)[1]}


def text_of(html: str, section: str | None = None) -> str:
    if section:
        html = re.search(rf'<(section|header|div) id="{section}">.*?</\1>', html, re.S)[0]
    bare = re.sub(r"<(style|script|title)\b[^>]*>.*?</\1>|<[^>]+>", "", html, flags=re.S)
    return re.sub(r"\s+", " ", bare).replace("\u202f", " ")


@pytest.fixture(scope="module")
def pages(results, tmp_path_factory) -> dict[str, str]:
    """The report that opens in each language, whole."""
    return {language: whole(results, tmp_path_factory.mktemp(language), language) for language in ("en", "ru")}


@pytest.fixture(scope="module")
def english_page(pages) -> str:
    return shown(pages["en"])


def section_of(html: str, section: str) -> str:
    return re.search(rf'<section id="{section}">.*?</section>', html, re.S)[0]


def only_mlp(given=None, usual: float | None = 0.9, **more):
    return made_up.results(made_up.small(made_up.mlp(search=0)), made_up.shares(given or {}, usual), **more)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_is_whole_self_contained_and_in_order(pages, language):
    html = shown(pages[language])
    page = Page(html)
    assert f'<html lang="{language}">' in html
    assert [one for one in page.ids if one in SECTIONS] == SECTIONS
    assert len(page.ids) == len(set(page.ids))
    targets = [one.removeprefix("#") for one in page.references if one.startswith("#")]
    assert set(targets) <= set(page.ids)
    assert all(one.startswith(("#", "data:")) for one in page.references)
    assert "@import" not in html
    assert html.count("url(") == html.count("url(data:image/png;base64,") == 1
    assert page.unnamed == []
    assert "{" not in text_of(re.sub(r"<pre.*?</pre>", "", html, flags=re.S))
    assert "nan" not in text_of(html)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_other_language_waits_with_the_same_parts(pages, language):
    html = pages[language]
    (other,) = {"en", "ru"} - {language}
    ((waits, body),) = re.findall(r'<template data-language="(\w+)">(.*?)</template>', html, re.S)
    assert waits == other
    opened, hidden = (Page(one) for one in (html.replace(body, ""), body))
    assert hidden.ids == [one for one in opened.ids if one not in ("dark", "cells")]
    assert [one for one in hidden.references if one.startswith("#")] == [
        one for one in opened.references if one.startswith("#")
    ]
    assert f'data-title="{Words(other)("head.title")}"' in body
    assert Words(language)("head.title") not in body
    assert f"<title>{Words(language)('head.title')}</title>" in html


def test_13000_letters_take_little_of_the_8_mb(tmp_path):
    # The rest of a report, figures and tables, does not grow with the letters.
    html = whole(only_mlp(each=500), tmp_path)
    assert len(html.encode()) < 3_000_000
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_every_letter_has_a_page_to_which_its_row_links(results, english_page):
    ids = set(Page(english_page).ids)
    for family in ("mlp", "cnn"):
        pages = {f"letter-{family}-{letter}" for letter in LETTERS}
        assert pages <= ids
        assert {f'<a href="#{page}">' in english_page for page in pages} == {True}


def test_a_letters_page_tells_what_was_found_of_it(results, english_page, english):
    family = results.family("mlp")
    test = family.best_trial.test
    for score in family.findings.letters:
        page = english_page.partition(f'<div id="letter-mlp-{score.letter}">')[2].partition('<div id="letter-')[0]
        assert f"reads {score.recall.hits} of {score.recall.n} pictures of {score.letter} rightly" in page
        assert f"rank {score.rank} of 26" in page
        for other, count in score.read_as:
            assert f"{score.letter} read as <b>{other}</b>: {count} time" in page
        for other, count in score.taken_for_it:
            assert f"<b>{other}</b> read as {score.letter}: {count} time" in page
        hardest = examples(test, score.letter).hardest[0]
        after = page.partition(english("examples.hardest"))[2]
        assert re.search(r'title="([^:]+):', after)[1] == test.names[hardest]


def test_the_cells_pictures_stand_in_the_page(results, english_page):
    held = json.loads(re.search(r'<script type="application/json" id="cells">(.*?)</script>', english_page, re.S)[1])
    assert held.keys() == {family.family for family in results.families}
    for family in results.families:
        counts = family.findings.counts
        for name, shown in held[family.family].items():
            right = name[0] == name[1]
            count = counts[LETTERS.index(name[0]), LETTERS.index(name[1])]
            assert len(shown) == min(count, MOST_RIGHT if right else MOST_WRONG)
        assert len(held[family.family]) == (counts > 0).sum()


def test_a_files_name_cannot_end_the_script_that_holds_it(tmp_path):
    results = only_mlp()
    for trial in results.family("mlp").best.trials:
        names = np.full(len(trial.test), "</script><b>")
        object.__setattr__(trial, "test", replace(trial.test, names=names))
    html = whole(results, tmp_path)
    Page(shown(html))
    assert r"\u003c/script>\u003cb>" in html
    assert "</script><b>" not in html


def test_the_answer_holds_the_numbers_of_the_results(results, english_page, english):
    answer = text_of(english_page, "answer")
    for family in results.families:
        assert f"{family.best.experiment}/{family.best.name}" in answer
        accuracy = family.findings.accuracy
        assert f"{english.decimal(100 * accuracy.low)} to {english.decimal(100 * accuracy.high)} %" in answer
    k = results.family("cnn").findings.letters[10]
    told = f"It reads {english.rate(k.recall)} of the pictures of the letter K rightly"
    assert told.replace("\u202f", " ") in answer
    assert "1.4 Letter K" in answer
    assert "candidates are compared on the 156 validation letters" in answer
    assert "drawn by the program" not in answer
    assert "no test part" not in answer
    assert "not finished" not in answer


def test_the_best_is_chosen_by_validation_not_by_test(tmp_path):
    plan = made_up.small(made_up.mlp(search=0), made_up.cnn())
    results = made_up.results(plan, lambda experiment, _: 0.95 if experiment.startswith("mlp") else 0.90)
    for trial in results.family("cnn").best.trials:  # a CNN that is perfect in the test, and yet not the best
        object.__setattr__(trial, "test_share", 1.0)
    answer = text_of(written(results, tmp_path), "answer")
    assert re.search(r"the best network is mlp-finals/\S+, a multi-layer perceptron", answer)
    assert re.search(r"The best CNN, cnn-finals/\S+ .*?, reads 100.0 %", answer)


def test_every_candidate_and_seed_is_in_the_tables(results, english_page, english):
    sections = {"mlp": "s1-1", "cnn": "s2-1", "norm": "s2-2", "transfer": "s3"}
    for family in results.families:
        section = section_of(english_page, sections[family.family])
        for tried in [*family.finals, *(one for result in family.experiments for one in result.tried)]:
            each = "; ".join(english.decimal(100 * share) for share in tried.validation_accuracies)
            row = rf'<th scope="row">{re.escape(tried.name)}</th>(?:(?!</tr>).)*?<span class="each">{each}</span>'
            assert re.search(row, section, re.S), tried.name
        for tried in (one for result in family.experiments for one in result.searched):
            assert f'<th scope="row">{tried.name}</th>' in section


def test_a_table_tells_differences_and_p(results, english_page, english):
    result = results.family("mlp").experiments[0]
    section = section_of(english_page, "s1-1")
    for one in result.tried[1:]:
        comparison = result.to_base[one]
        row = re.search(rf'<th scope="row">{one.name}</th><td>.*?</tr>', section, re.S)[0]
        assert f">{english.decimal(100 * np.std(one.validation_accuracies, ddof=1), 2)}</td>" in row
        assert english.difference(comparison) in row
        assert f">{english.bare_p(comparison.p).replace('<', '&lt;')}</td>" in row
        assert ("apart" in row) is comparison.apart


def test_an_experiment_is_told_in_sentences_a_figure_and_importances(results, english_page):
    section = text_of(english_page, "s1-1")
    assert "Factors, one at a time" in section
    assert "Screening: each network was shown only 200 of each letter" in section
    assert "How much each factor explains" in section
    assert (
        "A search over all combinations tried 6 more: 3 were trained to the end, with one seed each, and 3" in section
    )
    assert "The finals" in section
    assert "Each network was shown all letters" in section
    # There, "regularisation alone" has one factor, of which nothing can be said beside others.
    equal = text_of(english_page, "s2-1").partition("at roughly equal parameters")[2].partition("The finals")[0]
    assert "How much each factor explains" not in equal


def test_sections_of_normalisation_and_transfer(results, english_page):
    norm = text_of(english_page, "s2-2")
    assert norm.count("With a fixed learning rate") >= 2
    assert "Beside Wu and He (2018)" in norm
    assert "23.6 %" in norm
    assert len(re.findall("<svg", section_of(english_page, "s2-2"))) >= 6
    transfer = text_of(english_page, "s3")
    assert (
        "With 10 of each letter, training from ImageNet weights is shown to be better than from random ones" in transfer
    )
    assert "The best of torchvision’s networks against the best own CNN" in transfer
    assert "Stem, size of the picture, what is trained" in transfer


def test_where_nothing_is_varied_around_a_base_none_is_named(tmp_path):
    html = written(made_up.results(made_up.small(made_up.own())), tmp_path)
    section = text_of(html, "family-my-nets")
    assert "A hollow dot is one seed, a full dot the mean. An arrow" in section
    assert "By precision: each against the row above." in section
    assert "The settings of each candidate" in section
    assert "base" not in section


def test_bases_are_named_where_there_are_some(english_page):
    assert "The vertical line is the base" in text_of(english_page, "s1-1")
    assert "The settings of the base, from which" in text_of(english_page, "s1-1")
    assert "By layers: the base of each, against the row above." in text_of(english_page, "s2-1")
    assert "The settings of each base, from which" in text_of(english_page, "s2-1")


def test_what_is_no_screening_is_not_called_one(english_page):
    assert "Screening" not in text_of(english_page, "s2-2")
    assert "Each network was shown only 200 of each letter" in text_of(english_page, "s2-2")
    assert "Screening" not in text_of(english_page, "s3")


def test_of_one_batch_size_or_number_of_letters_there_is_no_curve(results, english_page, tmp_path):
    one = made_up.results(made_up.small(made_up.norm(batches=(8,)), made_up.transfer(shown=(10,))))
    html = written(one, tmp_path)
    for section, figure, table in (
        ("s2-2", "Validation accuracy by batch size, a curve", "Validation accuracy by batch size, with a fixed"),
        ("s3", "a curve for each network from ImageNet weights", "Each network from ImageNet weights and from random"),
    ):
        assert figure in section_of(english_page, section)
        assert figure not in section_of(html, section)
        assert table in section_of(html, section)


def test_every_mean_accuracy_of_a_table_has_an_interval_or_its_seeds(english_page):
    for table in re.findall(r"<table.*?</table>", english_page, re.S):
        caption = re.search(r"<caption>(.*?)</caption>", table, re.S)
        if caption and "Below a mean" in caption[1]:
            means = re.findall(r'<td class="n"[^>]*>[\d.]+\u202f%(.*?)</td>', table, re.S)
            bare = [cell for cell in means if not cell.strip()]
            assert len(bare) == (5 * 2 if caption[1].startswith("Error by batch size") else 0)  # the paper's own
        assert "Validation, mean" not in table or "Below a mean" in table


def test_the_frontier_is_named(english_page):
    costs = text_of(english_page, "costs")
    assert "Against parameters" in costs
    assert "Against training time" in costs
    assert "cnn-finals/3-kernel-5" in costs


def test_pictures_of_mistakes_are_named(results, english_page):
    html = english_page
    family = results.family("mlp")
    test = family.best_trial.test
    letter, answer = next((LETTERS[a], LETTERS[b]) for a, b in zip(test.labels, test.answers, strict=True) if a != b)
    pair = next(pair for pair in family.findings.pairs if {pair.first, pair.second} == {letter, answer})
    section = section_of(html, "s1-3")
    told = re.findall(rf'<span [^>]*title="(\S+): labelled {letter}, read as {answer}, [\d.]+\u202f% sure"', section)
    wrong = (test.labels == LETTERS.index(letter)) & (test.answers == LETTERS.index(answer))
    assert len(told) == min((pair.forth if pair.first == letter else pair.back).hits, 8)
    assert set(told) <= set(test.names[wrong].tolist())


def test_values_are_escaped(english_page):
    html = english_page
    assert "train/&lt;b&gt;.jpg" in html
    assert "train/<b>" not in html


def test_the_tensorboard_command_names_the_folder(tmp_path):
    folder = tmp_path / "my study"
    assert f"tensorboard --logdir &#39;{folder}/trials&#39;" in written(only_mlp(), folder)


def test_drawn_letters_and_a_cut_test_part_are_named(tmp_path):
    answer = text_of(written(only_mlp(drawn=True), tmp_path), "answer")
    assert "drawn by the program, not written by people" in answer
    assert "The source had no test part" in answer


def test_a_study_that_is_not_finished_says_so_on_top(tmp_path):
    found = bodies(only_mlp(waiting=3), tmp_path)
    assert "3 trainings that it has begun or planned are still" in text_of(found["en"], "answer")
    assert "Предстоят ещё 3 начатых или намеченных" in text_of(found["ru"], "answer")


def test_a_surname_gives_its_rule(tmp_path, english_page):
    html = written(only_mlp(letter="I", surname="Иванов"), tmp_path)
    assert "I is the first letter of the surname Иванов" in text_of(html, "s1-4")
    assert "surname" not in text_of(english_page, "s1-4")


@pytest.mark.parametrize(
    ("family", "there"),
    [
        (made_up.mlp, "s1-1"),
        (made_up.cnn, "s2-1"),
        (made_up.norm, "s2-2"),
        (made_up.transfer, "s3"),
        (made_up.own, "family-my-nets"),
    ],
)
def test_a_study_of_one_family_says_that_the_others_are_missing(tmp_path, family, there):
    for language, html in bodies(made_up.results(made_up.small(family())), tmp_path).items():
        page = Page(html)
        targets = {one.removeprefix("#") for one in page.references if one.startswith("#")}
        assert targets <= set(page.ids)
        assert len(page.ids) == len(set(page.ids))
        missing = {"en": "not part of this study", "ru": "в это исследование"}[language]
        for section in {"s1-1", "s2-1", "s2-2", "s3"} - {there}:
            assert missing in text_of(html, section), language
        assert missing not in text_of(html, there)
        assert 'id="duel"' not in html
        assert html.count('id="pairs-') == 1


def test_a_family_of_another_name_has_a_section_after_task_3(tmp_path):
    html = written(made_up.results(made_up.small(made_up.mlp(), made_up.own())), tmp_path)
    ids = Page(html).ids
    assert ids.index("s3") < ids.index("family-my-nets") < ids.index("costs")
    section = text_of(html, "family-my-nets")
    assert "Own plan: my-nets" in section
    assert "my-nets-precision/" in section
    assert '<a href="#family-my-nets">Own plan: my-nets</a>' in html


def test_a_study_that_has_only_begun(tmp_path):
    def share(experiment, candidate):
        begun = {"mlp-factors": ("base", "dropout-0"), "norm-batches": ("bn-2-fixed", "none-2-fixed")}
        return 0.9 if candidate.name in begun.get(experiment, ()) else None

    html = written(made_up.results(share=share, waiting=40), tmp_path)
    Page(html)
    section = text_of(html, "s1-1")
    assert "dropout: No difference from 0.3 is shown: 0." in section
    assert "there are too few trainings" in section
    assert "The finals" not in section
    assert "Beside Wu and He" not in text_of(html, "s2-2")


def test_only_the_search_is_done(tmp_path):
    plan = made_up.small(made_up.mlp())
    results = made_up.results(plan, lambda _, one: 0.9 if one.name.startswith("search") else None)
    html = written(results, tmp_path)
    Page(html)
    assert "tried 6 more" in text_of(html, "s1-1")


def test_one_seed_and_one_candidate(tmp_path):
    plan = made_up.small(made_up.own())
    html = text_of(written(made_up.results(plan, made_up.shares({"fp32": 0.9}, None)), tmp_path))
    assert "Each has one seed" in html
    assert "1 candidate was trained to the end." in html
    assert "thin the other" not in html


def test_a_perfect_network_has_no_pairs_and_is_even(tmp_path):
    html = written(only_mlp(usual=1.0), tmp_path)
    Page(html)
    assert "not one test letter was read as another" in text_of(html, "s1-3")
    assert "Evenly: all 156 test letters were read rightly" in text_of(html, "s1-2")
    assert "No K was read as another letter" in text_of(html, "s1-4")


def test_letters_that_do_not_occur(tmp_path):
    told = {"en": "does not occur among the test letters", "ru": "Буквы K среди тестовых нет"}
    for language, html in bodies(only_mlp(absent="KMNOPQRSTUVWXYZ"), tmp_path).items():
        Page(html)
        assert "nan" not in text_of(html)
        assert told[language] in text_of(html, "answer")


def test_networks_that_read_nothing(tmp_path):
    Page(written(made_up.results(share=lambda *_: 0.0), tmp_path))


def test_failed_trainings_are_named(tmp_path):
    failed = (Failure("cnn-factors/2.seed0", "The loss is not a number."),)
    html = text_of(written(only_mlp(failed=failed), tmp_path))
    assert "1 training failed; its candidate is not ranked." in html
    assert "cnn-factors/2.seed0: The loss is not a number." in html


def test_networks_without_imagenet_weights_are_named(tmp_path):
    failed = tuple(Failure(f"transfer-letters/squeezenet1_1-imagenet-{n}.seed0", "No file.") for n in (10, 100, "all"))

    def share(experiment, candidate):
        return None if candidate.name.startswith("squeezenet1_1-imagenet") else 0.8

    html = written(made_up.results(made_up.small(made_up.transfer()), share, failed=failed), tmp_path)
    told = "No candidate of squeezenet1_1 from ImageNet weights has all its seeds trained to the end"
    assert text_of(html, "s3").count(f"{told}; the first training that failed said: No file.") == 1


def test_nothing_loads_torch_to_write_a_report():
    code = "import sys, letterlab.report.page, letterlab.report.findings_file; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
