import pytest
import torch
from torch import nn

from letterlab.models.build import build, count_parameters
from letterlab.recipe import Cnn, Mlp


@pytest.mark.parametrize("normalisation", ["none", "batch", "group"])
@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "tanh", "sigmoid"])
@pytest.mark.parametrize("model", [Mlp(hidden=(16, 8)), Cnn(filters=(8, 16))])
def test_every_network_gives_26_scores(model, activation, normalisation):
    settings = type(model)(**{**model.model_dump(), "activation": activation, "normalisation": normalisation})
    network = build(settings)
    assert network(torch.rand(3, 1, 28, 28)).shape == (3, 26)


@pytest.mark.parametrize("filters", [(4,), (4, 6), (4, 6, 8), (4, 6, 8, 10)])
@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
def test_each_convolution_halves_the_picture(filters, kernel):
    network = build(Cnn(filters=filters, kernel=kernel))
    assert sum(isinstance(layer, nn.Conv2d) for layer in network.modules()) == len(filters)
    [last] = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert last.in_features == filters[-1] * (28 // 2 ** len(filters)) ** 2
    assert network(torch.rand(2, 1, 28, 28)).shape == (2, 26)


def test_parameters_are_counted_by_hand():
    assert count_parameters(build(Mlp(hidden=(), dropout=0))) == 784 * 26 + 26
    with_batch_norm = 784 * 10 + 2 * 10 + 10 * 26 + 26
    assert count_parameters(build(Mlp(hidden=(10,)))) == with_batch_norm
    assert count_parameters(build(Mlp(hidden=(10,), normalisation="none"))) == with_batch_norm - 10
    assert count_parameters(build(Cnn(filters=(4,), normalisation="none"))) == 9 * 4 + 4 + 4 * 14 * 14 * 26 + 26


def test_pictures_are_standardised_inside_the_network():
    network = build(Mlp(hidden=()), mean=0.25, deviation=0.5)
    x = torch.rand(2, 1, 28, 28)
    plain = build(Mlp(hidden=()))
    plain[1].load_state_dict(network[1].state_dict())
    assert torch.allclose(network(x), plain((x - 0.25) / 0.5), atol=1e-5)
    assert {"0.mean", "0.deviation"} <= network.state_dict().keys()
