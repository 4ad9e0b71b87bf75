"""Which pictures a command's arguments stand for."""

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from letterlab.errors import LetterlabError

STANDARD_INPUT: Final = "-"
"""Stands for one picture that comes in by standard input."""
ENDINGS: Final = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif")
"""Endings of pictures, in either case. Those that cannot be read are among them, so that their loss is seen."""


def picture_files(argument: str) -> Iterator[str]:
    """The files that one argument stands for: itself, or the pictures below a folder or of a glob, in natural order.

    A folder is gone through as the files are asked for: no more than one folder's names are in memory. Hidden files are
    passed over. A file that is named by itself is taken whatever its ending, and also when it is not there: who reads
    it says so.

    Raises:
        LetterlabError: there is no picture in the folder, or none that the glob matches; or it looks like an option.
    """
    path = Path(argument)
    if argument.startswith("-") and argument != STANDARD_INPUT and not path.exists():
        raise LetterlabError(f"{argument} is neither an option nor a picture: `letterlab read --help` says what is.")
    if path.is_dir():
        files = _below(path)
        what = f"There is no picture in the folder {argument}"
    elif glob.has_magic(argument) and not path.exists():
        matched = glob.iglob(argument, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute pattern)
        files = iter(sorted((name for name in matched if is_picture(name) and Path(name).is_file()), key=natural))
        what = f"No picture matches {argument}"
    else:
        yield argument
        return
    first = next(files, None)
    if first is None:
        raise LetterlabError(f"{what}: give a JPEG, PNG, BMP or WebP, or a folder or a glob of them.")
    yield first
    yield from files


def natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """What names are sorted by so that 2.png stands before 10.png, whatever the case of letters."""
    parts = re.split("([0-9]+)", name.casefold())
    return [(int(part), "") if number % 2 else (-1, part) for number, part in enumerate(parts)], name


def _below(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(
                ((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries),
                key=lambda entry: natural(entry[0]),
            )
    except OSError as error:
        raise LetterlabError(f"The folder {folder} cannot be read ({error.strerror}).") from None
    for name, is_folder in found:
        if name.startswith("."):
            continue
        if is_folder:
            yield from _below(folder / name)
        elif is_picture(name):
            yield str(folder / name)


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does."""
    return name.casefold().endswith(ENDINGS)
