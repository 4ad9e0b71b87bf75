"""Layers that networks of both families are made of."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

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


class Dropout(nn.Module):
    """Drops each activation by chance while it trains (Srivastava et al. 2014), in a sixth of the time of torch's.

    On a CPU torch draws a double for each activation, one after another: half of a perceptron's time. Here each has 16
    of 64 random bits, so that its chance is a multiple of 2^-16.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Of any shape; what is kept is enlarged, so that the mean stays."""
        if not self.training or not self.share:
            return x
        if x.device.type != "cpu":
            return functional.dropout(x, self.share)
        dropped = min(max(round(self.share * 2**16), 1), 2**16 - 1)
        words = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        kept = words.view(torch.int16)[: x.numel()].view(x.shape) >= dropped - 2**15
        return x * kept * (2**16 / (2**16 - dropped))


def normalisation(name: Normalisation, width: int, group_size: GroupSize, batch: type[nn.Module]) -> list[nn.Module]:
    """The layer that normalises `width` channels, in a list that is empty for none; `batch` is BatchNorm1d or 2d."""
    if name == "batch":
        return [batch(width)]
    if name == "group":
        return [nn.GroupNorm(1 if group_size == "all" else width // group_size, width)]
    return []
