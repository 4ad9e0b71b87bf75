"""The command line. Every command is a few lines around the function that does the work."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from letterlab.commands.export import export
from letterlab.commands.options import Orientation, Resize, Source, read
from letterlab.commands.read import read as read_pictures
from letterlab.commands.serve import serve
from letterlab.commands.study import report, study
from letterlab.commands.train import train
from letterlab.errors import LetterlabError
from letterlab.terminal import bar, complaints, console, transfer_bar

if TYPE_CHECKING:  # torch and OpenCV are loaded by the commands that need them
    from letterlab.sources.download import Progress as Transfer

app = App(
    name="letterlab",
    help="Which neural network reads handwritten letters best, why, and where it fails.",
    help_epilogue="--debug with any command shows the whole traceback of an error.",
    help_format="plaintext",
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_none",
)
fetch_app = App(name="fetch", help="Bring a data set of handwritten letters.")
app.command(fetch_app)

app.command(read_pictures, name="read")
app.command(study)
app.command(train)
app.command(report)
app.command(export)
app.command(serve)


@app.command
def inspect(
    letters: Source = "drawn",
    /,
    *,
    sheet: Annotated[Path, Parameter(help="Picture to write.")] = Path("contact-sheet.png"),
    orientation: Orientation = "auto",
    resize: Resize = False,
) -> None:
    """Say what letters there are, what was set aside, what stands twice; draw a contact sheet of every letter."""
    from letterlab.audit import audit
    from letterlab.contact_sheet import contact_sheet

    opened = read(letters, orientation, resize)
    with console.status("Looking for letters that stand twice"):
        found = audit(opened)
    for line in found.lines():
        console.print(line, markup=False)
    console.print(f"Contact sheet: {contact_sheet(opened, sheet)}")


@app.command
def draw(
    out: Annotated[Path, Parameter(help="A folder, or a file that ends in .zip.")],
    /,
    *,
    train: Annotated[int, Parameter(help="Letters to train on.")] = 65_000,
    test: Annotated[int, Parameter(help="Letters to test with.")] = 13_000,
    seed: Annotated[int, Parameter(help="Another seed gives other letters.")] = 0,
) -> None:
    """Draw letters and write them in the assignment's own format."""
    from letterlab.sources.assignment import write_archive

    with bar("Drawing") as advance:
        write_archive(out, train, test, seed, progress=lambda done, _: advance(done, train + test, "Drawing"))
    console.print(f"{train:,} letters to train on and {test:,} to test with: {out}")


@fetch_app.command
def assignment(folder: Annotated[Path, Parameter(help="Where to put it.")], /) -> None:
    """Fetch the assignment's own data set from Google Drive."""
    from letterlab.sources.fetch import fetch_assignment

    _fetch(fetch_assignment, folder)


@fetch_app.command
def emnist(folder: Annotated[Path, Parameter(help="Where to put it.")], /) -> None:
    """Fetch EMNIST Letters from NIST; then use it as emnist:DIR."""
    from letterlab.sources.fetch import fetch_emnist

    _fetch(fetch_emnist, folder)


def _fetch(fetch: "Callable[[Path, Transfer], Path]", folder: Path) -> None:
    came: list[int] = []
    with transfer_bar("Fetching") as advance:

        def watch(done: int, total: int | None) -> None:
            came.append(done)
            advance(done, total)

        where = fetch(folder, watch)
    console.print(f"{'Fetched' if came else 'There already, whole'}: {where}")


def main() -> None:
    """Entry point: runs the command, and turns errors into one sentence and an exit code.

    Exit codes: 0 done; 2 a mistake that the user can mend; 130 stopped by Ctrl-C.
    """
    # Before torch is loaded: threads that wait give up their core after some microseconds (docs/decisions/0005).
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    first = os.environ.get("RANK", "0") == "0"  # of the processes that torchrun starts, if it did
    words = sys.argv[1:]
    debug = "--debug" in words
    try:
        app([word for word in words if word != "--debug"])
    except CycloptsError:  # cyclopts has said what is wrong
        sys.exit(2)
    except LetterlabError as error:
        if debug:
            raise
        if not first:
            time.sleep(3)  # meanwhile torchrun ends this process, if the first has found the same mistake
        complaints.print(f"letterlab: {error}", markup=False, style="red")
        sys.exit(2)
    except ModuleNotFoundError as error:
        if debug or (error.name or "letterlab").startswith("letterlab"):
            raise
        complaints.print(
            f"letterlab: This command needs {error.name}, which is not installed: pip install 'letterlab[study]'",
            markup=False,
            style="red",
        )
        sys.exit(2)
    except KeyboardInterrupt:
        if debug:
            raise
        if first:
            complaints.print("Stopped. What was finished is kept: the same command goes on from there.")
        sys.exit(130)
