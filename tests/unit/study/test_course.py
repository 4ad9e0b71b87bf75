"""What is left to do of a study, where one works on it and where two do; nothing is trained."""

from contextlib import closing

import pytest

from letterlab.study import shared_store
from letterlab.study.course import Course
from letterlab.study.shared_store import SharedStore
from letterlab.study.store import Store
from letterlab.study.unfolding import unfold
from small_plan import mlp, plan

WHOLE = plan(mlp(finals=1, seeds=1))


def longest(recipe):
    return float(recipe.model.hidden[0])


def finish(store, trial, value=0.5):
    store.epoch(trial, 1, value)
    store.done(trial, value, 10)


def test_one_that_works_alone_has_all_trials_the_longest_first_and_then_the_finals(tmp_path):
    with closing(Store(tmp_path)) as store:
        course = Course(WHOLE, store, longest)
        names = []
        while trial := course.next():
            names.append(trial.candidate.name)
            finish(store, trial, 0.9 if trial.candidate.name == "base" else 0.5)
        assert (names[0], names[-1], len(names)) == ("neurons-32", "neurons-8", 5)
        assert course.finished
        assert course.look(()) == []
        while trial := course.next():
            finish(store, trial)
            names.append(trial.name)
        assert names[5:] == ["mlp-finals/factors-base.seed10", "mlp-finals/factors-base.seed11"]
        course.look(())
        assert course.finished


def test_what_others_end_while_it_looks_does_not_hide_what_follows_from_it(tmp_path, monkeypatch):
    """The finals are not known when the plan is unfolded, and nothing is running any more when the trials are read."""
    with closing(Store(tmp_path)) as store:
        course = Course(WHOLE, store, longest)
        *others, last = iter(course.next, None)
        for trial in others:
            finish(store, trial)

        def unfolded(*given):
            unfold(*given)
            monkeypatch.setattr("letterlab.study.course.unfold", unfold)
            finish(store, last)

        monkeypatch.setattr("letterlab.study.course.unfold", unfolded)
        course.look(())
        assert not course.finished
        assert course.next().experiment == "mlp-finals"


@pytest.fixture
def two(database, tmp_path, monkeypatch):
    monkeypatch.setattr(shared_store.SharedStore, "_keep", lambda *_: None)  # there are no files
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    opened = tuple(SharedStore(database, tmp_path / name) for name in ("first", "second"))
    yield opened
    for one in opened:
        one.close()


def test_two_that_work_together_have_each_trial_once_and_hear_of_each_others(two):
    stores = first, second = two
    one, other = (Course(WHOLE, store, longest) for store in stores)
    mine, theirs = one.next(), other.next()
    assert (mine.candidate.name, theirs.candidate.name) == ("neurons-32", "base")
    assert other.elsewhere == {mine.name}
    assert [(trial.name, trial.state) for trial in one.look([mine.name])] == [(theirs.name, "running")]
    assert one.look([mine.name]) == []
    finish(second, theirs, 0.9)
    assert [(trial.name, trial.state) for trial in one.look([mine.name])] == [(theirs.name, "done")]
    ended = {mine.name, theirs.name}
    finish(first, mine)
    while trial := other.next():
        finish(second, trial)
        ended.add(trial.name)
    assert len(ended) == 5
    # What was known of them is old: none is to be had, and both find the same finals.
    assert one.next() is None
    other.look(())
    one.look(())
    assert [len(store.trials("mlp-finals")) for store in stores] == [2, 2]
    last = one.next(), other.next()
    assert {trial.seed for trial in last} == {10, 11}
    assert (one.next(), other.next()) == (None, None)
    assert not one.finished
    for store, trial in zip(stores, last, strict=True):
        finish(store, trial)
    one.look(())
    assert one.finished
