"""This machine: the cores that there are for processes, and how processes begin."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it takes a tenth of the time of `letterlab --help`, which begins no processes
    from multiprocessing.context import ForkServerContext, SpawnContext


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def processes() -> "ForkServerContext | SpawnContext":
    """What begins processes: as copies of one that has loaded modules (`begin_loading`), or anew on Windows."""
    import multiprocessing

    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("forkserver")


def begin_loading(modules: list[str]) -> None:
    """Begins the process that others begin as copies of, which loads these modules while this one goes on.

    What fails here, as for want of memory, is tried again and told when a process is begun.
    """
    if sys.platform == "win32":
        return
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload(modules)
    with safe_path(), suppress(OSError):
        forkserver.ensure_running()


@contextmanager
def safe_path() -> Iterator[None]:
    """What Python is started in this block takes no module from the working folder.

    The fork server is Python started with -c, which would import a random.py there as Python's own.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
