"""`letterlab study` and `letterlab report`."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from letterlab.commands.options import (
    Budget,
    Engine,
    Language,
    Letter,
    Orientation,
    RayAddress,
    Resize,
    Source,
    Surname,
    check_engine,
    chosen,
    read,
)
from letterlab.errors import LetterlabError
from letterlab.terminal import bar, console, duration, program

if TYPE_CHECKING:  # torch and Optuna are loaded when the command runs
    from letterlab.recipe import Recipe
    from letterlab.study.engine import Step
    from letterlab.study.folder import LettersRead
    from letterlab.study.results import Results
    from letterlab.study.running import Begun

KeepLeaks = Annotated[bool, Parameter(negative="", help="Train also on letters that stand among the test letters too.")]


def study(
    letters: Source = "drawn",
    /,
    *,
    budget: Annotated[
        Budget, Parameter(help="How much to try: smoke goes the whole way, quick compares, full tries whole grids.")
    ] = "quick",
    plan: Annotated[
        Path | None, Parameter(help="A TOML file that says what to try, in place of a budget (docs/plans.md).")
    ] = None,
    only: Annotated[
        str | None, Parameter(help="Families of the plan, separated by commas: mlp, cnn, norm, transfer, reread.")
    ] = None,
    letter: Letter = None,
    surname: Surname = None,
    weights: Annotated[
        tuple[Path, ...],
        Parameter(help="A file with ImageNet weights, named as torchvision names it: mobilenet_v2-b0353104.pth."),
    ] = (),
    lang: Annotated[Language, Parameter(help="Language of the report.")] = "en",
    out: Annotated[Path | None, Parameter(help="Folder to write; a study begun there goes on.")] = None,
    workers: Annotated[
        int | None, Parameter(help="Trainings at a time; one a core when not given.", validator=Number(gte=1))
    ] = None,
    store: Annotated[
        str | None,
        Parameter(
            help="PostgreSQL database (postgresql://user@host:5432/database) in which commands on other machines, "
            "called the same, work on this study too."
        ),
    ] = None,
    engine: Engine = "local",
    ray_address: RayAddress = None,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Say what would be tried and about how long it takes, and stop there.")
    ] = False,
    orientation: Orientation = "auto",
    resize: Resize = False,
    keep_leaks: KeepLeaks = False,
) -> None:
    """Train many networks, compare them, and write a report to hand in.

    The same command goes on where it was stopped. It writes runs/<letters>-<budget> when --out is not given.
    """
    from letterlab.study.budgets import FAMILIES
    from letterlab.study.plan import read_plan
    from letterlab.study.preloading import begin_loading_for_trials

    own = read_plan(plan) if plan else None
    files = _weight_files(weights)
    names = [family.name for family in own.families] if own else list(FAMILIES)
    wanted = _families(only, names)
    letter_asked = chosen(letter, surname)
    check_engine(engine, ray_address)
    opened = read(letters, orientation, resize)
    folder = (
        out or Path("runs") / f"{Path(letters.removeprefix('emnist:')).resolve().stem}-{own.name if own else budget}"
    )
    if engine == "local" and not dry_run:
        begin_loading_for_trials()
    with console.status("Loading torch, looking for letters that stand in both parts, measuring this machine"):
        from letterlab.study.running import begin_study

        begun = begin_study(
            opened,
            own or budget,
            folder,
            only=wanted,
            letter=letter_asked,
            surname=surname,
            weights=files,
            workers=workers,
            engine=engine,
            ray_address=ray_address,
            keep_leaks=keep_leaks,
            store=store,
            command=_command(store),
        )
    _say_letters(begun.study.letters)
    _say_plan(begun)
    if dry_run:
        console.print(f"The plan as it is: {folder / 'study.json'}")
        return
    results = _run(begun)
    if not (letter or surname):
        again = f"{program('letterlab')} report {folder} --surname NAME"
        console.print(f"Section 1.4 is about A; {again} makes it about your letter.")
    _write(results, folder, lang)


def _command(store: str | None) -> str:
    """What this process was called with, without the password of a database."""
    from letterlab.study.database import without_password

    said = [one.replace(store, without_password(store)) if store else one for one in sys.argv[1:]]
    return shlex.join(["letterlab", *said])


def _families(only: str | None, known: list[str]) -> tuple[str, ...]:
    names = [name.strip() for name in only.split(",")] if only else known
    if unknown := [name for name in names if name not in known]:
        raise LetterlabError(
            f"--only {unknown[0]!r} is no family of this plan: give {', '.join(known)}, or some of them."
        )
    return tuple(name for name in known if name in names)


def _weight_files(weights: tuple[Path, ...]) -> dict[str, str]:
    """Each file by the network whose name its own begins with."""
    from typing import get_args

    from letterlab.recipe import ImageNetNetwork

    found = {}
    for file in weights:
        named = [name for name in get_args(ImageNetNetwork) if file.name.startswith(f"{name}-")]
        if not named:
            known = ", ".join(get_args(ImageNetNetwork))
            raise LetterlabError(
                f"--weights {file}: its name does not begin with a network's and a hyphen, as torchvision names files "
                f"(mobilenet_v2-b0353104.pth): rename it; the networks are {known}."
            )
        if not file.is_file():
            raise LetterlabError(f"--weights {file}: there is no such file.")
        found[named[0]] = str(file.resolve())
    return found


def _say_letters(said: "LettersRead") -> None:
    console.print(
        f"{said.train:,} letters to train on, {said.validation:,} to choose by, {said.test:,} to test with"
        + (" (drawn by this program)" if said.drawn else "")
        + (f"; files set aside: {len(said.set_aside):,}" if said.set_aside else "")
        + (f"; left out of training, for they stand in test too: {len(said.leaks):,}" if said.leaks else "")
    )


def _say_plan(begun: "Begun") -> None:
    """A line for each experiment, and how long all of it takes."""
    from letterlab.study.unfolding import foreseen

    expected = begun.study.foreseen
    for name, recipes in foreseen(begun.study.plan, begun.costs).items():
        lasts = duration(expected[name].seconds / begun.workers)
        console.print(f"  {name:23} {len(recipes):4} trainings, {lasts}; {_letters_and_epochs(recipes)}")
    trainings = sum(one.trainings for one in expected.values())
    lasts = duration(sum(one.seconds for one in expected.values()) / begun.workers)
    console.print(f"Plan {begun.study.plan.name}: {trainings} trainings, {begun.workers} at a time: {lasts} here")


def _letters_and_epochs(recipes: "list[Recipe]") -> str:
    """What they are shown, and for how long."""

    def span(values: set[int]) -> str:
        return f"{min(values)} to {max(values)}" if len(values) > 1 else str(min(values))

    shown = {one.letters_of_each for one in recipes}
    some = {one for one in shown if one != "all"}
    letters = [f"{span(some)} of each letter"] if some else []
    letters += ["all letters"] if "all" in shown else []
    return f"{' and '.join(letters)}, {span({one.epochs for one in recipes})} epochs"


def _run(begun: "Begun") -> "Results":
    """Runs the study with a progress bar over its estimated time."""
    from letterlab.commands.progress import Progress
    from letterlab.study.database import without_password
    from letterlab.study.folder import TRIALS
    from letterlab.study.store import STORE_FILE

    folder = begun.folder
    progress = Progress(begun)
    if progress.ended:
        console.print(f"{progress.ended} of them have ended already.")
    console.print(f"To watch: {program('tensorboard')} --logdir {folder / TRIALS}")
    shown = f"sqlite:///{folder / STORE_FILE}"
    if begun.shared:
        shown = without_password(begun.shared).replace("postgresql:", "postgresql+psycopg:", 1)
    console.print(f"      or: optuna-dashboard {shown} (pip install optuna-dashboard)")
    with bar("Study") as advance:
        accuracies: dict[str, float] = {}

        def watch(step: "Step") -> None:
            progress.take(step)
            name = step.trial.name
            if step.epoch:
                accuracies[name] = step.epoch.validation.accuracy
            advance(progress.seconds, progress.total, progress.line())
            if step.elsewhere and step.trial.epochs:
                accuracies[name] = step.trial.epochs[max(step.trial.epochs)]
            if step.what in ("done", "given up"):
                how = (", given up" if step.what == "given up" else "") + (", elsewhere" if step.elsewhere else "")
                console.print(f"{progress.ended:4}/{progress.trials} {name}: validation {accuracies[name]:.1%}{how}")
            elif step.what == "failed":
                console.print(f"{progress.ended:4}/{progress.trials} {name} failed: {step.reason}", markup=False)

        return begun.run(watch, lambda sentence: console.print(sentence, markup=False))


def report(
    folder: Annotated[Path, Parameter(help="Folder of a study.")],
    /,
    *,
    letter: Letter = None,
    surname: Surname = None,
    lang: Annotated[Language, Parameter(help="Language of the report.")] = "en",
    pdf: Annotated[
        bool, Parameter(negative="", help="Also print it as report.pdf, through a Chromium, Chrome or Edge.")
    ] = False,
    notebook: Annotated[
        bool, Parameter(negative="", help="Also write report.ipynb, which tells the same through the Python API.")
    ] = False,
) -> None:
    """Write a study's report again, without training; about another letter if one is named."""
    from letterlab.study.results import open_results

    results = open_results(folder)
    if letter or surname:
        results = results.about(chosen(letter, surname), surname)
    _write(results, folder, lang)
    if pdf:
        with console.status("Printing the report"):
            from letterlab.report.paper import write_pdf

            write_pdf(folder / "report.html", folder / "report.pdf")
        console.print(f"PDF: {folder / 'report.pdf'}")
    if notebook:
        with console.status("Running the notebook"):
            from letterlab.report.notebook import write_notebook

            write_notebook(results, folder / "report.ipynb", lang)
        console.print(f"Notebook: {folder / 'report.ipynb'}")


def _write(results: "Results", folder: Path, lang: Language) -> None:
    with console.status("Writing the report"):
        from letterlab.report.doubtful_file import DOUBTFUL_FILE, write_doubtful
        from letterlab.report.figure_files import FIGURES, write_figures
        from letterlab.report.findings_file import write_findings
        from letterlab.report.page import write_report
        from letterlab.report.predictions_file import write_predictions

        if results.reread:
            write_doubtful(results.reread.doubt, folder / DOUBTFUL_FILE)
        write_report(results, folder / "report.html", lang)
        write_findings(results, folder / "findings.json")
        write_predictions(results, folder / "predictions.csv")
        write_figures(folder / "report.html", folder / FIGURES)
    for family in results.families:
        test = family.best_trial.test.accuracy
        console.print(
            f"Best of {family.family}: {family.best.name}, {test.share:.1%} of {test.n:,} test letters "
            f"({test.low:.1%} to {test.high:.1%})"
        )
    for failure in results.failed:
        console.print(f"Failed: {failure.trial}: {failure.reason}", markup=False)
    console.print(f"Report: {folder / 'report.html'}")
