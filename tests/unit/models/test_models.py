import pytest
import torch
from torch import nn

from letterlab.models.build import build, count_parameters
from letterlab.models.layers import Dropout
from letterlab.recipe import Cnn, Mlp, Torchvision


@pytest.mark.parametrize("normalisation", ["none", "batch", "group"])
@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "tanh", "sigmoid"])
@pytest.mark.parametrize("model", [Mlp(hidden=(16, 8)), Cnn(filters=(8, 16), group_size=8)])
def test_every_network_gives_26_scores(model, activation, normalisation):
    settings = type(model)(**{**model.model_dump(), "activation": activation, "normalisation": normalisation})
    network = build(settings)
    assert network(torch.rand(3, 1, 28, 28)).shape == (3, 26)


@pytest.mark.parametrize("normalisation", ["none", "batch", "group"])
@pytest.mark.parametrize(
    "model", [Mlp(hidden=(16, 8)), Cnn(filters=(8, 16)), Cnn(filters=(8, 8, 8, 8), activation="silu")]
)
def test_every_normalisation_learns_from_two_letters(model, normalisation):
    settings = model.model_copy(update={"normalisation": normalisation, "group_size": "all", "dropout": 0.0})
    torch.manual_seed(0)
    network = build(settings)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    upper = torch.zeros(28, 28)
    upper[:14] = 1
    pictures, labels = torch.stack([upper, upper.T])[:, None], torch.tensor([3, 4])
    for _ in range(100):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(pictures), labels)
        loss.backward()
        optimiser.step()
    assert loss < 0.1


@pytest.mark.parametrize(("group_size", "groups"), [("all", 1), (1, 32), (16, 2), (8, 4)])
def test_groups_are_normalised_together(group_size, groups):
    for model in (Mlp(hidden=(32,)), Cnn(filters=(32,), activation="tanh")):
        settings = model.model_copy(update={"normalisation": "group", "group_size": group_size})
        [layer] = [layer for layer in build(settings).modules() if isinstance(layer, nn.GroupNorm)]
        assert (layer.num_groups, layer.num_channels) == (groups, 32)


def test_halving_is_by_pooling_or_by_steps_of_two():
    pooled, strided = (build(Cnn(filters=(4, 6), halving=halving)) for halving in ("pool", "stride"))
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in pooled.modules()) == 2
    assert not any(isinstance(layer, nn.MaxPool2d) for layer in strided.modules())
    steps = {"pool": (1, 1), "stride": (2, 2)}
    for network, halving in ((pooled, "pool"), (strided, "stride")):
        assert {layer.stride for layer in network.modules() if isinstance(layer, nn.Conv2d)} == {steps[halving]}
    assert count_parameters(pooled) == count_parameters(strided)


def test_without_padding_nothing_comes_from_outside_the_picture():
    bright = torch.ones(2, 1, 28, 28)
    for padding, alike in (("same", False), ("none", True)):
        convolved = build(Cnn(filters=(4,), padding=padding))[1][0](bright)
        assert torch.allclose(convolved, convolved[:, :, 13:14, 13:14].expand_as(convolved), atol=1e-6) == alike


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


def test_several_convolutions_before_each_halving():
    network = build(Cnn(filters=(4, 8), convolutions=2, kernel=3, halving="stride"))[1]
    convolutions = [layer for layer in network if isinstance(layer, nn.Conv2d)]
    assert [(one.in_channels, one.out_channels, one.stride[0]) for one in convolutions] == [
        (1, 4, 1),
        (4, 4, 2),
        (4, 8, 1),
        (8, 8, 2),
    ]
    pooled = build(Cnn(filters=(4, 8), convolutions=3))[1]
    kinds = [type(layer) for layer in pooled if isinstance(layer, (nn.Conv2d, nn.MaxPool2d))]
    assert kinds == [nn.Conv2d, nn.Conv2d, nn.Conv2d, nn.MaxPool2d] * 2
    assert Cnn(filters=(4, 8), convolutions=2, padding="none").sides == (12, 4)
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 26)


@pytest.mark.parametrize(
    "model", [Mlp(hidden=(8,)), Cnn(filters=(4,)), Torchvision(network="squeezenet1_1", weights="random")]
)
def test_a_network_may_have_an_output_for_what_is_no_letter(model):
    assert build(model, outputs=27).eval()(torch.zeros(2, 1, 28, 28)).shape == (2, 27)


def test_dropout_drops_its_share_and_keeps_the_mean():
    torch.manual_seed(0)
    layer = Dropout(0.3)
    x = torch.full((1000, 501), 2.0, requires_grad=True)
    dropped = layer(x)
    kept = dropped != 0
    assert kept.float().mean().item() == pytest.approx(0.7, abs=0.003)
    assert dropped.detach()[kept.detach()].unique().tolist() == [pytest.approx(2 / 0.7, rel=1e-4)]
    assert (kept.float().mean(dim=0) - 0.7).abs().max() < 0.08  # no column is favoured
    first, second = kept[:, :-1].float(), kept[:, 1:].float()
    assert ((first * second).mean() - 0.49).abs() < 0.003  # nor does one depend on the next
    dropped.sum().backward()
    assert torch.equal(x.grad != 0, kept)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_dropout_changes_nothing_when_it_is_not_training_or_drops_none(share):
    x = torch.randn(3, 5)
    assert Dropout(share).eval()(x) is x
    assert Dropout(0.0).train()(x) is x


def test_dropout_draws_from_the_global_seed_and_keeps_the_precision():
    x = torch.randn(7, 9, dtype=torch.bfloat16)
    drawn = []
    for _ in range(2):
        torch.manual_seed(4)
        drawn.append(Dropout(0.999999)(x) + Dropout(0.5)(x))
    assert torch.equal(*drawn)
    assert drawn[0].dtype == torch.bfloat16
    assert drawn[0].isfinite().all()
