"""The confusion matrix: shares as colours, counts as text, with intervals on hover; and the pictures of its cells."""

from typing import Final

import numpy as np
from markupsafe import Markup

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions, rate
from letterlab.findings.confusion import as_rates
from letterlab.findings.examples import margins
from letterlab.letterset import LetterSet
from letterlab.report.pictures import Atlas
from letterlab.report.svg import Number, figure, tag
from letterlab.report.words import Words
from letterlab.shapes import Int

CELL: Final = 23
LEFT: Final = 44
TOP: Final = 46

MOST_WRONG: Final = 60
"""Pictures that a cell with mistakes shows."""
MOST_RIGHT: Final = 12
"""Pictures that a cell of the diagonal shows."""


def cell_pictures(predictions: Predictions, letters: LetterSet, atlas: Atlas) -> dict[str, list[tuple[int, str, int]]]:
    """The pictures of each cell that has any, by row and column: `GQ` are the letters G that were read as Q.

    Of each its place in the sheet, its file name, and how sure the network was of its answer, in tenths of a percent.
    Mistakes begin with what the network was surest of, right answers with what it nearly read as something else.
    """
    sureness = predictions.probabilities.max(axis=1)
    order = np.argsort(np.where(predictions.correct, margins(predictions), -sureness), kind="stable")
    found: dict[str, list[tuple[int, str, int]]] = {}
    for i in order:
        label, answer = predictions.labels[i], predictions.answers[i]
        shown = found.setdefault(LETTERS[label] + LETTERS[answer], [])
        if len(shown) < (MOST_RIGHT if label == answer else MOST_WRONG):
            tenths = round(1000 * float(sureness[i]))
            shown.append((atlas.place(letters.images[i]), str(predictions.names[i]), tenths))
    return found


def confusion_figure(words: Words, counts: Int[np.ndarray, "26 26"], pages: str = "") -> Markup:
    """Rows are what a letter is, columns what it was read as; rows end with the number of letters.

    The diagonal is left out of the colours, so that mistakes are seen beside thousands of right answers; the shade goes
    with the square root of the rate, so that the rarer ones are seen beside the commonest.

    Args:
        words: of the report.
        counts: the confusion matrix.
        pages: how the address of a letter's own page begins (`#letter-mlp-`), to which its row then links.
    """
    rates = as_rates(counts)
    wrong = rates * (1 - np.eye(len(LETTERS)))
    highest = float(wrong.max())
    side = CELL * len(LETTERS)
    parts = [
        _text(words("matrix.read_as"), LEFT + side / 2, 14, "axis-name"),
        _text(words("matrix.is"), 12, TOP + side / 2, "axis-name", rotate=True),
        _text(words("matrix.n"), LEFT + side + 22, TOP - 8, "axis-name"),
        tag("rect", x=LEFT, y=TOP, width=side, height=side, class_="matrix-ground"),
    ]
    columns = [_text(letter, LEFT + (j + 0.5) * CELL, TOP - 8, "tick") for j, letter in enumerate(LETTERS)]
    rows = [_row(words, counts, i, highest, pages) for i in range(len(LETTERS))]
    parts.append(tag("g", tag("g", *columns), *rows, class_="cells"))
    if highest:
        parts += _legend(words, highest, TOP + side + 24)
    return figure(LEFT + side + 48, TOP + side + (58 if highest else 8), str(words("matrix.alt")), *parts)


def _row(words: Words, counts: Int[np.ndarray, "26 26"], i: int, highest: float, pages: str) -> Markup:
    """Its letter, its cells, how many letters they are."""
    y = TOP + (i + 0.5) * CELL + 4
    letter = _text(LETTERS[i], LEFT - 12, y, "tick")
    return tag(
        "g",
        tag("g", tag("a", letter, href=pages + LETTERS[i]) if pages else letter),
        *(_cell(words, counts, i, j, highest) for j in range(len(LETTERS)) if i == j or counts[i, j]),
        tag("g", _text(words.integer(int(counts[i].sum())), LEFT + len(LETTERS) * CELL + 22, y, "tick")),
    )


def _cell(words: Words, counts: Int[np.ndarray, "26 26"], i: int, j: int, highest: float) -> Markup:
    share = rate(int(counts[i, j]), int(counts[i].sum()))
    key = "matrix.right" if i == j else "matrix.wrong"
    title = words(key, letter=LETTERS[i], answer=LETTERS[j], hits=share.hits, n=share.n, rate=words.rate(share))
    x, y = LEFT + j * CELL, TOP + i * CELL
    if i == j:
        box = tag("rect", x=x, y=y, width=CELL, height=CELL, class_="matrix-right")
        shade = "right"
    else:
        depth = _depth(share.share, highest)
        box = tag("rect", x=x, y=y, width=CELL, height=CELL, class_="heat", fill_opacity=f"{depth:.2f}")
        shade = _ink(depth)
    number = _text(str(share.hits) if share.n else "", x + CELL / 2, y + CELL / 2 + 3.5, f"count {shade}")
    return tag("g", tag("title", title), box, number, data_cell=LETTERS[i] + LETTERS[j])


def _depth(share: float, highest: float) -> float:
    """Opacity of a cell's colour."""
    return float(np.sqrt(share / highest))


def _ink(depth: float) -> str:
    """On which side of the shades where black and white ink are read equally well: in the light look that is at 0.66,
    in the dark look at 0.5. The style sheet knows which ink that is."""
    return "hot" if depth >= 0.66 else "warm" if depth >= 0.5 else "cool"


def _legend(words: Words, highest: float, y: Number) -> list[Markup]:
    """Five shades with the rates they stand for."""
    parts = [_text(words("matrix.legend"), LEFT, y + 14, "note")]
    start, width = LEFT + 250, 62
    for i in range(1, 6):
        share = highest * (i / 5) ** 2
        depth = _depth(share, highest)
        x = start + (i - 1) * width
        parts += [
            tag("rect", x=x, y=y, width=width, height=20, class_="heat", fill_opacity=f"{depth:.2f}"),
            _text(words.percent(share), x + width / 2, y + 14, f"count {_ink(depth)}"),
        ]
    return parts


def _text(text: str, x: Number, y: Number, kind: str, rotate: bool = False) -> Markup:
    if rotate:
        return tag("text", text, x=x, y=y, class_=kind, transform=f"rotate(-90 {x:g} {y:g})")
    return tag("text", text, x=x, y=y, class_=kind)
