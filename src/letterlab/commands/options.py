"""What several commands take."""

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from letterlab.errors import LetterlabError
from letterlab.machine import begin_loading
from letterlab.terminal import console

if TYPE_CHECKING:  # torch and OpenCV are loaded by the commands that need them
    from letterlab.letterset import Letters

Language = Literal["en", "ru"]
OrientationChoice = Literal["auto", "stored-transposed", "upright"]
Budget = Literal["smoke", "quick", "full"]
Source = Annotated[
    str,
    Parameter(
        help="A folder with train/ and test/ (each a folder or an images.zip), a zip of them, a folder or zip of "
        "letters named like a_00002.jpg, emnist:DIR, or drawn: letters that this program draws."
    ),
]
Orientation = Annotated[
    OrientationChoice,
    Parameter(help="How the pictures are stored; auto decides from the pictures and says how sure it is."),
]
Resize = Annotated[
    bool, Parameter(negative="", help="Bring pictures of another size to 28x28, instead of setting them aside.")
]
EngineChoice = Literal["local", "ray"]
Engine = Annotated[
    EngineChoice,
    Parameter(help="Where the work is done: on this machine, or on a Ray cluster (docs/more-machines.md)."),
]
RayAddress = Annotated[
    str | None,
    Parameter(help="HOST:PORT of the cluster's head; a cluster of this machine alone is begun when not given."),
]
Letter = Annotated[str | None, Parameter(help="The letter that gets a section of its own in the report.")]
Surname = Annotated[
    str | None, Parameter(help="The same, by the first letter of a surname, in Latin or Cyrillic: Иванов gives I.")
]


def read(source: str, orientation: OrientationChoice, resize: bool) -> "Letters":
    """Opens the letters that a command is about."""
    with console.status("Loading"):
        from letterlab.sources.opening import open_letters
    with console.status(f"Reading {source}"):
        return open_letters(source, orientation=orientation, resize=resize)


def check_engine(engine: EngineChoice, ray_address: str | None) -> None:
    """Sees that an address is given only where it is used."""
    if ray_address and engine != "ray":
        raise LetterlabError(f"--ray-address {ray_address} is of use with --engine ray only: give both, or neither.")


def chosen(letter: str | None, surname: str | None) -> str:
    """The letter that the user asks about; A when none is named."""
    from letterlab.alphabet import LETTERS, index_of, letter_of_surname

    if letter and surname:
        raise LetterlabError("--letter and --surname both name a letter: give one of them.")
    return letter_of_surname(surname) if surname else LETTERS[index_of(letter or "A")]


def one_core_a_product() -> None:
    """Has NumPy, which must not be loaded yet, work out each product of matrices on one core.

    Pictures are read side by side, one on each core: OpenBLAS's own threads would wait for each other at every small
    product and burn what the other pictures need (172 instead of 312 drawings a second on two cores).
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def begin_loading_to_read() -> None:
    """Begins the process that those of `SideBySide` begin as copies of: it loads the program, and what reads.

    Ctrl-C and SIGTERM, which reach all processes of a terminal or service, do not end it or its copies: this one does.
    """
    if sys.platform == "win32":
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # begun with the other, it would let both signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # which it inherits
    try:
        begin_loading(["letterlab.cli", "letterlab.recognise.side_by_side"])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
