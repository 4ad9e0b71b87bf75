"""findings.json holds what the report states, as plain numbers."""

import json

import numpy as np
import pytest

import made_up
from letterlab.report.findings_file import write_findings
from letterlab.study.results import Failure, duel


def read(results, folder):
    path = folder / "findings.json"
    write_findings(results, path)
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_holds_what_the_results_hold(results, tmp_path):
    found = read(results, tmp_path)
    assert found["asked"]["command"] == results.asked.command
    assert found["letters"]["fingerprint"] == results.letters.fingerprint
    assert len(found["letters"]["set_aside"]) == 8
    assert found["environment"] == results.environment
    for family in results.families:
        written = found["families"][family.family]
        assert written["best"] == family.best.name
        assert written["network"] == family.best_trial.name
        assert [one["name"] for one in written["candidates"]] == [tried.name for tried in family.ranked]
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
        assert written["candidates"][0]["validation_less_best"] is None
    fought = duel(results.family("cnn"), results.family("mlp"))
    assert found["cnn_less_mlp"]["p"] == fought.p
    assert found["cnn_less_mlp"]["comparison"]["difference"] == fought.comparison.difference


def test_a_candidate_has_each_seed_and_its_recipe(results, tmp_path):
    tried = results.family("mlp").ranked[1]
    written = read(results, tmp_path)["families"]["mlp"]["candidates"][1]
    assert written["seeds"] == [0, 1]
    assert [one["share"] for one in written["validation"]] == tried.validation_accuracies
    assert written["test_mean"] == pytest.approx(np.mean(tried.test_accuracies))
    assert written["recipe"] == tried.recipe.model_dump(mode="json")
    assert written["validation_less_base"]["n"] == len(tried.trials[0].validation)


def test_what_is_not_known_is_null(tmp_path):
    found = read(
        made_up.results({"mlp-512-256": 0.9}, absent="K", failed=(Failure("cnn-32.seed0", "Cold."),)), tmp_path
    )
    k = found["families"]["mlp"]["findings"]["letters"][10]
    assert (k["letter"], k["recall"]["share"], k["recall"]["n"]) == ("K", None, 0)
    assert found["cnn_less_mlp"] is None
    assert "cnn" not in found["families"]
    assert found["failed"] == [{"trial": "cnn-32.seed0", "reason": "Cold."}]
