"""The confusion matrix as a figure: every count with its share, mistakes shaded, right answers not."""

import re

import numpy as np

from letterlab.report.matrix import confusion_figure


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
