"""How time and memory grow with the letters, and with the trials at once: python benchmarks/growth.py

Writes GROWTH.md and growth.svg beside this file, every figure in them from what was measured. Letters are drawn, as
`letterlab draw` draws them, a seventh of them to test with. Each measurement is a process of its own with one thread.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from growth_page import Measured, Page, write
from limits import LARGE, SMALL, asked, convolution, copied, copied_by_all, product
from marked import machine
from workers import TRIALS, small, worked

import letterlab
from letterlab.models.build import build
from letterlab.optimising import make_optimiser
from letterlab.parts import parts
from letterlab.prediction import on_device, place
from letterlab.ranks import Ranks
from letterlab.recipe import Recipe
from letterlab.recognise.recogniser import Recogniser
from letterlab.seeding import seeded
from letterlab.sources.assignment import write_archive
from letterlab.study.beginning import quicker_precision
from letterlab.training import _one_epoch

HERE = Path(__file__).resolve().parent
WARM = 2
"""Steps before those that are timed, and pictures in hundreds."""
WHATS = {
    "first": "opening a zip for the first time",
    "second": "opening it again",
    "mlp": "an epoch of the MLP",
    "cnn": "an epoch of the CNN",
    "read": "reading pictures one by one",
}


def opened(archive: Path):
    return letterlab.open_letters(archive, cache=archive.parent / "cache")


def part_of(whole: int, limit: float, work: Callable[[int], None]) -> tuple[float, int]:
    """Seconds of so many steps, or of as many as fit into the limit and then all by proportion; how many were done."""
    work(min(WARM, whole))
    began = time.perf_counter()
    work(min(WARM, whole))
    each = (time.perf_counter() - began) / min(WARM, whole)
    done = max(min(whole, int(limit / each)), 1)
    began = time.perf_counter()
    work(done)
    return (time.perf_counter() - began) * whole / done, done


def epoch(recipe: Recipe, archive: Path, limit: float) -> tuple[float, float]:
    """Seconds of an epoch on all that there is to learn from, and the share of it that was measured."""
    train = on_device(parts(opened(archive)).lots[0], torch.device("cpu"))
    network = place(torch.device("cpu"), build(recipe.model))
    optimiser = make_optimiser(recipe, network)
    network.train()
    steps = max(train.size // recipe.batch_size, 1)
    with seeded(0, 1, torch.device("cpu")) as generator:
        seconds, done = part_of(
            steps,
            limit,
            lambda n: _one_epoch(recipe, network, optimiser, train, generator, range(n), None, Ranks.here()),
        )
    return seconds, done / steps


def read(archive: Path, limit: float) -> tuple[float, float]:
    """Seconds of reading all pictures of a source one after another, and the share of them that was read."""
    letters, recogniser = opened(archive), Recogniser()
    pictures = [letters.train.images, letters.test.images]

    def some(hundreds: int) -> None:
        left = 100 * hundreds
        for images in pictures:
            for image in images[:left]:
                recogniser.read(255 - image, single=True)
            left -= len(images[:left])

    whole = max(sum(map(len, pictures)) // 100, 1)
    seconds, done = part_of(whole, limit, some)
    return seconds, done / whole


def one(what: str, archive: Path, limit: float, precision: str) -> None:
    """Prints what one measurement came to; the memory is what the process held at most, beyond what it began with."""
    torch.set_num_threads(1)
    before = held("VmRSS")
    if what in ("first", "second"):
        began, share = time.perf_counter(), 1.0
        opened(archive)
        seconds = time.perf_counter() - began
    elif what == "read":
        seconds, share = read(archive, limit)
    else:
        seconds, share = epoch(recipes(precision)[what], archive, limit)
    print(json.dumps({"seconds": seconds, "memory": held("VmHWM") - before, "share": share}))


def held(what: str) -> int:
    """Bytes of memory that this process holds (VmRSS), or has held at most since it began (VmHWM)."""
    return 1024 * int(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[1])


def recipes(precision: str) -> dict[str, Recipe]:
    """The base perceptron and the base CNN, in the precision that studies would choose here."""
    return {"mlp": Recipe(model=letterlab.Mlp(), precision=precision), "cnn": Recipe(precision=precision)}


def limits(precision: str) -> dict[str, float]:
    """Of this machine, in units of a second; and of the steps of both recipes, by `asked`."""
    torch.set_num_threads(1)
    found = {"copy": copied(LARGE), "copy in cache": copied(SMALL), "copy by all": copied_by_all()}
    for name, kind in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        found |= {f"product {name}": product(kind), f"convolution {name}": convolution(kind)}
    for name, recipe in recipes(precision).items():
        found[f"{name} multiply-adds"], found[f"{name} bytes"] = asked(recipe)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, nargs="+", default=[10_000, 32_000, 100_000, 320_000, 1_000_000])
    parser.add_argument("--limit", type=float, default=15.0, help="seconds of an epoch or a reading that are measured")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--of-each", type=int, default=100, help="letters that each of the trials is shown (100)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for GROWTH.md and growth.svg")
    given = parser.parse_args()
    where, began, precision = machine(), time.monotonic(), quicker_precision()
    page = Page(where, precision, limits=limits(precision))
    for n in given.letters:
        with TemporaryDirectory(prefix="letterlab-growth-") as folder:
            archive = Path(folder) / "letters.zip"
            write_archive(archive, n - n // 7, n // 7)
            time.sleep(2.1)  # what changed a moment ago the cache does not trust
            for what, name in WHATS.items():
                words = [sys.executable, __file__, "--one", what, str(archive), str(given.limit), precision]
                done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
                page.measured.append(Measured(name, n, **json.loads(done.stdout.splitlines()[-1])))
                print(page.measured[-1], flush=True)
    plan = small(given.of_each, 2)
    worked("drawn", plan, 1)  # what the first study loads the others find
    for workers in given.at_once:
        page.at_once[workers] = worked("drawn", plan, workers)
        print(f"{TRIALS} trials, {workers} at once: {page.at_once[workers]:.1f} s", flush=True)
    page.minutes = (time.monotonic() - began) / 60
    write(page, given.out)


if __name__ == "__main__":
    one(sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]), sys.argv[5]) if sys.argv[1:2] == ["--one"] else main()
