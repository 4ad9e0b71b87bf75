"""Runs a study's trials, several at a time: which comes next, and what is kept of it.

A trial's numbers are the same wherever it is worked on, and however many are at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from letterlab.history import Epoch
from letterlab.recipe import Recipe
from letterlab.study.plan import FINALS, Plan
from letterlab.study.store import Store, Stored
from letterlab.study.unfolding import try_failed_again, unfold
from letterlab.study.work import Ended, Workers

_ATTEMPTS: Final = 2  # a process that the system ended may have been ended for another's sake


@dataclass(frozen=True)
class Step:
    """Something that happened: a trial began, ended an epoch, or ended."""

    trial: Stored
    """As it was before."""
    what: Literal["begun", "epoch", "done", "given up", "failed"]
    epoch: Epoch | None
    """The epoch that ended."""
    reason: str
    """Why it failed."""


def experiments(plan: Plan) -> list[str]:
    """The names of a plan's experiments and finals, in order."""
    return [
        f"{family.name}-{name}"
        for family in plan.families
        for name in [one.name for one in family.experiments] + [FINALS] * (family.finals is not None)
    ]


def run(
    plan: Plan,
    store: Store,
    workers: Workers,
    cost: Callable[[Recipe], float],
    watch: Callable[[Step], None],
) -> None:
    """Runs every trial of the plan that has not ended.

    A trial that fails is stored with its reason, and the study goes on. Whatever ends this call ends the trials; each
    keeps its last epoch.

    Args:
        plan: what to try.
        store: of the trials.
        workers: that work on the trials; they are ended with this call.
        cost: seconds that a training may take: of an experiment the longest trials begin first, so that none of them is
            left running alone at the end.
        watch: told of everything that happens.
    """
    running: dict[str, Stored] = {}
    attempts: dict[str, int] = {}
    try_failed_again(plan, store)
    waiting = _waiting(plan, store, cost)
    try:
        while waiting or running:
            while waiting and len(running) < workers.at_once:
                trial = waiting.pop(0)
                if trial.candidate.recipe is None:
                    store.started(trial)
                    store.failed(trial, trial.candidate.wrong, again=False)
                    watch(Step(trial, "failed", None, trial.candidate.wrong))
                    continue
                workers.start(trial)
                running[trial.name], attempts[trial.name] = trial, 1
                store.started(trial)
                watch(Step(trial, "begun", None, ""))
            ended = False
            for trial, said in workers.listen() if running else []:
                if isinstance(said, Epoch):
                    store.epoch(trial, said.number, said.validation.accuracy)
                    watch(Step(trial, "epoch", said, ""))
                    continue
                if said.died and attempts[trial.name] < _ATTEMPTS:
                    attempts[trial.name] += 1
                    workers.start(trial)
                    continue
                del running[trial.name]
                _end(store, trial, said)
                watch(Step(trial, said.state, None, said.reason))
                ended = ended or not any(other.experiment == trial.experiment for other in running.values())
            if ended or not running:
                # An experiment may have come to its end, and others be known by that.
                waiting = [trial for trial in _waiting(plan, store, cost) if trial.name not in running]
    finally:
        workers.end()


def _waiting(plan: Plan, store: Store, cost: Callable[[Recipe], float]) -> list[Stored]:
    """All trials that can be run by now, experiment by experiment, the longest first."""

    def length(trial: Stored) -> float:
        return -cost(trial.candidate.recipe) if trial.candidate.recipe else 0.0

    unfold(plan, store)
    return [
        trial
        for name in experiments(plan)
        for trial in sorted((one for one in store.trials(name) if not one.ended), key=length)
    ]


def _end(store: Store, trial: Stored, said: Ended) -> None:
    if said.state == "done":
        store.done(trial, said.accuracy, said.parameters)
    elif said.state == "given up":
        store.given_up(trial)
    else:
        store.failed(trial, said.reason, said.again)
