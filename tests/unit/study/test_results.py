"""What is read from a study's folder: one small study, from begin to results."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.study import engine
from letterlab.study.beginning import begin, read_letters
from letterlab.study.folder import Asked
from letterlab.study.plan import Experiment, FamilyPlan
from letterlab.study.processes import Processes
from letterlab.study.results import duel, open_results
from letterlab.study.store import STORE_FILE, Store
from letterlab.study.tried import ranked
from small_plan import CNN, MLP, RATES, diverging, mlp, norm, plan

CNNS = FamilyPlan(
    name="cnn",
    experiments=(
        Experiment(
            name="rates",
            base=CNN.model_copy(update={"epochs": 1}),
            factors=(
                RATES,
                RATES.model_validate(
                    {"name": "all", "levels": [{"name": "diverging", "changes": diverging().model_dump(mode="json")}]}
                ),
            ),
            seeds=1,
        ),
    ),
)
WHOLE = plan(mlp(search=2, finals=2), norm(), CNNS)
ASKED = Asked("blobs", ("mlp", "norm", "cnn"), "I", "Иванов", "letterlab study blobs")


def by_name(result):
    return {one.name: comparison for one, comparison in result.to_base.items()}


@pytest.fixture(scope="module")
def folder(letters, tmp_path_factory):
    place = tmp_path_factory.mktemp("study")
    read, used = read_letters(letters, keep_leaks=True)
    study = begin(place, used, read, ASKED, WHOLE)
    with closing(Store(place)) as store:
        engine.run(study.plan, store, Processes(used, place, 2, {}), lambda recipe: 1.0, lambda step: None)
    return place


@pytest.fixture(scope="module")
def results(folder):
    return open_results(folder)


def test_every_family_with_its_experiments_and_finals(results, letters):
    assert [family.family for family in results.families] == ["mlp", "norm", "cnn"]
    assert results.asked == ASKED
    assert (results.test.images == letters.test.images).all()
    assert results.waiting == 0
    assert results.seconds > 0
    found = results.family("mlp")
    [factors] = found.experiments
    assert factors.name == "mlp-factors"
    assert [one.name for one in factors.tried] == [
        "base", "neurons-8", "neurons-32", "learning-rate-1e-06", "learning-rate-0.01"
    ]  # fmt: skip
    assert len(factors.searched) + factors.given_up == 2
    assert {len(one.trials) for one in factors.tried} == {2}
    assert [len(one.trials) for one in found.finals] == [2, 2]
    assert found.ranked == found.finals == ranked(list(found.finals))
    assert found.best_trial.on_validation.accuracy == max(found.best.validation_accuracies)
    assert found.findings.accuracy == found.best_trial.test.accuracy
    assert results.family("transfer") is None


def test_candidates_are_compared_with_their_base_as_one_family_of_tests(results):
    [factors] = results.family("mlp").experiments
    assert factors.to_base.keys() == set(factors.tried[1:])
    slow = by_name(factors)["learning-rate-1e-06"]
    assert slow.apart
    assert slow.high < 0
    assert slow.difference == pytest.approx(
        np.mean(factors.tried[3].validation_accuracies) - np.mean(factors.tried[0].validation_accuracies)
    )
    assert slow.p >= slow.p_letters
    [batches] = results.family("norm").experiments
    assert batches.to_base == {}


def test_of_two_factors_of_which_one_matters_importance_and_tests_say_which(letters, tmp_path):
    """A rate of 1e-6 learns nothing; whether labels are smoothed by 0.1 or 0.11 is all one."""
    smoothing = RATES.model_validate({"name": "smoothing", "setting": "label_smoothing", "values": [0.1, 0.11]})
    rates = RATES.model_validate(
        {"name": "learning rate", "setting": "optimiser.learning_rate", "values": [0.003, 1e-6]}
    )
    base = MLP.model_copy(update={"letters_of_each": 10})
    toy = FamilyPlan(
        name="toy",
        experiments=(
            Experiment(name="crossed", base=base, crossed=(rates, smoothing)),
            Experiment(name="single", base=base, factors=(rates, smoothing)),
        ),
    )
    read, used = read_letters(letters, keep_leaks=True)
    study = begin(tmp_path, used, read, replace(ASKED, only=("toy",)), plan(toy))
    with closing(Store(tmp_path)) as store:
        engine.run(study.plan, store, Processes(used, tmp_path, 2, {}), lambda recipe: 1.0, lambda step: None)
    crossed, single = open_results(tmp_path).family("toy").experiments
    important, idle = crossed.importances
    assert (important.factor, idle.factor) == ("learning rate", "smoothing")
    assert important.share > 0.8
    assert idle.share < 0.1
    assert by_name(single)["learning-rate-1e-06"].apart
    assert not by_name(single)["smoothing-0.11"].apart


def test_a_failed_candidate_is_named_and_not_ranked(results):
    [failure] = results.failed
    assert failure.trial == "cnn-rates/all-diverging.seed0"
    assert "came apart" in failure.reason
    assert len(results.family("cnn").ranked) == 3


def test_without_finals_all_candidates_are_ranked(results):
    found = results.family("cnn")
    assert found.ranked == ranked(list(found.experiments[0].tried))
    assert found.to_best.keys() == set(found.ranked[1:])


def test_a_duel_counts_the_letters_that_only_one_reads(results):
    found = duel(results.family("mlp"), results.family("cnn"))
    assert found.both + found.only_first + found.only_second + found.neither == 104
    assert found.comparison.difference == pytest.approx((found.only_first - found.only_second) / 104)


@pytest.mark.parametrize(("ended", "waiting"), [(8, 2 + 2), (10, 2), (11, 1)])
def test_a_study_under_way_shows_what_is_finished(letters, tmp_path, ended, waiting):
    class StoppedError(Exception):
        pass

    done = []

    def stop(step):
        if step.what == "done":
            done.append(step)
            if len(done) == ended:
                raise StoppedError

    read, used = read_letters(letters, keep_leaks=True)
    study = begin(tmp_path, used, read, replace(ASKED, only=("mlp",)), plan(mlp()))
    with closing(Store(tmp_path)) as store, pytest.raises(StoppedError):
        engine.run(study.plan, store, Processes(used, tmp_path, 1, {}), lambda recipe: 1.0, stop)
    found = open_results(tmp_path)
    assert found.waiting == waiting  # finals, too, that are not planned yet
    assert found.family("mlp").finals == ()
    assert all(len(one.trials) == 2 for one in found.family("mlp").ranked)


def test_families_that_an_earlier_command_asked_for_are_shown_too(letters, tmp_path):
    read, used = read_letters(letters, keep_leaks=True)
    whole = plan(mlp(finals=0, seeds=1), mlp(finals=0, seeds=1).model_copy(update={"name": "other"}))
    for family in ("mlp", "other"):
        study = begin(tmp_path, used, read, replace(ASKED, only=(family,)), whole)
        study.save(tmp_path)
        with closing(Store(tmp_path)) as store:
            engine.run(study.plan, store, Processes(used, tmp_path, 2, {}), lambda recipe: 1.0, lambda step: None)
    found = open_results(tmp_path)
    assert [family.family for family in found.families] == ["mlp", "other"]
    assert found.waiting == 0


def test_among_equals_the_smaller_network_is_ranked_first(results):
    [factors] = results.family("mlp").experiments
    small, large = sorted(factors.tried[:2], key=lambda one: one.parameters)
    alike = replace(large, trials=tuple(replace(trial, record=large.trials[0].record) for trial in small.trials))
    assert ranked([alike, small])[0] is small


def test_no_study_and_no_finished_trial_are_said(letters, tmp_path):
    with pytest.raises(LetterlabError, match="no study in"):
        open_results(tmp_path)
    read, used = read_letters(letters, keep_leaks=True)
    begin(tmp_path, used, read, ASKED, WHOLE)
    with pytest.raises(LetterlabError, match="No training of the study"):
        open_results(tmp_path)
    (tmp_path / "study.json").write_text('{"asked": 3}')
    with pytest.raises(LetterlabError, match="damaged, or a study of another version"):
        open_results(tmp_path)


def test_reading_results_changes_nothing(folder):
    before = (folder / STORE_FILE).read_bytes()
    open_results(folder)
    assert (folder / STORE_FILE).read_bytes() == before
