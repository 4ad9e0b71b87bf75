"""How long reading takes: python benchmarks/recogniser.py

On letters that the program draws, with the network that is shipped. Of what is repeated the median and the least are
printed; the processor's own time is beside the clock's, for other programs lengthen the clock's alone.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from letterlab.recognise.ink import find_ink, prepare
from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.drawn import draw_letters

PROGRAM = [sys.executable, "-m", "letterlab"]
RUNS = 15
BULK = 4000


def row(what: str, seconds: list[float], processor: list[float]) -> None:
    figures = (f"{median(times) * 1000:9.2f} {min(times) * 1000:9.2f}" for times in (seconds, processor))
    print(f"{what:44} {' '.join(figures)}", flush=True)


def in_process(what: str, work: Callable[[np.ndarray], object], pictures: np.ndarray) -> None:
    seconds, processor = [], []
    for picture in pictures:
        began, used = time.perf_counter(), time.thread_time()
        work(picture)
        seconds.append(time.perf_counter() - began)
        processor.append(time.thread_time() - used)
    row(what, seconds, processor)


def from_cold(what: str, words: list[str]) -> None:
    seconds, processor = [], []
    for _ in range(RUNS):
        began, used = time.perf_counter(), children()
        subprocess.run(words, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
        processor.append(children() - used)
    row(what, seconds, processor)


def children() -> float:
    """Processor time of the processes that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    print(f"{'milliseconds':44} {'median':>9} {'least':>9} {'processor':>9} {'least':>9}")
    letters = draw_letters((np.arange(520) % 26).astype(np.uint8), seed=0)
    recogniser = Recogniser()
    inks = np.stack([find_ink(letter).ink for letter in letters])
    in_process("one letter of 28x28, all in", recogniser.read, letters)
    in_process("  of it the ink", find_ink, letters)
    in_process("  of it the preparation", prepare, inks)
    prepared = np.stack([prepare(ink) for ink in inks])
    in_process("  of it the network", lambda one: recogniser.probabilities(one[None]), prepared)
    in_process("its saliency", lambda one: recogniser.saliency(one, "A"), prepared[:100])
    with TemporaryDirectory() as folder:
        one = Path(folder) / "one.png"
        cv2.imwrite(str(one), letters[0])
        from_cold("python, nothing else", [sys.executable, "-c", "pass"])
        from_cold("letterlab --help", [*PROGRAM, "--help"])
        others = ("PIL.PngImagePlugin", "onnxruntime", "jaxtyping")
        for what in ("numpy", *(f"numpy, {other}" for other in others), "cyclopts, rich.console"):
            from_cold(f"import {what}", [sys.executable, "-c", f"import {what}"])
        from_cold("letterlab read one.png", [*PROGRAM, "read", str(one)])
        many = Path(folder) / "many"
        many.mkdir()
        for number in range(BULK):
            cv2.imwrite(str(many / f"{number}.png"), letters[number % len(letters)])
        began, used = time.perf_counter(), children()
        subprocess.run([*PROGRAM, "read", str(many)], check=True, capture_output=True)
        took, processor = time.perf_counter() - began, children() - used
        print(
            f"letterlab read of a folder of {BULK:,} letters: {BULK / took:,.0f} a second, {processor / took:.2f} cores"
        )


if __name__ == "__main__":
    main()
