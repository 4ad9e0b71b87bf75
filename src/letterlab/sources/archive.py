"""Folders and zips as one flat list of members, zips within zips included, without unpacking to disk."""

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from letterlab.errors import LetterlabError
from letterlab.sources.stored import UnreadableError

PICTURES: Final = (".jpg", ".jpeg", ".png", ".bmp")
"""Endings of the files that are read as pictures, either case."""
OTHER_PICTURES: Final = (".gif", ".tif", ".tiff", ".webp")
"""Endings of pictures that are not read, but whose loss should be seen."""
PICTURE_LIMIT: Final = 2**25
"""Bytes that one picture's file may have, unpacked: 32 MiB, above any photograph of one letter."""
ZIP_LIMIT: Final = 2**30
"""Bytes that all zips that are packed into zips may have together, unpacked: they are held in memory. One that is only
stored in another, as the assignment's are, is read where it lies."""
ZIP_DEPTH: Final = 4
"""Zips that may lie within one another, the outermost counted."""
UNPACKED_LIMIT: Final = 2**34
"""Bytes that all members of a source's zips may have together, unpacked: 16 GiB, above any set of letters. Pictures are
not kept, but a zip of a few MB, and still more zips whose members overlap, would unpack for days."""
CONTENTS_LIMIT: Final = 2**26
"""Bytes that the tables of contents of a source's zips may have together: 64 MiB, for 700,000 names of the usual
length. Open, they take ten times as much, and a zip within a zip can list a million names in a few kB."""

# Bytes of an entry in a table of contents, without name and extra field (APPNOTE.TXT 4.3.12).
_ENTRY: Final = 46
# Bytes of a member's own header before its name (4.3.7), and the flag of a name in UTF-8 (4.4.4).
_LOCAL_HEADER: Final = 30
_UTF8: Final = 0x800
# Bytes by which deflate may make a picture longer; what claims to be longer still is left to zipfile, which takes it in
# pieces.
_DEFLATE_ADDS: Final = 2**16
# What zipfile and its decompressors raise over bytes that are no whole zip: RuntimeError covers an unknown version,
# ValueError a name that is no UTF-8.
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    RuntimeError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    struct.error,
    OverflowError,
    MemoryError,
)


class Member(NamedTuple):
    """A picture in a folder or zip, or a zip in it that cannot be opened."""

    way: tuple[str, ...]
    """Folders and zips that lead to it from the source, then its own name."""
    at: Path | zipfile.ZipInfo | str
    """Its file, or its entry in a zip's table of contents; or the reason why it is not to be had."""
    archive: zipfile.ZipFile | None = None
    """The zip that has the entry."""

    def read(self) -> bytes:
        """Its content. Raises `UnreadableError` with the reason when there is none to be had."""
        if isinstance(self.at, str):
            raise UnreadableError(self.at)
        if isinstance(self.at, Path):
            return _read_file(self.at)
        return _read(cast(zipfile.ZipFile, self.archive), self.at)


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
        self._zips_left = ZIP_LIMIT
        self._unpacked_left = UNPACKED_LIMIT
        self._contents_left = CONTENTS_LIMIT

    def file(self, file: Path, way: tuple[str, ...]) -> Iterator[Member]:
        """A file on disk: a picture, or all that is in a zip."""
        if file.suffix.lower() == ".zip":
            yield from self._or_reason(way, lambda: self.zip(file, way, depth=1))
        else:
            yield Member(way, file)

    def zip(self, file: "Path | io.BytesIO | _Part", way: tuple[str, ...], depth: int) -> Iterator[Member]:
        """All that is in a zip. Raises `UnreadableError` when it cannot be opened."""
        archive = self._opened.enter_context(_opened_zip(file, self._contents_left))
        self._contents_left -= sum(_ENTRY + len(one.filename) + len(one.extra) for one in archive.infolist())
        seen: set[tuple[str, ...]] = set()
        for info in archive.infolist():
            named = info.filename.replace("\\", "/")  # some packers on Windows write \ between folders
            name = named[named.rfind("/") + 1 :]
            if not _is_wanted(name):
                continue
            steps, leads_out, is_debris = _folder(named[: len(named) - len(name)])
            parts = (*steps, name)
            if leads_out or _names_a_drive(parts[0]):
                yield Member((*way, *parts), "its name leads out of the zip")
            elif is_debris or _is_debris(name):
                continue
            elif parts in seen:
                yield Member((*way, *parts), "a second file of this name; the first was read")
            elif name.lower().endswith(".zip"):
                within = partial(self._zip_within, archive, info, (*way, *parts), depth + 1)
                yield from self._or_reason((*way, *parts), within)
            elif reason := self._refused(info, PICTURE_LIMIT):
                yield Member((*way, *parts), reason)
            else:
                yield Member((*way, *parts), info, archive)
            seen.add(parts)

    def _zip_within(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, way: tuple[str, ...], depth: int
    ) -> Iterator[Member]:
        if depth > ZIP_DEPTH:
            raise UnreadableError(f"more than {ZIP_DEPTH} zips within one another")
        stored = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        if stored and (file := _at(archive, info)) is not None:
            return self.zip(_Part(file, file.tell(), info.file_size), way, depth)
        if info.file_size > self._zips_left:
            raise UnreadableError(
                f"with it, zips within zips unpack to more than their limit of {ZIP_LIMIT:,} bytes, unpack the outer "
                "one and give its folder"
            )
        if reason := self._refused(info, self._zips_left):
            raise UnreadableError(reason)
        content = _read(archive, info)
        self._zips_left -= len(content)
        return self.zip(io.BytesIO(content), way, depth)

    def _refused(self, info: zipfile.ZipInfo, limit: int) -> str:
        """Why a member is not to be unpacked, which has more bytes than its limit for one; empty when it is."""
        if info.flag_bits & 1:
            return "encrypted, unpack it with its password first"
        # The two that ISO/IEC 21320-1 allows. zipfile unpacks by others without a bound: 500 bytes of bzip2 to a GB.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "packed by another method than deflate, pack it again as an ordinary zip"
        if info.file_size > limit:
            return f"unpacks to more than its limit of {limit:,} bytes"
        self._unpacked_left -= info.file_size
        if self._unpacked_left < 0:
            return f"with it, all zips unpack to more than their limit of {UNPACKED_LIMIT:,} bytes"
        return ""

    @staticmethod
    def _or_reason(way: tuple[str, ...], unfold: Callable[[], Iterator[Member]]) -> list[Member]:
        try:
            return list(unfold())
        except UnreadableError as error:
            return [Member(way, str(error))]


class _Part(io.RawIOBase):
    """A part of a file as a file of its own: a zip that is stored in another."""

    def __init__(self, file: "_Content", start: int, size: int) -> None:
        self.file = file
        self.start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = (0, self._at, self._size)[whence] + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        self.file.seek(self.start + self._at)
        n = self.file.readinto(memoryview(buffer)[: max(self._size - self._at, 0)])
        self._at += n
        return n


class _Content(io.BufferedReader):
    """The bytes of a zip as zipfile takes them: its whole table of contents at once, then other parts."""

    limit: int | None = None
    """Bytes that may be taken at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Refuses what is beyond the limit."""
        if self.limit is not None and (size or 0) > self.limit:
            raise UnreadableError(f"its table of contents is beyond the limit of {CONTENTS_LIMIT:,} bytes for all zips")
        return super().read(size)


@contextmanager
def _opened_zip(file: Path | io.BytesIO | _Part, contents_limit: int) -> Iterator[zipfile.ZipFile]:
    try:
        raw = io.FileIO(file) if isinstance(file, Path) else file
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror}), allow it to be read") from None
    with _Content(raw) as content:
        content.limit = contents_limit
        try:
            archive = zipfile.ZipFile(content)
        except _ZIP_ERRORS:
            content.seek(0)
            start = content.read(2)
            if not start:
                raise UnreadableError("an empty file, copy or download it again") from None
            if start == b"PK":
                raise UnreadableError("a zip that is damaged or cut short, copy or download it again") from None
            raise UnreadableError("not a zip, give a folder or zip of pictures such as a_00002.jpg") from None
        content.limit = None
        with archive:
            yield archive


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member's content. Raises `UnreadableError` when it cannot be unpacked."""
    try:
        if (content := _content(archive, info)) is not None:
            return content
        with archive.open(info) as unpacked:
            return unpacked.read(info.file_size)  # without a number zipfile would unpack more than it gives
    except _ZIP_ERRORS as error:
        raise UnreadableError(f"damaged in the zip ({error or type(error).__name__})") from None


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """A member's content, in a fifth of the time that zipfile takes.

    None where anything is not as it should be: zipfile then says what.
    """
    if info.compress_size > info.file_size + _DEFLATE_ADDS or (file := _at(archive, info)) is None:
        return None
    content = file.read(info.compress_size)
    if info.compress_type == zipfile.ZIP_DEFLATED:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, info.file_size + 1)
    return content if len(content) == info.file_size and zlib.crc32(content) == info.CRC else None


def _at(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> "_Content | None":
    """The file on disk or in memory that holds a member, at the beginning of the member's content.

    None where the member is encrypted, or its own header is not as the table of contents says.
    """
    content: Any = archive.fp
    file, start = (content.raw.file, content.raw.start) if isinstance(content.raw, _Part) else (content, 0)
    utf8 = info.flag_bits & _UTF8 or info.orig_filename.isascii()
    try:
        name = info.orig_filename.encode("utf-8" if utf8 else "cp437")
        file.seek(start + info.header_offset)
        header = file.read(_LOCAL_HEADER + len(name))
        signature, name_length, extra_length = struct.unpack_from("<4s22xHH", header)
        if extra_length:
            file.seek(extra_length, io.SEEK_CUR)
    except _ZIP_ERRORS:
        return None
    told = signature == b"PK\3\4" and name_length == len(name) and header[_LOCAL_HEADER:] == name
    return file if told and not info.flag_bits & 1 else None


def _read_file(file: Path) -> bytes:
    try:
        if (size := file.stat().st_size) > PICTURE_LIMIT:
            raise UnreadableError(f"{size:,} bytes, more than the limit of {PICTURE_LIMIT:,}")
        return file.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read ({error.strerror})") from None


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((*PICTURES, *OTHER_PICTURES, ".zip"))


class _Folder(NamedTuple):
    """A folder in a zip, as the members in it name it."""

    steps: tuple[str, ...]
    leads_out: bool
    is_debris: bool


@lru_cache(maxsize=1024)
def _folder(named: str) -> _Folder:
    steps = tuple(step for step in named.split("/") if step not in ("", "."))
    return _Folder(steps, ".." in steps or named.startswith("/"), any(map(_is_debris, steps)))


def _names_a_drive(step: str) -> bool:
    return ":" in step and re.match("[A-Za-z]:", step) is not None


def _is_debris(name: str) -> bool:
    """What macOS and Windows leave behind and is named like a picture or folder; hidden files with it."""
    return name == "__MACOSX" or name.startswith(".")


def _printable(name: str) -> str:
    """A name from disk that is no UTF-8, with a sign in place of each byte that is none."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
