"""The plain script's best validation accuracy of 20 epochs, and when it had it: python accuracy_plain.py TREE mlp|cnn

Batches of 64. The clock runs while it trains, not while it validates. The seed is the number of the alternation.
"""

import sys
import time
from pathlib import Path
from typing import Any

import torch
from epoch_plain import loader, train
from networks import network
from pictures import LetterFiles
from protocol import serve
from torch import Tensor, nn
from torch.utils.data import DataLoader

EPOCHS = 20


@torch.inference_mode()
def accuracy(model: nn.Module, batches: DataLoader[tuple[Tensor, Tensor]]) -> float:
    """Share of letters that are read rightly."""
    model.eval()
    right = torch.cat([model(images).argmax(dim=1) == labels for images, labels in batches])
    return right.float().mean().item()


def main() -> None:
    tree, kind = sys.argv[1:]
    letters = LetterFiles(Path(tree) / "train")
    validation = DataLoader(LetterFiles(Path(tree) / "validation"), 1000, num_workers=2)

    def work(given: dict[str, Any]) -> dict[str, Any]:
        torch.manual_seed(given["number"])
        model, batches = network(kind), loader(letters, 64)
        optimiser = torch.optim.Adam(model.parameters())
        clock, best, reached, first = 0.0, 0.0, 0.0, 0
        for epoch in range(1, EPOCHS + 1):
            began = time.perf_counter()
            train(model, optimiser, batches)
            clock += time.perf_counter() - began
            if (found := accuracy(model, validation)) > best:
                best, reached, first = found, clock, epoch
        return {"seconds": reached, "accuracy": best, "epochs": first}

    next(iter(loader(letters, 64)))
    accuracy(network(kind), validation)
    serve(work)


if __name__ == "__main__":
    main()
