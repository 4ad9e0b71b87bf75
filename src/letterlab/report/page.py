"""The report: one HTML file that needs nothing else, in the order of the assignment and in every language."""

import json
import shlex
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from letterlab.alphabet import LETTERS
from letterlab.files import write_text
from letterlab.findings.examples import examples
from letterlab.findings.forms import forms, pixel_space
from letterlab.findings.pairs import mistakes
from letterlab.report import (
    answers,
    batches,
    calibration,
    candidates,
    doubt,
    effects,
    pairs,
    pareto,
    pictures,
    transfer,
)
from letterlab.report.doubtful_file import DOUBTFUL_FILE, agreement, read_verdicts
from letterlab.report.figure_files import named
from letterlab.report.figures import learning_curves, letters_figure
from letterlab.report.matrix import cell_pictures, confusion_figure
from letterlab.report.settings import settings, shape
from letterlab.report.words import Language, Words
from letterlab.shapes import Float32
from letterlab.study.folder import TRIALS
from letterlab.study.results import FamilyResult, Results, duel

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


def write_report(results: Results, path: Path, language: Language = "en") -> None:
    """Writes the report of a study, whole or not at all. Nothing is read but the results, and verdicts on doubts.

    It holds every language; those that it does not open in wait in a template until a reader asks for them.

    Args:
        results: of at least one family; of a study that is not finished, what there is.
        path: the file, in the study's folder; the command for TensorBoard that the report gives is about that folder.
        language: that it opens in. What comes with the letters (why a file was set aside) is English in all.

    Raises:
        LetterlabError: the file with doubtful labels beside it is damaged.
    """
    atlas = pictures.Atlas()
    verdicts = read_verdicts(path.with_name(DOUBTFUL_FILE))
    agreed = agreement(results.reread.doubt, verdicts) if results.reread else None
    # Worked out once for all languages.
    said = cache(lambda family: family.best_trial.test)
    space = cache(lambda family: _space(results, family))
    written = cache(lambda family, letter: forms(space(family), said(family), letter))
    shared = {"pic": atlas, "said": said, "written": written}
    environments = {one: _environment(results, one, shared) for one in LANGUAGES}
    bodies = {
        one: Markup(
            environment.get_template("body.html").render(
                champion=answers.champion(results),
                answers=answers.answers(Words(one), results),
                mlp=results.family("mlp"),
                cnn=results.family("cnn"),
                norm=results.family("norm"),
                transferred=results.family("transfer"),
                own=[family for family in results.families if answers.anchor(family.family).startswith("family-")],
                set_aside=_by_reason(results),
                agreed=agreed,
                tensorboard=f"tensorboard --logdir {shlex.quote(str(path.parent / TRIALS))}",
            )
        )
        for one, environment in environments.items()
    }
    cells = {one.family: cell_pictures(said(one), results.test, atlas) for one in results.families}
    page = (
        environments[language]
        .get_template("page.html")
        .render(
            bodies=bodies,
            # As JSON that cannot end the script it stands in.
            cells=Markup(json.dumps(cells, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")),
            columns=pictures.COLUMNS,
            # The sheet of pictures is known when all have been asked for.
            sheet=Markup(atlas.sheet()),
        )
    )
    write_text(path, page)


class _Compiled(BytecodeCache):
    """Templates as Python has compiled them, kept for the other language and for the next report."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED: Final = _Compiled()


def _environment(results: Results, language: Language, shared: dict[str, Any]) -> Environment:
    """What templates are given in one language."""
    environment = Environment(
        loader=PackageLoader("letterlab.report"),
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["named"] = named
    environment.globals.update(
        say=Words(language),
        LANGUAGES=LANGUAGES,
        results=results,
        LETTERS=LETTERS,
        spread=_spread,
        anchor=answers.anchor,
        score_of_asked=answers.score_of_asked,
        missing=partial(answers.missing, Words(language), results),
        batches=batches,
        calibration=calibration,
        candidates=candidates,
        doubts=doubt,
        effects=effects,
        pairs_why=pairs,
        pareto=pareto,
        pictures=pictures,
        examples=examples,
        mistakes=mistakes,
        transfer=transfer,
        settings=settings,
        shape=shape,
        duel=duel,
        learning_curves=learning_curves,
        letters_figure=letters_figure,
        confusion_figure=confusion_figure,
        **shared,
    )
    return environment


def _space(results: Results, family: FamilyResult) -> Float32[np.ndarray, "n k"]:
    """Where test letters that look alike to a family's best network lie near each other; else those alike by pixels."""
    features = family.best_trial.features
    return pixel_space(results.test) if features is None else features


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
