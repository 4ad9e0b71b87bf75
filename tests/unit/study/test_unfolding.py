"""Unfolding, with trials that are said to be done rather than trained."""

import math
import random
import zlib

import pytest

from letterlab.errors import LetterlabError
from letterlab.study.course import experiments
from letterlab.study.plan import Experiment, Factor, FamilyPlan, Search, changed
from letterlab.study.store import Store
from letterlab.study.unfolding import FINAL_SEEDS, best_recipe, foreseen, try_failed_again, unfold
from small_plan import dump, mlp, norm, plan

WHOLE = plan(mlp(search=5, finals=2, epochs=6), norm())


def accuracy(trial, better):
    """Made up: rises with the neurons and falls away from the rate 0.003; a little chance for each trial."""
    recipe = trial.candidate.recipe
    chance = zlib.crc32(trial.name.encode()) / 2**32
    neurons = sum(recipe.model.hidden)
    return (
        better * (0.3 + 0.01 * neurons - 0.05 * abs(math.log10(recipe.optimiser.learning_rate / 0.003))) + 0.01 * chance
    )


def finish(store, trial, better=1.0):
    """As the engine does, giving up what falls below the medians."""
    value = accuracy(trial, better)
    store.claim(trial)
    for epoch in range(1, trial.candidate.recipe.epochs + 1):
        reached = value * (1 - 0.5**epoch)
        store.epoch(trial, epoch, reached)
        if reached < trial.planned.medians.get(epoch, 0):
            store.given_up(trial)
            return
    store.done(trial, value, sum(trial.candidate.recipe.model.hidden))


def run(folder, whole=WHOLE, order=None, stop=0.0, better=1.0):
    """Unfolds until nothing is left, one trial at a time, in an order; sometimes the store is opened anew."""
    chance = random.Random(order)
    store = Store(folder)
    while True:
        finished = unfold(whole, store)
        waiting = [one for name in experiments(whole) for one in store.trials(name) if not one.ended]
        if not waiting:
            assert finished
            return dump(store, whole), store
        finish(store, chance.choice(waiting) if order is not None else waiting[0], better)
        if chance.random() < stop:
            store.close()
            store = Store(folder)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    found, store = run(tmp_path_factory.mktemp("straight"))
    yield found, store
    store.close()


@pytest.mark.parametrize("order", range(4))
def test_whatever_ends_first_and_however_often_it_is_stopped_the_store_is_the_same(straight, tmp_path, order):
    found, store = run(tmp_path, order=order, stop=0.2)
    store.close()
    assert found == straight[0]


def test_all_that_was_foreseen_comes(straight):
    _, store = straight
    for name, recipes in foreseen(WHOLE, lambda recipe: 1.0).items():
        assert len(store.trials(name)) == len(recipes)


def test_a_search_proposes_what_was_not_tried_and_gives_up_what_does_worse_than_most(straight):
    searched = [one for one in straight[1].trials("mlp-factors") if one.candidate.varied == "search"]
    assert len(searched) == 5
    around = [one for one in straight[1].trials("mlp-factors") if one.candidate.varied != "search"]
    # Three by three levels are nine recipes: five were tried one at a time, so the search found four, and one of these
    # twice, for there was nothing else.
    assert len({one.candidate.recipe.model_dump_json() for one in searched}) >= 4
    tried = {one.candidate.recipe for one in around}
    assert len([one for one in searched if one.candidate.recipe in tried]) <= 1
    assert all(one.planned.medians.keys() == {3, 4, 5} for one in searched)
    assert {one.state for one in searched} <= {"done", "given up"}
    assert not any(one.planned.medians for one in around)


def test_a_search_learns_from_what_was_tried(tmp_path):
    """With neurons the only thing that matters, and eight levels, the search goes where they are many."""
    wide = mlp(search=6, finals=0)
    factor = (
        wide.experiments[0]
        .factors[0]
        .model_validate({"name": "neurons", "setting": "model.hidden", "values": [[2**i] for i in range(1, 9)]})
    )
    rates = factor.model_validate(
        {"name": "learning rate", "setting": "optimiser.learning_rate", "values": [0.001 * i for i in range(1, 9)]}
    )
    experiment = wide.experiments[0].model_copy(update={"factors": (factor, rates), "seeds": 3})
    wide = wide.model_copy(update={"experiments": (experiment,)})
    _, store = run(tmp_path, plan(wide))
    searched = [one for one in store.trials("mlp-factors") if one.candidate.varied == "search"]
    store.close()
    assert sum(int(one.candidate.levels["neurons"]) >= 64 for one in searched) >= 4


def test_a_search_does_not_propose_what_makes_no_recipe(tmp_path):
    settings = {"model.kernel": [3, 5, 7], "model.padding": ["same", "none"], "model.activation": ["relu", "tanh"]}
    factors = tuple(
        Factor.model_validate({"name": way.partition(".")[2], "setting": way, "values": values})
        for way, values in settings.items()
    )
    # Of twelve combinations four leave nothing of the picture; five are tried one at a time.
    experiment = Experiment(name="x", factors=factors, seeds=1, search=Search(trials=3))
    store = Store(tmp_path)
    whole = plan(FamilyPlan(name="cnn", experiments=(experiment,)))
    while waiting := [one for one in unfolded(whole, store, "cnn-x") if not one.ended]:
        store.claim(waiting[0])
        store.epoch(waiting[0], 1, 0.4)
        store.done(waiting[0], 0.5, 10)
    searched = [one for one in store.trials("cnn-x") if one.candidate.varied == "search"]
    store.close()
    assert len(searched) == 3
    assert all(one.candidate.recipe for one in searched)


def unfolded(whole, store, experiment):
    unfold(whole, store)
    return store.trials(experiment)


def test_finals_take_the_best_by_the_mean_over_seeds_with_seeds_of_their_own(straight):
    store = straight[1]
    finals = store.trials("mlp-finals")
    assert [one.seed for one in finals] == [FINAL_SEEDS, FINAL_SEEDS, FINAL_SEEDS + 1, FINAL_SEEDS + 1]
    by_name = {}
    for one in store.trials("mlp-factors"):
        by_name.setdefault(one.candidate.name, []).append(one)
    means = {
        name: sum(one.value for one in group) / len(group)
        for name, group in by_name.items()
        if all(one.state == "done" for one in group)
    }
    best = sorted(means, key=means.get, reverse=True)[:2]
    assert [one.candidate.name for one in finals[:2]] == [f"factors-{name}" for name in best]
    recipe = by_name[best[0]][0].candidate.recipe
    assert finals[0].candidate.recipe == changed(recipe, {"letters_of_each": "all", "epochs": 1})
    assert finals[0].candidate.levels == by_name[best[0]][0].candidate.levels


def test_among_equals_the_smaller_network_goes_on(tmp_path):
    store = Store(tmp_path)
    whole = plan(mlp(finals=1))
    unfold(whole, store)
    for one in store.trials("mlp-factors"):
        store.claim(one)
        store.done(one, 0.5, sum(one.candidate.recipe.model.hidden))
    unfold(whole, store)
    assert store.trials("mlp-finals")[0].candidate.recipe.model.hidden == (8,)
    store.close()


def test_an_experiment_around_the_best_of_a_family_waits_for_it(straight, tmp_path):
    store = Store(tmp_path)
    assert not unfold(WHOLE, store)
    assert store.trials("norm-batches") == []
    store.close()
    best = best_recipe(WHOLE.families[0], straight[1])
    assert {one.candidate.recipe.model.hidden for one in straight[1].trials("norm-batches")} == {best.model.hidden}
    assert {one.candidate.recipe.batch_size for one in straight[1].trials("norm-batches")} == {26, 52}
    assert {one.candidate.recipe.letters_of_each for one in straight[1].trials("norm-batches")} == {10}


def test_without_that_family_it_is_around_its_own_base(tmp_path):
    found, store = run_norm_alone(tmp_path)
    assert {one.candidate.recipe.model.kind for one in found} == {"cnn"}
    with pytest.raises(LetterlabError, match="give another --out"):
        complete_family(store)
    store.close()


def run_norm_alone(folder):
    store = Store(folder)
    unfold(WHOLE.only(("norm",)), store)
    return store.trials("norm-batches"), store


def complete_family(store):
    while True:
        unfold(WHOLE, store)
        waiting = [one for one in store.trials("mlp-factors") + store.trials("mlp-finals") if not one.ended]
        if not waiting:
            return
        finish(store, waiting[0])


def test_a_candidate_of_which_a_seed_failed_is_not_chosen(tmp_path):
    store = Store(tmp_path)
    whole = plan(mlp(finals=1))
    unfold(whole, store)
    for one in store.trials("mlp-factors"):
        if one.candidate.name == "neurons-32" and one.seed == 1:
            store.failed(one, "It came apart.", again=False)
        else:
            finish(store, one)
    unfold(whole, store)
    assert store.trials("mlp-finals")[0].candidate.name != "factors-neurons-32"
    store.close()


def test_what_failed_for_a_passing_reason_is_tried_again_until_others_are_built_on_it(tmp_path):
    store = Store(tmp_path)
    whole = plan(mlp(finals=1))
    unfold(whole, store)
    first, second, *others = store.trials("mlp-factors")
    store.failed(first, "No memory.", again=True)
    store.failed(second, "It came apart.", again=False)
    try_failed_again(whole, store)
    assert [one.state for one in store.trials("mlp-factors")[:2]] == ["waiting", "failed"]
    store.failed(store.trials("mlp-factors")[0], "No memory.", again=True)
    for one in others:
        finish(store, one)
    unfold(whole, store)
    try_failed_again(whole, store)
    assert store.trials("mlp-factors")[0].state == "failed"  # the finals were chosen without it
    store.failed(store.trials("mlp-finals")[0], "No memory.", again=True)
    try_failed_again(whole, store)
    assert store.trials("mlp-finals")[0].state == "waiting"
    store.close()


def test_where_all_fails_what_is_built_on_it_has_the_plans_own_base(tmp_path):
    store = Store(tmp_path)
    whole = plan(mlp(finals=1), norm())
    unfold(whole, store)
    for one in store.trials("mlp-factors"):
        store.failed(one, "It came apart.", again=False)
    assert not unfold(whole, store)
    assert store.trials("mlp-finals") == []
    assert {one.candidate.recipe.model.kind for one in store.trials("norm-batches")} == {"cnn"}
    store.close()


def test_what_is_chosen_is_foreseen_as_the_dearest():
    recipes = foreseen(WHOLE, lambda recipe: float(sum(recipe.model.hidden)))
    assert {recipe.model.hidden for recipe in recipes["mlp-finals"]} == {(32,)}
    assert {recipe.letters_of_each for recipe in recipes["mlp-finals"]} == {"all"}
    assert {recipe.model.hidden for recipe in recipes["norm-batches"]} == {(32,)}
    assert {recipe.model.hidden for recipe in recipes["mlp-factors"][-5:]} == {(16,)}  # the search


def test_finals_whose_changes_make_no_recipe_are_kept_with_what_is_wrong(tmp_path):
    family = mlp(finals=1)
    finals = family.finals.model_copy(update={"changes": {"model.kernel": 3}})
    whole = plan(family.model_copy(update={"finals": finals}))
    store = Store(tmp_path)
    unfold(whole, store)
    for one in store.trials("mlp-factors"):
        finish(store, one)
    unfold(whole, store)
    first, *_ = store.trials("mlp-finals")
    store.close()
    assert first.candidate.recipe is None
    assert "kernel is not a setting" in first.candidate.wrong
    assert foreseen(whole, lambda recipe: 1.0)["mlp-finals"]


def test_changes_that_do_not_go_with_the_best_recipe_are_said(tmp_path):
    around = norm().experiments[0].model_copy(update={"changes": {"model.kernel": 3}})
    whole = plan(mlp(finals=0), norm().model_copy(update={"experiments": (around,)}))
    store = Store(tmp_path)
    unfold(whole, store)
    for one in store.trials("mlp-factors"):
        finish(store, one)
    with pytest.raises(LetterlabError, match="changes of norm-batches do not go with the best recipe of mlp"):
        unfold(whole, store)
    store.close()
