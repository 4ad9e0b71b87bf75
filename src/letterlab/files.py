"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from zipfile import ZipFile

import numpy as np

from letterlab.errors import LetterlabError

ARRAYS_LIMIT: Final = 2**31
"""Bytes that the arrays of one .npz may have together: 2 GiB, for the pictures of 2.7 million letters. A compressed one
of a hundredth of that could fill any memory."""
Wanted = Mapping[str, tuple[type, tuple[int | str, ...]]]
"""Of each array by its name: its kind and its shape, in which the same word stands for the same number."""


def cache_folder() -> Path:
    """$LETTERLAB_CACHE, or else letterlab in $XDG_CACHE_HOME, or else ~/.cache/letterlab."""
    if own := os.environ.get("LETTERLAB_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "letterlab"


@contextmanager
def replace_whole(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to write into, that takes the name `path` only when the block ends without an error.

    Until then an earlier file of that name stands untouched, and a process that dies leaves only a hidden
    temporary file beside it. The folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path, wanted: Wanted) -> dict[str, np.ndarray]:
    """The arrays of an .npz file.

    Args:
        path: the file.
        wanted: the arrays that it must have; others are not read.

    Raises:
        LetterlabError: it is missing, damaged, or holds other arrays.
    """
    try:
        with path.open("rb") as opened:
            return _unpacked(opened, wanted)
    except Exception as error:  # over a damaged one zipfile and NumPy stumble in a dozen ways
        raise LetterlabError(f"{path} is missing or damaged ({error}): bring it back, or give another --out.") from None


def _unpacked(file: IO[bytes], wanted: Wanted) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    sizes: dict[str, int] = {}
    with ZipFile(file) as packed:
        if sum(packed.getinfo(f"{name}.npy").file_size for name in wanted) > ARRAYS_LIMIT:
            raise ValueError(f"its arrays have more than {ARRAYS_LIMIT:,} bytes")
        for name, (kind, shape) in wanted.items():
            with packed.open(f"{name}.npy") as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
            steps = zip(shape, array.shape, strict=True)
            expected = tuple(sizes.setdefault(one, there) if isinstance(one, str) else one for one, there in steps)
            if not issubclass(array.dtype.type, kind) or array.shape != expected:
                raise ValueError(f"{name} is not what was written")
            found[name] = array
    return found


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    with replace_whole(path) as file:
        file.write(text.encode())
