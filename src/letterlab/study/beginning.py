"""How a study begins: which letters it works with, what it will do, and about how long that takes here."""

from pathlib import Path
from typing import Final

import numpy as np
import torch

from letterlab.audit import audit
from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.history import environment
from letterlab.letterset import Letters
from letterlab.recipe import Cnn, Precision, Recipe
from letterlab.study.plan import Plan, plan
from letterlab.study.results import LETTERS_FILE, STUDY_FILE, Asked, LettersRead, Study
from letterlab.training import parts, seconds_of

_GAIN: Final = 1.2  # bf16 has to be at least this much faster to be worth its coarser arithmetic


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
        begun = Study.open(folder)
        if (begun.letters.fingerprint, begun.asked.budget) != (read.fingerprint, asked.budget):
            raise LetterlabError(
                f"{folder} holds a {begun.asked.budget} study of {begun.asked.letters} whose letters have the "
                f"fingerprint {begun.letters.fingerprint}, not this one: give another --out, or delete it."
            )
        precision = _precision_of(begun.plan)
    else:
        precision = quicker_precision()
    study = Study(asked, read, environment(torch.get_num_threads()), plan(asked.budget, precision).only(asked.only))
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
