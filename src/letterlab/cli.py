"""The command line. Every command is a few lines around the function that does the work."""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, CycloptsError, Parameter
from cyclopts.validators import Number

from letterlab.errors import LetterlabError
from letterlab.study.plan import FAMILIES, Budget, Family
from letterlab.terminal import bar, complaints, console, duration, program, transfer_bar

if TYPE_CHECKING:  # torch and OpenCV are loaded by the commands that need them
    from letterlab.history import Epoch
    from letterlab.letterset import Letters
    from letterlab.sources.download import Progress as Transfer
    from letterlab.study.results import Asked, Results

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

Language = Literal["en", "ru"]
OrientationChoice = Literal["auto", "stored-transposed", "upright"]
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
KeepLeaks = Annotated[bool, Parameter(negative="", help="Train also on letters that stand among the test letters too.")]
Letter = Annotated[str | None, Parameter(help="The letter that gets a section of its own in the report.")]
Surname = Annotated[
    str | None, Parameter(help="The same, by the first letter of a surname, in Latin or Cyrillic: Иванов gives I.")
]


def _read(source: str, orientation: OrientationChoice, resize: bool) -> "Letters":
    from letterlab.sources.opening import open_letters

    with console.status(f"Reading {source}"):
        return open_letters(source, orientation=orientation, resize=resize)


def _chosen(letter: str | None, surname: str | None) -> str:
    """The letter that the user asks about; A when none is named."""
    from letterlab.alphabet import LETTERS, index_of, letter_of_surname

    if letter and surname:
        raise LetterlabError("--letter and --surname both name a letter: give one of them.")
    return letter_of_surname(surname) if surname else LETTERS[index_of(letter or "A")]


@app.command
def study(
    letters: Source = "drawn",
    /,
    *,
    budget: Annotated[Budget, Parameter(help="How much to try: smoke goes the whole way, quick compares.")] = "quick",
    only: Annotated[str, Parameter(help="Families of networks to study, separated by commas.")] = "mlp,cnn",
    letter: Letter = None,
    surname: Surname = None,
    lang: Annotated[Language, Parameter(help="Language of the report.")] = "en",
    out: Annotated[Path | None, Parameter(help="Folder to write; a study begun there goes on.")] = None,
    workers: Annotated[
        int | None, Parameter(help="Trainings at a time; one a core when not given.", validator=Number(gte=1))
    ] = None,
    orientation: Orientation = "auto",
    resize: Resize = False,
    keep_leaks: KeepLeaks = False,
) -> None:
    """Train many networks, compare them, and write a report to hand in.

    The same command goes on where it was stopped. It writes runs/<letters>-<budget> when --out is not given.
    """
    from letterlab.study.results import Asked

    asked = Asked(
        letters=letters,
        budget=budget,
        only=_families(only),
        letter=_chosen(letter, surname),
        surname=surname,
        command=shlex.join(["letterlab", *sys.argv[1:]]),
    )
    read = _read(letters, orientation, resize)
    folder = out or Path("runs") / f"{Path(letters.removeprefix('emnist:')).resolve().stem}-{budget}"
    results = _run(asked, read, folder, workers, keep_leaks)
    if not (letter or surname):
        again = f"{program('letterlab')} report {folder} --surname NAME"
        console.print(f"Section 1.4 is about A; {again} makes it about your letter.")
    _write(results, folder, lang)


def _families(only: str) -> tuple[Family, ...]:
    names = [name.strip() for name in only.split(",")]
    if unknown := [name for name in names if name not in FAMILIES]:
        raise LetterlabError(f"--only {unknown[0]!r} is no family of networks: give {', '.join(FAMILIES)} or both.")
    return tuple(family for family in FAMILIES if family in names)


def _run(asked: "Asked", letters: "Letters", folder: Path, workers: int | None, keep_leaks: bool) -> "Results":
    """Runs the study with a progress bar over its estimated time."""
    with console.status("Loading torch, looking for letters that stand in both parts, measuring this machine"):
        import torch

        from letterlab.study import engine
        from letterlab.study.beginning import begin, estimate
        from letterlab.study.results import open_results

        workers = workers or engine.cores()
        torch.set_num_threads(max(engine.cores() // workers, 1))  # what is measured here is what a trial will have
        begun, letters = begin(folder, letters, asked, keep_leaks=keep_leaks)
        waiting, trials = engine.unfinished(begun, folder), len(begun.plan.trials())
        seconds = estimate(begun) if waiting else {}
    total = sum(recipe.epochs * seconds[place.stem] for place, recipe in waiting) / workers
    read = begun.letters
    console.print(
        f"{read.train:,} letters to train on, {read.validation:,} to choose by, {read.test:,} to test with"
        + (" (drawn by this program)" if read.drawn else "")
        + (f"; files set aside: {len(read.set_aside):,}" if read.set_aside else "")
        + (f"; left out of training, for they stand in test too: {len(read.leaks):,}" if read.leaks else "")
    )
    console.print(
        f"Budget {asked.budget}: {len(begun.plan.candidates)} recipes with {begun.plan.seeds} seeds each, "
        f"{trials} trainings"
        + (f", {trials - len(waiting)} of them done already" if len(waiting) < trials else "")
        + f", {workers} at a time: {duration(total)} here"
    )
    console.print(f"To watch: {program('tensorboard')} --logdir {folder / 'trials'}")
    with bar(total, "Study") as advance:
        work: dict[str, float] = {}

        def watch(step: engine.Step) -> None:
            work[step.trial] = step.epoch.number * seconds[step.trial.rpartition(".")[0]] / workers
            accuracy = f"validation {step.epoch.validation.accuracy:.1%}"
            advance(
                sum(work.values()),
                f"{step.done}/{step.trials} {step.trial} epoch {step.epoch.number}/{step.epochs} {accuracy}",
            )
            if step.epoch.number == step.epochs:
                console.print(f"{step.done:3}/{step.trials} {step.trial}: {accuracy}")

        engine.run(begun, letters, folder, workers, watch)
    return open_results(folder)


def _write(results: "Results", folder: Path, lang: Language) -> None:
    with console.status("Writing the report"):
        from letterlab.report.findings_file import write_findings
        from letterlab.report.page import write_report

        write_report(results, folder / "report.html", lang)
        write_findings(results, folder / "findings.json")
    for family in results.families:
        test = family.best_trial.test.accuracy
        console.print(
            f"Best {family.family.upper()}: {family.best.name}, {test.share:.1%} of {test.n:,} test letters "
            f"({test.low:.1%} to {test.high:.1%})"
        )
    for failure in results.failed:
        console.print(f"Failed: {failure.trial}: {failure.reason}")
    console.print(f"Report: {folder / 'report.html'}")


@app.command
def report(
    folder: Annotated[Path, Parameter(help="Folder of a study.")],
    /,
    *,
    letter: Letter = None,
    surname: Surname = None,
    lang: Annotated[Language, Parameter(help="Language of the report.")] = "en",
) -> None:
    """Write a study's report again, without training; about another letter if one is named."""
    from dataclasses import replace

    from letterlab.study.results import open_results

    results = open_results(folder)
    if letter or surname:
        chosen = _chosen(letter, surname)
        results = replace(results, asked=replace(results.asked, letter=chosen, surname=surname))
    _write(results, folder, lang)


@app.command
def train(
    recipe: Annotated[Path, Parameter(help="TOML file whose keys are those of letterlab.Recipe.")],
    letters: Source = "drawn",
    /,
    *,
    out: Annotated[Path | None, Parameter(help="Folder to write; a training begun there goes on.")] = None,
    orientation: Orientation = "auto",
    resize: Resize = False,
) -> None:
    """Train one network by a recipe.

    Stopped with Ctrl-C, it keeps the last whole epoch, and the same command goes on from there to the same result.
    It writes runs/<recipe> when --out is not given.
    """
    from letterlab.recipe import read_recipe

    settings = read_recipe(recipe)
    read = _read(letters, orientation, resize)
    folder = out or Path("runs") / recipe.stem
    with console.status("Loading torch"):
        from letterlab.evaluation import Predictions
        from letterlab.study.results import TEST_FILE
        from letterlab.study.trial import run_trial
    with bar(settings.epochs, "Training") as advance:

        def watch(epoch: "Epoch") -> None:
            advance(
                epoch.number,
                f"epoch {epoch.number}/{settings.epochs} loss {epoch.train.loss:.3f} "
                f"validation {epoch.validation.accuracy:.1%}",
            )

        run_trial(settings, read, folder, watch)
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

    read = _read(letters, orientation, resize)
    with console.status("Looking for letters that stand twice"):
        found = audit(read)
    for line in found.lines():
        console.print(line, markup=False)
    console.print(f"Contact sheet: {contact_sheet(read, sheet)}")


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

    with bar(train + test, "Drawing") as advance:
        write_archive(out, train, test, seed, progress=lambda done, _: advance(done, "Drawing"))
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
    except KeyboardInterrupt:
        if debug:
            raise
        complaints.print("Stopped. What was finished is kept: the same command goes on from there.")
        sys.exit(130)
