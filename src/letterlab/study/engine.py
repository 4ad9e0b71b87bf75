"""Runs a study's trials, several at a time: which comes next, and what is kept of it.

A trial's numbers are the same wherever it is worked on, and however many are at a time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, cast

from letterlab.history import Epoch
from letterlab.recipe import Recipe
from letterlab.study.course import Course
from letterlab.study.plan import Plan
from letterlab.study.store import Store, Stored
from letterlab.study.work import Ended, Workers

What = Literal["begun", "epoch", "done", "given up", "failed"]
_ATTEMPTS: Final = 2  # a process that the system ended may have been ended for another's sake


@dataclass(frozen=True)
class Step:
    """Something that happened: a trial began, ended an epoch, or ended."""

    trial: Stored
    """As it was before; one of others as it is."""
    what: What
    epoch: Epoch | None
    """The epoch that ended."""
    reason: str
    """Why it failed."""
    elsewhere: bool = False
    """Another command, which works on the same study, did it; epochs of others are not told."""


def run(
    plan: Plan,
    store: Store,
    workers: Workers,
    cost: Callable[[Recipe], float],
    watch: Callable[[Step], None],
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Runs every trial of the plan that has not ended.

    Where others work on the same study, it runs what they do not, and waits until theirs have ended too. A trial that
    fails is stored with its reason, and the study goes on. Whatever ends this call ends the trials; each keeps its last
    epoch.

    Args:
        plan: what to try.
        store: of the trials.
        workers: that work on the trials; they are ended with this call.
        cost: seconds that a training may take: of an experiment the longest trials begin first, so that none of them is
            left running alone at the end.
        watch: told of everything that happens.
        say: told in a sentence when there is nothing to do but to wait for others.
    """
    running: dict[str, Stored] = {}
    attempts: dict[str, int] = {}
    course = Course(plan, store, cost)
    waits = False
    try:
        while running or not course.finished:
            ended = False
            while len(running) < workers.at_once and (trial := course.next()):
                if trial.candidate.recipe is None:
                    store.failed(trial, trial.candidate.wrong, again=False)
                    watch(Step(trial, "failed", None, trial.candidate.wrong))
                    ended = True
                    continue
                workers.start(trial)
                running[trial.name], attempts[trial.name] = trial, 1
                watch(Step(trial, "begun", None, ""))
            if not running and course.elsewhere:
                if not waits:
                    say(f"Nothing is left to begin here: waiting for {len(course.elsewhere)} trainings of others.")
                time.sleep(store.pause or 0)
            waits = not running
            for trial, said in workers.listen(store.pause) if running else []:
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
            if store.news(running.values(), ended):
                # An experiment may have come to its end, and others be known by that.
                for trial in course.look(running):
                    what = trial.state if trial.ended else "begun"
                    watch(Step(trial, cast(What, what), None, trial.reason, elsewhere=True))
    finally:
        workers.end()


def _end(store: Store, trial: Stored, said: Ended) -> None:
    if said.state == "done":
        store.done(trial, said.accuracy, said.parameters)
    elif said.state == "given up":
        store.given_up(trial)
    else:
        store.failed(trial, said.reason, said.again)
