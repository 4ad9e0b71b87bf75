"""Random numbers that depend on a seed and an epoch alone (docs/decisions/0002)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Generator


@contextmanager
def seeded(seed: int, epoch: int, device: torch.device) -> Iterator[Generator]:
    """A generator for this epoch of this seed, torch's own generators seeded alike; both as before afterwards.

    Within, torch computes with deterministic algorithms alone.
    """
    state = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    memory: Any = torch.utils.deterministic  # mypy does not see what it holds
    strict, filled = torch.are_deterministic_algorithms_enabled(), memory.fill_uninitialized_memory
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(state)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's sums differ from run to run
        torch.use_deterministic_algorithms(True)
        memory.fill_uninitialized_memory = False  # would take a fifth of a deep network's time, and nobody reads it
        try:
            yield Generator(device).manual_seed(state)
        finally:
            torch.use_deterministic_algorithms(strict)
            memory.fill_uninitialized_memory = filled
