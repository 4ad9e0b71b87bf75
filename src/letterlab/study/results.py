"""What a study came to: read from its folder, never from memory, so that a report can be made again at any time.

A study's folder holds
    study.json                      what was asked, of which letters, on what machine
    test.npz                        the test letters, for pictures of mistakes
    trials/NAME.seedK/              one training each: checkpoint, TensorBoard events, predictions
                                    (validation.npz, then test.npz), or failure.txt
    report.html, findings.json      what is handed in
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Bool
from pydantic import TypeAdapter, ValidationError

from letterlab.checkpoint import NAME, read_record
from letterlab.errors import LetterlabError
from letterlab.evaluation import Predictions
from letterlab.files import write_text
from letterlab.findings.compare import Comparison, compare, mcnemar
from letterlab.findings.network import Findings
from letterlab.history import Record
from letterlab.letterset import LetterSet, Orientation, SetAside
from letterlab.recipe import Recipe
from letterlab.study.plan import FAMILIES, Budget, Factor, Family, Plan

STUDY_FILE: Final = "study.json"
LETTERS_FILE: Final = "test.npz"
TRIALS: Final = "trials"
VALIDATION_FILE: Final = "validation.npz"
TEST_FILE: Final = "test.npz"
"""Written last: with it a trial is done."""
FAILURE_FILE: Final = "failure.txt"


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


@dataclass(frozen=True)
class Study:
    """What study.json holds: written before the first trial, and never changed by one."""

    asked: Asked
    letters: LettersRead
    environment: dict[str, str]
    plan: Plan

    def save(self, folder: Path) -> None:
        """Writes study.json."""
        write_text(folder / STUDY_FILE, TypeAdapter(Study).dump_json(self, indent=1).decode() + "\n")

    @classmethod
    def open(cls, folder: Path) -> "Study":
        """Reads study.json.

        Raises:
            LetterlabError: the folder holds no study, or one that another version wrote.
        """
        path = folder / STUDY_FILE
        try:
            return TypeAdapter(Study).validate_json(path.read_bytes())
        except FileNotFoundError:
            raise LetterlabError(
                f"There is no study in {folder}: give the folder that `letterlab study` wrote."
            ) from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise LetterlabError(
                f"{path} is not a study of this version of letterlab ({where}: {first['msg']}): give another --out."
            ) from None


@dataclass(frozen=True)
class Failure:
    """A trial that could not be finished, and why."""

    trial: str
    reason: str


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
    """In the assignment's order: MLP, CNN; those that were asked for and of which a candidate succeeded."""
    test: LetterSet
    failed: tuple[Failure, ...]
    """Trials that could not be finished; their candidates are not ranked."""

    @property
    def seconds(self) -> float:
        """Training time of all ranked trials together."""
        return sum(
            trial.record.seconds for family in self.families for tried in family.ranked for trial in tried.trials
        )

    def family(self, name: Family) -> FamilyResult | None:
        """The result for MLPs or CNNs, if the study had them."""
        return next((result for result in self.families if result.family == name), None)


def open_results(folder: Path) -> Results:
    """The results of the study in this folder, as far as its trials are done.

    Raises:
        LetterlabError: the folder holds no study, none of its trials is done, or a file in it is damaged.
    """
    study = Study.open(folder)
    tried: dict[Family, list[Tried]] = {}
    failed: list[Failure] = []
    for candidate in study.plan.candidates:
        folders = [folder / TRIALS / candidate.trial_name(seed) for seed in range(study.plan.seeds)]
        failures = [
            Failure(one.name, (one / FAILURE_FILE).read_text(encoding="utf-8").strip())
            for one in folders
            if (one / FAILURE_FILE).exists()
        ]
        failed += failures
        trials = tuple(_open_trial(one) for one in folders if (one / TEST_FILE).exists())
        if trials and not failures:
            tried.setdefault(candidate.family, []).append(
                Tried(candidate.name, candidate.family, candidate.varied, candidate.recipe, trials)
            )
    if not tried:
        why = f" The first failed so: {failed[0].reason}" if failed else " Run the same `letterlab study` again."
        raise LetterlabError(f"No training of the study in {folder} has been finished.{why}")
    with np.load(folder / LETTERS_FILE, allow_pickle=False) as stored:
        test = LetterSet.of(stored["images"], stored["labels"], stored["names"].tolist())
    families = tuple(FamilyResult.of(family, tried[family]) for family in FAMILIES if family in tried)
    return Results(study.asked, study.letters, study.environment, families, test, tuple(failed))


def _open_trial(folder: Path) -> Trial:
    validation, test = Predictions.open(folder / VALIDATION_FILE), Predictions.open(folder / TEST_FILE)
    return Trial(folder.name, read_record(folder / NAME), validation, test)


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
