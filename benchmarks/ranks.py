"""What a second process is worth to one training: python benchmarks/ranks.py [LETTERS]

The base CNN and the base perceptron are trained for two epochs by one process and by two (torchrun,
gloo, one thread each), by turns; the second epoch counts. Also what the processes tell each other in a step, alone.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
import torch.distributed as dist

import letterlab
from letterlab.models.build import build, count_parameters
from letterlab.ranks import joined

ROUNDS = 2
RECIPES = {
    "CNN": letterlab.Recipe(epochs=2),
    "MLP": letterlab.Recipe(model=letterlab.Mlp(), epochs=2),
}


def train(name: str, source: str, folder: str) -> None:
    """One of the processes: prints what its second epoch took."""
    torch.set_num_threads(1)
    letters = letterlab.open_letters(source)
    with joined("cpu") if "RANK" in os.environ else nullcontext() as ranks:
        at: list[tuple[float, float]] = []
        epochs = []
        for epoch in letterlab.fit(RECIPES[name], letters, Path(folder)):
            at.append((time.perf_counter(), time.process_time()))
            epochs.append(epoch)
        told = {}
        if ranks:
            for what, size in (("gradients", count_parameters(build(RECIPES[name].model))), ("statistics", 3 * 128)):
                numbers, times = torch.zeros(size), []
                for _ in range(100):
                    began = time.perf_counter()
                    dist.all_reduce(numbers)
                    times.append(time.perf_counter() - began)
                told[what] = (4 * size, 1000 * median(times), 1000 * min(times))
        whole, processor = (b - a for a, b in zip(*at, strict=True))
        one = {"train": epochs[1].seconds, "rest": whole - epochs[1].seconds, "processor": processor, "told": told}
        print(json.dumps({"letters": len(letters.train), "accuracy": epochs[1].test.accuracy, **one}), flush=True)


def main() -> None:
    source = sys.argv[1] if len(sys.argv) > 1 else "drawn"
    for _ in range(ROUNDS):
        for name in RECIPES:
            for count in (1, 2):
                start = [
                    sys.executable,
                    *(["-m", "torch.distributed.run", "--nproc-per-node", "2"] if count > 1 else []),
                ]
                with TemporaryDirectory() as folder:
                    command = [*start, __file__, "--one", name, source, folder]
                    done = subprocess.run(command, check=True, capture_output=True, text=True)
                said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
                train_, rest = (max(one[what] for one in said) for what in ("train", "rest"))
                processor = " + ".join(f"{one['processor']:.2f}" for one in said)
                print(
                    f"{name}, {count} of them, {said[0]['letters']:,} letters: {train_:.2f} s an epoch, {rest:.2f} "
                    f"s to score and write, processor {processor} s, test {said[0]['accuracy']:.2%}"
                )
                for what, (size, middle, least) in said[0]["told"].items():
                    print(f"    {what}: {size:,} bytes take {middle:.2f} ms, at least {least:.2f} ms", flush=True)


if __name__ == "__main__":
    train(*sys.argv[2:]) if sys.argv[1:2] == ["--one"] else main()
