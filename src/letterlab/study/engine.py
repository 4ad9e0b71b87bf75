"""Runs a plan's trials, one after another, in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from letterlab.audit import audit
from letterlab.errors import LetterlabError
from letterlab.files import replace_whole, write_text
from letterlab.history import Epoch, environment
from letterlab.letterset import Letters
from letterlab.recipe import Cnn, Precision, Recipe
from letterlab.study.plan import Plan, plan
from letterlab.study.results import FAILURE_FILE, LETTERS_FILE, STUDY_FILE, TEST_FILE, TRIALS, Asked, LettersRead, Study
from letterlab.study.trial import run_trial
from letterlab.training import parts, seconds_of

_GAIN: Final = 1.2  # bf16 has to be at least this much faster to be worth its coarser arithmetic


@dataclass(frozen=True)
class Step:
    """How far a study has come: after every epoch."""

    trial: str
    number: int
    """Of this trial, from 1."""
    trials: int
    epoch: int
    epochs: int
    validation: float
    """This trial's validation accuracy."""
    work: float
    """Seconds of the estimate done with this epoch, those of finished trials included."""


def begin(folder: Path, letters: Letters, asked: Asked, *, keep_leaks: bool = False) -> tuple[Study, Letters]:
    """The study in this folder, begun if it is not there, and the letters that it works with.

    Training letters that also stand among the test letters are left out, unless they are to be kept.

    Raises:
        LetterlabError: the folder holds a study that asked for something else, or of other letters.
    """
    leaks: tuple[str, ...] = ()
    if not keep_leaks and len(positions := audit(letters).leaks):
        leaks = tuple(letters.train.names[positions].tolist())
        letters = letters.without_train(positions)
    cut = parts(letters)
    read = LettersRead(
        fingerprint=letters.fingerprint,
        train=len(cut.train),
        validation=len(cut.validation),
        test=len(cut.test),
        leaks=leaks,
        orientation=letters.orientation,
        set_aside=letters.set_aside,
        test_was_cut=letters.test_was_cut,
        drawn=letters.drawn,
        notes=letters.notes,
    )
    if (folder / STUDY_FILE).exists():
        study = Study.open(folder)
        if (study.letters.fingerprint, study.asked.budget) != (read.fingerprint, asked.budget):
            raise LetterlabError(
                f"{folder} holds a {study.asked.budget} study of {study.asked.letters} whose letters have the "
                f"fingerprint {study.letters.fingerprint}, not this one: give another --out, or delete it."
            )
        full = plan(asked.budget, _precision_of(study.plan))
    else:
        full = plan(asked.budget, quicker_precision())
    study = Study(asked, read, environment(torch.get_num_threads()), full.only(asked.only))
    with replace_whole(folder / LETTERS_FILE) as file:
        np.savez(file, images=letters.test.images, labels=letters.test.labels, names=letters.test.names)
    study.save(folder)
    return study, letters


def _precision_of(begun: Plan) -> Precision:
    """What a study that is begun computes its CNNs in."""
    found = [one.recipe.precision for one in begun.candidates if one.family == "cnn"]
    return found[0] if found else quicker_precision()


def quicker_precision() -> Precision:
    """bf16 where this processor gains by it, fp32 otherwise; measured with the CNN of three layers, by turns."""
    recipe = Recipe(model=Cnn(), precision="fp32")
    half = recipe.model_copy(update={"precision": "bf16"})
    took = [[seconds_of(one, one.batch_size, 0)[0] for one in (recipe, half)] for _ in range(3)]
    fp32, bf16 = np.median(took, axis=0)
    return "bf16" if fp32 > _GAIN * bf16 else "fp32"


def estimate(study: Study) -> dict[str, float]:
    """Seconds that an epoch of each candidate takes here, by a few steps of each: scoring included."""
    scored = 2 * study.letters.validation + study.letters.test
    return {one.name: sum(seconds_of(one.recipe, study.letters.train, scored)) for one in study.plan.candidates}


def run(study: Study, letters: Letters, folder: Path, seconds: dict[str, float], watch: Callable[[Step], None]) -> None:
    """Runs every trial of the plan that is not done. A trial that fails leaves its reason, and the study goes on."""
    trials = study.plan.trials()
    before = 0.0
    for number, (candidate, seed) in enumerate(trials, 1):
        place = folder / TRIALS / candidate.trial_name(seed)
        recipe = candidate.with_seed(seed)
        failure = place / FAILURE_FILE

        def follow(
            epoch: Epoch, name: str = place.name, number: int = number, recipe: Recipe = recipe, before: float = before
        ) -> None:
            accuracy = epoch.validation.accuracy
            work = before + epoch.number * seconds[name.rpartition(".")[0]]
            watch(Step(name, number, len(trials), epoch.number, recipe.epochs, accuracy, work))

        if not (place / TEST_FILE).exists():
            failure.unlink(missing_ok=True)
            try:
                run_trial(recipe, letters, place, follow)
            except (LetterlabError, RuntimeError) as error:  # torch says with a RuntimeError that memory ran out
                write_text(failure, f"{error}\n")
        before += recipe.epochs * seconds[candidate.name]
