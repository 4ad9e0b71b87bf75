"""The engine, its trials and what is read from their folder: one small study from begin to results."""

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from letterlab.checkpoint import NAME, read_checkpoint
from letterlab.errors import LetterlabError
from letterlab.recipe import Cnn, Mlp, Optimiser, Recipe
from letterlab.study import beginning, engine
from letterlab.study.plan import Candidate, Plan
from letterlab.study.results import FAILURE_FILE, TEST_FILE, TRIALS, Asked, FamilyResult, Study, duel, open_results

ASKED = Asked("blobs", "smoke", ("mlp", "cnn"), "I", "Иванов", "letterlab study blobs")


def tiny(*, broken=False):
    """Three networks of one or two epochs, two seeds."""
    mlp = Recipe(model=Mlp(hidden=(16,)), batch_size=52, epochs=2)
    rate = Optimiser(name="sgd", learning_rate=1e30 if broken else 1e-6, schedule="constant")
    slow = Recipe(model=Mlp(hidden=(8,), normalisation="none"), optimiser=rate, batch_size=52, epochs=1)
    return Plan(
        "smoke",
        (
            Candidate(name="mlp-16", varied="base", recipe=mlp),
            Candidate(name="mlp-8", varied="neurons", recipe=slow),
            Candidate(name="cnn-4", varied="base", recipe=Recipe(model=Cnn(filters=(4,)), batch_size=52, epochs=2)),
        ),
        seeds=2,
    )


@pytest.fixture
def planned(monkeypatch):
    """The engine with the tiny plan for a budget, and no measuring of precision."""
    monkeypatch.setattr(beginning, "plan", lambda budget, precision: tiny())
    monkeypatch.setattr(beginning, "quicker_precision", lambda: "fp32")


def run(letters, folder, asked=ASKED, watch=lambda step: None):
    study, used = beginning.begin(folder, letters, asked, keep_leaks=True)
    engine.run(study, used, folder, 2, watch)
    return open_results(folder)


def test_a_study_comes_to_results(planned, letters, tmp_path):
    steps = []
    results = run(letters, tmp_path, watch=steps.append)
    assert [family.family for family in results.families] == ["mlp", "cnn"]
    mlp = results.family("mlp")
    assert [tried.name for tried in mlp.ranked] == ["mlp-16", "mlp-8"]
    assert len(mlp.best.trials) == 2
    assert mlp.best_trial.validation.accuracy.share == max(mlp.best.validation_accuracies)
    assert mlp.findings.accuracy == mlp.best_trial.test.accuracy
    assert mlp.against_best(mlp.ranked[1]).difference < 0
    assert mlp.against_best(mlp.best).difference == 0
    assert results.failed == ()
    assert results.asked == ASKED
    assert (results.letters.train, results.letters.validation, results.letters.test) == (468, 52, 104)
    assert (results.test.images == letters.test.images).all()
    assert results.seconds > 0
    assert -1 <= duel(mlp, results.family("cnn")).comparison.difference <= 1
    assert len(steps) == 2 * (2 + 1 + 2)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert {(step.done, step.trials) for step in steps} >= {(number, 6) for number in range(1, 7)}
    assert {step.epochs for step in steps if step.trial.startswith("mlp-8")} == {1}


def test_the_same_study_goes_on_where_it_was_stopped(planned, letters, tmp_path):
    class StoppedError(Exception):
        pass

    def stop_at_the_third(step):
        if step.done == 3:
            raise StoppedError

    whole = run(letters, tmp_path / "whole")
    with pytest.raises(StoppedError):
        run(letters, tmp_path / "stopped", watch=stop_at_the_third)
    finished = {path.parent.name for path in (tmp_path / "stopped" / TRIALS).glob(f"*/{TEST_FILE}")}
    assert 1 <= len(finished) <= 3
    repeated = []
    resumed = run(letters, tmp_path / "stopped", watch=repeated.append)
    assert {step.trial for step in repeated} == {
        one.name for one in (tmp_path / "stopped" / TRIALS).iterdir()
    } - finished
    for one, other in zip(whole.families, resumed.families, strict=True):
        assert [tried.test_accuracies for tried in one.ranked] == [tried.test_accuracies for tried in other.ranked]
    name = "cnn-4.seed0"
    first, second = (read_checkpoint(tmp_path / where / TRIALS / name / NAME) for where in ("whole", "stopped"))
    assert all((first.weights[key] == second.weights[key]).all() for key in first.weights)


def test_a_trial_that_fails_leaves_its_reason_and_the_study_goes_on(planned, monkeypatch, letters, tmp_path):
    monkeypatch.setattr(beginning, "plan", lambda budget, precision: tiny(broken=True))
    results = run(letters, tmp_path)
    assert {failure.trial for failure in results.failed} == {"mlp-8.seed0", "mlp-8.seed1"}
    assert "came apart" in results.failed[0].reason
    assert [tried.name for family in results.families for tried in family.ranked] == ["mlp-16", "cnn-4"]
    again = run(letters, tmp_path)
    assert again.failed == results.failed  # tried again, and failed alike
    assert (tmp_path / TRIALS / "mlp-8.seed0" / FAILURE_FILE).exists()


def test_a_trial_whose_process_is_killed_leaves_its_reason_and_the_study_goes_on(planned, letters, tmp_path):
    def kill_the_first(step):
        if step.trial == "cnn-4.seed0" and step.epoch.number == 1:
            for child in multiprocessing.active_children():
                child.kill()

    results = run(letters, tmp_path, watch=kill_the_first)
    assert "SIGKILL" in results.failed[0].reason
    again = run(letters, tmp_path)
    assert again.failed == ()
    assert len(again.family("cnn").best.trials) == 2


def test_a_trial_ends_with_its_study_and_not_only_after_its_epoch(letters, tmp_path):
    long = Recipe(model=Mlp(hidden=(3000, 3000)), batch_size=2, epochs=1)  # an epoch of many seconds
    connection, process = engine._start(long, letters, tmp_path, threads=1)
    connection.close()
    process.join()
    assert process.exitcode
    assert not (tmp_path / NAME).exists()


def test_leaks_are_left_out_and_named_unless_told_otherwise(planned, letters, tmp_path):
    copied = letters.train.images.copy()
    copied[5] = letters.test.images[0]
    leaky = replace(letters, train=type(letters.train).of(copied, letters.train.labels, letters.train.names.tolist()))
    study, used = beginning.begin(tmp_path / "out", leaky, ASKED)
    assert letters.train.names[5] in study.letters.leaks
    assert sorted([*used.train.names, *study.letters.leaks]) == sorted(letters.train.names)
    study, used = beginning.begin(tmp_path / "kept", leaky, ASKED, keep_leaks=True)
    assert study.letters.leaks == ()
    assert len(used.train) == len(letters.train)


def test_a_folder_with_another_study_is_refused(planned, letters, tmp_path):
    beginning.begin(tmp_path, letters, ASKED, keep_leaks=True)
    with pytest.raises(LetterlabError, match="holds a smoke study of blobs"):
        beginning.begin(tmp_path, letters.without_train(np.array([0])), ASKED, keep_leaks=True)
    with pytest.raises(LetterlabError, match="give another --out"):
        beginning.begin(tmp_path, letters, replace(ASKED, budget="quick"), keep_leaks=True)
    beginning.begin(tmp_path, letters, replace(ASKED, letter="B"), keep_leaks=True)  # another letter is no other study
    assert Study.open(tmp_path).asked.letter == "B"


def test_a_study_of_one_family_keeps_the_others_trials(planned, letters, tmp_path):
    run(letters, tmp_path)
    results = run(letters, tmp_path, replace(ASKED, only=("mlp",)), watch=lambda step: pytest.fail("trained again"))
    assert results.family("cnn") is None
    assert (tmp_path / TRIALS / "cnn-4.seed0").is_dir()


def test_no_study_and_no_finished_trial_are_said(planned, letters, tmp_path):
    with pytest.raises(LetterlabError, match="no study in"):
        open_results(tmp_path)
    beginning.begin(tmp_path, letters, ASKED, keep_leaks=True)
    with pytest.raises(LetterlabError, match="No training of the study"):
        open_results(tmp_path)
    (tmp_path / "study.json").write_text('{"asked": 3}')
    with pytest.raises(LetterlabError, match="not a study of this version"):
        open_results(tmp_path)


def test_among_equals_the_smaller_network_is_ranked_first(planned, letters, tmp_path):
    family = run(letters, tmp_path).family("mlp")
    small, large = sorted(family.ranked, key=lambda tried: tried.parameters)
    alike = replace(large, trials=tuple(replace(trial, record=large.trials[0].record) for trial in small.trials))
    assert FamilyResult.of("mlp", [alike, small]).best is small


def test_validation_ranks_the_candidates_whatever_the_test_letters_say(planned, letters, tmp_path):
    good, bad = run(letters, tmp_path).family("mlp").ranked
    unlucky, lucky = (
        replace(
            one, trials=tuple(replace(mine, test=its.test) for mine, its in zip(one.trials, other.trials, strict=True))
        )
        for one, other in ((good, bad), (bad, good))
    )
    assert np.mean(lucky.test_accuracies) > np.mean(unlucky.test_accuracies)
    assert FamilyResult.of("mlp", [lucky, unlucky]).best is unlucky


def test_costs_of_all_candidates_are_measured(planned, letters, tmp_path):
    study, _ = beginning.begin(tmp_path, letters, ASKED, keep_leaks=True)
    costs = beginning.estimate(study)
    assert costs.keys() == {"mlp-16", "mlp-8", "cnn-4"}
    assert all(0 < cost < 60 for cost in costs.values())
