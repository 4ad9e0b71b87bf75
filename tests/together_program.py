"""What each process of test_ranks.py does: python together_program.py FOLDER, alone or started by torchrun."""

import gc
import json
import os
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel

from blobs import blobs
from letterlab.letterset import Letters, Orientation
from letterlab.ranks import joined
from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Recipe, no_augmentation
from letterlab.training import fit

PLAIN = Recipe(model=Mlp(hidden=(32,), normalisation="none", dropout=0), batch_size=52, epochs=3)
RECIPES = {
    "mlp": Recipe(model=Mlp(hidden=(32,)), batch_size=52, epochs=2),
    "odd": Recipe(  # batches that do not divide by two, and everything that draws random numbers
        model=Cnn(filters=(4, 8)),
        optimiser=Optimiser(name="sgd", learning_rate=0.02),
        augmentation=Augmentation(elastic=1),
        batch_size=51,
        epochs=2,
        no_letter=30,
        fold=1,
    ),
}
LARGE = Recipe(model=Mlp(hidden=(16,)), augmentation=no_augmentation(), batch_size=4096, epochs=1)


def stopped(recipe: Recipe, letters: Letters, folder: Path) -> None:
    """Trained for an epoch, and then to the end."""
    begun = fit(recipe, letters, folder)
    next(begun)
    begun.close()
    list(fit(recipe, letters, folder))


def anonymous() -> int:
    """Bytes of this process's memory that are its own and no file's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def touched(file: Path) -> int:
    """Bytes of a mapped file that this process has looked at."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    return sum(
        next(int(entry.split()[1]) * 1024 for entry in lines if entry.startswith("Rss:"))
        for line in lines
        if line.endswith(str(file))
    )


def memory(large: Path, folder: Path) -> dict[str, int]:
    """The most that a training on these letters takes above what there was, and what it looks at of their file."""
    before, most, over = anonymous(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            most[0] = max(most[0], anonymous() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    letters = Letters.open(large)
    list(fit(LARGE, letters, folder))
    over.set()
    watcher.join()
    return {"anonymous": most[0], "touched": touched(large / "train-images.npy")}


def main() -> None:
    folder = Path(sys.argv[1])
    letters = Letters(blobs(20, 0), blobs(4, 1), "blobs", Orientation("upright", 1.0, "Made so."))
    with joined("cpu") if "RANK" in os.environ else nullcontext() as ranks:
        own = folder / str(ranks.rank if ranks else 0)  # as if each were on a machine of its own
        gc.disable()
        stopped(PLAIN, letters, own / "plain")
        told = memory(folder.parent / "large", own / "large")
        told["wrappers"] = sum(isinstance(one, DistributedDataParallel) for one in gc.get_objects())
        gc.enable()
        # In double precision rounding is so small that any other difference shows.
        torch.set_default_dtype(torch.float64)
        torch.Tensor.float = torch.Tensor.double
        for name, recipe in RECIPES.items():
            stopped(recipe, letters, own / name)
        own.mkdir(exist_ok=True)
        (own / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main()
