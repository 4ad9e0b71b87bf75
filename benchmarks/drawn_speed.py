"""Prints how many letters a second are drawn: python benchmarks/drawn_speed.py [letters]

The first call of the process is timed, so that working out the forms of the letters counts too.
"""

import sys
import time

import numpy as np

from letterlab.sources.drawn import draw_letters


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 26_000
    labels = (np.arange(count) % 26).astype(np.uint8)
    start = time.perf_counter()
    draw_letters(labels, seed=0)
    seconds = time.perf_counter() - start
    print(f"{count} letters in {seconds:.2f} s: {count / seconds:.0f} letters a second")


if __name__ == "__main__":
    main()
