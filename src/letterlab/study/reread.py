"""The letters read again, each by networks that did not learn it: what their labels are doubted by."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions
from letterlab.findings.doubt import VIEWS, Doubt, Doubtful, Reading, doubt
from letterlab.letterset import FOLDS, LetterSet, folds_stratified
from letterlab.shapes import Float32, UInt8
from letterlab.study.folder import TEST_FILE, TRAIN_LETTERS_FILE, VALIDATION_FILE, in_view, stored_letters
from letterlab.study.tried import Trial


@dataclass(frozen=True, eq=False)
class Reread:
    """What the networks of the family `reread` say of letters that they did not learn."""

    folder: Path
    """Of the study."""
    test: LetterSet
    trials: tuple[Trial, ...]
    """At least one for each fold."""

    @cached_property
    def train(self) -> LetterSet:
        """The training letters, those that elsewhere validate among them."""
        return stored_letters(self.folder / TRAIN_LETTERS_FILE)

    @cached_property
    def doubt(self) -> Doubt:
        """Whose label is in doubt: a training letter by its fold's networks, a test letter by all, on average."""
        return doubt(
            Reading(
                self.train,
                self._of_train(VALIDATION_FILE),
                {view: self._of_train(in_view(VALIDATION_FILE, view)) for view in VIEWS},
            ),
            Reading(
                self.test,
                _said(self.trials, TEST_FILE),
                {view: _said(self.trials, in_view(TEST_FILE, view)) for view in VIEWS},
            ),
        )

    def picture(self, one: Doubtful) -> UInt8[np.ndarray, "28 28"]:
        """What a letter looks like."""
        return (self.train if one.part == "train" else self.test).images[one.position]

    def _of_train(self, file: str) -> Float32[np.ndarray, "n 26"]:
        folds = folds_stratified(self.train.labels)
        found = np.empty((len(folds), len(LETTERS)), dtype=np.float32)
        for fold in range(FOLDS):
            found[folds == fold] = _said([one for one in self.trials if one.record.recipe.fold == fold], file)
        return found


def whole(folder: Path, test: LetterSet, trials: list[Trial]) -> Reread | None:
    """The letters read again, if every fold has a trial that is done."""
    done = {trial.record.recipe.fold for trial in trials}
    return Reread(folder, test, tuple(trials)) if done >= set(range(FOLDS)) else None


def _said(trials: Sequence[Trial], file: str) -> Float32[np.ndarray, "n 26"]:
    """What some trials say of the same letters, on average."""
    return np.mean([Predictions.open(trial.folder / file).probabilities for trial in trials], axis=0)
