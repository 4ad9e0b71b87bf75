"""One epoch by fastai: python epoch_fastai.py TREE mlp|cnn 64|best

ImageDataLoaders.from_folder with two processes and a Learner. From before_train to after_train is its time, without
validation; fastai leaves out the letters that fill no whole batch, and its time is scaled up by their share.
"""

import sys
import time
from pathlib import Path
from typing import Any

from batches import PROBED, chosen
from networks import network
from operators import declare_missing
from protocol import serve
from torch import nn


def main() -> None:
    declare_missing()
    from fastai.callback.core import Callback, CancelValidException
    from fastai.learner import Learner
    from fastai.vision.core import PILImageBW
    from fastai.vision.data import ImageDataLoaders

    class Clock(Callback):
        def before_train(self) -> None:
            self.began = time.perf_counter()

        def after_train(self) -> None:
            self.seconds = time.perf_counter() - self.began

        def before_validate(self) -> None:
            raise CancelValidException

    tree, kind, asked = sys.argv[1:]
    clock = Clock()

    def learner(batch: int) -> Any:
        dls = ImageDataLoaders.from_folder(
            Path(tree), train="train", valid="validation", img_cls=PILImageBW, bs=batch, num_workers=2
        )
        return Learner(dls, network(kind), nn.CrossEntropyLoss(), cbs=clock)

    def timed(learn: Any) -> float:
        with learn.no_logging():
            learn.fit(1)
        return clock.seconds * len(learn.dls.train_ds) / (len(learn.dls.train) * learn.dls.train.bs)

    def probe(batch: int) -> float:
        learn = learner(batch)
        learn.dls.train.n = min(PROBED, learn.dls.train.n)
        with learn.no_logging():
            learn.fit(1)
        return clock.seconds

    count = len(learner(64).dls.train_ds)
    batch = chosen(asked, count, probe)
    learn = learner(batch)
    timed(learn)
    serve(lambda _: {"seconds": timed(learn), "batch": batch})


if __name__ == "__main__":
    main()
