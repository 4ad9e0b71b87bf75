"""Runs a study's trials, each in a process of its own, several at a time.

Small networks gain little from a second thread and lose much where the threads wait for each other, so cores are given
to trials rather than to threads: each has one, and its numbers are the same however many run at a time. A trial that
dies takes nothing with it but its own last epoch.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Literal, cast

import torch

from letterlab.checkpoint import NAME, read_record
from letterlab.evaluation import Predictions
from letterlab.history import Epoch
from letterlab.letterset import Letters
from letterlab.recipe import Recipe
from letterlab.study.folder import TRIALS, VALIDATION_FILE
from letterlab.study.plan import FINALS, Plan
from letterlab.study.store import Store, Stored
from letterlab.study.trial import run_trial
from letterlab.study.unfolding import try_failed_again, unfold
from letterlab.training import DivergedError

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


@dataclass(frozen=True)
class _Ended:
    """The last word of a trial's process."""

    state: Literal["done", "given up", "failed"]
    accuracy: float = 0.0
    parameters: int = 0
    reason: str = ""
    again: bool = False
    """It may go better another time."""


@dataclass
class _Running:
    """A trial at work in a process of its own."""

    process: BaseProcess
    trial: Stored
    attempt: int


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


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
    letters: Letters,
    folder: Path,
    workers: int,
    cost: Callable[[Recipe], float],
    watch: Callable[[Step], None],
    weights: Mapping[str, str],
) -> None:
    """Runs every trial of the plan that has not ended, so many at a time, each on one core.

    A trial that fails is stored with its reason, and the study goes on. Whatever ends this call ends the trials'
    processes; each keeps its last whole epoch.

    Args:
        plan: what to try.
        store: of the trials.
        letters: to train, validate and test with.
        folder: of the study.
        workers: trials at a time.
        cost: seconds that a training may take: of an experiment the longest trials begin first, so that none of them is
            left running alone at the end.
        watch: told of everything that happens.
        weights: files with ImageNet weights by the name of their network.
    """
    running: dict[Connection, _Running] = {}
    try_failed_again(plan, store)
    waiting = _waiting(plan, store, cost)
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                trial = waiting.pop(0)
                if trial.candidate.recipe is None:
                    store.started(trial)
                    store.failed(trial, trial.candidate.wrong, again=False)
                    watch(Step(trial, "failed", None, trial.candidate.wrong))
                    continue
                _start(running, trial, letters, folder, weights, 1)
                store.started(trial)
                watch(Step(trial, "begun", None, ""))
            ended = False
            for connection in cast(list[Connection], wait(list(running)) if running else []):
                one = running[connection]
                try:
                    said: Epoch | _Ended = connection.recv()
                except (EOFError, OSError):  # the process has ended without a last word
                    if one.process.pid:
                        one.process.join()
                    said = _Ended("failed", reason=_how_it_ended(one.process.exitcode), again=True)
                    if one.attempt < _ATTEMPTS:
                        del running[connection]
                        _start(running, one.trial, letters, folder, weights, one.attempt + 1)
                        continue
                if isinstance(said, Epoch):
                    store.epoch(one.trial, said.number, said.validation.accuracy)
                    watch(Step(one.trial, "epoch", said, ""))
                    continue
                del running[connection]
                if one.process.pid:
                    one.process.join()
                _end(store, one.trial, said)
                watch(Step(one.trial, said.state, None, said.reason))
                ended = ended or not any(other.trial.experiment == one.trial.experiment for other in running.values())
            if ended or not running:
                # An experiment may have come to its end, and others be known by that.
                begun = {one.trial.name for one in running.values()}
                waiting = [trial for trial in _waiting(plan, store, cost) if trial.name not in begun]
    finally:
        started = [one.process for one in running.values() if one.process.pid]
        for process in started:
            process.kill()  # checkpoints are whole at any moment
        for process in started:
            process.join()


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


def _end(store: Store, trial: Stored, said: _Ended) -> None:
    if said.state == "done":
        store.done(trial, said.accuracy, said.parameters)
    elif said.state == "given up":
        store.given_up(trial)
    else:
        store.failed(trial, said.reason, said.again)


def _start(
    running: dict[Connection, _Running],
    trial: Stored,
    letters: Letters,
    folder: Path,
    weights: Mapping[str, str],
    attempt: int,
) -> None:
    # The fork server loads torch once, and each trial begins as a fresh copy of it. Asking torch for deterministic
    # algorithms loads torch._inductor, which takes longer than a small training.
    # It is Python started with -c, which would import the working folder's random.py, if there is one, as Python's own.
    os.environ["PYTHONSAFEPATH"] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["letterlab.study.engine", "torch._inductor"])
    here, there = context.Pipe()
    given = (trial, letters, folder / TRIALS / trial.name, weights, there)
    process = context.Process(target=_train, args=given, name=trial.name, daemon=True)
    with suppress(OSError, EOFError):  # it died as it was started, or there is no room for it: `there` stays silent
        process.start()
    there.close()
    running[here] = _Running(process, trial, attempt)


def _train(trial: Stored, letters: Letters, place: Path, weights: Mapping[str, str], told: Connection) -> None:
    """A trial's process: trains, tells each epoch, and ends when there is nobody left to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the study's own process decides
    threading.Thread(target=_end_with_the_study, args=(told,), daemon=True).start()
    torch.set_num_threads(1)
    assert trial.candidate.recipe is not None
    recipe = trial.candidate.recipe.model_copy(update={"seed": trial.seed})
    if recipe.model.kind == "torchvision" and recipe.model.network in weights:
        model = recipe.model.model_copy(update={"weights_file": weights[recipe.model.network]})
        recipe = recipe.model_copy(update={"model": model})
    try:
        if run_trial(recipe, letters, place, told.send, trial.planned.medians):
            accuracy = Predictions.open(place / VALIDATION_FILE).accuracy.share
            told.send(_Ended("done", accuracy, read_record(place / NAME).parameters))
        else:
            told.send(_Ended("given up"))
    except DivergedError as error:
        told.send(_Ended("failed", reason=str(error)))
    except MemoryError:
        told.send(_Ended("failed", reason="There was not enough memory.", again=True))
    except Exception as error:  # one trial's trouble, whatever it is, is not the study's
        told.send(_Ended("failed", reason=str(error) or type(error).__name__, again=True))


def _end_with_the_study(told: Connection) -> None:
    """Waits for a word from the study, which never says any: what comes is the end of the connection, and of it."""
    with suppress(EOFError, OSError):
        told.recv()
    os._exit(1)


def _how_it_ended(code: int | None) -> str:
    """A sentence for a process that was ended from outside, or never began (no code)."""
    if code is None:
        return "Its process could not be started twice, perhaps for want of memory: give fewer --workers."
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"Its process was ended twice ({how}), perhaps for want of memory: give fewer --workers."
