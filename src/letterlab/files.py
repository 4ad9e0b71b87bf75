"""Files that are written whole or not at all."""

import errno
import os
import re
import secrets
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO, Final

import numpy as np

from letterlab.checksum import UNSEALED, is_whole, sealed
from letterlab.errors import LetterlabError

if sys.platform != "win32":
    import fcntl

ARRAYS_LIMIT: Final = 2**31
"""Bytes that the arrays of one .npz may have together: 2 GiB, for the pictures of 2.7 million letters. A compressed one
of a hundredth of that could fill any memory."""
Wanted = Mapping[str, tuple[type, tuple[int | str, ...]]]
"""Of each array by its name: its kind and its shape, in which the same word stands for the same number."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_TEMPORARY: Final = re.compile(r"\..+\.[0-9a-f]{8}\.part")


class UnwritableError(LetterlabError, OSError):
    """A file or folder cannot be written."""

    def __str__(self) -> str:
        return str(self.args[0])


def cache_folder() -> Path:
    """$LETTERLAB_CACHE, or else letterlab in $XDG_CACHE_HOME, or else ~/.cache/letterlab."""
    if own := os.environ.get("LETTERLAB_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "letterlab"


def unwritable(path: Path, error: OSError) -> UnwritableError:
    """A sentence for the system's refusal to write this file or folder."""
    if error.errno in _FULL:
        sentence = f"{path} cannot be written, for the disk is full: make room, and give the same command again."
    else:
        why = error.strerror or error
        sentence = f"{path} cannot be written ({why}): allow it, or give another place to write to."
    found = UnwritableError(sentence)
    found.errno, found.strerror = error.errno, error.strerror
    return found


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says which file or folder it was that could not be written.

    Raises:
        UnwritableError: the block raised an OSError.
    """
    try:
        yield
    except UnwritableError:
        raise
    except OSError as error:
        raise unwritable(path, error) from None


@contextmanager
def replace_whole(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to write into, that takes the name `path` only when the block ends without an error.

    Until then an earlier file of that name stands untouched. The folder is made where it is missing.

    Raises:
        UnwritableError: the disk is full, or the file may not be written.
    """
    with writing(path), temporary(path) as unfinished, unfinished.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
        unfinished.replace(path)


@contextmanager
def temporary(path: Path, folder: bool = False) -> Iterator[Path]:
    """A hidden file, or folder, beside `path`, to be filled and renamed; what is left there at the end is removed.

    What a process that dies leaves there, the next that makes one in the same place removes: while a process lives, it
    holds a lock on its own.

    Args:
        path: what it is for; its folder is made where it is missing.
        folder: make an empty folder, not an empty file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.iterdir():
        if _TEMPORARY.fullmatch(left.name):
            with suppress(OSError):  # its process is at work, or another has just removed it
                _remove_unless_locked(left)
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    with ExitStack() as until_the_end:
        while not made.exists():  # another may take it for left over until it is locked
            until_the_end.callback(_remove, made)
            if folder:
                made.mkdir()
            else:
                made.touch()
            with suppress(OSError):
                until_the_end.callback(os.close, _locked(made, wait=True))
        yield made


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _locked(path: Path, wait: bool) -> int:
    """A descriptor that holds a lock on a file or folder until it is closed.

    Raises:
        OSError: another process holds one, or there are no such locks here: Windows, and some networks' folders.
    """
    if sys.platform == "win32":
        raise OSError("there are no locks on folders")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove_unless_locked(path: Path) -> None:
    descriptor = _locked(path, wait=False)
    try:
        _remove(path)
    finally:
        os.close(descriptor)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], compressed: bool = False) -> None:
    """Writes an .npz file, whole or not at all, with a checksum of it as the zip's comment.

    Compressed it is as fast as can be: what NumPy takes three times as long for is a twelfth smaller.
    """
    packed = BytesIO()
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(packed, "w", method, compresslevel=1) as archive:
        archive.comment = UNSEALED.encode()
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    with replace_whole(path) as file:
        file.write(sealed(packed.getvalue()))


def read_arrays(path: Path, wanted: Wanted) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; one without a checksum of its own has zip's.

    Args:
        path: the file.
        wanted: the arrays that it must have; others are not read.

    Raises:
        LetterlabError: it is missing, damaged, or holds other arrays.
    """
    try:
        content = path.read_bytes()
        if is_whole(content) is False:
            raise ValueError("its checksum is another")
        return _unpacked(content, wanted)
    except Exception as error:  # over a damaged one zipfile and NumPy stumble in a dozen ways
        raise LetterlabError(f"{path} is missing or damaged ({error}): bring it back, or give another --out.") from None


def _unpacked(content: bytes, wanted: Wanted) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    sizes: dict[str, int] = {}
    with zipfile.ZipFile(BytesIO(content)) as packed:
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
