"""What the commands show while they work: progress bars, and how to call a program from here."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

console: Final = Console(highlight=False, soft_wrap=True)
"""Standard output."""
complaints: Final = Console(stderr=True, highlight=False, soft_wrap=True)
"""Standard error."""


@contextmanager
def bar(wording: str, where: Console = console) -> Iterator[Callable[[float, float, str], None]]:
    """A progress bar; what it yields sets how far it is, of how much, and what stands beside it."""
    from rich.progress import (  # here, for most commands end before there is a bar to show
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    text = TextColumn("left"), TimeRemainingColumn()
    # Lines printed meanwhile go above the bar; those that go to a file are none of its business.
    with Progress(*columns, *text, console=where, redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task(wording, total=None)
        yield lambda done, total, text: progress.update(task, completed=done, total=total, description=text)


@contextmanager
def transfer_bar(wording: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar in bytes; what it yields sets how many there are and how many there will be."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(wording, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def program(name: str) -> str:
    """How to call a program of this environment from here."""
    return name if shutil.which(name) else os.path.relpath(Path(sys.executable).with_name(name))


def duration(seconds: float) -> str:
    """An estimated time in words."""
    if seconds < 10:
        return "a few seconds"
    return f"about {seconds:.0f} seconds" if seconds < 90 else f"about {seconds / 60:.0f} minutes"
