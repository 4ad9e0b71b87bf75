"""What letterlab's report says of stored predictions: python report_ours.py LETTERS

Of the shipped network's predictions of the test letters, which lie in a file as a training leaves them: the findings
(with the confusion matrix, and the confused pairs with how sure their places are), the matrix as the report draws it,
the pairs, and the 25 letters of the greatest loss as pictures, in one HTML file. The answer also says how many seconds
the whole report of a study of two trainings takes, from its folder on.
"""

import sys
import time
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from protocol import serve

import letterlab
from letterlab.alphabet import LETTERS
from letterlab.report.figure_files import standalone
from letterlab.report.matrix import confusion_figure
from letterlab.report.page import write_report
from letterlab.report.pictures import data_uri
from letterlab.report.words import Words
from letterlab.study.plan import Experiment, FamilyPlan, Plan

TOP = 25


def part(stored: Path, letters: letterlab.LetterSet, page: Path) -> letterlab.Findings:
    """From predictions in a file to a page."""
    said = letterlab.Predictions.open(stored)
    found = letterlab.Findings.of(said)
    losses = -np.log(np.maximum(said.probabilities[np.arange(len(said)), said.labels], np.finfo(np.float32).tiny))
    parts = [standalone(str(confusion_figure(Words("en"), found.counts)))]
    parts += [f"<p>{pair.first} and {pair.second}: {pair.both.hits} of {pair.both.n}</p>" for pair in found.pairs]
    for i in np.argsort(-losses, kind="stable")[:TOP]:
        told = f"{said.names[i]}, read as {LETTERS[said.answers[i]]}, loss {losses[i]:.2f}"
        parts.append(f'<img src="{data_uri(letters.images[i])}" alt="{escape(told)}"><p>{escape(told)}</p>')
    page.write_text("".join(parts), encoding="utf-8")
    return found


def study(letters: letterlab.Letters, folder: Path) -> None:
    """The least that has a report: one perceptron, two seeds."""
    base = letterlab.Recipe(model=letterlab.Mlp(), epochs=2)
    family = FamilyPlan(name="mlp", experiments=(Experiment(name="two", base=base, seeds=2),))
    letterlab.begin_study(letters, Plan(name="two", families=(family,)), folder).run()


def main() -> None:
    letters = letterlab.open_letters(sys.argv[1])
    said = letterlab.Recogniser().probabilities(letters.test.images)[:, :26]
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        stored = folder / "test.npz"
        shares = said / said.sum(axis=1, keepdims=True)
        letterlab.Predictions(shares, letters.test.labels, letters.test.names).save(stored)
        study(letters, folder / "study")

        def work(_: dict[str, Any]) -> dict[str, Any]:
            began = time.perf_counter()
            found = part(stored, letters.test, folder / "page.html")
            done = time.perf_counter()
            write_report(letterlab.open_results(folder / "study"), folder / "study/report.html")
            whole = time.perf_counter() - done
            misread = found.accuracy.n - found.accuracy.hits
            return {"seconds": done - began, "misread": misread, "seconds of a whole report": whole}

        work({})
        serve(work)


if __name__ == "__main__":
    main()
