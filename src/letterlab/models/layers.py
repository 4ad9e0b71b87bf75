"""Layers that networks of both families are made of."""

from typing import Final

import torch
from torch import Tensor, nn

from letterlab.recipe import Activation, GroupSize, Normalisation

ACTIVATIONS: Final[dict[Activation, type[nn.Module]]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}


class Standardise(nn.Module):
    """Takes the training letters' mean ink off a picture and divides by its deviation; part of the network's file."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))

    def forward(self, x: Tensor) -> Tensor:
        """[B, 1, 28, 28] in 0..1 to the same shape, of mean about 0 and deviation about 1."""
        return (x - self.mean) / self.deviation


def normalisation(name: Normalisation, width: int, group_size: GroupSize, batch: type[nn.Module]) -> list[nn.Module]:
    """The layer that normalises `width` channels, in a list that is empty for none; `batch` is BatchNorm1d or 2d."""
    if name == "batch":
        return [batch(width)]
    if name == "group":
        return [nn.GroupNorm(1 if group_size == "all" else width // group_size, width)]
    return []
