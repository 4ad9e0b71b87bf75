"""Letters once read, kept as memory-mapped arrays under a key of the source's content."""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final
from zlib import crc32

import cv2

from letterlab import letterset
from letterlab.files import temporary, write_text
from letterlab.letterset import Letters

# A file changed this lately may change again without its times or size showing it: some clocks tick every 2 seconds.
_SETTLED_NS: Final = 2_000_000_000
_CHECKSUMS: Final = "checksums.json"


def through_cache(
    folder: Path, root: Path, listing: Callable[[], Sequence[Path]], settings: str, read: Callable[[], Letters]
) -> Letters:
    """The letters that `read` gives: from the cache when the same files were read before with the same settings.

    A cache entry's key is a SHA-256 over the files' names and content, the settings, and the program that reads; so a
    change in any of them is a new entry. The content of files whose place, size, times and inode are as they were is
    not looked at again. An entry is written whole or not at all, a damaged one is made anew, and where the cache
    cannot be written the letters stay in memory and a note says so.

    Args:
        folder: the cache; need not exist.
        root: the source with links resolved; all files are in it, or are it.
        listing: gives the files that make up the source.
        settings: all else on which the letters depend.
        read: reads the source; called only when the cache does not have it.
    """
    try:
        before, key = _known(folder / "known", root, listing())
    except OSError:  # a file that cannot be read: which one, the reader says
        return read()
    entry = folder / "letters" / hashlib.sha256(f"{key} {settings} {_program()}".encode()).hexdigest()
    if (letters := _opened(entry)) is not None:
        return letters
    letters = read()
    problem = "the source changed while it was read"
    try:
        if _signature(root, listing()) == before:
            _store(letters, entry)
    except OSError as error:
        problem = error.strerror or "the disk is full"  # NumPy only says how much it wrote of how much
    note = f"The letters were not kept in the cache {folder} ({problem}): they will be read again next time."
    return _opened(entry) or replace(letters, notes=(*letters.notes, note))


def _signature(root: Path, files: Sequence[Path]) -> tuple[str, int]:
    """SHA-256 over the places, sizes, times and inodes of root and files; the latest of the times in nanoseconds."""
    digest = hashlib.sha256(os.fsencode(root))
    latest = 0
    for file in files:
        status = file.stat()
        digest.update(os.fsencode(file))
        digest.update(f"\0{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}\n".encode())
        latest = max(latest, status.st_mtime_ns, status.st_ctime_ns)
    return digest.hexdigest(), latest


def _content(root: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        own = hashlib.sha256()
        with file.open("rb", buffering=0) as content:  # hashlib.file_digest takes twice as long over a small file
            while part := content.read(2**18):
                own.update(part)
        digest.update(os.fsencode(file).removeprefix(os.fsencode(root)) + b"\0" + own.digest())
    return digest.hexdigest()


def _known(folder: Path, root: Path, files: Sequence[Path]) -> tuple[tuple[str, int], str]:
    """Signature of files and digest of their content, which is worked out now or was for the same signature earlier."""
    name, latest = signature = _signature(root, files)
    with suppress(OSError, ValueError):
        if re.fullmatch("[0-9a-f]{64}", known := (folder / name).read_text(encoding="ascii")):
            return signature, known
    digest = _content(root, files)
    if time.time_ns() - latest > _SETTLED_NS:
        with suppress(OSError):
            write_text(folder / name, digest)
    return signature, digest


def _program() -> str:
    """What else decides on the pixels: the text of the modules that read and keep letters, and OpenCV's version."""
    digest = hashlib.sha256(cv2.__version__.encode())
    for file in (*sorted(Path(__file__).parent.glob("*.py")), Path(letterset.__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _opened(entry: Path) -> Letters | None:
    """The letters in a cache entry; none when there is no entry or it is damaged."""
    try:
        if json.loads((entry / _CHECKSUMS).read_bytes()) != _checksums(entry):
            return None
        return Letters.open(entry)
    except Exception:  # whatever a damaged file raises, the entry is made anew
        return None


def _checksums(entry: Path) -> dict[str, int]:
    """CRC-32 of each file of an entry: 61 MB take some 20 milliseconds, a SHA-256 of them ten times that."""
    found = {}
    for file in entry.iterdir():
        if file.name != _CHECKSUMS:
            with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as content:
                found[file.name] = crc32(content)
    return found


def _store(letters: Letters, entry: Path) -> None:
    with temporary(entry, folder=True) as made:
        letters.save(made)
        (made / _CHECKSUMS).write_text(json.dumps(_checksums(made)), encoding="ascii")
        for file in made.iterdir():
            with file.open("rb+") as written:
                os.fsync(written.fileno())
        try:
            made.rename(entry)
        except OSError:  # a damaged entry stands there, or another process has just put a good one: both may go
            with temporary(entry, folder=True) as grave:
                entry.rename(grave / "old")
                made.rename(entry)
