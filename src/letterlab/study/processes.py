"""Trials in processes of this machine, each in one of its own.

Small networks gain little from a second thread and lose much where the threads wait for each other, so cores are given
to trials rather than to threads. A trial that dies takes nothing with it but its own last epoch.
"""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

from letterlab.files import temporary, writing
from letterlab.history import Epoch
from letterlab.letterset import Letters
from letterlab.machine import processes, safe_path
from letterlab.study.folder import TRIALS
from letterlab.study.preloading import begin_loading_for_trials
from letterlab.study.store import Stored
from letterlab.study.work import Ended, work


class Processes:
    """Workers that are processes of this machine (`work.Workers` says what each method does)."""

    def __init__(self, letters: Letters, folder: Path, at_once: int, weights: Mapping[str, str]) -> None:
        """Starts nothing yet.

        Args:
            letters: to train, validate and test with.
            folder: of the study.
            at_once: trials at a time.
            weights: files with ImageNet weights by the name of their network.
        """
        self.at_once = at_once
        self._given = letters, folder, weights
        self._until_the_end = ExitStack()
        self._kept: Path | None = None
        self._running: dict[Connection, tuple[BaseProcess, Stored]] = {}

    def start(self, trial: Stored) -> None:
        """Begins a trial in a new process."""
        begin_loading_for_trials()
        context = processes()
        here, there = context.Pipe()
        letters, folder, weights = self._given
        if self._kept is None:
            # All processes look into the same memory-mapped files: handing each the letters took as long as a training.
            with writing(folder):
                self._kept = self._until_the_end.enter_context(temporary(folder / "letters", folder=True))
                letters.save(self._kept)
        given = (trial, self._kept, folder / TRIALS / trial.name, weights, there)
        process = context.Process(target=_work, args=given, name=trial.name, daemon=True)
        # It died as it was started, or there is no room for it: `there` stays silent.
        with safe_path(), suppress(OSError, EOFError):
            process.start()
        there.close()
        self._running[here] = process, trial

    def listen(self, patience: float | None = None) -> Iterator[tuple[Stored, Epoch | Ended]]:
        """Waits for the next words."""
        for connection in cast(list[Connection], wait(list(self._running), patience)):
            process, trial = self._running[connection]
            said: Epoch | Ended | None = None
            with suppress(EOFError, OSError):  # the process has ended without a last word
                said = connection.recv()
            if not isinstance(said, Epoch):
                del self._running[connection]
                if said is None and process.pid:
                    process.join()
            yield trial, said or _died(process.exitcode)

    def end(self) -> None:
        """Kills the processes, and removes their copy of the letters; checkpoints are whole at any moment."""
        started = [process for process, _ in self._running.values() if process.pid]
        for process in started:
            process.kill()
        for process in started:
            process.join()
        self._until_the_end.close()


def _work(trial: Stored, letters: Path, place: Path, weights: Mapping[str, str], told: Connection) -> None:
    """A trial's process, which ends when there is nobody left to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the study's own process decides
    threading.Thread(target=_end_with_the_study, args=(told,), daemon=True).start()
    work(trial, Letters.open(letters), place, weights, told.send)


def _end_with_the_study(told: Connection) -> None:
    """Waits for a word from the study, which never says any: what comes is the end of the connection, and of it."""
    with suppress(EOFError, OSError):
        told.recv()
    os._exit(1)


def _died(code: int | None) -> Ended:
    """Of a process that was ended from outside, or never began (no code)."""
    if code is None:
        reason = "Its process could not be started twice, perhaps for want of memory: give fewer --workers."
    else:
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        reason = f"Its process was ended twice ({how}), perhaps for want of memory: give fewer --workers."
    return Ended("failed", reason=reason, again=True, died=True)
