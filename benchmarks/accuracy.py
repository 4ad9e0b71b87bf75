"""How well networks read letters, each by a recipe of benchmarks/accuracy: mean of several seeds, with its interval.

    python benchmarks/accuracy.py LETTERS --emnist DIR --more LETTERS/extra [--device cuda --at-once 12] [RECIPE ...]

LETTERS is any source that `letterlab train` takes: the assignment's letters, or emnist:DIR. A recipe that is named
`emnist` also learns from the sources given with --more, and is measured on EMNIST's test file of --emnist, of which it
has learned nothing. Written is benchmarks/accuracy.json, after every training. The recipes were chosen by the
validation letters, which are cut from the training letters; the test letters chose nothing.
"""

import argparse
import json
import math
import platform
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any

import torch

from letterlab.gathering import gather
from letterlab.letterset import Letters
from letterlab.models.build import build, count_parameters
from letterlab.parts import parts
from letterlab.prediction import evaluate
from letterlab.recipe import read_recipe
from letterlab.sources.opening import open_letters
from letterlab.training import fit

HERE = Path(__file__).parent
FILE = HERE / "accuracy.json"
SEEDS = 5
STUDENT = 2.776
"""The 97.5 % point of Student's distribution with four degrees of freedom: for a mean of five seeds."""


@cache
def opened(source: str, more: tuple[str, ...]) -> Letters:
    """Once in each process."""
    letters = open_letters(source)
    return gather(letters, [open_letters(one) for one in more])[0] if more else letters


def trained(file: Path, seed: int, device: str, source: str, more: tuple[str, ...], emnist: str) -> dict[str, Any]:
    """One training: what it reads of each set of letters, and how long it took."""
    if device == "cuda":
        torch.set_num_threads(1)
    recipe = read_recipe(file).model_copy(update={"seed": seed, "device": device})
    letters = opened(source, more)
    sets = {"validation": parts(letters).validation, "test": letters.test}
    if emnist:
        sets["emnist"] = opened(f"emnist:{emnist}", ()).test
    with TemporaryDirectory() as folder:
        seconds = sum(epoch.seconds for epoch in fit(recipe, letters, Path(folder)))
        return {"seed": seed, "seconds": seconds} | {
            name: evaluate(Path(folder), part).accuracy.share for name, part in sets.items()
        }


def summary(file: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the seeds of a recipe: means, and half the width of their 95 % intervals."""
    recipe = read_recipe(file)
    found: dict[str, Any] = {
        "parameters": count_parameters(build(recipe.model, outputs=recipe.outputs)),
        "epochs": recipe.epochs,
    }
    for name in ("validation", "test", "emnist", "seconds"):
        values = [row[name] for row in rows if name in row]
        if len(values) > 1:
            found[name] = mean(values)
            found[f"{name}_interval"] = STUDENT * stdev(values) / math.sqrt(len(values))
    return found


def main() -> None:
    """All recipes, or those named, once with each seed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("letters")
    arguments.add_argument("recipes", nargs="*", type=Path, default=sorted((HERE / "accuracy").glob("*.toml")))
    arguments.add_argument("--emnist", default="")
    arguments.add_argument("--more", action="append", default=[])
    arguments.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    arguments.add_argument("--at-once", type=int, default=1)
    arguments.add_argument("--out", type=Path, default=FILE)
    given = arguments.parse_args()
    stored: dict[str, Any] = json.loads(given.out.read_text()) if given.out.exists() else {}
    open_letters(given.letters)  # so that the processes find them in the cache
    with ProcessPoolExecutor(given.at_once, mp_context=get_context("spawn")) as pool:
        begun = {}
        for seed in range(SEEDS):
            for file in given.recipes:
                more = tuple(given.more) if file.stem.startswith("emnist") else ()
                job = pool.submit(trained, file, seed, given.device, given.letters, more, given.emnist)
                begun[job] = file
        done: dict[Path, list[dict[str, Any]]] = {}
        for job in as_completed(begun):
            file = begun[job]
            done.setdefault(file, []).append(job.result())
            stored[file.stem] = summary(file, done[file]) | {
                "machine": torch.cuda.get_device_name() if given.device == "cuda" else platform.processor() or "CPU",
                "torch": torch.__version__,
                "seeds": sorted(done[file], key=lambda row: row["seed"]),
            }
            given.out.write_text(json.dumps(stored, indent=1) + "\n")
            print(file.stem, json.dumps(done[file][-1]), flush=True)
    for file, rows in done.items():
        print(f"{file.stem:12} {json.dumps(summary(file, rows))}")


if __name__ == "__main__":
    main()
