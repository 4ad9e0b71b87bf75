"""Trials in processes of this machine: how they end."""

import os
import time
from contextlib import closing

from letterlab.checkpoint import NAME
from letterlab.recipe import Mlp, Recipe
from letterlab.study.folder import TEST_FILE, TRIALS
from letterlab.study.plan import Candidate
from letterlab.study.processes import Processes
from letterlab.study.store import Planned, Store
from small_plan import MLP


def test_a_search_gives_up_a_trial_below_the_medians(letters, tmp_path):
    planned = Planned(Candidate("search-01", {}, "search", MLP.model_copy(update={"epochs": 4})), 0, {2: 1.01})
    with closing(Store(tmp_path)) as store:
        store.add("x", planned, {})
        [trial] = store.trials("x")
        processes = Processes(letters, tmp_path, 1, {})
        environment = dict(os.environ)
        processes.start(trial)
        assert dict(os.environ) == environment
        said = [word for _ in range(3) for _, word in processes.listen()]
        assert [file.name for file in tmp_path.glob(".letters.*")]
        processes.end()
    assert not [*tmp_path.glob(".*")]
    assert [epoch.number for epoch in said[:2]] == [1, 2]
    assert said[2].state == "given up"
    assert not (tmp_path / TRIALS / trial.name / TEST_FILE).exists()


def test_a_trial_ends_with_its_study_and_not_only_after_its_epoch(letters, tmp_path):
    long = Recipe(model=Mlp(hidden=(3000, 3000)), batch_size=2, epochs=1)  # an epoch of many seconds
    with closing(Store(tmp_path)) as store:
        store.add("x", Planned(Candidate("long", {}, "base", long), 0, {}), {})
        [trial] = store.trials("x")
    processes = Processes(letters, tmp_path, 1, {})
    processes.start(trial)
    [(connection, (process, _))] = processes._running.items()
    time.sleep(0.1)
    connection.close()
    process.join()
    assert process.exitcode
    assert not (tmp_path / TRIALS / trial.name / NAME).exists()
