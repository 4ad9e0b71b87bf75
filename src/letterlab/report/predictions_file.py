"""predictions.csv: what the networks that the report is about said of every test letter."""

import csv
import io
from pathlib import Path
from typing import Final

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.files import write_text
from letterlab.study.results import Results

COLUMNS: Final = ("network", "file", "label", "answer", "p_answer", "p_label", *LETTERS)
"""`network` is the trial's name; p_answer, p_label and A to Z are its probabilities for a letter."""
PARTS: Final = 10_000
"""Probabilities are rounded to a ten-thousandth."""


def write_predictions(results: Results, path: Path) -> None:
    """Writes a row for each test letter and network, the best of each family, whole or not at all.

    CSV, for it opens everywhere; the probabilities with all their digits are in each trial's test.npz.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    written = [f"{part / PARTS:g}" for part in range(PARTS + 1)]
    for family in results.families:
        said = family.best_trial.test
        shares = np.round(said.probabilities * PARTS).astype(np.int64).tolist()
        for name, label, answer, row in zip(
            said.names.tolist(), said.labels.tolist(), said.answers.tolist(), shares, strict=True
        ):
            each = [written[share] for share in row]
            writer.writerow(
                [family.best_trial.name, name, LETTERS[label], LETTERS[answer], each[answer], each[label], *each]
            )
    write_text(path, text.getvalue())
