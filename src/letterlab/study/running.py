"""A study from letters to results: what the command line and Python both call."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from letterlab.cluster import connect
from letterlab.errors import LetterlabError
from letterlab.letterset import Letters
from letterlab.study import engine
from letterlab.study.beginning import Costs, begin, read_letters
from letterlab.study.budgets import Budget
from letterlab.study.engine import Step
from letterlab.study.features import write_features
from letterlab.study.folder import Asked, Study
from letterlab.study.holding import held
from letterlab.study.plan import Plan
from letterlab.study.processes import Processes, cores
from letterlab.study.results import Results, open_results
from letterlab.study.store import Store
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

    @property
    def costs(self) -> Costs:
        """About how long each training takes here."""
        return Costs(self.study.letters, self.study.pace)

    def run(self, watch: Callable[[Step], None] = lambda step: None) -> Results:
        """Runs what has not ended yet, telling of every step, and reads what came of it.

        Raises:
            LetterlabError: another process works on the study, or no trial could be finished.
        """
        with held(self.folder, self.study.asked.command), closing(Store(self.folder)) as store:
            now = Study.open(self.folder)
            if (now.letters, now.whole_plan) != (self.study.letters, self.study.whole_plan):
                raise LetterlabError(f"Another study was begun in {self.folder} meanwhile: give another --out.")
            self.study.save(self.folder)
            try:
                engine.run(self.study.plan, store, self._hired(), self.costs, watch)
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
        command: the command line, for the report.

    Raises:
        LetterlabError: the folder holds another study, another process works on it, there are too few letters, or the
            cluster cannot be joined.
    """
    room = cores() if engine == "local" else connect(ray_address)
    torch.set_num_threads(1)  # as each trial will have
    read, used = read_letters(letters, keep_leaks)

    asked = Asked(letters.source, only, letter, surname, command)
    with held(folder, command):
        study = begin(folder, used, read, asked, plan)
    return Begun(study, used, folder, workers or room, weights or {}, engine)
