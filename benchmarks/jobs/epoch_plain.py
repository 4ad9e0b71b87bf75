"""One epoch of the script that everybody writes: python epoch_plain.py TREE mlp|cnn 64|best

A Dataset with Pillow, a DataLoader with two processes that stay, Adam, fp32. The letters that fill no whole batch are
left out of an epoch: its time is scaled up by their share.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch
from batches import PROBED, chosen
from networks import network
from pictures import LetterFiles
from protocol import serve
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, Subset

Loader = DataLoader[tuple[Tensor, Tensor]]


def loader(letters: Dataset[Any], batch: int) -> Loader:
    return DataLoader(letters, batch, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True)


def train(model: nn.Module, optimiser: torch.optim.Optimizer, batches: Loader) -> None:
    """One pass over the letters."""
    model.train()
    for images, labels in batches:
        loss = functional.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def main() -> None:
    tree, kind, asked = sys.argv[1:]
    letters = LetterFiles(Path(tree) / "train")
    model = network(kind)
    optimiser = torch.optim.Adam(model.parameters())

    def timed(batches: Loader) -> float:
        began = time.perf_counter()
        train(model, optimiser, batches)
        return time.perf_counter() - began

    few = Subset(letters, range(min(PROBED, len(letters))))
    batch = chosen(asked, len(letters), lambda size: timed(loader(few, size)))
    batches = loader(letters, batch)
    timed(batches)
    share = len(letters) / (len(batches) * batch)
    serve(lambda _: {"seconds": timed(batches) * share, "batch": batch})


if __name__ == "__main__":
    main()
