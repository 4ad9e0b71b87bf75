"""How a study begins: which letters it works with, what it will do, and about how long that takes here."""

from pathlib import Path
from typing import Final

import numpy as np
import torch

from letterlab.alphabet import LETTERS
from letterlab.audit import audit
from letterlab.errors import LetterlabError
from letterlab.files import write_arrays
from letterlab.findings.doubt import VIEWS
from letterlab.history import environment
from letterlab.letterset import FOLDS, Letters
from letterlab.parts import CURVES_OF_EACH, parts
from letterlab.recipe import Cnn, Mlp, Precision, Recipe, Torchvision
from letterlab.study.budgets import Budget
from letterlab.study.budgets import plan as plan_of
from letterlab.study.folder import (
    LETTERS_FILE,
    STUDY_FILE,
    TRAIN_LETTERS_FILE,
    Asked,
    Foreseen,
    LettersRead,
    Pace,
    Study,
)
from letterlab.study.plan import Plan
from letterlab.study.shared_store import SharedStore
from letterlab.study.store import STORE_FILE
from letterlab.study.unfolding import foreseen
from letterlab.training import seconds_of

_GAIN: Final = 1.2  # bf16 has to be at least this much faster to be worth its coarser arithmetic
_BEGINNING: Final = 0.3  # seconds: a process of its own, the letters cut and copied, the files written


def read_letters(letters: Letters, keep_leaks: bool) -> tuple[LettersRead, Letters]:
    """What a study has to say of the letters, and those that it works with.

    Training letters that also stand among the test letters are left out, unless they are to be kept.
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
    return read, letters


def begin(
    folder: Path,
    letters: Letters,
    read: LettersRead,
    asked: Asked,
    plan: Plan | Budget,
    shared: SharedStore | None = None,
) -> Study:
    """The study in this folder, begun if it is not there. One that holds trials is not written anew.

    Args:
        folder: of the study; made where it is missing.
        letters: that it works with.
        read: what is to be said of them.
        asked: what the user asked for.
        plan: the user's own, which may be changed until a trial is stored; or a budget. A study that is begun by a
            budget's plan keeps it, for another day this machine, or another machine, may be measured otherwise.
        shared: where others may have begun it, or will take it up.

    Raises:
        LetterlabError: the folder, or the shared store, holds a study of other letters, or of another plan.
    """
    name = plan.name if isinstance(plan, Plan) else plan
    here = Study.open(folder) if (folder / STUDY_FILE).exists() else None
    there = shared.begun() if shared and shared.is_begun() else None
    stored = shared.holds_trials() if shared else (folder / STORE_FILE).exists()
    for one, place, option in ((here, folder, "--out"), (there, shared and shared.name, "--store")):
        if one and (one.letters.fingerprint, one.whole_plan.name) != (read.fingerprint, name):
            raise LetterlabError(
                f"{place} holds a {one.whole_plan.name} study of {one.asked.letters} whose letters have the "
                f"fingerprint {one.letters.fingerprint}, not this one: give another {option}, or delete it."
            )
        if one and isinstance(plan, Plan) and plan != one.whole_plan and stored:
            raise LetterlabError(
                f"{place} holds a study by another plan of the name {name}: give another {option}, or delete it."
            )
    begun = there or here
    if isinstance(plan, Plan):
        whole = plan
    else:
        whole = begun.whole_plan if begun else plan_of(plan, quicker_precision(), read.train)
    pace = here.pace if here else {}  # a machine's own
    costs = Costs(read, pace)
    expected = {
        name: Foreseen(len(recipes), sum(map(costs, recipes)))
        for name, recipes in foreseen(whole.only(asked.only) if asked.only else whole, costs).items()
    }
    study = Study(asked, read, environment(torch.get_num_threads()), whole, pace, expected)
    if shared and shared.agree(study, anew=isinstance(plan, Plan)).whole_plan != whole:
        return begin(folder, letters, read, asked, plan, shared)  # another command was quicker
    if shared or not stored:
        for name_of_file, part in ((LETTERS_FILE, letters.test), (TRAIN_LETTERS_FILE, letters.train)):
            arrays = {"images": part.images, "labels": part.labels, "names": part.names}
            write_arrays(folder / name_of_file, arrays, compressed=True)
        study.save(folder)
    return study


def quicker_precision() -> Precision:
    """bf16 where this processor gains by it, fp32 otherwise; measured with the CNN of three layers, by turns."""
    recipe = Recipe(model=Cnn(), precision="fp32")
    half = recipe.model_copy(update={"precision": "bf16"})
    took = [[sum(seconds_of(one, one.batch_size, 0)) for one in (recipe, half)] for _ in range(3)]
    fp32, bf16 = np.median(took, axis=0)
    return "bf16" if fp32 > _GAIN * bf16 else "fp32"


class Costs:
    """About how many seconds trainings take here, measured by a few steps of each shape of network."""

    def __init__(self, read: LettersRead, pace: dict[str, Pace]) -> None:
        """`pace` is what has been measured before; what is measured anew is added to it."""
        self._read = read
        self._pace = pace

    def __call__(self, recipe: Recipe) -> float:
        """Seconds of one training, its scoring included."""
        shape = _shape(recipe)
        key = shape.model_dump_json(exclude_defaults=True)
        if key not in self._pace:
            try:
                self._pace[key] = _measure(shape)
            except (RuntimeError, MemoryError):  # too large for this machine: its trial will say so
                self._pace[key] = Pace(0.0, 0.0, 0.0)
        pace = self._pace[key]
        whole, test = self._read.train + self._read.validation, self._read.test
        validation = self._read.validation if recipe.fold is None else whole // FOLDS
        each, shown, curves = recipe.letters_of_each, whole - validation, whole + test
        if each != "all":
            shown, curves = min(each * len(LETTERS), shown), min(each, CURVES_OF_EACH) * len(LETTERS)
        scored = sum(min(part, curves) for part in (min(validation, shown), validation, test))
        epoch = max(shown // recipe.batch_size, 1) * pace.step + shown * pace.letter
        # Where only the head learns nothing goes backwards, which is two thirds of the work.
        epochs = recipe.epochs - (2 / 3 * recipe.model.head_epochs if recipe.model.kind == "torchvision" else 0)
        looks = 1 if recipe.fold is None else 1 + len(VIEWS)
        ends = looks * (validation + test) * pace.scored + _BEGINNING
        return epochs * epoch + recipe.epochs * scored * pace.scored + ends


def _shape(recipe: Recipe) -> Recipe:
    """A recipe with all that its time depends on."""
    model = recipe.model
    shape: Mlp | Cnn | Torchvision
    if model.kind == "mlp":
        shape = Mlp(hidden=model.hidden)
    elif model.kind == "cnn":
        shape = Cnn(filters=model.filters, kernel=model.kernel, halving=model.halving, padding=model.padding)
    else:
        shape = Torchvision(network=model.network, weights="random", side=model.side, stem_stride=model.stem_stride)
    return Recipe(model=shape, augmentation=recipe.augmentation, precision=recipe.precision, device=recipe.device)


def _measure(shape: Recipe) -> Pace:
    few, many = (2, 16) if shape.model.kind == "torchvision" else (8, 128)
    fixed, _ = seconds_of(shape.model_copy(update={"batch_size": few}), few, 1)
    more, scored = seconds_of(shape.model_copy(update={"batch_size": many}), many, 1)
    per_letter = max(more - fixed, 0.0) / (many - few)
    return Pace(max(fixed - few * per_letter, 0.0), per_letter, scored)
