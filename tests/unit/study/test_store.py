import optuna
import pytest

from letterlab.study.plan import Candidate
from letterlab.study.store import STORE_FILE, Planned, Store
from small_plan import MLP

LEVELS = {"neurons": ["8", "16"]}


def planned(level="8", seed=0, medians=None):
    return Planned(Candidate(f"neurons-{level}", {"neurons": level}, "neurons", MLP), seed, medians or {})


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path)
    yield opened
    opened.close()


def test_a_trial_goes_from_waiting_to_done_and_is_there_when_the_store_is_opened_again(store, tmp_path):
    assert store.trials("mlp-factors") == []
    store.add("mlp-factors", planned(medians={2: 0.5}), LEVELS)
    [one] = store.trials("mlp-factors")
    assert (one.state, one.number, one.seed, one.ended) == ("waiting", 0, 0, False)
    assert one.planned == planned(medians={2: 0.5})
    assert one.name == "mlp-factors/neurons-8.seed0"
    store.claim(one)
    [one] = store.trials("mlp-factors")
    assert (one.state, one.ended) == ("running", False)
    store.claim(one)  # gone on with
    store.epoch(one, 2, 0.6)
    store.epoch(one, 1, 0.3)
    store.epoch(one, 2, 0.6)  # told again by a training that went on
    store.done(one, 0.61, 1234)
    again = Store(tmp_path)
    [one] = again.trials("mlp-factors")
    again.close()
    assert (one.state, one.value, one.epochs, one.parameters, one.ended) == ("done", 0.61, {1: 0.3, 2: 0.6}, 1234, True)


def test_failures_and_trials_given_up(store):
    for level in ("8", "16"):
        store.add("x", planned(level), LEVELS)
    first, second = store.trials("x")
    store.claim(first)
    store.failed(first, "It came apart.", again=True)
    store.claim(second)
    store.epoch(second, 1, 0.2)
    store.given_up(second)
    first, second = store.trials("x")
    assert (first.state, first.reason, first.again, first.value) == ("failed", "It came apart.", True, None)
    assert (second.state, second.value, second.epochs) == ("given up", None, {1: 0.2})


def test_a_trial_tried_again_stands_in_place_of_the_one_that_failed(store):
    for level in ("8", "16"):
        store.add("x", planned(level), LEVELS)
    first, _ = store.trials("x")
    store.failed(first, "No memory.", again=True)
    store.try_again(store.trials("x")[0])
    first, _second = store.trials("x")
    assert (first.candidate.name, first.state, first.reason, first.again) == ("neurons-8", "waiting", "", False)
    store.claim(first)
    store.done(first, 0.5, 10)
    assert [one.state for one in store.trials("x")] == ["done", "waiting"]
    assert len(store.optuna_trials("x")) == 3


def test_a_failure_that_was_not_written_to_its_end_is_none(store):
    store.add("x", planned(), LEVELS)
    [one] = store.trials("x")
    store.claim(one)
    for key, value in (("reason", "No memory."), ("again", True)):  # killed before the state
        store._storage.set_trial_user_attr(one.id, key, value)
    [one] = store.trials("x")
    assert (one.state, one.again, one.reason) == ("running", False, "")


def test_a_candidate_that_is_no_recipe_is_kept_with_its_reason(store):
    wrong = Candidate("none-7", {"neurons": "8"}, "base", None, "kernel 7 leaves nothing")
    store.add("x", Planned(wrong, 1, {}), LEVELS)
    assert store.trials("x")[0].candidate == wrong


def test_optuna_reads_the_store_as_its_own(store, tmp_path):
    for number, level in enumerate(("8", "16")):
        store.add("mlp-factors", planned(level), LEVELS)
        store.claim(store.trials("mlp-factors")[number])
        store.done(store.trials("mlp-factors")[number], 0.5 + 0.1 * number, 10)
    study = optuna.load_study(study_name="mlp-factors", storage=f"sqlite:///{tmp_path / STORE_FILE}")
    assert study.best_trial.params == {"neurons": "16"}
    assert study.best_value == 0.6
    assert study.best_trial.user_attrs["candidate"] == "neurons-16"
