import pytest

from letterlab.study.assignment import NORMALISATIONS
from letterlab.study.budgets import FAMILIES, plan
from letterlab.study.plan import candidates
from letterlab.study.unfolding import foreseen

BUDGETS = ("smoke", "quick", "full")
TRAIN = 11_700


@pytest.mark.parametrize("train", [500, TRAIN, 58_500])
@pytest.mark.parametrize("budget", BUDGETS)
def test_every_budget_covers_all_four_tasks_with_recipes_that_can_be(budget, train):
    found = plan(budget, "bf16", train)
    assert tuple(family.name for family in found.families) == FAMILIES
    for family in found.families:
        for experiment in family.experiments:
            ones = candidates(experiment, experiment.base)
            assert [one.wrong for one in ones if one.recipe is None] == []
            assert len({one.name for one in ones}) == len(ones)


def levels(budget, family, experiment):
    [one] = [
        one
        for found in plan(budget, "fp32", TRAIN).families
        if found.name == family
        for one in found.experiments
        if one.name == experiment
    ]
    return {factor.name: {level.name for level in factor.levels} for factor in (*one.crossed, *one.factors)}, one


@pytest.mark.parametrize("budget", ["quick", "full"])
def test_the_factors_of_task_1_1(budget):
    found, experiment = levels(budget, "mlp", "factors")
    assert found.keys() >= {"neurons", "layers", "learning rate", "batch size", "activation", "optimiser"}
    assert found["activation"] == {"relu", "sigmoid", "tanh", "gelu", "silu"}
    assert experiment.search
    assert experiment.seeds >= (5 if budget == "full" else 3)
    alone, _ = levels(budget, "mlp", "alone")
    assert alone["regularisation"] == {
        "none", "dropout", "weight-decay", "label-smoothing", "batchnorm", "augmentation"
    }  # fmt: skip


@pytest.mark.parametrize("budget", ["quick", "full"])
def test_the_factors_of_task_2_1(budget):
    found, experiment = levels(budget, "cnn", "factors")
    assert found.keys() == {"layers", "filters", "kernel", "halving", "padding", "activation"}
    assert {len(one.recipe.model.filters) for one in candidates(experiment, experiment.base)} == {1, 2, 3}
    assert len({one.recipe.epochs for one in candidates(experiment, experiment.base)}) == 1
    assert experiment.seeds >= 3


def test_networks_of_equal_size_have_about_as_many_parameters():
    from letterlab.models.build import build, count_parameters

    _, experiment = levels("quick", "cnn", "equal-size")
    sizes = [count_parameters(build(one.recipe.model)) for one in candidates(experiment, experiment.base)]
    assert len(sizes) == 3
    assert max(sizes) < 1.05 * min(sizes)


@pytest.mark.parametrize("budget", ["quick", "full"])
def test_the_factors_of_task_2_2(budget):
    found, experiment = levels(budget, "norm", "batches")
    assert found["normalisation"] == set(NORMALISATIONS)
    assert found["rate"] == {"fixed", "scaled"}
    assert found["batch size"] >= {"2", "8", "32", "2048"}
    if budget == "full":
        assert found["batch size"] == {str(2**i) for i in range(1, 12)}
    assert experiment.base_of == "cnn"
    scaled = {one.name: one.recipe for one in candidates(experiment, experiment.base)}
    assert scaled["bn-2-scaled"].peak_rate == pytest.approx(scaled["bn-2-fixed"].peak_rate / 8)


def transfer(budget):
    [found] = [one for one in plan(budget, "fp32", TRAIN).families if one.name == "transfer"]
    return {one.name: candidates(one, one.base) for one in found.experiments}


@pytest.mark.parametrize("budget", ["quick", "full"])
@pytest.mark.parametrize("network", ["mobilenet-v2", "squeezenet1-1"])
def test_the_factors_of_task_3(budget, network):
    found = transfer(budget)
    assert {one.levels["letters of each"] for one in found[network]} == {"10", "30", "100", "all"}
    assert {one.levels["weights"] for one in found[network]} == {"imagenet", "random"}
    assert {one.levels.keys() >= {"stem stride", "side", "training"} for one in found["stem"]} == {True}
    epochs = {}
    for one in found[network]:
        model = one.recipe.model
        epochs.setdefault(one.levels["letters of each"], set()).add(one.recipe.epochs)
        assert (model.head_epochs, model.stem_rate < 1) == ((1, True) if model.weights == "imagenet" else (0, False))
    assert {len(ones) for ones in epochs.values()} == {1}  # both weights for as many epochs


def test_full_has_all_five_networks_and_five_seeds():
    found = {one.recipe.model.network for ones in transfer("full").values() for one in ones}
    assert found == {"mobilenet_v2", "mobilenet_v3_small", "squeezenet1_1", "resnet18", "efficientnet_b0"}
    assert {one.seeds for family in plan("full", "fp32", TRAIN).families[:4] for one in family.experiments} == {5}


@pytest.mark.parametrize("budget", BUDGETS)
def test_every_training_letter_is_held_out_once_from_the_best_cnn(budget):
    found, experiment = levels(budget, "reread", "folds")
    recipes = [one.recipe for one in candidates(experiment, experiment.base)]
    assert found == {"fold": {"0", "1", "2", "3"}}
    assert sorted(one.fold for one in recipes) == [0, 1, 2, 3]
    assert {one.letters_of_each for one in recipes} == {"all"}
    assert {one.epochs for one in recipes} == {experiment.changes["epochs"]}
    assert (experiment.base_of, experiment.seeds, experiment.changes["letters_of_each"]) == ("cnn", 1, "all")


def test_precision_is_for_own_networks():
    for family in plan("quick", "bf16", TRAIN).families:
        precisions = {one.recipe.precision for e in family.experiments for one in candidates(e, e.base)}
        assert precisions == {"fp32" if family.name == "transfer" else "bf16"}


def test_of_more_letters_the_finals_make_fewer_passes():
    few, many = (
        max(one.epochs for one in foreseen(plan("quick", "fp32", train), lambda recipe: 1.0)["cnn-finals"])
        for train in (TRAIN, 58_500)
    )
    assert few > many
