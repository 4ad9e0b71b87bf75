"""A study as Python calls it, and the dashboard that opens its store."""

import httpx
import pytest

import letterlab
from letterlab.errors import LetterlabError
from letterlab.machine import cores
from letterlab.study.beginning import Costs
from letterlab.study.folder import Study
from letterlab.study.holding import held
from letterlab.study.store import STORE_FILE
from small_plan import mlp, norm, plan


@pytest.fixture(scope="module")
def begun(letters, tmp_path_factory):
    return letterlab.begin_study(
        letters, plan(mlp(finals=1), norm()), tmp_path_factory.mktemp("study"), only=("mlp",), keep_leaks=True
    )


@pytest.fixture(scope="module")
def results(begun):
    return begun.run()


def test_a_study_is_two_lines(begun, results):
    assert [family.family for family in results.families] == ["mlp"]
    assert results.asked.letter == "A"
    assert begun.workers == cores()
    assert begun.run().family("mlp").best.test_accuracies == results.family("mlp").best.test_accuracies


def test_a_study_keeps_how_its_best_networks_see_the_test_letters(begun, results, letters):
    trial = results.family("mlp").best_trial
    assert trial.features.shape == (len(letters.test), trial.record.recipe.model.hidden[-1])
    others = [one for one in results.family("mlp").best.trials if one is not trial]
    assert [one.features for one in others] == [None] * len(others)


def test_what_a_study_measures_on_its_way_is_kept(begun, results, monkeypatch):
    # Finals of a width that was not foreseen, say: their pace is known now.
    kept = Study.open(begun.folder).pace
    assert kept == begun.study.pace
    monkeypatch.setattr("letterlab.study.beginning.seconds_of", lambda *_: pytest.fail("measured again"))
    for family in results.families:
        assert Costs(begun.study.letters, kept)(family.best.recipe) > 0


def test_who_comes_second_is_told_who_works_on_a_study(begun, results):
    with (
        held(begun.folder, "letterlab study letters"),
        pytest.raises(LetterlabError, match=r"worked on by process \d+ on .+ \(letterlab study letters\)"),
    ):
        begun.run()
    begun.run()


def test_a_study_that_another_took_the_folder_of_is_not_run(letters, tmp_path):
    mine = letterlab.begin_study(letters, plan(mlp(finals=0)), tmp_path, keep_leaks=True)
    letterlab.begin_study(letters, plan(mlp(finals=0, epochs=1)), tmp_path, keep_leaks=True)
    with pytest.raises(LetterlabError, match="Another study was begun"):
        mine.run()


def test_a_study_of_a_budget(letters, tmp_path):
    study = letterlab.begin_study(letters, "smoke", tmp_path, workers=1, keep_leaks=True).study
    assert study.whole_plan.name == "smoke"
    assert [family.name for family in study.plan.families] == ["mlp", "cnn", "norm", "transfer", "reread"]
    with pytest.raises(LetterlabError, match="'rnn' is not in the plan smoke"):
        _ = letterlab.begin_study(letters, "smoke", tmp_path, only=("rnn",), keep_leaks=True).study.plan


def test_optunas_dashboard_opens_the_store(begun, results):
    import optuna_dashboard

    dashboard = optuna_dashboard.wsgi(f"sqlite:///{begun.folder / STORE_FILE}")
    with httpx.Client(transport=httpx.WSGITransport(dashboard), base_url="http://dashboard") as client:
        answer = client.get("/api/studies/1", params={"after": 0}).raise_for_status().json()
    assert answer["name"] == "mlp-factors"
    assert len(answer["trials"]) == 10
    assert {trial["state"] for trial in answer["trials"]} == {"Complete"}
