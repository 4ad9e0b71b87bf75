"""Candidates side by side are checked by the data of their figure: what stands in it, and where."""

import re

import pytest

import made_up
from letterlab.findings.importance import Importance
from letterlab.report.candidates import candidates_figure, group_of_ranked, groups_of, importance_figure


def family_with(given, usual=0.9, family=None, each=20):
    plan = made_up.small(family or made_up.mlp(search=0))
    return made_up.results(plan, made_up.shares(given, usual), each=each).families[0]


def test_groups_are_by_factor_and_compared_with_the_base(results, english):
    result = results.family("mlp").experiments[0]
    groups = groups_of(english, result)
    assert [group.name for group in groups] == ["base", "activation", "dropout", "layers"]
    assert [one.name for one, _ in groups[1].rows] == ["activation-sigmoid", "activation-tanh"]
    assert groups[1].reference is result.tried[0]
    assert all(comparison is result.to_base[one] for one, comparison in groups[1].rows)
    assert (groups[0].reference, groups[0].rows[0][1]) == (None, None)


def test_crossed_factors_give_a_group_for_each_combination(results, english):
    groups = groups_of(english, results.family("cnn").experiments[0])
    assert [group.name for group in groups] == ["layers 1", "layers 2", "layers 3"]
    assert [group.reference.name for group in groups] == ["1", "2", "3"]
    only_crossed = groups_of(english, results.family("transfer").experiments[0])
    assert [group.name for group in only_crossed] == ["mobilenet_v2", "squeezenet1_1"]
    assert all(group.reference is None for group in only_crossed)


def test_every_seed_and_interval_is_drawn(results, english):
    result = results.family("cnn").experiments[0]
    figure = candidates_figure(english, groups_of(english, result))
    assert figure.count('class="seed"') == sum(len(one.trials) for one in result.tried)
    assert figure.count('class="interval') == len(result.to_base)
    lines = [float(x) for x in re.findall(r'x1="([\d.]+)"[^>]*class="best-line"', figure)]
    assert lines == [float(x) for x in re.findall(r'cx="([\d.]+)"[^>]*class="mean best"', figure)]
    for one in result.tried:
        assert f">{one.name}</text>" in figure


@pytest.mark.parametrize(("share", "apart"), [(0.75, True), (0.90, False)])
def test_a_bar_is_dark_and_leaves_the_line_only_where_told_apart(english, share, apart):
    result = family_with({"activation-tanh": share}).experiments[0]
    group = groups_of(english, result)[1]
    figure = candidates_figure(english, [group])
    line = float(re.search(r'x1="([\d.]+)"[^>]*class="best-line"', figure)[1])
    bars = re.findall(r'<rect x="([\d.]+)" [^>]*width="([\d.]+)"[^>]*class="interval( apart)?"', figure)
    assert [bool(dark) for *_, dark in bars] == [False, apart]
    left, width = float(bars[1][0]), float(bars[1][1])
    assert (left + width < line) is apart
    mean = float(re.findall(r'cx="([\d.]+)"[^>]*class="mean"', figure)[1])
    assert left < mean < left + width


def test_the_ranked_are_compared_with_the_best(results, english):
    family = results.family("mlp")
    (group,) = group_of_ranked(english, family)
    assert group.reference is family.best
    assert [comparison for _, comparison in group.rows] == [None, *family.to_best.values()]
    assert "less" in candidates_figure(english, [group])


def test_a_candidate_that_failed_is_an_arrow_and_squeezes_nobody(english):
    result = family_with({"activation-tanh": 0.04, "layers-1": 0.88}).experiments[0]
    figure = candidates_figure(english, groups_of(english, result))
    assert figure.count("<path") == 1
    assert figure.count('class="seed"') == 2 * (len(result.tried) - 1)
    means = [float(x) for x in re.findall(r'cx="([\d.]+)"[^>]*class="mean', figure)]
    assert max(means) - min(means) > 40


def test_one_candidate_alone(english):
    family = family_with({"base": 0.9}, usual=None)
    assert candidates_figure(english, groups_of(english, family.experiments[0])).count('class="mean"') == 1


def test_importances_are_bars_in_proportion(english, russian):
    given = (Importance("activation", 0.5, 0.02), Importance("batch size", 0.25, 0.01), Importance("layers", 0.0, 0.0))
    figure = importance_figure(english, given)
    widths = [float(width) for width in re.findall(r'width="([\d.]+)" height="12" class="bar"', figure)]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert widths[2] == 1
    assert "<title>batch size: 25.0\u202f% of the variance, standard deviation 1.0\u202f%</title>" in figure
    assert "размер пакета" in importance_figure(russian, given)
