"""Letters that are ready, through the shipped network: python reading.py FOLDER COUNT READER

The reader is letterlab, onnxruntime, torch, torch-channels-last, keras or opencv. With a count of 1 the clock stands
over 500 letters given one after the other, and the seconds are those of one; the answer also says how many milliseconds
a letter takes from its PNG on. With more, the seconds are those of all. Before that, it is seen to that the reader says
what ONNX Runtime says of the same letters.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from protocol import serve
from shipped import Read, keras, onnxruntime_alone, opencv, torch_eager

ONE_BY_ONE = 500
PICTURES = 200
BATCHES = (16, 64, 256, 1024)
CHECKED = 256


def letters(folder: Path, count: int) -> NDArray[np.uint8]:
    """So many letters of a folder, all over again where it has fewer."""
    pictures = []
    for file in sorted(folder.rglob("*.jpg"))[:count]:
        with Image.open(file) as picture:
            pictures.append(np.array(picture.convert("L")))
    return np.resize(np.stack(pictures), (count, 28, 28))


def in_batches(read: Read, pictures: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    return np.concatenate([read(pictures[start : start + size]) for start in range(0, len(pictures), size)])


def best_batch(read: Read, pictures: NDArray[np.uint8]) -> int:
    """The size of batches at which the reader reads quickest."""
    took = {}
    for size in BATCHES:
        in_batches(read, pictures[:1024], size)
        began = time.perf_counter()
        in_batches(read, pictures[:1024], size)
        took[size] = time.perf_counter() - began
    return min(took, key=took.__getitem__)


def ours() -> tuple[Any, Read]:
    from letterlab import Recogniser

    recogniser = Recogniser(threads=os.cpu_count() or 1)
    return recogniser, recogniser.probabilities


def theirs(name: str) -> Read:
    return {
        "onnxruntime": onnxruntime_alone,
        "torch": torch_eager,
        "torch-channels-last": lambda: torch_eager(channels_last=True),
        "keras": keras,
        "opencv": opencv,
    }[name]()


def check(read: Read, pictures: NDArray[np.uint8]) -> None:
    """Raises `ValueError` where the reader says something else than ONNX Runtime."""
    difference = float(np.abs(read(pictures) - onnxruntime_alone()(pictures)).max())
    if not difference < 1e-3:
        raise ValueError(f"It differs from ONNX Runtime by {difference}")


def main() -> None:
    folder, count, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    pictures = letters(folder, max(count, ONE_BY_ONE))
    recogniser, read = ours() if name == "letterlab" else (None, theirs(name))
    check(read, pictures[:CHECKED])
    size = len(pictures) if recogniser else best_batch(read, pictures)  # ours has a size of its own

    def open_and_read(file: Path) -> None:
        if recogniser:
            recogniser.read(file, single=True)
            return
        with Image.open(file) as picture:
            read(np.array(picture.convert("L").resize((28, 28)))[None])

    def many() -> dict[str, Any]:
        began = time.perf_counter()
        in_batches(read, pictures, size)
        return {"seconds": time.perf_counter() - began, **({} if recogniser else {"batch": size})}

    def one_by_one() -> dict[str, Any]:
        began = time.perf_counter()
        for picture in pictures[:, None]:
            read(picture)
        ready = time.perf_counter()
        for file in files:
            open_and_read(file)
        from_png = (time.perf_counter() - ready) / len(files)
        return {"seconds": (ready - began) / len(pictures), "milliseconds from a PNG": from_png * 1000}

    with TemporaryDirectory() as scratch:
        files = list(as_png(pictures[:PICTURES], Path(scratch)))
        work = one_by_one if count == 1 else many
        work()
        serve(lambda _: work())


def as_png(pictures: NDArray[np.uint8], folder: Path) -> Iterator[Path]:
    """Each letter in a file of its own."""
    for number, picture in enumerate(pictures):
        file = folder / f"{number}.png"
        Image.fromarray(picture).save(file)
        yield file


if __name__ == "__main__":
    main()
