import pytest

from letterlab.models.build import build
from letterlab.optimising import make_optimiser, rate_share
from letterlab.recipe import Cnn, Optimiser, Recipe


def test_biases_and_normalisation_are_spared_weight_decay():
    recipe = Recipe(model=Cnn(filters=(4,)), optimiser=Optimiser(weight_decay=0.5))
    network = build(recipe.model)
    decays = {
        id(parameter): group["weight_decay"]
        for group in make_optimiser(recipe, network).param_groups
        for parameter in group["params"]
    }
    found = {name: decays[id(parameter)] for name, parameter in network.named_parameters()}
    assert sorted(found.values()) == [0, 0, 0, 0.5, 0.5]
    assert all(decay == (0.5 if name in ("1.0.weight", "1.6.weight") else 0) for name, decay in found.items())


def test_schedules():
    def shares(schedule):
        return [rate_share(schedule, step, 100) for step in range(100)]

    assert set(shares("constant")) == {1.0}
    cosine = shares("cosine")
    assert cosine[0] == 1.0
    assert cosine[50] == pytest.approx(0.5)
    assert sorted(cosine, reverse=True) == cosine
    cycle = shares("one-cycle")
    assert cycle[24] == 1.0 == max(cycle)
    assert cycle[0] == pytest.approx(0.04)
    assert cycle[-1] < 0.001
    assert [rate_share("one-cycle", step, steps) > 0 for steps in (1, 2, 3) for step in range(steps)] == [True] * 6
