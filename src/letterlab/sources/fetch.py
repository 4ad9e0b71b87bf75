"""Data sets from the internet: the assignment's letters from Google Drive, EMNIST Letters from NIST.

Both go on where they broke off, and a file gets its final name only when it is whole and has been checked.
"""

import gzip
import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.sources.download import TIMEOUT, TRIES, Progress, broken_off, download, reason

ASSIGNMENT_URL: Final = "https://drive.google.com/uc?id=1wPt6Wx3Rhq_CFQuvSHA-KksaZQvkMfig"
EMNIST_URL: Final = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
EMNIST_MD5: Final = "58c8d27c78d21e728a6bc7b3cc06412e"
"""As torchvision publishes it (torchvision.datasets.EMNIST.md5)."""
EMNIST_FILES: Final = tuple(
    f"emnist-letters-{part}-{kind}-ubyte.gz" for part in ("train", "test") for kind in ("images-idx3", "labels-idx1")
)
"""What is taken from NIST's zip, which holds five other data sets as well."""


def _silent(_done: int, _total: int | None) -> None:
    pass


def fetch_assignment(folder: Path, progress: Progress = _silent) -> Path:
    """Brings the assignment's letters into a folder, which is made where it is missing.

    gdown finds the way through Google's pages and downloads, resuming what an earlier try left. Its resume cannot start
    over where a server refuses to go on from the middle, so what it has is then removed and it is called again.

    Args:
        folder: where to put letters.zip.
        progress: is never called when a whole letters.zip is there already, for then nothing is fetched.

    Returns:
        The zip, whole: the checksum of every file in it is right.

    Raises:
        LetterlabError: Google does not give it, the transfer breaks off again and again, what came is no whole zip, or
            it cannot be written.
    """
    target = folder / "letters.zip"
    if target.is_file() and _fault(target) is None:
        return target
    unchecked = folder / ".letters.zip"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _through_gdown(unchecked, progress)
        if fault := _fault(unchecked):
            unchecked.unlink()
            raise LetterlabError(f"What {ASSIGNMENT_URL} gave {fault}; it was removed. {_by_hand(target)}")
        unchecked.replace(target)
    return target


def fetch_emnist(folder: Path, progress: Progress = _silent) -> Path:
    """Brings EMNIST Letters (Cohen et al. 2017) into a folder, which is made where it is missing.

    Args:
        folder: where to put the four files `EMNIST_FILES`.
        progress: is never called when the four are there already, whole, for then nothing is fetched.

    Returns:
        The folder, ready to be opened as emnist:FOLDER.

    Raises:
        LetterlabError: NIST does not give the zip, the transfer breaks off again and again, what came has another MD5,
            or it cannot be written.
    """
    if all(_is_whole_gzip(folder / name) for name in EMNIST_FILES):
        return folder
    part = folder / ".emnist.zip.part"
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        download(EMNIST_URL, part, progress)
        with part.open("rb") as file:
            md5 = hashlib.file_digest(file, "md5").hexdigest()
        if md5 != EMNIST_MD5:
            what = "a web page" if _is_web_page(part) else "something else"
            part.unlink()
            raise LetterlabError(
                f"{EMNIST_URL} gave {what} in place of EMNIST: its MD5 is {md5}, not {EMNIST_MD5}. "
                "It was removed; try again later."
            )
        with zipfile.ZipFile(part) as archive:
            inside = {Path(name).name: name for name in archive.namelist()}
            for name in EMNIST_FILES:
                with archive.open(inside[name]) as packed, replace_whole(folder / name) as file:
                    shutil.copyfileobj(packed, file)
        part.unlink()
    return folder


def _through_gdown(path: Path, progress: Progress) -> None:
    """Downloads the assignment's zip, unchecked. gdown keeps what has come in a file `path` + 8 letters + .part."""
    import gdown
    from gdown.exceptions import DownloadError, FileURLRetrievalError
    from requests import RequestException

    came = False

    def watch(done: int, total: int | None) -> None:
        nonlocal came
        came = True
        progress(done, total)

    def parts() -> list[Path]:
        return list(path.parent.glob(f"{path.name}{'?' * 8}.part"))

    while True:
        earlier = parts()
        try:
            gdown.download(
                ASSIGNMENT_URL,
                str(path),
                quiet=True,
                use_cookies=False,
                resume=True,
                progress=watch,
                timeout=TIMEOUT,
                retries=TRIES - 1,
            )
            return
        except FileURLRetrievalError as error:
            raise LetterlabError(
                "Google does not give the letters now, as when too many have asked for them today. "
                f"{_by_hand(path.with_name('letters.zip'))}"
            ) from error
        except (DownloadError, RequestException) as error:
            # With neither a byte nor a cause it is gdown that will not go on from what there is: the server does not
            # keep to the range asked for (416 too, for a part that is whole), or there is more than one part.
            cause = error.__cause__
            if not earlier or came or cause or isinstance(error, RequestException):
                held = sum(part.stat().st_size for part in parts())
                raise broken_off(ASSIGNMENT_URL, held, reason(cause or error)) from error
            for part in earlier:
                part.unlink()


def _by_hand(target: Path) -> str:
    return f"Try again tomorrow, or open {ASSIGNMENT_URL} in a browser and save the file as {target}."


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turns what the file system refuses into an error for the user."""
    try:
        yield
    except OSError as error:
        raise LetterlabError(
            f"{folder} cannot be written to ({error.strerror}): make room or name another folder, "
            "then give the same command again; it goes on with what there is."
        ) from error


def _fault(path: Path) -> str | None:
    """What keeps a file from being a whole zip, or None."""
    if _is_web_page(path):
        return "is a web page in place of a zip"
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        return f"is no whole zip ({error})"
    return f"is a zip in which {damaged} is damaged" if damaged else None


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(512).lstrip().lower().startswith((b"<!doctype", b"<html"))


def _is_whole_gzip(path: Path) -> bool:
    try:
        with gzip.open(path) as file:
            while file.read(2**20):
                pass
    except (OSError, EOFError, zlib.error):
        return False
    return True
