"""What was tried: a candidate, its trainings, and what each of them answered."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from letterlab.evaluation import Predictions
from letterlab.files import read_arrays
from letterlab.findings.compare import mean_interval
from letterlab.history import Record
from letterlab.recipe import Recipe
from letterlab.shapes import Bool, Float32
from letterlab.study.folder import FEATURES_FILE, TEST_FILE, VALIDATION_FILE


@dataclass(frozen=True, eq=False)
class Answered:
    """How one training did on one set of letters."""

    correct: Bool[np.ndarray, "n"]
    loss: float
    """Mean cross-entropy in nats."""

    @classmethod
    def of(cls, predictions: Predictions) -> "Answered":
        """What is kept in memory of predictions."""
        return cls(predictions.correct, predictions.loss)

    @property
    def accuracy(self) -> float:
        """Share read rightly."""
        return float(self.correct.mean())


@dataclass(frozen=True, eq=False)
class Trial:
    """One finished training."""

    name: str
    """`mlp-finals/base.seed0`: its folder under trials/, its curve in TensorBoard."""
    record: Record
    folder: Path

    @property
    def validation(self) -> Predictions:
        """What it said of the validation letters; read anew each time, for a study has hundreds of trials."""
        return Predictions.open(self.folder / VALIDATION_FILE)

    @property
    def test(self) -> Predictions:
        """What it said of the test letters; read anew each time."""
        return Predictions.open(self.folder / TEST_FILE)

    @property
    def features(self) -> Float32[np.ndarray, "n k"] | None:
        """How its network sees each test letter (study/features.py): stored of the best networks alone."""
        path = self.folder / FEATURES_FILE
        wanted = {"features": (np.floating, ("n", "k"))}
        return read_arrays(path, wanted)["features"].astype(np.float32) if path.exists() else None

    @cached_property
    def on_validation(self) -> Answered:
        """How it did on the validation letters."""
        return Answered.of(self.validation)

    @cached_property
    def on_test(self) -> Answered:
        """How it did on the test letters."""
        return Answered.of(self.test)


@dataclass(frozen=True, eq=False)
class Tried:
    """A candidate and all its finished trials, one a seed."""

    name: str
    experiment: str
    """Of which it is one: `mlp-factors`, `mlp-finals`."""
    levels: dict[str, str]
    """Its level of every factor of its experiment; of a finalist, of the experiment that it comes from."""
    varied: str
    """The factor in which it differs from its base; `base` for that itself, `search` for one that a search proposed."""
    recipe: Recipe
    trials: tuple[Trial, ...]

    @cached_property
    def validation_correct(self) -> Bool[np.ndarray, "seeds n"]:
        """Which validation letters each seed read rightly."""
        return np.stack([trial.on_validation.correct for trial in self.trials])

    @cached_property
    def test_correct(self) -> Bool[np.ndarray, "seeds n"]:
        """Which test letters each seed read rightly."""
        return np.stack([trial.on_test.correct for trial in self.trials])

    @cached_property
    def validation_accuracies(self) -> list[float]:
        """One a seed."""
        return [trial.on_validation.accuracy for trial in self.trials]

    @cached_property
    def test_accuracies(self) -> list[float]:
        """One a seed."""
        return [trial.on_test.accuracy for trial in self.trials]

    @cached_property
    def validation_mean(self) -> float:
        """Mean validation accuracy over the seeds: what ranks candidates."""
        return float(np.mean(self.validation_accuracies))

    @cached_property
    def test_mean(self) -> float:
        """Mean test accuracy over the seeds."""
        return float(np.mean(self.test_accuracies))

    @cached_property
    def validation_interval(self) -> tuple[float, float]:
        """95 % interval of the mean validation accuracy, over letters and seeds."""
        return mean_interval(self.validation_correct)

    @cached_property
    def test_interval(self) -> tuple[float, float]:
        """95 % interval of the mean test accuracy, over letters and seeds."""
        return mean_interval(self.test_correct)

    @property
    def parameters(self) -> int:
        """Trainable numbers in the network."""
        return self.trials[0].record.parameters

    @property
    def seconds(self) -> float:
        """Mean training time of a trial."""
        return float(np.mean([trial.record.seconds for trial in self.trials]))


def ranked(tried: list[Tried]) -> tuple[Tried, ...]:
    """Highest mean validation accuracy first; among equals the one with fewer parameters."""
    return tuple(sorted(tried, key=lambda one: (-round(one.validation_mean, 9), one.parameters)))
