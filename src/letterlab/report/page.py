"""The report: one HTML file that needs nothing else, in the order of the assignment."""

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from letterlab.alphabet import LETTERS
from letterlab.files import write_text
from letterlab.report.effects import depths, settings, verdicts
from letterlab.report.figures import candidates_figure, learning_curves, letters_figure
from letterlab.report.matrix import confusion_figure
from letterlab.report.pictures import data_uri, mean_image, pictured_mistakes, samples
from letterlab.report.words import Language, Words
from letterlab.study.results import TRIALS, Results, duel


def write_report(results: Results, path: Path, language: Language = "en") -> None:
    """Writes the report of a study, whole or not at all. Nothing is read but the results.

    Args:
        results: of at least one family.
        path: the file, in the study's folder; the command for TensorBoard that the report gives is about that folder.
        language: of all sentences but those that come with the letters (why a file was set aside).
    """
    words = Words(language)
    environment = Environment(
        loader=PackageLoader("letterlab.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        say=words,
        results=results,
        LETTERS=LETTERS,
        mean=np.mean,
        verdicts=verdicts,
        depths=depths,
        settings=settings,
        candidates_figure=candidates_figure,
        learning_curves=learning_curves,
        letters_figure=letters_figure,
        confusion_figure=confusion_figure,
        data_uri=data_uri,
        samples=samples,
        mean_image=mean_image,
        pictured_mistakes=pictured_mistakes,
    )
    page = environment.get_template("page.html").render(
        champion=max(results.families, key=lambda family: float(np.mean(family.best.validation_accuracies))),
        mlp=results.family("mlp"),
        cnn=results.family("cnn"),
        against=_against(results),
        set_aside=_by_reason(results),
        tensorboard=f"tensorboard --logdir {shlex.quote(str(path.parent / TRIALS))}",
    )
    write_text(path, page)


def _against(results: Results) -> dict[str, Any] | None:
    """The CNN against the MLP on the test letters, with the table that McNemar's test is made on."""
    mlp, cnn = results.family("mlp"), results.family("cnn")
    if mlp is None or cnn is None:
        return None
    by_mlp, by_cnn = mlp.best_trial.test.correct, cnn.best_trial.test.correct
    return {
        "duel": duel(cnn, mlp),
        "both": int((by_cnn & by_mlp).sum()),
        "only_cnn": int((by_cnn & ~by_mlp).sum()),
        "only_mlp": int((by_mlp & ~by_cnn).sum()),
        "neither": int((~by_cnn & ~by_mlp).sum()),
    }


def _by_reason(results: Results) -> list[tuple[str, int, list[str]]]:
    """Why files were set aside: each reason with how many there are and the first names, the commonest first."""
    aside = results.letters.set_aside
    counts = Counter(one.reason for one in aside)
    return [
        (reason, count, [one.file for one in aside if one.reason == reason][:5])
        for reason, count in counts.most_common()
    ]
