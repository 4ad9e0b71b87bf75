"""What this machine can do at most, and what a step of a training asks of it. One core, unless said otherwise."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from letterlab.machine import cores
from letterlab.models.build import build
from letterlab.optimising import make_optimiser
from letterlab.prediction import place
from letterlab.recipe import Recipe
from letterlab.seeding import seeded
from letterlab.training import _step

TRIES = 5
LARGE, SMALL = 2**28, 2**20
"""Bytes of what is copied: far more than a cache holds, and less than one core's."""


def quickest(work: Callable[[], object], repeat: int = 1) -> float:
    """Seconds of one of so many repetitions, at the best try; the first one warms up."""
    work()
    tries = []
    for _ in range(TRIES):
        began = time.perf_counter()
        for _ in range(repeat):
            work()
        tries.append((time.perf_counter() - began) / repeat)
    return min(tries)


def copied(size: int) -> float:
    """Bytes a second, read and written together, of NumPy copying so many bytes."""
    source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
    return 2 * size / quickest(lambda: np.copyto(target, source), max(LARGE // size // 4, 1))


def copied_by_all() -> float:
    """The same of torch and a large piece, with all cores at work."""
    torch.set_num_threads(cores())
    source, target = torch.ones(LARGE, dtype=torch.uint8), torch.zeros(LARGE, dtype=torch.uint8)
    rate = 2 * LARGE / quickest(lambda: target.copy_(source))
    torch.set_num_threads(1)
    return rate


def product(kind: torch.dtype, side: int = 1024) -> float:
    """Multiply-adds a second of a product of two square matrices."""
    one, other = torch.randn(side, side).to(kind), torch.randn(side, side).to(kind)
    return side**3 / quickest(lambda: one @ other)


def convolution(kind: torch.dtype, channels: int = 128, side: int = 14, batch: int = 32) -> float:
    """Multiply-adds a second of a 3x3 convolution, channels last, as the networks here are laid out."""
    pictures = torch.randn(batch, channels, side, side).to(kind).contiguous(memory_format=torch.channels_last)
    kernels = torch.randn(channels, channels, 3, 3).to(kind).contiguous(memory_format=torch.channels_last)
    took = quickest(lambda: functional.conv2d(pictures, kernels, padding=1))
    return batch * side**2 * 9 * channels**2 / took


class Moved(TorchDispatchMode):
    """Counts the bytes that operations are given and give, each tensor once an operation."""

    bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [one for one in tree_leaves((args, kwargs, out)) if isinstance(one, Tensor)]
            self.bytes += sum(one.numel() * one.element_size() for one in tensors)
        return out


def asked(recipe: Recipe) -> tuple[int, int]:
    """Multiply-adds of products and convolutions in a step of a training, forward and backward; bytes that it moves."""
    network = place(torch.device("cpu"), build(recipe.model))
    optimiser = make_optimiser(recipe, network)
    images = torch.zeros(recipe.batch_size, 28, 28, dtype=torch.uint8)
    labels = torch.zeros(recipe.batch_size, dtype=torch.int64)
    with seeded(0, 0, torch.device("cpu")) as generator:
        network.train()
        _step(recipe, network, optimiser, images, labels, generator)  # the first makes the optimiser's state
        with FlopCounterMode(display=False) as counted, Moved() as moved:
            _step(recipe, network, optimiser, images, labels, generator)
    return counted.get_total_flops() // 2, moved.bytes
