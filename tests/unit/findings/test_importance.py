"""Importance of factors, on functions of which the shares are known."""

import itertools

import numpy as np
import pytest
from optuna.importance._fanova._fanova import _Fanova

from letterlab.findings.compare import compare_all
from letterlab.findings.importance import importances


def everything(**factors):
    """Every combination of the factors' levels."""
    return [dict(zip(factors, levels, strict=True)) for levels in itertools.product(*factors.values())]


def shares(levels, values):
    return {one.factor: one.share for one in importances(levels, values)}


def test_shares_are_those_of_the_variance():
    """Both parts have variance 1/4; what the third factor is called matters to nobody."""
    levels = everything(activation=["relu", "tanh"], batch=["32", "64", "128", "256", "512", "1024"], name=["a", "b"])
    values = [0.5 + (one["activation"] == "relu") + (one["batch"] in ("32", "256", "512")) for one in levels] * 4
    found = importances(levels * 4, [float(value) for value in values])
    assert {one.factor for one in found[:2]} == {"activation", "batch"}
    assert [one.share for one in found] == pytest.approx([0.5, 0.5, 0], abs=0.01)
    assert all(one.deviation < 0.01 for one in found)


def test_one_level_that_stands_out_weighs_as_one_of_all():
    """Variance of 1 in one of six levels: 5/36; of 1 in one of two: 1/4."""
    levels = everything(rate=["1", "2", "3", "4", "5", "6"], depth=["1", "2"]) * 5
    values = [float((one["rate"] == "4") + (one["depth"] == "2")) for one in levels]
    assert shares(levels, values) == pytest.approx({"depth": 9 / 14, "rate": 5 / 14}, abs=0.01)


def test_what_factors_do_together_is_no_share_of_either():
    levels = everything(one=["a", "b"], other=["a", "b"]) * 5
    values = [float(level["one"] == level["other"]) for level in levels]
    assert shares(levels, values) == pytest.approx({"one": 0, "other": 0}, abs=0.01)


def test_a_factor_with_one_level_has_no_share():
    levels = everything(optimiser=["adam"], depth=["1", "2", "3"]) * 4
    values = [float(one["depth"]) for one in levels]
    assert shares(levels, values) == {"depth": pytest.approx(1), "optimiser": 0}
    assert shares([{"optimiser": "adam"}] * 12, [float(i) for i in range(12)]) == {"optimiser": 0}


def test_nothing_is_said_of_few_trials_or_equal_values():
    levels = everything(depth=["1", "2"]) * 5
    values = [float(one["depth"]) for one in levels]
    assert importances(levels[:9], values[:9]) == ()
    assert len(importances(levels, values)) == 1
    assert importances(levels, [0.5] * 10) == ()
    assert importances([], []) == ()


def test_it_repeats_whatever_the_levels_are_called():
    generator = np.random.default_rng(0)
    levels = [
        {"rate": generator.choice(list("abcd")).item(), "depth": generator.choice(list("xy")).item()} for _ in range(40)
    ]
    values = [float("abcd".index(one["rate"]) + generator.normal()) for one in levels]
    found = importances(levels, values)
    assert importances(levels, values) == found
    others = [one | {"rate": {"a": "q", "b": "n", "c": "z", "d": "0"}[one["rate"]]} for one in levels]
    assert importances(others, values) == found
    assert all(one.deviation > 0 for one in found)


def test_the_shares_are_those_of_optunas_fanova():
    """Which knows of no levels, only of numbers on a line, and takes ten times as long."""
    generator = np.random.default_rng(2)
    levels = [
        {"rate": generator.choice(list("abcde")).item(), "depth": generator.choice(list("xyz")).item()}
        for _ in range(50)
    ]
    effect = {"a": 0.0, "b": 3.0, "c": 1.0, "d": 1.5, "e": 0.2, "x": 2.0, "y": 0.0, "z": 0.5}
    values = [effect[one["rate"]] * effect[one["depth"]] + float(generator.normal()) for one in levels]
    by_mean = {
        factor: sorted(
            {one[factor] for one in levels},
            key=lambda level: np.mean([v for one, v in zip(levels, values, strict=True) if one[factor] == level]),
        )
        for factor in ("rate", "depth")
    }
    x = np.array([[float(by_mean[factor].index(one[factor])) for factor in by_mean] for one in levels])
    bounds = np.array([[-0.5, len(of) - 0.5] for of in by_mean.values()])
    theirs = []
    for seed in range(5):
        fanova = _Fanova(n_trees=64, max_depth=64, min_samples_split=2, min_samples_leaf=1, seed=seed)
        fanova.fit(x, np.array(values), bounds, [np.array([0]), np.array([1])])
        theirs.append([fanova.get_importance(i)[0] for i in range(2)])
    ours = {one.factor: one for one in importances(levels, values)}
    for factor, each in zip(by_mean, np.array(theirs).T, strict=True):
        assert ours[factor].share == pytest.approx(each.mean(), rel=1e-9)
        assert ours[factor].deviation == pytest.approx(each.std(ddof=1), rel=1e-6)


def test_importance_and_comparisons_agree_on_what_matters():
    """A toy study: the number of neurons moves the accuracy from 0.7 to 0.9, the batch size does nothing."""
    generator = np.random.default_rng(1)
    space = everything(neurons=["16", "64", "256"], batch=["32", "128", "512"])
    share = {"16": 0.7, "64": 0.85, "256": 0.9}
    read = [generator.random((2, 1000)) < share[one["neurons"]] for one in space]
    levels = [one for one in space for _ in range(2)]
    found = importances(levels, [float(correct.mean()) for one in read for correct in one])
    assert found[0].factor == "neurons"
    assert found[0].share > 0.9 > 0.05 > found[1].share
    base = space.index({"neurons": "64", "batch": "128"})
    others = [i for i in range(len(space)) if i != base]
    compared = dict(zip(others, compare_all([(read[i], read[base]) for i in others]), strict=True))
    assert {i for i, one in compared.items() if one.apart} == {i for i in others if space[i]["neurons"] != "64"}
    assert all((one.difference > 0) == (space[i]["neurons"] == "256") for i, one in compared.items() if one.apart)
