"""The store of a study: every trial with its levels, recipe, state and accuracies, in one SQLite file.

It is Optuna's: each experiment is an Optuna study of its own, which `optuna-dashboard sqlite:///FOLDER/study.db` shows.
Only one process writes; what is written is whole at any moment, for SQLite sees to that. Where several work on a study
together, each has a `shared_store.SharedStore` in its place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from letterlab.recipe import Recipe
from letterlab.study.folder import Study
from letterlab.study.plan import Candidate

T = TypeVar("T")
STORE_FILE: Final = "study.db"
State = Literal["waiting", "running", "done", "given up", "failed"]
_STATES: Final[dict[TrialState, State]] = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "given up",
    TrialState.FAIL: "failed",
}

optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would announce every study and trial


@dataclass(frozen=True)
class Planned:
    """A trial that is to be."""

    candidate: Candidate
    seed: int
    medians: dict[int, float]
    """By epoch, the validation accuracy below which it is given up; none is for a trial that runs to its end."""


@dataclass(frozen=True)
class Stored:
    """A trial as the store has it."""

    experiment: str
    number: int
    """Optuna's, in its experiment, from 0."""
    id: int
    """Optuna's, in its store."""
    planned: Planned
    state: State
    value: float | None
    """Validation accuracy at its end, of a trial that is done."""
    epochs: dict[int, float]
    """Validation accuracy after each epoch, from 1; of a trial that is shown a part of the letters, on a part."""
    parameters: int | None
    """Trainable numbers in its network, of a trial that is done."""
    reason: str
    """Why it failed."""
    again: bool
    """It failed for a reason that may be gone another time."""

    @property
    def candidate(self) -> Candidate:
        """What it is a trial of."""
        return self.planned.candidate

    @property
    def seed(self) -> int:
        """Its seed."""
        return self.planned.seed

    @property
    def name(self) -> str:
        """`mlp-factors/activation-tanh.seed0`: its folder under trials/, its curve in TensorBoard."""
        return f"{self.experiment}/{self.candidate.trial_name(self.seed)}"

    @property
    def ended(self) -> bool:
        """It will not be run any more."""
        return self.state in ("done", "given up", "failed")


class Store:
    """The trials of a study, by experiment."""

    pause: float | None = None
    """Seconds until it has to be asked for news again; None where there are none but one's own."""

    def __init__(self, folder: Path) -> None:
        """Opens the store in this folder, which must exist; made where it is missing."""
        self.folder = folder
        self._storage = sqlite(folder / STORE_FILE)
        self._studies: dict[str, int] = {}

    def close(self) -> None:
        """Lets go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def begun(self) -> Study:
        """The study that is stored, as it was begun.

        Raises:
            LetterlabError: none is.
        """
        return Study.open(self.folder)

    def trials(self, experiment: str) -> list[Stored]:
        """All trials of an experiment, in order; none if it is not begun.

        One that is tried again stands in place of that which failed.
        """
        found: dict[str, Stored] = {}
        for trial in self.optuna_trials(experiment):
            one = _stored(experiment, trial)
            found[one.name] = one
        return list(found.values())

    def optuna_trials(self, experiment: str) -> list[FrozenTrial]:
        """As Optuna has them, for its samplers; with those that failed and were tried again."""
        study = self._study(experiment)
        return [] if study is None else self._storage.get_all_trials(study, deepcopy=False)

    def add(self, experiment: str, planned: Planned, levels: Mapping[str, Sequence[str]]) -> None:
        """Adds a trial that waits, its levels as parameters: `levels` holds all that each of them could have."""
        study = self._study(experiment)
        if study is None:
            study = self._storage.create_new_study([StudyDirection.MAXIMIZE], experiment)
        candidate = planned.candidate
        template = create_trial(
            state=TrialState.WAITING,
            params={name: candidate.levels[name] for name in levels},
            distributions=distributions(levels),
            user_attrs={
                "candidate": candidate.name,
                "seed": planned.seed,
                "varied": candidate.varied,
                "levels": candidate.levels,
                "recipe": candidate.recipe.model_dump(mode="json") if candidate.recipe else None,
                "wrong": candidate.wrong,
                "medians": {str(epoch): value for epoch, value in planned.medians.items()},
            },
        )
        self._storage.create_new_trial(study, template)

    def try_again(self, trial: Stored) -> None:
        """Adds a trial in place of one that failed, which stays for the record."""
        failed = self._storage.get_trial(trial.id)
        attributes = {name: value for name, value in failed.user_attrs.items() if name not in ("reason", "again")}
        template = create_trial(
            state=TrialState.WAITING,
            params=failed.params,
            distributions=failed.distributions,
            user_attrs=attributes,
        )
        self._storage.create_new_trial(self._studies[trial.experiment], template)

    def alone(self, do: Callable[[], T]) -> T:
        """Does something that adds trials, which only one process may at a time: here it is the only one."""
        return do()

    def free(self, trials: list[Stored]) -> list[Stored]:
        """Those of these trials that nobody else works on."""
        return trials

    def news(self, running: Iterable[Stored], ended: bool) -> bool:
        """Whether other trials may be there, or may be free, than were before.

        Args:
            running: what this process works on, as it tells hereby.
            ended: one of them has ended.
        """
        return ended

    def claim(self, trial: Stored) -> bool:
        """It is going to be run by this process, if that is true."""
        if trial.state == "waiting":
            self._storage.set_trial_state_values(trial.id, TrialState.RUNNING)
        return True

    def epoch(self, trial: Stored, number: int, accuracy: float) -> None:
        """An epoch of it is done."""
        self._storage.set_trial_intermediate_value(trial.id, number, accuracy)

    def done(self, trial: Stored, accuracy: float, parameters: int) -> None:
        """It ran to its end."""
        self._storage.set_trial_user_attr(trial.id, "parameters", parameters)
        self._storage.set_trial_state_values(trial.id, TrialState.COMPLETE, [accuracy])

    def given_up(self, trial: Stored) -> None:
        """It fell below the median of those before it; what it last reached is its value."""
        last = self._storage.get_trial(trial.id).intermediate_values
        self._storage.set_trial_state_values(trial.id, TrialState.PRUNED, [last[max(last)]])

    def failed(self, trial: Stored, reason: str, again: bool) -> None:
        """It could not be finished; `again` says that it might be another time."""
        self._storage.set_trial_user_attr(trial.id, "reason", reason)
        self._storage.set_trial_user_attr(trial.id, "again", again)
        self._storage.set_trial_state_values(trial.id, TrialState.FAIL)

    def bring(self) -> None:
        """Sees to it that the folder holds all that has been done: here it does."""

    def _study(self, experiment: str) -> int | None:
        """Optuna's number of the study of an experiment that is begun."""
        if experiment not in self._studies:
            with suppress(KeyError):
                self._studies[experiment] = self._storage.get_study_id_from_name(experiment)
        return self._studies.get(experiment)


def sqlite(file: Path) -> RDBStorage:
    """A store in a file; made where it is missing."""
    # SQLite keeps readers (a dashboard) and the one writer apart; who comes second waits.
    return RDBStorage(f"sqlite:///{file}", engine_kwargs={"connect_args": {"timeout": 60}})


def distributions(levels: Mapping[str, Sequence[str]]) -> dict[str, BaseDistribution]:
    """What Optuna is told of the factors: each has the names of its levels to choose from."""
    return {name: CategoricalDistribution(tuple(choices)) for name, choices in levels.items()}


def _stored(experiment: str, trial: FrozenTrial) -> Stored:
    attributes: dict[str, Any] = trial.user_attrs
    recipe = attributes["recipe"]
    state = _STATES[trial.state]
    return Stored(
        experiment=experiment,
        number=trial.number,
        id=trial._trial_id,
        planned=Planned(
            Candidate(
                attributes["candidate"],
                attributes["levels"],
                attributes["varied"],
                None if recipe is None else Recipe.model_validate(recipe),
                attributes["wrong"],
            ),
            attributes["seed"],
            {int(epoch): value for epoch, value in attributes["medians"].items()},
        ),
        state=state,
        value=trial.value if state == "done" else None,
        epochs=dict(sorted(trial.intermediate_values.items())),
        parameters=attributes.get("parameters"),
        # Written before the state: of a trial that was killed in between they mean nothing.
        reason=attributes.get("reason", "") if state == "failed" else "",
        again=state == "failed" and attributes.get("again", False),
    )
