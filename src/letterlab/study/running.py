"""A study from letters to results: what the command line and Python both call."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from letterlab.cluster import connect
from letterlab.errors import LetterlabError
from letterlab.letterset import Letters
from letterlab.machine import cores
from letterlab.study import engine
from letterlab.study.beginning import Costs, begin, read_letters
from letterlab.study.budgets import Budget
from letterlab.study.course import experiments
from letterlab.study.database import without_password
from letterlab.study.engine import Step
from letterlab.study.features import write_features
from letterlab.study.folder import Asked, Study
from letterlab.study.holding import held
from letterlab.study.mending import try_damaged_again
from letterlab.study.plan import Plan
from letterlab.study.processes import Processes
from letterlab.study.results import Results, open_results
from letterlab.study.shared_store import SharedStore
from letterlab.study.soundness import sound
from letterlab.study.store import STORE_FILE, Store
from letterlab.study.work import Workers

Engine = Literal["local", "ray"]


@dataclass(frozen=True, eq=False)
class Begun:
    """A study that is written down, and can be run."""

    study: Study
    letters: Letters
    """That it works with: without those that stand in both parts."""
    folder: Path
    workers: int
    """Trials at a time."""
    weights: Mapping[str, str]
    """Files with ImageNet weights by the name of their network."""
    engine: Engine
    """Where the trials run."""
    shared: str | None = field(default=None, repr=False)
    """URL of the database with which others work on it too; it may hold a password."""

    @property
    def costs(self) -> Costs:
        """About how long each training takes here."""
        return Costs(self.study.letters, self.study.pace)

    def open_store(self, say: Callable[[str], None] = lambda sentence: None) -> Store:
        """The store of the trials; `say` is told in a sentence when it has to be waited for."""
        return SharedStore(self.shared, self.folder, say) if self.shared else Store(self.folder)

    def run(
        self, watch: Callable[[Step], None] = lambda step: None, say: Callable[[str], None] = lambda sentence: None
    ) -> Results:
        """Runs what has not ended yet, telling of every step, and reads what came of it.

        Args:
            watch: told of every step, those of others who work on the study too.
            say: told in a sentence what is waited for: trials of others, or the database.

        Raises:
            LetterlabError: another process works in the folder, no trial could be finished, or the database cannot be
                worked with.
        """
        file = self.folder / STORE_FILE
        with held(self.folder, self.study.asked.command), sound(file), closing(self.open_store(say)) as store:
            now = store.begun()
            if (now.letters.fingerprint, now.whole_plan) != (self.study.letters.fingerprint, self.study.whole_plan):
                where, option = (without_password(self.shared), "--store") if self.shared else (self.folder, "--out")
                raise LetterlabError(f"Another study was begun in {where} meanwhile: give another {option}.")
            self.study.save(self.folder)
            if not self.shared:
                try_damaged_again(experiments(self.study.plan), store, self.folder)
            try:
                engine.run(self.study.plan, store, self._hired(), self.costs, watch, say)
                store.bring()
            finally:
                self.study.save(self.folder)  # the pace of networks that were chosen on the way is known now
            results = open_results(self.folder)
            for family in results.families:
                write_features(family.best_trial, results.test)
        return results

    def _hired(self) -> Workers:
        given = self.letters, self.folder, self.workers, self.weights
        if self.engine == "local":
            return Processes(*given)
        from letterlab.study.ray_tasks import RayTasks  # Ray need not be installed

        return RayTasks(*given)


def begin_study(
    letters: Letters,
    plan: Plan | Budget,
    folder: Path,
    *,
    only: tuple[str, ...] = (),
    letter: str = "A",
    surname: str | None = None,
    weights: Mapping[str, str] | None = None,
    workers: int | None = None,
    engine: Engine = "local",
    ray_address: str | None = None,
    keep_leaks: bool = False,
    store: str | None = None,
    command: str = "",
) -> Begun:
    """Begins a study in a folder, or takes up the one that is there.

    Args:
        letters: from `open_letters`.
        plan: what to try, or the name of a budget.
        folder: to write; made where it is missing.
        only: families of the plan; all of them when empty.
        letter: that gets a section of its own in the report.
        surname: whose first letter that is.
        weights: files with ImageNet weights by the name of their network; for others torchvision's own are taken.
        workers: trials at a time; one a core when not given.
        engine: where the trials run: "local" in processes of this machine, "ray" on a Ray cluster.
        ray_address: HOST:PORT of the cluster's head; one of this machine alone is begun when not given.
        keep_leaks: train also on letters that stand among the test letters too.
        store: URL of a PostgreSQL database in which any number of commands, on any number of machines, work on the
            study together, each with a folder of its own; without it the trials are stored in the folder.
        command: the command line, for the report; without a password.

    Raises:
        LetterlabError: the folder or the database holds another study, another process works in the folder, the
            database cannot be worked with, there are too few letters, or the cluster cannot be joined.
    """
    room = cores() if engine == "local" else connect(ray_address)
    torch.set_num_threads(1)  # as each trial will have
    read, used = read_letters(letters, keep_leaks)

    asked = Asked(letters.source, only, letter, surname, command)
    with held(folder, command):
        if store:
            with closing(SharedStore(store, folder)) as shared:
                study = begin(folder, used, read, asked, plan, shared)
        else:
            study = begin(folder, used, read, asked, plan)
    return Begun(study, used, folder, workers or room, weights or {}, engine, store)
