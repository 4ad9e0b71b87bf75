"""The optimiser of a recipe: which parameters it moves at which rate, and its state in a file."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from letterlab.models.pretrained import blocks
from letterlab.recipe import Recipe, Schedule, Torchvision


def make_optimiser(recipe: Recipe, network: nn.Sequential) -> Optimizer:
    """Its groups of parameters carry their `share` of the learning rate."""
    settings = recipe.optimiser
    groups: list[dict[str, Any]] = []
    for share, block in _shares(recipe, network):
        weights = [parameter for parameter in block.parameters() if parameter.dim() > 1]
        others = [parameter for parameter in block.parameters() if parameter.dim() <= 1]  # biases and normalisation
        groups += [
            {"params": weights, "weight_decay": settings.weight_decay, "share": share},
            {"params": others, "weight_decay": 0.0, "share": share},
        ]
    if settings.name == "sgd":
        return torch.optim.SGD(groups, lr=recipe.peak_rate, momentum=0.9, nesterov=True, fused=True)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.peak_rate, fused=True)


def _shares(recipe: Recipe, network: nn.Sequential) -> list[tuple[float, nn.Module]]:
    """What learns at a rate of its own, from the first layer on, with its share of the learning rate.

    These are the blocks of a network of torchvision's; another network learns as one.
    """
    if not isinstance(recipe.model, Torchvision):
        return [(1.0, network)]
    learning = blocks(network[1])
    return [
        (recipe.model.stem_rate ** (1 - depth / (len(learning) - 1)), block) for depth, block in enumerate(learning)
    ]


def choose_what_learns(recipe: Recipe, network: nn.Sequential, number: int) -> None:
    """Makes a network ready for an epoch: in the first ones of a network of torchvision's, its last layer alone.

    The others then stay entirely as they were given, the running statistics of their normalisation too.
    """
    network.train()
    everything = not isinstance(recipe.model, Torchvision) or number > recipe.model.head_epochs
    for _, block in _shares(recipe, network)[:-1]:
        block.train(everything).requires_grad_(everything)


def set_rates(recipe: Recipe, optimiser: Optimizer, step: int, steps: int) -> None:
    """The learning rates of step number `step` (from 0) of `steps`."""
    for group in optimiser.param_groups:
        share = group["share"] * rate_share(recipe.optimiser.schedule, step, steps)
        group["lr"] = recipe.peak_rate * share


def rate_share(schedule: Schedule, step: int, steps: int) -> float:
    """The learning rate of step number `step` (from 0) of `steps`, as a share of the highest."""
    if schedule == "constant":
        return 1.0
    rise = steps // 4 if schedule == "one-cycle" else 0
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """Its state by parameter, as `<number>.<what>`."""
    state = optimiser.state_dict()["state"]
    return {f"{number}.{what}": value for number, values in state.items() for what, value in values.items()}


def load_optimiser(optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Gives it the state that `optimiser_tensors` told of."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, what = name.partition(".")
        parameter = parameters[int(number)]
        # Fused optimisers walk weights and state side by side in memory, so both must be laid out alike.
        alike = torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor
        state.setdefault(int(number), {})[what] = alike
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
