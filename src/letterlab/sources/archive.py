"""Folders and zips as one flat list of members, zips within zips included, without unpacking to disk."""

import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

from letterlab.errors import LetterlabError
from letterlab.sources.stored import UnreadableError

PICTURES: Final = (".jpg", ".jpeg", ".png", ".bmp")
"""Endings of the files that are read as pictures, either case."""
OTHER_PICTURES: Final = (".gif", ".tif", ".tiff", ".webp")
"""Endings of pictures that are not read, but whose loss should be seen."""
PICTURE_LIMIT: Final = 2**25
"""Bytes that one picture's file may have, unpacked: 32 MiB, above any photograph of one letter."""
ZIP_LIMIT: Final = 2**30
"""Bytes that all zips within zips may have together, unpacked: they are held in memory. The assignment has a tenth."""
ZIP_DEPTH: Final = 4
"""Zips that may lie within one another, the outermost counted."""

# What zipfile and its decompressors raise over bytes that are no whole zip: RuntimeError covers a missing password and
# an unknown compression, ValueError a name that is no UTF-8.
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    struct.error,
    OverflowError,
    MemoryError,
)


@dataclass(frozen=True)
class Member:
    """A picture in a folder or zip, or a zip in it that cannot be opened."""

    way: tuple[str, ...]
    """Folders and zips that lead to it from the source, then its own name."""
    read: Callable[[], bytes]
    """Its content. Raises `UnreadableError` with the reason when there is none to be had."""


def files(source: Path) -> list[Path]:
    """The pictures and zips on disk that a source consists of, sorted; a zip consists of itself.

    Links are followed, each folder is entered once.

    Raises:
        LetterlabError: a folder cannot be listed.
    """
    if not source.is_dir():
        return [source]
    found: list[Path] = []
    entered: set[Path] = set()
    waiting = [source]
    while waiting:
        folder = waiting.pop()
        if (real := folder.resolve()) in entered:
            continue
        entered.add(real)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _is_debris(entry.name):
                        continue
                    if entry.is_dir():
                        waiting.append(folder / entry.name)
                    elif entry.is_file() and _is_wanted(entry.name):
                        found.append(folder / entry.name)
        except OSError as error:
            raise LetterlabError(
                f"The folder {folder} cannot be listed ({error.strerror}): allow it to be read."
            ) from None
    return sorted(found, key=str)


@contextmanager
def members(source: Path) -> Iterator[list[Member]]:
    """Every picture in a folder or zip, those in zips within it included, to be read while the context lasts.

    The debris of macOS and Windows, hidden files and files that are no pictures are passed over. What cannot be read
    is in the list as well: reading it raises the reason.

    Raises:
        LetterlabError: the source is a file, but not a zip that can be opened.
    """
    with ExitStack() as opened:
        unfolding = _Unfolding(opened)
        if source.is_dir():
            found = [
                member
                for file in files(source)
                for member in unfolding.file(file, tuple(map(_printable, file.relative_to(source).parts)))
            ]
        else:
            try:
                found = list(unfolding.zip(source, (), depth=1))
            except UnreadableError as error:
                raise LetterlabError(f"{source} cannot be read: {error}.") from None
        yield found


class _Unfolding:
    """Opens zips within zips up to the limits, and keeps them open for their members to be read."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened
        self._bytes_left = ZIP_LIMIT

    def file(self, file: Path, way: tuple[str, ...]) -> Iterator[Member]:
        """A file on disk: a picture, or all that is in a zip."""
        if file.suffix.lower() == ".zip":
            yield from self._or_reason(way, lambda: self.zip(file, way, depth=1))
        else:
            yield Member(way, partial(_read_file, file))

    def zip(self, file: Path | BytesIO, way: tuple[str, ...], depth: int) -> Iterator[Member]:
        """All that is in a zip. Raises `UnreadableError` when it cannot be opened."""
        archive = self._opened.enter_context(_opened_zip(file))
        seen: set[tuple[str, ...]] = set()
        for info in archive.infolist():
            name = info.filename.replace("\\", "/")  # some packers on Windows write \ between folders
            parts = tuple(part for part in name.split("/") if part not in ("", "."))
            if name.endswith("/") or not parts or not _is_wanted(parts[-1]):
                continue
            if ".." in parts or name.startswith("/") or re.match("[A-Za-z]:", parts[0]):
                yield Member((*way, *parts), partial(_refuse, "its name leads out of the zip"))
            elif any(map(_is_debris, parts)):
                continue
            elif parts in seen:
                yield Member((*way, *parts), partial(_refuse, "a second file of this name; the first was read"))
            elif parts[-1].lower().endswith(".zip"):
                within = partial(self._zip_within, archive, info, (*way, *parts), depth + 1)
                yield from self._or_reason((*way, *parts), within)
            else:
                yield Member((*way, *parts), partial(_read_member, archive, info, PICTURE_LIMIT))
            seen.add(parts)

    def _zip_within(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, way: tuple[str, ...], depth: int
    ) -> Iterator[Member]:
        if depth > ZIP_DEPTH:
            raise UnreadableError(f"more than {ZIP_DEPTH} zips within one another")
        content = _read_member(archive, info, self._bytes_left)
        self._bytes_left -= len(content)
        return self.zip(BytesIO(content), way, depth)

    @staticmethod
    def _or_reason(way: tuple[str, ...], unfold: Callable[[], Iterator[Member]]) -> list[Member]:
        try:
            return list(unfold())
        except UnreadableError as error:
            return [Member(way, partial(_refuse, str(error)))]


def _opened_zip(file: Path | BytesIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except _ZIP_ERRORS as error:
        if isinstance(file, Path) and isinstance(error, PermissionError):
            raise UnreadableError("allow it to be read (permission denied)") from None
        with file.open("rb") if isinstance(file, Path) else file as content:
            content.seek(0)
            start = content.read(2)
        if not start:
            raise UnreadableError("an empty file, copy or download it again") from None
        if start == b"PK":
            raise UnreadableError("a zip that is damaged or cut short, copy or download it again") from None
        raise UnreadableError("not a zip, give a folder or zip of pictures such as a_00002.jpg") from None


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    if info.flag_bits & 1:
        raise UnreadableError("encrypted, unpack it with its password first")
    # Only a zip that lies about its sizes unpacks to more than it declares, so the reading is limited as well.
    if info.file_size <= limit:
        try:
            with archive.open(info) as unpacked:
                content = unpacked.read(limit + 1)
        except _ZIP_ERRORS as error:
            raise UnreadableError(f"damaged in the zip ({error or type(error).__name__})") from None
        if len(content) <= limit:
            return content
    raise UnreadableError(f"unpacks to more than its limit of {limit:,} bytes")


def _read_file(file: Path) -> bytes:
    try:
        if (size := file.stat().st_size) > PICTURE_LIMIT:
            raise UnreadableError(f"{size:,} bytes, more than the limit of {PICTURE_LIMIT:,}")
        return file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror})") from None


def _refuse(reason: str) -> bytes:
    raise UnreadableError(reason)


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((*PICTURES, *OTHER_PICTURES, ".zip"))


def _is_debris(name: str) -> bool:
    """What macOS and Windows leave behind and is named like a picture or folder; hidden files with it."""
    return name == "__MACOSX" or name.startswith(".")


def _printable(name: str) -> str:
    """A name from disk that is no UTF-8, with a sign in place of each byte that is none."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
