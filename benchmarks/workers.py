"""How much sooner a study ends with two workers, or two commands, than with one.

    python benchmarks/workers.py [LETTERS [local|ray]]

The same small study, a part of `quick`, is run with one worker and with two by turns; trainings alone are timed. Where
Debian's PostgreSQL is, also by one command and by two with one worker each, that share the study through a database:
from the moment at which all have begun until the last of them has all that was done in its own folder.
"""

import multiprocessing
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Literal

import letterlab
from letterlab.study.budgets import plan

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from postgres import Server, missing

ROUNDS = 3


def small() -> letterlab.Plan:
    """Perceptrons and CNNs of one, two and three layers, shown 200 of each letter, as `quick` screens them."""
    quick = plan("quick", "bf16", 11_700)
    mlp, cnn = (family for family in quick.families if family.name in ("mlp", "cnn"))
    return quick.model_copy(
        update={
            "families": (
                mlp.model_copy(update={"experiments": mlp.experiments[1:], "finals": None}),
                cnn.model_copy(update={"experiments": cnn.experiments[1:], "finals": None}),
            )
        }
    )


def worked(letters: str, workers: int, engine: Literal["local", "ray"]) -> float:
    """Seconds of one command with so many workers."""
    with TemporaryDirectory() as folder:
        begun = letterlab.begin_study(
            letterlab.open_letters(letters), small(), Path(folder), workers=workers, engine=engine
        )
        began = time.perf_counter()
        begun.run()
        return time.perf_counter() - began


def shared(letters: str, commands: int, url: str) -> float:
    """Seconds of so many commands with a worker each."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        all_begun = context.Barrier(commands + 1)
        places = [Path(folder) / str(number) for number in range(commands)]
        given = [(letters, place, url, all_begun) for place in places]
        processes = [context.Process(target=command, args=one) for one in given]
        for process in processes:
            process.start()
        all_begun.wait()
        began = time.perf_counter()
        for process in processes:
            process.join()
        return time.perf_counter() - began


def command(letters: str, folder: Path, url: str, all_begun: Barrier) -> None:
    begun = letterlab.begin_study(letterlab.open_letters(letters), small(), folder, workers=1, store=url)
    all_begun.wait()
    begun.run()


def compared(what: str, took: dict[int, list[float]]) -> None:
    ratios = [one / two for one, two in zip(*took.values(), strict=True)]
    print(f"two {what} end {median(ratios):.2f} times as soon ({min(ratios):.2f} to {max(ratios):.2f})")


def main() -> None:
    letters = sys.argv[1] if len(sys.argv) > 1 else "drawn"
    engine: Literal["local", "ray"] = "ray" if sys.argv[2:] == ["ray"] else "local"
    took: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, times in took.items():
            times.append(worked(letters, workers, engine))
            print(f"{workers} at a time: {times[-1]:.1f} s", flush=True)
    compared("workers", took)
    if why := missing():
        print(f"Commands that share a study are not timed: {why}.")
        return
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        took = {1: [], 2: []}
        for number in range(ROUNDS):
            for commands, times in took.items():
                server.query(f"CREATE DATABASE of_{commands}_{number}")
                times.append(shared(letters, commands, server.url(f"of_{commands}_{number}")))
                print(f"{commands} commands with one worker each: {times[-1]:.1f} s", flush=True)
        server.stop()
    compared("commands", took)


if __name__ == "__main__":
    main()
