"""A store that several commands share: who may run what, what is kept once, and what each brings home."""

from contextlib import closing
from dataclasses import replace

import pytest

from letterlab.study import shared_store as module
from letterlab.study.database import _NotAloneError
from letterlab.study.folder import TEST_FILE, TRIALS
from letterlab.study.plan import Candidate
from letterlab.study.shared_store import SharedStore
from letterlab.study.store import Planned, Store
from small_plan import MLP

LEVELS = {"neurons": ["8", "16"]}


def planned(level="8", seed=0):
    return Planned(Candidate(f"neurons-{level}", {"neurons": level}, "neurons", MLP), seed, {3: 0.5})


@pytest.fixture
def commands(database, tmp_path, monkeypatch):
    """Opens the same store in a folder of its own, as another command does."""
    monkeypatch.setattr(module, "PAUSE", 0.0)
    opened = []

    def command(name):
        (tmp_path / name).mkdir(exist_ok=True)
        opened.append(SharedStore(database, tmp_path / name))
        return opened[-1]

    yield command
    for one in opened:
        one.close()


@pytest.fixture
def two(commands):
    """Two commands, and a trial that waits."""
    first, second = commands("first"), commands("second")
    first.alone(lambda: first.add("x", planned(), LEVELS))
    return first, second


def files(store, trial, **contents):
    place = store.folder / TRIALS / trial.name
    place.mkdir(parents=True)
    for name, content in contents.items():
        (place / f"{name}.npz").write_bytes(content)


def test_what_one_adds_the_other_sees_and_only_one_may_claim_it(two):
    first, second = two
    [trial] = second.trials("x")
    assert (trial.state, trial.planned) == ("waiting", planned())
    assert second.free([trial]) == [trial]
    assert second.claim(trial)
    assert second.claim(trial)  # told again, for the answer was lost
    assert not first.claim(trial)
    assert first.free([trial]) == []
    [trial] = first.trials("x")
    assert trial.state == "running"


def test_trials_are_added_by_one_at_a_time_alone(two):
    first, _second = two
    with pytest.raises(_NotAloneError):
        first.add("x", planned("16"), LEVELS)
    with pytest.raises(_NotAloneError):
        first.try_again(first.trials("x")[0])
    assert len(first.trials("x")) == 1


def test_a_trial_whose_command_is_silent_for_long_is_anothers(two, postgres, monkeypatch):
    first, second = two
    [trial] = first.trials("x")
    assert first.claim(trial)
    second.news([], False)
    assert not second.news([], False)
    monkeypatch.setattr(module, "SILENCE", 0.0)
    assert second.news([], False)
    assert second.free([trial]) == [trial]
    assert second.claim(trial)
    monkeypatch.setattr(module, "SILENCE", 120.0)
    assert not first.claim(trial)


def test_a_server_that_was_away_has_heard_nobody_and_gives_all_their_time(two, postgres, monkeypatch):
    first, second = two
    [trial] = first.trials("x")
    assert first.claim(trial)
    first._ask("UPDATE letterlab_claims SET heard = now() - interval '1 hour'")
    monkeypatch.setattr(module, "SILENCE", 0.0)
    assert second.free([trial]) == [trial]
    monkeypatch.setattr(module, "SILENCE", 120.0)
    postgres.stop("fast")
    postgres.start()
    assert second.free([trial]) == []
    assert not second.claim(trial)


def test_a_command_started_again_in_its_folder_goes_on_with_its_own_trials(two, commands):
    first, second = two
    [trial] = first.trials("x")
    assert first.claim(trial)
    assert commands("first").claim(trial)
    assert not second.claim(trial)


def test_a_command_that_ends_gives_its_trials_back(two):
    first, second = two
    [trial] = first.trials("x")
    assert first.claim(trial)
    first.close()
    assert second.claim(trial)


def test_the_first_to_end_a_trial_is_kept(two, monkeypatch):
    first, second = two
    [trial] = first.trials("x")
    assert first.claim(trial)
    monkeypatch.setattr(module, "SILENCE", 0.0)
    assert second.claim(trial)
    monkeypatch.setattr(module, "SILENCE", 120.0)
    files(first, trial, test=b"one")
    first.epoch(trial, 1, 0.5)
    first.failed(trial, "No memory.", again=True)  # it is another's by now
    assert first.trials("x")[0].state == "running"
    first.done(trial, 0.5, 10)
    files(second, trial, test=b"two")
    second.epoch(trial, 2, 0.7)
    second.done(trial, 0.7, 10)
    second.given_up(trial)
    second.failed(trial, "No memory.", again=True)
    [ended] = second.trials("x")
    assert (ended.state, ended.value, ended.epochs) == ("done", 0.5, {1: 0.5})
    assert not second.claim(trial)
    assert second._ask("SELECT content FROM letterlab_files") == [(b"one",)]


def test_news_are_what_others_change_and_signs_of_life_are_given(two):
    first, second = two
    [trial] = first.trials("x")
    assert second.news([], False)
    assert not second.news([], False)
    assert second.news([], True)
    assert first.claim(trial)
    assert second.news([], False)
    assert not second.news([], False)
    first._ask("UPDATE letterlab_claims SET heard = now() - interval '1 hour'")
    first.news([trial], False)
    assert second._ask("SELECT now() - heard < interval '1 minute' FROM letterlab_claims") == [(True,)]
    first.alone(lambda: first.add("y", planned(), LEVELS))
    assert second.news([], False)
    first.failed(trial, "It came apart.", again=False)
    assert second.news([], False)


def test_all_that_was_done_is_brought_into_each_folder(two):
    first, second = two
    first.alone(lambda: [first.add("y", planned(level, seed), LEVELS) for level in ("16", "8") for seed in (0, 1)])
    [one], [_, other, wrong, _] = first.trials("x"), first.trials("y")
    for store, trial, value in ((first, one, 0.25), (second, other, 0.75)):
        assert store.claim(trial)
        files(store, trial, test=b"of %d" % trial.id, weights=bytes(range(256)) * 4000)
        store.epoch(trial, 1, 0.125)
        store.done(trial, value, 1234)
    assert first.claim(wrong)
    first.failed(wrong, "It came apart.", again=True)
    first.alone(lambda: first.try_again(first.trials("y")[2]))
    first.bring()
    second.bring()
    assert (first.folder / TRIALS / other.name / TEST_FILE).read_bytes() == b"of %d" % other.id
    assert (second.folder / TRIALS / one.name / "weights.npz").read_bytes() == bytes(range(256)) * 4000
    for command in two:
        with closing(Store(command.folder)) as store:
            for experiment in ("x", "y"):
                assert [replace(one, id=0) for one in store.trials(experiment)] == [
                    replace(one, id=0) for one in command.trials(experiment)
                ]
            assert len(store.optuna_trials("y")) == 5
