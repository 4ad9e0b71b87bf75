"""The processes that train one network together, as torchrun starts them: which one this is, and what they share.

torchrun calls a process's number its rank. A process that trains alone is the first of one, and none of what is here
then does anything.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from letterlab.errors import LetterlabError
from letterlab.recipe import Device
from letterlab.shapes import Int64


class Share(NamedTuple):
    """What this process has of a batch that several share."""

    rows: Int64[Tensor, "b"]
    """Its letters' places in the batch."""
    of: int
    """Letters of the whole batch."""
    weight: float
    """Of its mean loss, so that the mean over the processes is the mean over the batch."""


@dataclass(frozen=True)
class Ranks:
    """The processes of a training, as one of them sees them."""

    rank: int = 0
    """This one's number, from 0."""
    count: int = 1

    @classmethod
    def here(cls) -> "Ranks":
        """Those that this process has `joined`; this process alone, if it has joined none."""
        there = dist.is_available() and dist.is_initialized()
        return cls(dist.get_rank(), dist.get_world_size()) if there else cls()

    @property
    def alone(self) -> bool:
        """There is one process."""
        return self.count == 1

    @property
    def first(self) -> bool:
        """This is the one that writes and speaks."""
        return self.rank == 0

    def span(self, n: int) -> slice:
        """This process's stretch of `n` things in a row, as long as the others' or one shorter."""
        return slice(self.rank * n // self.count, (self.rank + 1) * n // self.count)

    def share(self, batch: Int64[Tensor, "b"]) -> tuple[Int64[Tensor, "m"], Share | None]:
        """This process's letters of a batch of positions, and how they stand in it; all, and none, when alone.

        Each has the positions near its own stretch of the whole: so its machine reads, and keeps in memory, about
        that stretch of the file and not all of it.
        """
        if self.alone:
            return batch, None
        rows = batch.argsort()[self.span(len(batch))]
        return batch[rows], Share(rows, len(batch), len(rows) * self.count / len(batch))

    def sum(self, numbers: Tensor) -> Tensor:
        """Each number's sum over the processes, in place; the same bits in all of them."""
        if not self.alone:
            dist.all_reduce(numbers)
        return numbers

    @contextmanager
    def one_before_others(self) -> Iterator[None]:
        """What the first process of each machine does before the others on it begin."""
        waits = not self.alone and os.environ["LOCAL_RANK"] != "0"
        if waits:
            self.sum(torch.zeros(1))
        yield
        if not waits:
            self.sum(torch.zeros(1))

    @contextmanager
    def firsts(self, path: Path | None) -> Iterator[Path | None]:
        """The first process's file, for the others as a copy; none where the first has none, whatever they have."""
        if self.alone:
            yield path
            return
        content = bytearray(path.read_bytes() if self.first and path else b"")
        size = int(self.sum(torch.tensor(len(content))))
        sent = torch.frombuffer(content, dtype=torch.uint8) if content else torch.empty(size, dtype=torch.uint8)
        dist.broadcast(sent, src=0)
        if self.first or not size:
            yield path if self.first else None
            return
        with TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            copy.write_bytes(sent.numpy().tobytes())
            yield copy


@contextmanager
def joined(device: Device) -> Iterator[Ranks]:
    """Joins the processes that torchrun started with this one, and leaves them when the block has ended.

    Raises:
        LetterlabError: the device cannot be shared so, or another process has ended.
    """
    local = int(os.environ["LOCAL_RANK"])
    if device == "mps":
        raise LetterlabError("The device mps trains in one process: leave out torchrun, or set device to cpu.")
    if device == "cuda":
        there = torch.cuda.device_count()
        if local >= there:
            raise LetterlabError(f"This machine has {there} GPUs: give torchrun a --nproc-per-node of no more.")
        torch.cuda.set_device(local)
    dist.init_process_group("cpu:gloo,cuda:nccl" if device == "cuda" else "gloo")
    try:
        yield Ranks.here()
    except RuntimeError as error:
        if "gloo" not in str(error) and not isinstance(error, dist.DistError):
            raise
        raise LetterlabError(
            "Another process of this training has ended: the same command goes on after the last whole epoch."
        ) from error
    dist.destroy_process_group()
