"""fastai's fit_one_cycle until it reads as well as the plain script: python accuracy_fastai.py TREE mlp|cnn EPOCHS

The clock runs while it trains, not while it validates; it stops after the epoch whose validation accuracy is at least
the best that the plain script had with this seed. Where a cycle ends below that, its time is none.
"""

import sys
import time
from pathlib import Path
from typing import Any

from networks import network
from operators import declare_missing
from protocol import serve
from torch import nn


def main() -> None:
    declare_missing()
    from fastai.callback.core import Callback, CancelFitException
    from fastai.callback.schedule import Learner
    from fastai.metrics import accuracy
    from fastai.torch_core import set_seed
    from fastai.vision.core import PILImageBW
    from fastai.vision.data import ImageDataLoaders

    class Until(Callback):
        """Adds up training time, and stops where the accuracy is what is wanted."""

        def __init__(self, wanted: float) -> None:
            self.wanted, self.clock, self.best, self.epochs = wanted, 0.0, 0.0, 0

        def before_train(self) -> None:
            self.began = time.perf_counter()

        def after_train(self) -> None:
            self.clock += time.perf_counter() - self.began

        def after_validate(self) -> None:
            right = self.learn.recorder.metrics[0].value.item()
            self.best, self.epochs = max(self.best, right), self.epochs + 1
            if right >= self.wanted:
                raise CancelFitException

    tree, kind, epochs = sys.argv[1:]

    def train(seed: int, wanted: float) -> Until:
        set_seed(seed)
        dls = ImageDataLoaders.from_folder(
            Path(tree), train="train", valid="validation", img_cls=PILImageBW, bs=64, num_workers=2
        )
        until = Until(wanted)
        learn = Learner(dls, network(kind), nn.CrossEntropyLoss(), metrics=accuracy, cbs=until)
        with learn.no_bar(), learn.no_logging():
            learn.fit_one_cycle(int(epochs))
        return until

    def work(given: dict[str, Any]) -> dict[str, Any]:
        wanted = given["earlier"]["plain PyTorch script"]["accuracy"]
        until = train(given["number"], wanted)
        done = until.best >= wanted
        return {"seconds": until.clock if done else None, "accuracy": until.best, "epochs": until.epochs}

    train(0, 0.0)
    serve(work)


if __name__ == "__main__":
    main()
