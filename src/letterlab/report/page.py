"""The report: one HTML file that needs nothing else, in the order of the assignment."""

import shlex
from collections import Counter
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from letterlab.alphabet import LETTERS
from letterlab.files import write_text
from letterlab.report import answers, batches, candidates, effects, pareto, pictures, transfer
from letterlab.report.figures import learning_curves, letters_figure
from letterlab.report.matrix import confusion_figure
from letterlab.report.settings import settings, shape
from letterlab.report.words import Language, Words
from letterlab.study.folder import TRIALS
from letterlab.study.results import Results, duel


def write_report(results: Results, path: Path, language: Language = "en") -> None:
    """Writes the report of a study, whole or not at all. Nothing is read but the results.

    Args:
        results: of at least one family; of a study that is not finished, what there is.
        path: the file, in the study's folder; the command for TensorBoard that the report gives is about that folder.
        language: of all sentences but those that come with the letters (why a file was set aside).
    """
    environment = Environment(
        loader=PackageLoader("letterlab.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        say=Words(language),
        results=results,
        LETTERS=LETTERS,
        spread=_spread,
        anchor=answers.anchor,
        score_of_asked=answers.score_of_asked,
        batches=batches,
        candidates=candidates,
        effects=effects,
        pareto=pareto,
        pictures=pictures,
        transfer=transfer,
        settings=settings,
        shape=shape,
        duel=duel,
        learning_curves=learning_curves,
        letters_figure=letters_figure,
        confusion_figure=confusion_figure,
    )
    page = environment.get_template("page.html").render(
        champion=answers.champion(results),
        answers=answers.answers(Words(language), results),
        mlp=results.family("mlp"),
        cnn=results.family("cnn"),
        norm=results.family("norm"),
        transferred=results.family("transfer"),
        own=[family for family in results.families if answers.anchor(family.family).startswith("family-")],
        set_aside=_by_reason(results),
        tensorboard=f"tensorboard --logdir {shlex.quote(str(path.parent / TRIALS))}",
    )
    write_text(path, page)


def _spread(accuracies: list[float]) -> float:
    """Standard deviation over seeds; of one seed it is not known."""
    return float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else float("nan")


def _by_reason(results: Results) -> list[tuple[str, int, list[str]]]:
    """Why files were set aside: each reason with how many there are and the first names, the commonest first."""
    aside = results.letters.set_aside
    counts = Counter(one.reason for one in aside)
    return [
        (reason, count, [one.file for one in aside if one.reason == reason][:5])
        for reason, count in counts.most_common()
    ]
