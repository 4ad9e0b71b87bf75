"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

import numpy as np

from letterlab.errors import LetterlabError


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


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file.

    Raises:
        LetterlabError: it is missing, or damaged.
    """
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise LetterlabError(f"{path} is missing or damaged ({error}): bring it back, or give another --out.") from None


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    with replace_whole(path) as file:
        file.write(text.encode())
