"""doubtful.csv: all letters whose label is in doubt, with a column for what a person says of each."""

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from letterlab.errors import LetterlabError
from letterlab.evaluation import Rate, rate
from letterlab.files import write_text
from letterlab.findings.doubt import Doubt, Doubtful

DOUBTFUL_FILE: Final = "doubtful.csv"
COLUMNS: Final = (
    "part", "position", "name", "label", "kind", "suggested",
    "probability_of_label", "probability_of_suggested", "score", "verdict",
)  # fmt: skip
VERDICTS: Final = ("yes", "no", "")
"""A person agrees that the label is wrong or the picture damaged; does not; has not looked."""

Verdicts = Mapping[tuple[str, str], str]
"""What a person said, by a letter's part and position: names need not differ."""


def write_doubtful(doubt: Doubt, path: Path) -> None:
    """Writes the letters, the surest first, whole or not at all. Verdicts that the file holds already are kept.

    Letters that are no longer in doubt stand at the end if there is a verdict on them.

    Raises:
        LetterlabError: there is a file of that name which is damaged, or was not written here.
    """
    rows = _rows(path)
    verdicts = {(row[0], row[1]): row[-1] for row in rows}
    listed = {(one.part, str(one.position)) for one in doubt.letters}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)  # names may hold anything
    writer.writerow(COLUMNS)
    for one in doubt.letters:
        writer.writerow([*_row(one), verdicts.get((one.part, str(one.position)), "")])
    writer.writerows(row for row in rows if row[-1] and (row[0], row[1]) not in listed)
    write_text(path, text.getvalue())


def read_verdicts(path: Path) -> Verdicts:
    """What a person has written into the file; nothing, where there is none yet.

    Raises:
        LetterlabError: the file is damaged, or was not written here.
    """
    return {(row[0], row[1]): row[-1] for row in _rows(path)}


def _rows(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a mark before the first letter
            text = file.read()
        # A spreadsheet writes semicolons where its language has decimal commas.
        delimiter = ";" if text.partition("position")[0].strip('"').endswith(";") else ","
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LetterlabError(f"{path} cannot be read ({error}): save it as CSV in UTF-8, or delete it.") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise LetterlabError(f"{path} has not the columns that letterlab gives it: move it away, or delete it.")
    for number, row in enumerate(rows[1:], start=2):
        row += [""] * (len(row) == len(COLUMNS) - 1)  # a spreadsheet may leave out what is empty at the end
        verdict = row[-1].strip().lower()
        if len(row) != len(COLUMNS) or verdict not in VERDICTS:
            raise LetterlabError(
                f"{path}, row {number}: give yes, no or nothing as the verdict, and leave the other columns alone."
            )
        row[-1] = verdict
    return rows[1:]


def agreement(doubt: Doubt, verdicts: Verdicts) -> Rate:
    """Of the letters in doubt that a person has looked at, the share of those where the person agrees."""
    said = [verdicts.get((one.part, str(one.position)), "") for one in doubt.letters]
    return rate(said.count("yes"), len(said) - said.count(""))


def _row(one: Doubtful) -> list[str]:
    numbers = (one.of_label, one.of_suggested, one.score)
    return [
        one.part, str(one.position), one.name, one.label, one.kind, one.suggested or "",
        *("" if math.isnan(number) else f"{number:.4f}" for number in numbers),
    ]  # fmt: skip
