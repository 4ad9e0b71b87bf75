"""findings.json holds what the report states, as plain numbers."""

import json

import numpy as np
import pytest

import made_up
from letterlab.report.batches import batch_sweep
from letterlab.report.findings_file import write_findings
from letterlab.report.pareto import best_at_cost
from letterlab.report.transfer import letter_sweep
from letterlab.study.results import Failure, duel


def read(results, folder):
    path = folder / "findings.json"
    write_findings(results, path)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(results, tmp_path_factory):
    return read(results, tmp_path_factory.mktemp("findings"))


def test_it_holds_what_the_results_hold(results, found):
    assert found["asked"]["command"] == results.asked.command
    assert found["letters"]["fingerprint"] == results.letters.fingerprint
    assert len(found["letters"]["set_aside"]) == 8
    assert found["environment"] == results.environment
    assert list(found["families"]) == ["mlp", "cnn", "norm", "transfer"]
    for family in results.families:
        written = found["families"][family.family]
        assert written["best"] == f"{family.best.experiment}/{family.best.name}"
        assert written["network"] == family.best_trial.name
        assert written["findings"]["counts"] == family.findings.counts.tolist()
        accuracy = family.findings.accuracy
        assert written["findings"]["accuracy"] == {
            "share": accuracy.share,
            "low": accuracy.low,
            "high": accuracy.high,
            "hits": accuracy.hits,
            "n": accuracy.n,
        }
        assert len(written["findings"]["letters"]) == 26
        assert len(written["findings"]["pairs"]) == len(family.findings.pairs)
    fought = duel(results.family("cnn"), results.family("mlp"))
    assert found["cnn_less_mlp"]["comparison"]["p"] == fought.comparison.p
    assert found["cnn_less_mlp"]["only_first"] == fought.only_first
    assert found["transfer_less_cnn"]["comparison"]["difference"] == pytest.approx(
        duel(results.family("transfer"), results.family("cnn")).comparison.difference
    )


def test_an_experiment_has_its_candidates_search_and_importances(results, found):
    result = results.family("mlp").experiments[0]
    written = found["families"]["mlp"]["experiments"]["factors"]
    assert [one["name"] for one in written["candidates"]] == [one.name for one in result.tried]
    assert [one["name"] for one in written["searched"]] == [one.name for one in result.searched]
    assert written["given_up"] == 3
    assert [one["factor"] for one in written["importances"]] == [one.factor for one in result.importances]
    assert [one["share"] for one in written["importances"]] == [one.share for one in result.importances]
    base, second = written["candidates"][:2]
    assert base["less_base"] is None
    [base] = [one for tried, one in result.to_base.items() if tried.name == second["name"]]
    assert second["less_base"]["p"] == base.p
    assert second["less_base"]["apart"] is base.apart
    assert written["best_of_search"]["name"] in {one.name for one in result.searched}
    steps = found["families"]["cnn"]["experiments"]["factors"]["less_one_before"]
    assert steps["1"] is None
    assert steps["2"]["difference"] == pytest.approx(np.diff([one.validation_mean for one in bases(results)])[0])


def bases(results):
    return [one for one in results.family("cnn").experiments[0].tried if one.varied == "base"]


def test_a_candidate_has_each_seed_its_levels_and_its_recipe(results, found):
    tried = results.family("mlp").experiments[0].tried[1]
    written = found["families"]["mlp"]["experiments"]["factors"]["candidates"][1]
    assert written["seeds"] == [0, 1]
    assert written["levels"] == {"activation": "sigmoid", "dropout": "0.3", "layers": "2"}
    assert [one["share"] for one in written["validation"]] == tried.validation_accuracies
    assert written["test_mean"] == pytest.approx(np.mean(tried.test_accuracies))
    assert written["recipe"] == tried.recipe.model_dump(mode="json")
    assert (written["parameters"], written["seconds"]) == (tried.parameters, tried.seconds)


def test_the_finals_are_ranked_and_compared_with_the_best(results, found):
    family, written = results.family("mlp"), found["families"]["mlp"]["finals"]
    assert [one["name"] for one in written] == [one.name for one in family.finals]
    assert written[0]["less_best"] is None
    assert written[1]["less_best"]["difference"] == family.to_best[family.finals[1]].difference
    assert found["families"]["norm"]["finals"] == []


def test_batch_sizes_and_transfer(results, found):
    sweep = batch_sweep(results.family("norm").experiments[0])
    written = found["families"]["norm"]["experiments"]["batches"]["batch_sizes"]
    assert written["group_norm"] == sweep.group
    assert len(written["versus"]) == 4
    first = written["versus"][0]
    assert (first["first"], first["rate"]) == ("bn", "fixed")
    assert first["crossing"]["kind"] == sweep.versus[0].crossing.kind
    assert first["by_batch_size"]["2"]["difference"] == sweep.versus[0].comparisons[0].difference
    assert written["error_rises"][0]["small"] == 2
    letters = found["families"]["transfer"]["experiments"]["letters"]
    pairs = letter_sweep(results.family("transfer").experiments[0], results).pairs
    assert [one["comparison"]["p"] for one in letters["imagenet_less_random"]] == [one.comparison.p for one in pairs]
    assert [one["letters_of_each"] for one in letters["imagenet_less_random"]] == [10, 100, 425] * 2


def test_the_frontier_is_named(results, found):
    for cost in ("parameters", "seconds"):
        best = best_at_cost(results, cost)
        assert [one["name"] for one in found["pareto"][cost]] == [one.tried.name for one in best]
        assert [one[cost] for one in found["pareto"][cost]] == [one.cost for one in best]


def test_what_is_not_known_is_null(tmp_path):
    plan = made_up.small(made_up.mlp(seeds=1))
    failed = (Failure("cnn-factors/base.seed0", "Cold."),)
    found = read(made_up.results(plan, absent="K", failed=failed, waiting=7), tmp_path)
    k = found["families"]["mlp"]["findings"]["letters"][10]
    assert (k["letter"], k["recall"]["share"], k["recall"]["n"]) == ("K", None, 0)
    one = found["families"]["mlp"]["experiments"]["factors"]["candidates"][1]
    assert one["less_base"]["p_seeds"] is None
    assert found["cnn_less_mlp"] is None
    assert "cnn" not in found["families"]
    assert found["failed"] == [{"trial": "cnn-factors/base.seed0", "reason": "Cold."}]
    assert found["waiting"] == 7
