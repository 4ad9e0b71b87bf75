"""How much sooner a study ends with two workers than with one: python benchmarks/workers.py [LETTERS [local|ray]]

The same small study, a part of `quick`, is run with one worker and with two by turns; trainings alone are timed.
"""

import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import letterlab
from letterlab.study.budgets import plan

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


def main() -> None:
    letters = letterlab.open_letters(sys.argv[1] if len(sys.argv) > 1 else "drawn")
    engine = "ray" if sys.argv[2:] == ["ray"] else "local"
    took: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, times in took.items():
            with TemporaryDirectory() as folder:
                begun = letterlab.begin_study(letters, small(), Path(folder), workers=workers, engine=engine)
                began = time.perf_counter()
                begun.run()
                times.append(time.perf_counter() - began)
            print(f"{workers} at a time: {times[-1]:.1f} s", flush=True)
    ratios = [one / two for one, two in zip(*took.values(), strict=True)]
    print(f"two workers end {median(ratios):.2f} times as soon ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
