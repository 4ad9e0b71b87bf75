"""What the candidates tell: verdicts follow the paired intervals, settings name what was set."""

import numpy as np
import pytest

import made_up
from letterlab.findings.compare import compare
from letterlab.report.effects import depths, settings, verdicts
from letterlab.study.plan import quick


def test_verdicts_follow_the_intervals():
    shares = {"cnn-32-64-128": 0.93, "cnn-32-64": 0.929, "cnn-32": 0.80}
    family = made_up.results(shares, each=30).family("cnn")
    found = verdicts(family)
    assert found.base.name == "cnn-32-64-128"
    assert [tried.name for tried in found.tied] == [family.ranked[1].name]
    assert [effect.tried.name for effect in found.worse] == ["cnn-32"]
    assert found.better == []
    assert len(found.unclear) == 1


def test_an_effect_is_the_candidate_less_the_base():
    family = made_up.results({"mlp-512-256": 0.80, "mlp-128": 0.95}, each=30).family("mlp")
    found = verdicts(family)
    by_candidate, by_base = family.ranked[0], family.ranked[1]
    assert (by_candidate.name, by_base.name) == ("mlp-128", "mlp-512-256")
    (effect,) = found.better
    assert effect.comparison == compare(by_candidate.validation_correct, by_base.validation_correct)
    assert effect.comparison.difference > 0.1
    assert found.effect_of(by_candidate) is effect
    assert found.effect_of(by_base) is None
    assert found.tied == ()


def test_without_a_base_there_are_no_effects():
    found = verdicts(made_up.results({"mlp-128": 0.9}).family("mlp"))
    assert (found.base, found.effects, found.tied) == (None, (), ())


def test_depths_are_compared_with_the_next_shallower(results):
    found = depths(results.family("cnn"))
    assert [(one.layers, one.tried.name) for one in found] == [(1, "cnn-32"), (2, "cnn-32-64"), (3, "cnn-32-64-128")]
    assert found[0].to_shallower is None
    means = [np.mean(one.tried.validation_accuracies) for one in found]
    assert [one.to_shallower.difference for one in found[1:]] == pytest.approx(np.diff(means))


def test_depths_leave_out_what_differs_in_more_than_layers(results):
    plan = {one.name: one for one in quick("fp32").candidates}
    names = ("cnn-32-64-128", "cnn-32", "cnn-32-64", "cnn-32-64-kernel-5", "cnn-16-32-64")
    candidates = tuple(plan[name] for name in names)
    family = made_up.results(dict.fromkeys(names, 0.9), candidates, seeds=1, each=2).family("cnn")
    assert [one.tried.name for one in depths(family)] == ["cnn-32", "cnn-32-64", "cnn-32-64-128"]


def test_settings_name_everything_a_candidate_varies(english, russian):
    plan = {one.name: made_up.tried(one, 0.9, 1, 2) for one in quick("fp32").candidates}
    base = settings(english, plan["mlp-512-256"])
    assert base["layers_mlp"] == "512→256"
    assert base["rate"] == "0.003"
    assert settings(russian, plan["mlp-512-256"])["rate"] == "0,003"
    assert settings(english, plan["cnn-32-64-kernel-5"])["layers_cnn"] == "32→64, 5×5"
    for family in ("mlp", "cnn"):
        members = [one for one in plan.values() if one.family == family]
        told = [tuple(settings(english, one).values()) for one in members]
        assert len(set(told)) == len(members)  # no two candidates look the same in the table
