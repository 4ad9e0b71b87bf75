"""Accuracy against cost: every candidate a mark, the frontier named and drawn as steps."""

import re

import pytest

import made_up
from letterlab.report.pareto import best_at_cost, pareto_figure, spots


@pytest.mark.parametrize("cost", ["parameters", "seconds"])
def test_every_candidate_is_a_mark(results, english, cost):
    figure = pareto_figure(english, results, cost)
    assert len(spots(results, cost)) == len(results.tried)
    assert figure.count("<title>") == len(results.tried)
    finals = results.family("cnn").finals[0]
    told = f"cnn-finals/{finals.name} (CNN): {english.percent(finals.validation_mean)}"
    assert told in figure


@pytest.mark.parametrize("cost", ["parameters", "seconds"])
def test_nothing_beats_a_member_of_the_frontier_at_its_cost(results, cost):
    every, best = spots(results, cost), best_at_cost(results, cost)
    assert [one.cost for one in best] == sorted(one.cost for one in best)
    names = {one.tried for one in best}
    for one in every:
        beaten = any(
            other.cost <= one.cost and other.gain >= one.gain and (other.cost, other.gain) != (one.cost, one.gain)
            for other in every
        )
        assert beaten is (one.tried not in names)


def test_a_cost_is_parameters_or_seconds(results):
    for by_parameters, by_seconds in zip(spots(results, "parameters"), spots(results, "seconds"), strict=True):
        assert (by_parameters.cost, by_seconds.cost) == (by_parameters.tried.parameters, by_seconds.tried.seconds)


def test_each_spot_has_the_family_it_is_of():
    families = (made_up.mlp(search=0), made_up.cnn().model_copy(update={"name": "mlp-like"}))
    results = made_up.results(made_up.small(*families))
    of = {spot.tried.experiment: spot.family for spot in spots(results, "seconds")}
    assert of == {
        "mlp-factors": 0,
        "mlp-finals": 0,
        "mlp-like-factors": 1,
        "mlp-like-equal-size": 1,
        "mlp-like-finals": 1,
    }


def test_the_frontier_rises_in_steps_to_the_right_edge(results, english):
    way = re.search(r'd="(M[^"]*)" class="frontier"', pareto_figure(english, results, "parameters"))[1]
    assert re.fullmatch(r"M[\d.]+ [\d.]+( H[\d.]+ V[\d.]+)+ H744", way)
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", way)]
    up = [float(y) for y in re.findall(r"V([\d.]+)", way)]
    assert across == sorted(across)
    assert across[-1] == 744
    assert up == sorted(up, reverse=True)


def test_full_marks_are_those_shown_all_letters(results, english):
    figure = pareto_figure(english, results, "parameters")
    marks = re.findall(r'<title>([^<]*)</title>.*?class="(mark[^"]*)"', figure)
    assert {title: "hollow" in kind for title, kind in marks} == {
        title: not ("finals" in title or "-all (" in title) for title, _ in marks
    }


def test_members_too_close_to_number_apart_get_a_range(english):
    given = {"base": 0.90, "dropout-0": 0.90}
    plan = made_up.small(made_up.mlp(search=0).model_copy(update={"finals": None}))
    results = made_up.results(plan, made_up.shares(given, 0.5))
    best = best_at_cost(results, "parameters")
    figure = pareto_figure(english, results, "parameters")
    numbers = re.findall(r'class="to-left strong">([^<]*)<', figure)
    shown = [int(number) for text in numbers for number in text.split("–")]
    assert (min(shown), max(shown)) == (1, len(best))
    assert any("–" in text for text in numbers)


def test_one_candidate_alone(english):
    results = made_up.results(made_up.small(made_up.own()), made_up.shares({"fp32": 0.9}, None))
    assert len(best_at_cost(results, "seconds")) == 1
    assert pareto_figure(english, results, "seconds").count("<title>") == 1


def heights(figure: str) -> dict[str, tuple[float, bool]]:
    """Of each candidate: the height of its mark, and whether an arrow stands beneath it."""
    found = re.findall(r'<g><title>[^/]*/([^ ]*) [^<]*</title><circle [^>]*cy="([\d.]+)"(.*?)</g>', figure)
    return {name: (float(up), 'class="note"' in rest) for name, up, rest in found}


def test_candidates_far_below_stand_over_arrows_beneath_the_scale(english):
    given = {"activation-tanh": 0.08, "activation-sigmoid": 0.40, "layers-1": 0.85, "dropout-0": 0.92}
    plan = made_up.small(made_up.mlp(search=0).model_copy(update={"finals": None}))
    results = made_up.results(plan, made_up.shares(given, 0.9))
    found = heights(pareto_figure(english, results, "seconds"))
    assert len(found) == len(results.tried)
    assert {name for name, (_, arrow) in found.items() if arrow} == {"activation-tanh", "activation-sigmoid"}
    ordinary = [up for up, arrow in found.values() if not arrow]
    beneath = {up for up, arrow in found.values() if arrow}
    assert max(ordinary) + 14 < min(beneath) <= max(beneath) < 300
    assert max(ordinary) == found["layers-1"][0]
    assert max(ordinary) - min(ordinary) > 180


def test_without_such_candidates_the_scale_goes_to_the_foot(english):
    plan = made_up.small(made_up.mlp(search=0))
    figure = pareto_figure(english, made_up.results(plan, made_up.shares({"layers-1": 0.85}, 0.9)), "seconds")
    assert not any(arrow for _, arrow in heights(figure).values())
    assert max(up for up, _ in heights(figure).values()) > 275
