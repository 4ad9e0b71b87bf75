"""letterlab.open_letters: from a zip to tensors in memory: python open_ours.py ZIP first|second

`first` has an empty cache each time; `second` the cache as the first time left it.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from protocol import serve

import letterlab


def ready_to_train(source: str, cache: Path) -> int:
    """Brings all training and test letters into tensors; how many there are."""
    letters = letterlab.open_letters(source, cache=cache)
    tensors = [torch.tensor(array) for part in (letters.train, letters.test) for array in (part.images, part.labels)]
    return len(tensors[0]) + len(tensors[2])


def main() -> None:
    source, which = sys.argv[1:]
    with TemporaryDirectory() as kept:
        ready_to_train(source, Path(kept))

        def work(_: dict[str, Any]) -> dict[str, Any]:
            with TemporaryDirectory() as empty:
                began = time.perf_counter()
                count = ready_to_train(source, Path(kept if which == "second" else empty))
                return {"seconds": time.perf_counter() - began, "letters": count}

        serve(work)


if __name__ == "__main__":
    main()
