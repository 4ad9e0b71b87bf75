import pytest

from letterlab.study.plan import plan


@pytest.mark.parametrize("budget", ["smoke", "quick"])
def test_plans_have_distinct_candidates_with_folder_names(budget):
    candidates = plan(budget, "bf16").candidates
    assert len({one.name for one in candidates}) == len(candidates)
    assert len({one.recipe.model_dump_json() for one in candidates}) == len(candidates)
    assert all(one.name.startswith(one.family) for one in candidates)
    assert all(set(one.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") for one in candidates)


def test_quick_compares_at_least_eight_of_each_and_every_factor_the_assignment_names():
    candidates = plan("quick", "fp32").candidates
    for family in ("mlp", "cnn"):
        assert sum(one.family == family for one in candidates) >= 8
    varied = {one.varied for one in candidates if one.family == "mlp"}
    assert {"neurons", "learning rate", "batch size", "activation", "regularisation"} <= varied
    assert {len(one.recipe.model.filters) for one in candidates if one.family == "cnn"} == {1, 2, 3}
    assert {one.recipe.model.kernel for one in candidates if one.family == "cnn"} == {3, 5}


def test_every_plan_has_several_seeds_each_round_of_them_over_all_candidates():
    found = plan("smoke", "fp32")
    assert found.seeds >= 2
    first_round = found.trials()[: len(found.candidates)]
    assert {seed for _, seed in first_round} == {0}
    candidate, seed = found.trials()[-1]
    assert candidate.with_seed(seed).seed == seed == found.seeds - 1
    assert candidate.trial_name(seed) == f"{candidate.name}.seed{seed}"


def test_only_some_families():
    assert {one.family for one in plan("quick", "fp32").only(("cnn",)).candidates} == {"cnn"}


def test_precision_is_for_convolutions():
    candidates = plan("quick", "bf16").candidates
    assert {one.recipe.precision for one in candidates if one.family == "cnn"} == {"bf16"}
    assert {one.recipe.precision for one in candidates if one.family == "mlp"} == {"fp32"}
