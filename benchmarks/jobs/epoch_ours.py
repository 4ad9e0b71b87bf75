"""One epoch by letterlab.fit: python epoch_ours.py LETTERS mlp|cnn 64|best

The recipe is the plain script's: Adam at a constant rate, no augmentation. The clock is letterlab's own
(`Epoch.seconds`): training, without scoring for the curves and without the checkpoint, which are shown beside it. The
letters that fill no whole batch are left out of an epoch: its time is scaled up by their share.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from batches import chosen
from protocol import serve

from letterlab import Cnn, Letters, Mlp, Optimiser, Recipe, fit, open_letters
from letterlab.history import Epoch
from letterlab.parts import parts
from letterlab.recipe import no_augmentation
from letterlab.study.beginning import quicker_precision


def recipe(kind: str, batch: int) -> Recipe:
    return Recipe(
        model=Mlp() if kind == "mlp" else Cnn(),
        optimiser=Optimiser(name="adam", learning_rate=1e-3, weight_decay=0, schedule="constant"),
        augmentation=no_augmentation(),
        label_smoothing=0,
        batch_size=batch,
        epochs=1_000_000,  # it ends when no more are asked for
        precision=PRECISION[kind],
    )


def epochs(kind: str, batch: int, letters: Letters) -> Iterator[Epoch]:
    with TemporaryDirectory() as folder:
        yield from fit(recipe(kind, batch), letters, Path(folder))


def main() -> None:
    source, kind, asked = sys.argv[1:]
    letters = open_letters(source)
    count = len(parts(letters).kept)

    def whole(epoch: Epoch, batch: int) -> float:
        return epoch.seconds * count / (count // batch * batch)

    def probe(batch: int) -> float:
        trained = epochs(kind, batch, letters)
        next(trained)
        return whole(next(trained), batch)

    batch = chosen(asked, count, probe)
    trained = epochs(kind, batch, letters)
    next(trained)

    def work(_: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        epoch = next(trained)
        return {
            "seconds": whole(epoch, batch),
            "batch": batch,
            "precision": PRECISION[kind],
            "s with curves and checkpoint": time.perf_counter() - began,
        }

    serve(work)


PRECISION = dict.fromkeys(("mlp", "cnn"), quicker_precision())
"""What a study takes on this machine."""

if __name__ == "__main__":
    main()
