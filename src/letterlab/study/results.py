"""What a study came to: read from its folder, never from memory, so that a report can be made again at any time.

A study's folder holds
    study.json                      what was asked, of which letters, on what machine
    test.npz                        the test letters, for pictures of mistakes
    trials/NAME.seedK/              one training each: checkpoint, TensorBoard events, predictions
    report.html, findings.json      what is handed in
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool

from letterlab.evaluation import Predictions
from letterlab.findings.compare import Comparison, compare, mcnemar
from letterlab.findings.network import Findings
from letterlab.history import Record
from letterlab.letterset import LetterSet, Orientation, SetAside
from letterlab.recipe import Recipe
from letterlab.study.plan import Budget, Factor, Family


@dataclass(frozen=True)
class Asked:
    """What a study was asked to do."""

    letters: str
    """The source, as the user named it."""
    budget: Budget
    only: tuple[Family, ...]
    letter: str
    """The letter that gets a section of its own."""
    surname: str | None
    """The surname whose first letter that is, where one was given."""
    command: str
    """The command line that gives this study again."""


@dataclass(frozen=True)
class LettersRead:
    """What was read, and what of it was used for what."""

    fingerprint: str
    train: int
    """Letters that the networks learned from."""
    validation: int
    """Cut from the training letters, stratified; every choice was made on these."""
    test: int
    leaks: tuple[str, ...]
    """Names of training letters that also stand among the test letters and were left out of training."""
    orientation: Orientation
    set_aside: tuple[SetAside, ...]
    test_was_cut: bool
    drawn: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """One finished training."""

    name: str
    """`mlp-512-256.seed0`: its folder under trials/, its curve in TensorBoard."""
    record: Record
    validation: Predictions
    test: Predictions


@dataclass(frozen=True, eq=False)
class Tried:
    """A candidate and all its finished trials, one a seed."""

    name: str
    family: Family
    varied: Factor
    recipe: Recipe
    trials: tuple[Trial, ...]

    @cached_property
    def validation_correct(self) -> Bool[np.ndarray, "seeds n"]:
        """Which validation letters each seed read rightly."""
        return np.stack([trial.validation.correct for trial in self.trials])

    @cached_property
    def validation_accuracies(self) -> list[float]:
        """One a seed."""
        return [trial.validation.accuracy.share for trial in self.trials]

    @cached_property
    def test_accuracies(self) -> list[float]:
        """One a seed."""
        return [trial.test.accuracy.share for trial in self.trials]

    @property
    def parameters(self) -> int:
        """Trainable numbers in the network."""
        return self.trials[0].record.parameters

    @property
    def seconds(self) -> float:
        """Mean training time of a trial."""
        return float(np.mean([trial.record.seconds for trial in self.trials]))


@dataclass(frozen=True, eq=False)
class FamilyResult:
    """All MLPs, or all CNNs, ranked by validation."""

    family: Family
    ranked: tuple[Tried, ...]
    """Highest mean validation accuracy first; among equals the one with fewer parameters."""

    @classmethod
    def of(cls, family: Family, tried: list[Tried]) -> "FamilyResult":
        """Ranks the candidates."""
        return cls(
            family,
            tuple(sorted(tried, key=lambda one: (-float(np.mean(one.validation_accuracies)), one.parameters))),
        )

    @property
    def best(self) -> Tried:
        """The candidate of highest mean validation accuracy."""
        return self.ranked[0]

    @cached_property
    def best_trial(self) -> Trial:
        """Of the best candidate's seeds, the one of highest validation accuracy: the network the findings are about."""
        return max(self.best.trials, key=lambda trial: trial.validation.accuracy.share)

    @cached_property
    def findings(self) -> Findings:
        """What is found out about that network, on the test letters."""
        return Findings.of(self.best_trial.test)

    def against_best(self, other: Tried) -> Comparison:
        """How far a candidate is behind the best, on the validation letters, averaged over seeds."""
        return compare(other.validation_correct, self.best.validation_correct)


@dataclass(frozen=True, eq=False)
class Results:
    """A whole study."""

    asked: Asked
    letters: LettersRead
    environment: dict[str, str]
    families: tuple[FamilyResult, ...]
    """In the assignment's order: MLP, CNN; those that were asked for and have a finished trial of every candidate."""
    test: LetterSet
    seconds: float
    """From the first trial to the last, all in all."""

    def family(self, name: Family) -> FamilyResult | None:
        """The result for MLPs or CNNs, if the study had them."""
        return next((result for result in self.families if result.family == name), None)


@dataclass(frozen=True)
class Duel:
    """The best networks of two families on the same test letters."""

    comparison: Comparison
    p: float
    """McNemar's exact test."""


def duel(first: FamilyResult, second: FamilyResult) -> Duel:
    """Compares the two networks that the findings are about: accuracy of the first less that of the second."""
    one, other = first.best_trial.test.correct, second.best_trial.test.correct
    return Duel(compare(one[None], other[None]), mcnemar(one, other))
