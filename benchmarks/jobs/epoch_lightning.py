"""One epoch by Lightning: python epoch_lightning.py TREE mlp|cnn 64|best

The plain script's Dataset and DataLoader, the network in a LightningModule. From on_train_epoch_start to
on_train_epoch_end is its time, without validation, logger and progress bar, scaled up as the plain script's is.
"""

import logging
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from batches import PROBED, chosen
from epoch_plain import Loader, loader
from networks import network
from operators import declare_missing
from pictures import LetterFiles
from protocol import serve
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Subset


def main() -> None:
    declare_missing()  # torchmetrics, which comes with it, looks for torchvision
    from lightning import Callback, LightningModule, Trainer

    class Module(LightningModule):
        def __init__(self, kind: str) -> None:
            super().__init__()
            self.model = network(kind)

        def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
            images, labels = batch
            return functional.cross_entropy(self.model(images), labels)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters())

    class Clock(Callback):
        def on_train_epoch_start(self, *_: Any) -> None:
            self.began = time.perf_counter()

        def on_train_epoch_end(self, *_: Any) -> None:
            self.seconds = time.perf_counter() - self.began

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    tree, kind, asked = sys.argv[1:]
    letters = LetterFiles(Path(tree) / "train")
    module, clock = Module(kind), Clock()

    def timed(batches: Loader) -> float:
        trainer = Trainer(
            max_epochs=1,
            accelerator="cpu",
            callbacks=[clock],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, batches)
        return clock.seconds

    few = Subset(letters, range(min(PROBED, len(letters))))
    batch = chosen(asked, len(letters), lambda size: timed(loader(few, size)))
    batches = loader(letters, batch)
    timed(batches)
    share = len(letters) / (len(batches) * batch)
    serve(lambda _: {"seconds": timed(batches) * share, "batch": batch})


if __name__ == "__main__":
    main()
