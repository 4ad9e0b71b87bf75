"""What is measured against whom: each module of this folder has a tuple `ROWS`."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """One way of doing a row's work: a program that lives long, or a command that is started anew each time.

    A program `benchmarks/jobs/NAME.py` sets itself up, warms up, and calls `protocol.serve`: it prints {"ready": true},
    and then, for each line {"number": 0, "earlier": {...}} that it is given, does its work once and prints
    {"seconds": ...} with whatever else the row shows; it ends with its input. `number` is the alternation's, `earlier`
    holds the answers of the jobs before it in this alternation, by name: theirs work in their order, then ours.

    Arguments may hold these places, made when the first row that is measured asks for them:
        {letters}      folder of letters in the assignment's format (13,000 to train on)
        {tree}         the same unpacked as peers like it: train/a/a_00002.jpg, validation/..., test/...
        {drawn}        zip of drawn letters, 65,000 to train on and 13,000 to test
        {drawn_tree}   the same unpacked as {tree} is
        {picture}      one letter's JPEG
        {scratch}      a folder of the job's own, empty when it starts
        {ours}         folder of the programs beside our Python; {theirs}: beside the peers'
    """

    name: str
    """As the table says it."""
    program: str = ""
    """benchmarks/jobs/NAME.py, without folder and ending; none for a command."""
    arguments: tuple[str, ...] = ()
    """Of the program, or the whole command, whose time from start to end then counts."""
    least: float | None = None
    """How many times faster than this one ours must be, where that is not the row's; 0 is a comparison for context,
    which is never taken for the fastest peer."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables beside the harness's own; values may hold places."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    """For the command line: mlp-13000-64."""
    what: str
    """As the table says it, with what stands in the clock."""
    least: float
    """How many times faster than the fastest of them ours must be."""
    ours: Job
    theirs: tuple[Job, ...]
    limit: float | None = None
    """Seconds that ours must not reach."""
    alternations: int | None = None
    """How often each job works (each with a seed of its own, for example), where the command line does not say."""


def all_rows() -> Iterator[Row]:
    """In the order of the modules' names and of their tuples."""
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        yield from import_module(f"rows.{path.stem}").ROWS
