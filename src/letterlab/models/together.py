"""A network that several processes train as one would: each computes its share of every batch.

Gradients are averaged by torch's DistributedDataParallel (Li et al. 2020). What a layer does to a batch as a whole is
done for the whole batch: BatchNorm's statistics are over all processes' letters, and dropout draws for all letters and
keeps this process's. Apart from rounding, the weights are then those of one process.
"""

from functools import partial
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from letterlab.ranks import Ranks, Share
from letterlab.shapes import Float

_DRAWING: Final = ("Dropout", "StochasticDepth")  # the second is torchvision's


class Together(nn.Module):
    """Wraps a network for training; the network's own parameters and running statistics are what it trains.

    Made anew where other parameters are to learn; the first process's weights are then everybody's.
    """

    def __init__(self, network: nn.Module, ranks: Ranks) -> None:
        super().__init__()
        self.averaged = DistributedDataParallel(network, forward_sync_buffers=False)
        self.batch = _Batch()
        # The layers know of the batch and not of this: it must end with its last use, before the processes part.
        for layer in network.modules():
            if isinstance(layer, _BatchNorm):
                layer.forward = partial(_normalised, layer, ranks)  # type: ignore[method-assign]
            elif type(layer).__name__ in _DRAWING:
                layer.forward = partial(_dropped, layer, self.batch)

    def forward(self, images: Float[Tensor, "b 1 28 28"], share: Share) -> Float[Tensor, "b c"]:
        """Scores of this process's letters of a batch."""
        self.batch.share = share
        return self.averaged(images)


class _Batch:
    """The batch that the network is at."""

    share: Share


def _dropped(layer: nn.Module, batch: _Batch, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
    if not layer.training:
        return type(layer).forward(layer, x)
    kept = type(layer).forward(layer, x.new_ones(batch.share.of, *x.shape[1:]))  # zero, or the scale of what stays
    return x * kept[batch.share.rows]


def _normalised(layer: _BatchNorm, ranks: Ranks, x: Float[Tensor, "b c ..."]) -> Float[Tensor, "b c ..."]:
    if not layer.training:
        return type(layer).forward(layer, x)
    mean, variance, n = _moments(x.detach(), ranks)
    assert layer.num_batches_tracked is not None
    assert layer.momentum is not None
    with torch.no_grad():
        layer.num_batches_tracked += 1
        layer.running_mean.lerp_(mean, layer.momentum)  # type: ignore[union-attr]
        layer.running_var.lerp_(variance * (n / (n - 1)), layer.momentum)  # type: ignore[union-attr]
    return _Normalise.apply(  # type: ignore[no-untyped-call]
        x, layer.weight, layer.bias, mean, variance, n, layer.eps, ranks
    )


def _moments(x: Float[Tensor, "b c ..."], ranks: Ranks) -> tuple[Float[Tensor, "c"], Float[Tensor, "c"], float]:
    """Mean and variance of each channel over all processes' letters and places, and over how many values each is."""
    over = [0, *range(2, x.ndim)]
    variance, mean = torch.var_mean(x.float(), over, correction=0)
    own = x.numel() / x.shape[1]
    # In double precision the square of the mean can be taken off again without loss.
    mean, variance = mean.double(), variance.double()
    sums = torch.stack([torch.full_like(mean, own), own * mean, own * (variance + mean**2)])
    n, first, second = ranks.sum(sums)
    mean = first / n
    return mean.float(), (second / n - mean**2).float(), float(n[0])


class _Normalise(torch.autograd.Function):
    """Batch normalisation by given statistics that depend on the input, here and in the other processes."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        n: float,
        eps: float,
        ranks: Ranks,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.n, ctx.eps, ctx.ranks = n, eps, ranks
        return functional.batch_norm(x, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, variance = ctx.saved_tensors
        gradient = gradients[0].float()
        over = [0, *range(2, x.ndim)]
        plain = functional.batch_norm(x.float(), mean, variance, eps=ctx.eps)
        of_bias, of_weight = gradient.sum(over), (gradient * plain).sum(over)
        # Every letter moves the mean and the variance that all are normalised by.
        by_mean, by_variance = ctx.ranks.sum(torch.stack([of_bias, of_weight])) / ctx.n
        wide = [1, -1, *[1] * (x.ndim - 2)]
        rest = gradient - by_mean.reshape(wide) - plain * by_variance.reshape(wide)
        of_x = rest * (weight * torch.rsqrt(variance + ctx.eps)).reshape(wide)
        return of_x.to(x.dtype), of_weight, of_bias, None, None, None, None, None
