"""How much sooner a study ends with two workers, or two commands, than with one; written into docs/more-machines.md.

    python benchmarks/workers.py [LETTERS]

Eight trainings of a CNN, all of a length, are run with one worker and with two by turns: in local processes, and on a
Ray cluster of this machine alone. Trainings alone are timed. Where Debian's PostgreSQL is, also by one command and by
two with one worker each, that share the study through a database: from the moment at which all have begun until the
last of them has all that was done in its own folder.
"""

import argparse
import multiprocessing
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Literal

from marked import machine, rewrite

import letterlab
from letterlab.study.plan import Experiment, Factor, FamilyPlan, Level

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from postgres import Server, missing

PAGE = Path(__file__).resolve().parents[1] / "docs" / "more-machines.md"
TRIALS = 8


def small(of_each: int, epochs: int) -> letterlab.Plan:
    """Eight trainings of a CNN, at eight learning rates."""
    rates = [round(0.001 * (1 + number), 4) for number in range(TRIALS)]
    levels = tuple(Level(name=f"{rate:g}", changes={"optimiser.learning_rate": rate}) for rate in rates)
    experiment = Experiment(
        name="rates",
        base=letterlab.Recipe(letters_of_each=of_each, epochs=epochs),
        factors=(Factor(name="learning rate", levels=levels),),
        seeds=1,
    )
    return letterlab.Plan(name="eight", families=(FamilyPlan(name="cnn", experiments=(experiment,)),))


def worked(letters: str, plan: letterlab.Plan, workers: int, engine: Literal["local", "ray"] = "local") -> float:
    """Seconds of one command with so many workers."""
    with TemporaryDirectory() as folder:
        begun = letterlab.begin_study(
            letterlab.open_letters(letters), plan, Path(folder), workers=workers, engine=engine
        )
        began = time.perf_counter()
        begun.run()
        return time.perf_counter() - began


def shared(letters: str, plan: letterlab.Plan, commands: int, url: str) -> float:
    """Seconds of so many commands with a worker each."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        all_begun = context.Barrier(commands + 1)
        places = [Path(folder) / str(number) for number in range(commands)]
        given = [(letters, plan, place, url, all_begun) for place in places]
        processes = [context.Process(target=command, args=one) for one in given]
        for process in processes:
            process.start()
        all_begun.wait()
        began = time.perf_counter()
        for process in processes:
            process.join()
        return time.perf_counter() - began


def command(letters: str, plan: letterlab.Plan, folder: Path, url: str, all_begun: Barrier) -> None:
    begun = letterlab.begin_study(letterlab.open_letters(letters), plan, folder, workers=1, store=url)
    all_begun.wait()
    begun.run()


def compared(took: dict[int, list[float]]) -> str:
    """What two were worth: "one takes 20.1 s, two end 1.90 times as soon (1.88 to 1.92)"."""
    ratios = [one / two for one, two in zip(*took.values(), strict=True)]
    return f"one takes {median(took[1]):.1f} s, two end {median(ratios):.2f} times as soon " + (
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("letters", nargs="?", default="drawn")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--of-each", type=int, default=100, help="letters that each training is shown (100)")
    parser.add_argument("--epochs", type=int, default=2, help="of each training (2)")
    given = parser.parse_args()
    where, plan = machine(), small(given.of_each, given.epochs)
    took: dict[str, dict[int, list[float]]] = {what: {1: [], 2: []} for what in ("local", "ray", "commands")}
    for _ in range(given.rounds):
        for engine in ("local", "ray"):
            for workers in (1, 2):
                took[engine][workers].append(worked(given.letters, plan, workers, engine))
                print(f"{engine}, {workers} at a time: {took[engine][workers][-1]:.1f} s", flush=True)
    study = f"{TRIALS} trainings of a CNN, {given.epochs} epochs on {26 * given.of_each:,} letters each"
    measured = f"(`benchmarks/workers.py`, {given.rounds} rounds by turns; {where})"
    local, ray = compared(took["local"]), compared(took["ray"])
    said = f"{study}: of workers without Ray {local}; with Ray {ray} {measured}."
    print(said)
    rewrite(PAGE, "two workers with Ray", said)
    if why := missing():
        print(f"Commands that share a study are not timed: {why}.")
        return
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        for number in range(given.rounds):
            for commands in (1, 2):
                server.query(f"CREATE DATABASE of_{commands}_{number}")
                url = server.url(f"of_{commands}_{number}")
                took["commands"][commands].append(shared(given.letters, plan, commands, url))
                print(f"{commands} commands with one worker each: {took['commands'][commands][-1]:.1f} s", flush=True)
        server.stop()
    said = f"{study}, on one machine: {compared(took['commands'])} {measured}."
    print(said)
    rewrite(PAGE, "two commands with PostgreSQL", said)


if __name__ == "__main__":
    main()
