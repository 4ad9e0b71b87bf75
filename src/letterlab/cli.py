"""The command line. Every command is a few lines around the function that does the work."""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from letterlab.commands.export import export
from letterlab.commands.options import Orientation, Resize, Source, read
from letterlab.commands.read import read as read_pictures
from letterlab.commands.serve import serve
from letterlab.commands.study import report, study
from letterlab.errors import LetterlabError
from letterlab.terminal import bar, complaints, console, program, transfer_bar

if TYPE_CHECKING:  # torch and OpenCV are loaded by the commands that need them
    from letterlab.history import Epoch
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
app.command(report)
app.command(export)
app.command(serve)


@app.command
def train(
    recipe: Annotated[Path, Parameter(help="TOML file whose keys are those of letterlab.Recipe.")],
    letters: Source = "drawn",
    /,
    *,
    more: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="Another source of letters, to train on only; may be given several times. Letters that also stand "
            "among the test letters are then left out of training.",
        ),
    ] = None,
    prepare: Annotated[
        bool,
        Parameter(negative="", help="Bring each letter to the form that letterlab read sees, and train on that."),
    ] = False,
    out: Annotated[Path | None, Parameter(help="Folder to write; a training begun there goes on.")] = None,
    orientation: Orientation = "auto",
    resize: Resize = False,
) -> None:
    """Train one network by a recipe.

    Stopped with Ctrl-C, it keeps the last whole epoch, and the same command goes on from there to the same result.
    It writes runs/<recipe> when --out is not given.
    """
    from letterlab.recipe import read_recipe
    from letterlab.study.holding import held

    settings = read_recipe(recipe)
    folder = out or Path("runs") / recipe.stem
    with held(folder, shlex.join(["letterlab", *sys.argv[1:]])):
        opened = read(letters, orientation, resize)
        if more:
            from letterlab.gathering import gather

            others = [read(source, "auto", resize) for source in more]
            with console.status("Looking for letters that stand twice"):
                opened, left_out = gather(opened, others)
            added = 0 if opened.more is None else len(opened.more)
            console.print(f"{added:,} letters more to train on; left out, for they stand in test too: {left_out:,}")
        if prepare:
            from letterlab.gathering import prepared

            with console.status("Preparing the letters"):
                opened = prepared(opened)
        with console.status("Loading torch"):
            from letterlab.evaluation import Predictions
            from letterlab.study.folder import TEST_FILE
            from letterlab.study.trial import run_trial
        with bar("Training") as advance:

            def watch(epoch: "Epoch") -> None:
                advance(
                    epoch.number,
                    settings.epochs,
                    f"epoch {epoch.number}/{settings.epochs} loss {epoch.train.loss:.3f} "
                    f"validation {epoch.validation.accuracy:.1%}",
                )

            try:
                run_trial(settings, opened, folder, watch)
            except (MemoryError, RuntimeError) as error:
                if isinstance(error, RuntimeError) and "memory" not in str(error):  # torch has no class for it
                    raise
                raise LetterlabError(
                    f"There is not enough memory for this training: lower batch_size in {recipe}, now "
                    f"{settings.batch_size}, or make the network smaller."
                ) from None
        test = Predictions.open(folder / TEST_FILE).accuracy
        console.print(f"{test.share:.1%} of {test.n:,} test letters read rightly ({test.low:.1%} to {test.high:.1%})")
        console.print(f"Network: {folder}; {program('tensorboard')} --logdir {folder}")


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
    words = sys.argv[1:]
    debug = "--debug" in words
    try:
        app([word for word in words if word != "--debug"])
    except CycloptsError:  # cyclopts has said what is wrong
        sys.exit(2)
    except LetterlabError as error:
        if debug:
            raise
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
        complaints.print("Stopped. What was finished is kept: the same command goes on from there.")
        sys.exit(130)
