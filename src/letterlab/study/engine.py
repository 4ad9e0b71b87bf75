"""Runs a plan's trials, each in a process of its own, several at a time.

Small networks gain little from a second thread and lose much where the threads wait for each other, so cores are given
to trials rather than to threads. A trial that dies takes nothing with it but its own last epoch.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

import torch

from letterlab.errors import LetterlabError
from letterlab.files import write_text
from letterlab.history import Epoch
from letterlab.letterset import Letters
from letterlab.recipe import Recipe
from letterlab.study.results import FAILURE_FILE, TEST_FILE, TRIALS, Study
from letterlab.study.trial import run_trial


@dataclass(frozen=True)
class Step:
    """How far a study has come: after every epoch of any trial."""

    trial: str
    epoch: Epoch
    epochs: int
    """Of this trial, in all."""
    done: int
    """Trials that are finished, this one too if this was its last epoch."""
    trials: int


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@dataclass
class _Running:
    """A trial at work in a process of its own."""

    process: BaseProcess
    place: Path
    recipe: Recipe


def unfinished(study: Study, folder: Path) -> list[tuple[Path, Recipe]]:
    """The trials of the plan that are not done: each one's folder and recipe."""
    planned = [(folder / TRIALS / one.trial_name(seed), one.with_seed(seed)) for one, seed in study.plan.trials()]
    return [(place, recipe) for place, recipe in planned if not (place / TEST_FILE).exists()]


def run(study: Study, letters: Letters, folder: Path, workers: int, watch: Callable[[Step], None]) -> None:
    """Runs every trial of the plan that is not done, so many at a time, the cores divided among them.

    A trial that fails leaves its reason in its folder, and the study goes on; it is tried again when the study is run
    again. Whatever ends this call ends the trials' processes; each keeps its last whole epoch.
    """
    waiting = unfinished(study, folder)
    trials = len(study.plan.trials())
    done = trials - len(waiting)
    threads = max(cores() // workers, 1)
    running: dict[Connection, _Running] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                place, recipe = waiting.pop(0)
                connection, process = _start(recipe, letters, place, threads)
                running[connection] = _Running(process, place, recipe)
            for connection in cast(list[Connection], wait(list(running))):
                trial = running[connection]
                try:
                    epoch = connection.recv()
                except EOFError:  # the process has ended
                    del running[connection]
                    trial.process.join()
                    _check(trial)
                    continue
                done += epoch.number == trial.recipe.epochs
                watch(Step(trial.place.name, epoch, trial.recipe.epochs, done, trials))
    finally:
        for trial in running.values():
            trial.process.kill()  # checkpoints are whole at any moment
        for trial in running.values():
            trial.process.join()


def _start(recipe: Recipe, letters: Letters, place: Path, threads: int) -> tuple[Connection, BaseProcess]:
    # The fork server loads torch once, and each trial begins as a fresh copy of it.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["letterlab.study.engine"])
    here, there = context.Pipe()
    process = context.Process(target=_train, args=(recipe, letters, place, threads, there), daemon=True)
    process.start()
    there.close()
    return here, process


def _train(recipe: Recipe, letters: Letters, place: Path, threads: int, told: Connection) -> None:
    """A trial's process: trains, tells each epoch, and ends when there is nobody left to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the study's own process decides
    threading.Thread(target=_end_with_the_study, args=(told,), daemon=True).start()
    torch.set_num_threads(threads)
    failure = place / FAILURE_FILE
    failure.unlink(missing_ok=True)
    try:
        run_trial(recipe, letters, place, told.send)
    except (LetterlabError, RuntimeError) as error:  # torch says with a RuntimeError that memory ran out
        write_text(failure, f"{error}\n")


def _end_with_the_study(told: Connection) -> None:
    """Waits for a word from the study, which never says any: what comes is the end of the connection, and of it."""
    with suppress(EOFError, OSError):
        told.recv()
    os._exit(1)


def _check(trial: _Running) -> None:
    """Leaves a reason for a trial whose process was ended from outside."""
    code = trial.process.exitcode
    if code and not (trial.place / FAILURE_FILE).exists():
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        reason = f"Its process was ended ({how}), perhaps for want of memory: give fewer --workers."
        write_text(trial.place / FAILURE_FILE, reason + "\n")
