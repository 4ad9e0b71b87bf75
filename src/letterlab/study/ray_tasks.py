"""Trials as tasks of a Ray cluster: what a trial writes is brought to the study's own folder.

The letters and weights are put once into Ray's store, from which each machine takes them. A trial runs in a folder of
its machine, and what is new there comes back with its words: at its end, and before that every few seconds, so that
a trial whose machine is lost goes on from there on another. Its numbers are the same, wherever it ran.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Final

import numpy as np
import ray
from ray.exceptions import NodeDiedError, ObjectLostError, RayError, RayTaskError

from letterlab.checkpoint import NAME
from letterlab.cluster import check_versions, versions
from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.history import Epoch
from letterlab.letterset import Letters, LetterSet
from letterlab.study.folder import TRIALS
from letterlab.study.store import Stored
from letterlab.study.work import Ended, work
from letterlab.tracking import EVENTS

_EVERY: Final = 10.0
"""Seconds between two times that a trial's files come: its last epochs are lost with its machine, and cost no more."""


class RayTasks:
    """Workers on the cluster that this process has joined (`work.Workers` says what each method does)."""

    def __init__(self, letters: Letters, folder: Path, at_once: int, weights: Mapping[str, str]) -> None:
        """Puts letters and weights into the cluster's store.

        Args:
            letters: to train, validate and test with.
            folder: of the study.
            at_once: trials at a time; those that the cluster has no room for wait.
            weights: files with ImageNet weights by the name of their network.
        """
        self.at_once = at_once
        self._folder = folder
        self._letters = ray.put(_in_memory(letters))
        self._weights = {network: ray.put(Path(file).read_bytes()) for network, file in weights.items()}
        self._versions = versions("letterlab", "torch", "torchvision")
        # A lambda, which type checks in tests do not wrap: Ray would not see that what they wrapped is a generator.
        self._train = ray.remote(max_retries=0, num_cpus=1)(lambda *given: (yield from _train(*given)))
        self._running: dict[Any, Stored] = {}

    def start(self, trial: Stored) -> None:
        """Hands a trial to the cluster, with its checkpoint if there is one."""
        place = self._folder / TRIALS / trial.name
        for old in place.glob(EVENTS):  # they are told again from the first epoch
            old.unlink()
        checkpoint = place / NAME
        kept = {NAME: checkpoint.read_bytes()} if checkpoint.exists() else {}
        recipe = trial.candidate.recipe
        assert recipe is not None
        network = getattr(recipe.model, "network", None)
        weights = {network: self._weights[network]} if network in self._weights else {}
        # A cluster without any GPU would let it wait for ever; where there is none, the trial says so itself.
        gpus = int(recipe.device == "cuda" and "GPU" in ray.cluster_resources())
        task = self._train.options(num_gpus=gpus, name=trial.name)
        given = self._versions, trial, self._letters, [*weights], [*weights.values()], kept, _EVERY
        self._running[task.remote(*given)] = trial

    def listen(self, patience: float | None = None) -> Iterator[tuple[Stored, Epoch | Ended]]:
        """Waits for the next words, and writes the files that come with them."""
        tasks: list[Any] = [*self._running]
        heard: list[Any] = ray.wait(tasks, timeout=patience)[0]
        for task in heard:
            trial = self._running[task]
            try:
                said, files = ray.get(next(task))
            except RayTaskError as error:  # a trial's own trouble would have been its last word
                raise LetterlabError(f"A machine of the Ray cluster cannot work on trials: {_why(error)}") from None
            except (NodeDiedError, ObjectLostError):  # no fault of the trial's
                del self._running[task]
                self.start(trial)
                continue
            except RayError as error:
                said, files = _died(error), {}
            for name, content in files.items():
                with replace_whole(self._folder / TRIALS / trial.name / name) as file:
                    file.write(content)
            if isinstance(said, Ended):
                del self._running[task]
            yield trial, said

    def end(self) -> None:
        """Kills the tasks' processes, and waits until the cluster has heard of it."""
        for task in self._running:
            ray.cancel(task, force=True)
        for task in self._running:
            with suppress(RayError, StopIteration):
                while True:
                    ray.get(next(task))


def _train(
    wanted: Mapping[str, str],
    trial: Stored,
    letters: Letters,
    networks: list[str],
    weights: list[Any],
    kept: Mapping[str, bytes],
    every: float,
) -> Iterator[tuple[Epoch | Ended, dict[str, bytes]]]:
    """A trial on a machine of the cluster: its words, and with some of them the files that are new since."""
    check_versions(wanted)
    machine = ray.get_runtime_context()
    # Ray's own folder: what a killed trial leaves goes with the rest of the session.
    with TemporaryDirectory(prefix="trial-", dir=Path(machine.get_temp_dir(), machine.get_session_name())) as scratch:
        place = Path(scratch, "trial")
        place.mkdir()
        for name, content in kept.items():
            (place / name).write_bytes(content)
        files = {network: str(Path(scratch, f"{network}.pth")) for network in networks}
        for file, content in zip(files.values(), ray.get(weights), strict=True):
            Path(file).write_bytes(content)
        words: SimpleQueue[Epoch | Ended] = SimpleQueue()
        Thread(target=work, args=(trial, letters, place, files, words.put), daemon=True).start()
        sent = _state(place)
        told = time.monotonic()
        said: Epoch | Ended | None = None
        while not isinstance(said, Ended):
            said = words.get()
            new: list[str] = []
            if isinstance(said, Ended) or time.monotonic() - told >= every:
                now = _state(place)
                new = [name for name in now if now[name] != sent.get(name)]
                sent, told = now, time.monotonic()
            yield said, {name: (place / name).read_bytes() for name in new}


def _state(place: Path) -> dict[str, tuple[int, int, int]]:
    """What tells whether a file has changed, of each that is whole; a file replaced is another inode."""
    stats = {entry.name: entry.stat() for entry in os.scandir(place) if not entry.name.startswith(".")}
    return {name: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


def _in_memory(letters: Letters) -> Letters:
    """The same letters as plain arrays: those that are mapped from a file would be copied by every trial."""

    def plain(part: LetterSet) -> LetterSet:
        images, labels, names = map(np.asarray, (part.images, part.labels, part.names))
        return replace(part, images=images, labels=labels, names=names)

    return replace(
        letters, train=plain(letters.train), test=plain(letters.test), more=letters.more and plain(letters.more)
    )


def _why(error: RayTaskError) -> str:
    said = str(error.cause if isinstance(error.cause, LetterlabError) else error).strip().splitlines()[-1]
    return said if said.endswith(".") else f"{said}."


def _died(error: RayError) -> Ended:
    """Of a process that was ended from outside."""
    reason = f"Its process on the cluster was ended twice ({type(error).__name__}), perhaps for want of memory."
    return Ended("failed", reason=reason, again=True, died=True)
