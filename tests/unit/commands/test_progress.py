"""Progress, told of made-up steps."""

from contextlib import closing
from dataclasses import replace

import pytest

import letterlab
from letterlab.commands.progress import Progress
from letterlab.history import Epoch, Score
from letterlab.study.engine import Step
from letterlab.study.store import Store
from letterlab.study.unfolding import unfold
from small_plan import mlp, plan


@pytest.fixture
def begun(letters, tmp_path):
    return letterlab.begin_study(letters, plan(mlp(finals=1, epochs=2)), tmp_path, workers=2, keep_leaks=True)


def trials(begun):
    with closing(Store(begun.folder)) as store:
        unfold(begun.study.plan, store)
        return store.trials("mlp-factors")


def epoch(number, accuracy):
    score = Score(1.0, accuracy)
    return Epoch(number, score, score, score, 0.001, 1.0)


def test_it_grows_with_every_epoch_and_names_what_runs_and_the_best(begun):
    progress = Progress(begun)
    assert (progress.ended, progress.trials, progress.seconds) == (0, 12, 0)
    first, second, *_ = trials(begun)
    progress.take(Step(first, "begun", None, ""))
    progress.take(Step(second, "begun", None, ""))
    assert progress.line() == "0/12 done, 2 running"
    progress.take(Step(first, "epoch", epoch(1, 0.5), ""))
    half = progress.seconds
    progress.take(Step(first, "epoch", epoch(2, 0.755), ""))
    assert progress.seconds == pytest.approx(2 * half)
    progress.take(Step(first, "done", None, ""))
    assert progress.seconds == pytest.approx(2 * half)
    assert progress.line() == "1/12 done, 1 running; best mlp 75.5%"
    progress.take(Step(second, "failed", None, "It came apart."))
    assert progress.line() == "2/12 done, 0 running; best mlp 75.5%"
    assert 0 < progress.seconds < progress.total


def test_a_study_that_goes_on_begins_where_it_was(begun):
    for one in trials(begun):
        with closing(Store(begun.folder)) as store:
            store.claim(one)
            store.done(one, 0.9, 10)
    progress = Progress(begun)
    assert progress.line() == "10/12 done, 0 running; best mlp 90.0%"
    assert progress.seconds == pytest.approx(progress.total * 10 / 12, rel=0.5)


def test_what_others_do_counts_too(begun):
    progress = Progress(begun)
    first, second, *_ = trials(begun)
    for one in (first, second):
        progress.take(Step(one, "begun", None, "", elsewhere=True))
    assert progress.line() == "0/12 done, 0 running, 2 elsewhere"
    progress.take(Step(replace(first, state="done", value=0.8), "done", None, "", elsewhere=True))
    progress.take(Step(second, "begun", None, ""))  # who had it is silent
    assert progress.line() == "1/12 done, 1 running; best mlp 80.0%"
    assert 0 < progress.seconds < progress.total
