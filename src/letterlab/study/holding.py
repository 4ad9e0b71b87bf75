"""One process at a time works on a study or a training; who comes second is told who that is."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from letterlab.errors import LetterlabError
from letterlab.files import unwritable, write_text

LOCK: Final = ".lock"
HOLDER: Final = ".holder"


@contextmanager
def held(folder: Path, command: str) -> Iterator[None]:
    """Keeps a folder for this process; it is free again when the process ends, however that comes.

    Args:
        folder: of the study or training; made where it is missing.
        command: what this process was called with, for those who come second; may be empty.

    Raises:
        LetterlabError: another process works on it, or it cannot be written.
    """
    lock, holder = FileLock(folder / LOCK, blocking=False), folder / HOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        # It may have begun this moment, and not have said who it is.
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        raise LetterlabError(
            f"{folder} is worked on by {who}: wait until it has ended, stop it, or give another --out."
        ) from None
    except OSError as error:
        raise unwritable(folder, error) from None
    try:
        write_text(holder, f"process {os.getpid()} on {socket.gethostname()}" + (f" ({command})" if command else ""))
        yield
        holder.unlink(missing_ok=True)
    finally:
        lock.release()
