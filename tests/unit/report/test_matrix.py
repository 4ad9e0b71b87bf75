"""The confusion matrix as a figure: every count with its share, mistakes shaded, right answers not."""

import re

import numpy as np

from letterlab.evaluation import Predictions
from letterlab.letterset import LetterSet
from letterlab.report.matrix import MOST_RIGHT, MOST_WRONG, cell_pictures, confusion_figure
from letterlab.report.pictures import Atlas


def counts_of(cells: dict[tuple[int, int], int]) -> np.ndarray:
    counts = np.zeros((26, 26), dtype=np.int64)
    for cell, count in cells.items():
        counts[cell] = count
    return counts


def test_each_cell_tells_row_column_count_and_interval(english):
    figure = confusion_figure(english, counts_of({(0, 0): 90, (0, 16): 10, (1, 1): 50}))
    assert "<title>A read as Q: 10 of 100, 10.0\u202f% (5.5 to 17.4)</title>" in figure
    assert "<title>A read as A: 90 of 100, 90.0\u202f% (82.6 to 94.5)</title>" in figure
    assert "read as B: 50 of 50" in figure
    assert "Q read as" not in figure.replace("<title>Q read as Q: 0 of 0, –</title>", "")


def test_a_cell_stands_in_the_row_of_its_letter_and_the_column_of_the_answer(english):
    figure = confusion_figure(english, counts_of({(2, 5): 4}))
    x, y = re.search(r'C read as F[^<]*</title><rect x="(\d+)" y="(\d+)"', figure).groups()
    right = {
        letter: (x, y) for letter, x, y in re.findall(r'(\w) read as \1[^<]*</title><rect x="(\d+)" y="(\d+)"', figure)
    }
    assert (x, y) == (right["F"][0], right["C"][1])


def test_the_commonest_mistake_has_the_full_shade_whatever_the_diagonal_holds(english):
    figure = confusion_figure(english, counts_of({(0, 0): 10_000, (0, 1): 4, (0, 2): 1}))
    shades = dict(re.findall(r'A read as ([BC])[^<]*</title><rect [^>]*fill-opacity="([\d.]+)"', figure))
    assert shades == {"B": "1.00", "C": "0.50"}


def test_without_mistakes_there_is_no_scale(english):
    figure = confusion_figure(english, np.diag(np.full(26, 5)))
    assert "heat" not in figure
    assert figure.count("5 of 5") == 26


def test_a_row_links_to_its_letters_page_where_there_are_pages(english):
    counts = counts_of({(0, 0): 1})
    linked = re.findall(
        r'<a href="([^"]+)"><text [^>]*>(\w)</text></a>', confusion_figure(english, counts, "#letter-mlp-")
    )
    assert linked == [(f"#letter-mlp-{letter}", letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    assert "<a " not in confusion_figure(english, counts)


def test_a_cell_is_named_by_its_letter_and_the_answer(english):
    figure = confusion_figure(english, counts_of({(6, 16): 4}))
    named = re.findall(r'<g data-cell="(\w\w)"><title>(\w) read as (\w):', figure)
    assert len(named) == 27
    assert all(name == letter + answer for name, letter, answer in named)
    assert ("GQ", "G", "Q") in named


def pictured(predictions: Predictions) -> tuple[Atlas, dict]:
    """Every picture is of another grey, so that its place in the sheet tells which it is."""
    images = np.array([np.full((28, 28), i, np.uint8) for i in range(len(predictions))])
    atlas = Atlas()
    for image in images:
        atlas.place(image)
    letters = LetterSet.of(images, predictions.labels, predictions.names.tolist())
    return atlas, cell_pictures(predictions, letters, atlas)


def test_cells_hold_their_pictures_mistakes_by_sureness_right_answers_by_margin(predictions):
    _, cells = pictured(predictions)
    assert cells == {
        "AA": [(2, "2.png", 700), (1, "1.png", 800), (0, "0.png", 900)],
        "AB": [(3, "3.png", 900)],
        "BA": [(7, "7.png", 800), (6, "6.png", 600)],
        "BB": [(4, "4.png", 900), (5, "5.png", 900)],
        "CC": [(8, "8.png", 900), (9, "9.png", 900)],
    }


def test_the_surest_mistake_comes_first_even_where_its_label_was_close():
    probabilities = np.zeros((2, 26), dtype=np.float32)
    probabilities[0, :3] = [0.45, 0.55, 0]  # nearly read rightly, and yet surer of its answer than the second
    probabilities[1, :3] = [0.01, 0.5, 0.49]
    _, cells = pictured(Predictions(probabilities, np.zeros(2, np.uint8), np.array(["near", "far"])))
    assert [name for _, name, _ in cells["AB"]] == ["near", "far"]


def test_a_cell_holds_so_many_pictures_and_the_sheet_no_others():
    n = MOST_WRONG + MOST_RIGHT + 10
    probabilities = np.zeros((2 * n, 26), dtype=np.float32)
    probabilities[:n, 0] = probabilities[n:, 1] = 1
    found = Predictions(probabilities, np.zeros(2 * n, np.uint8), np.arange(2 * n).astype(str))
    images = np.random.default_rng(0).integers(0, 256, (2 * n, 28, 28), np.uint8)
    atlas = Atlas()
    cells = cell_pictures(found, LetterSet.of(images, found.labels, found.names.tolist()), atlas)
    assert {name: len(shown) for name, shown in cells.items()} == {"AA": MOST_RIGHT, "AB": MOST_WRONG}
    assert sorted(place for shown in cells.values() for place, _, _ in shown) == list(range(MOST_RIGHT + MOST_WRONG))
