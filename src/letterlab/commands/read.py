"""`letterlab read`."""

import glob
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from letterlab.commands.options import Engine, RayAddress, begin_loading_to_read, check_engine, one_core_a_product
from letterlab.commands.picture_files import STANDARD_INPUT, picture_files
from letterlab.errors import LetterlabError
from letterlab.terminal import bar, complaints, console

if TYPE_CHECKING:  # ONNX Runtime, NumPy and Pillow are loaded when there is something to read
    from letterlab.recognise.recogniser import Reading, Recogniser

AHEAD: Final = 8
"""Pictures for each that is read at a time, which may be read before an earlier one is done and printed."""
MANY: Final = 256
"""Pictures for which processes are begun: they read small ones twice as fast as threads, but begin a fifth of a second
later."""


def read(
    *pictures: Annotated[
        str,
        Parameter(
            help="Files, folders and globs; - is one picture from standard input.",
            allow_leading_hyphen=True,  # for that one; what begins so and is no option, picture_files refuses
        ),
    ],
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Print one line of JSON a picture.")] = False,
    annotated: Annotated[
        Path | None,
        Parameter(help="Write the picture with boxes drawn over it: a .png; a folder for several pictures."),
    ] = None,
    single: Annotated[bool, Parameter(negative="", help="Each picture is one letter.")] = False,
    model: Annotated[
        Path | None, Parameter(help="A network that `letterlab export` wrote, in place of the one that is shipped.")
    ] = None,
    engine: Engine = "local",
    ray_address: RayAddress = None,
    out: Annotated[
        str | None,
        Parameter(
            help="With --engine ray: a folder for files of JSON lines that every machine can write to; s3://... too."
        ),
    ] = None,
) -> None:
    """Read the letters in pictures: a letter, a word or a page in each.

    It prints their text, with ? for what is no letter; of several pictures each after its name. A picture that cannot
    be read is named on standard error and the others are read all the same; the exit code is then 2.

    With --engine ray the cores of a cluster read them, pictures at s3://BUCKET/PREFIX too, and print JSON.
    """
    if not pictures:
        raise LetterlabError(
            "There is nothing to read: name a picture, a folder or a glob of them, or - for standard input."
        )
    check_engine(engine, ray_address)
    if engine == "ray":
        with _quiet_ends():
            _in_bulk(pictures, annotated, single, model, ray_address, out)
        return
    if out:
        raise LetterlabError(f"--out {out} is of use with --engine ray only: give both, or neither.")
    items = chain.from_iterable(map(_files_of, pictures))
    first = list(islice(items, 2))
    several = len(first) > 1 or first != list(pictures)
    place = _places(annotated, pictures, several) if annotated else None
    whole = True
    with _quiet_ends(), _progress(pictures, several) as advance:
        for name, outcome in _outcomes(chain(first, items), several, model, single, place):
            if isinstance(outcome, LetterlabError):
                whole = False
                complaints.print(f"letterlab: {outcome}", markup=False, style="red")
            else:
                _say(name, outcome, several, as_json)
            advance()
        if not whole:
            sys.exit(2)


@contextmanager
def _quiet_ends() -> Iterator[None]:
    """Ctrl-C, and a reader of the output who has enough of it, end the command without a word."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the flush at the end must not complain either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_bulk(
    pictures: Iterable[str],
    annotated: Path | None,
    single: bool,
    model: Path | None,
    ray_address: str | None,
    out: str | None,
) -> None:
    """Reads pictures on a Ray cluster, and prints their lines or what is written of them."""
    if annotated or STANDARD_INPUT in pictures:
        raise LetterlabError("--engine ray takes neither --annotated nor standard input: leave it out.")
    from letterlab.cluster import connect

    cores = connect(ray_address)
    from letterlab.commands.bulk import Line, read_in_bulk

    done = unread = 0
    for one in read_in_bulk(pictures, single, model, out, cores):
        if isinstance(one, Line):
            done += 1
            unread += bool(one.error)
            if one.error:
                complaints.print(f"letterlab: {one.error}", markup=False, style="red")
            else:
                print(one.json, flush=True)
        else:
            done, unread = done + one.pictures, unread + one.unread
    if out:
        console.print(f"{done:,} pictures, of which {unread:,} could not be read: {out}")
    if unread:
        sys.exit(2)


def _files_of(argument: str) -> Iterator[str | LetterlabError]:
    """What an argument stands for, ending with the reason if it stands for nothing."""
    try:
        yield from picture_files(argument)
    except LetterlabError as error:
        yield error


def _outcomes(
    items: Iterator[str | LetterlabError],
    several: bool,
    model: Path | None,
    single: bool,
    place: Callable[[str], Path] | None,
) -> Iterator[tuple[str, "Reading | LetterlabError"]]:
    """What comes of each picture, in their order; several are read at a time, many by a process for each core."""
    one_core_a_product()
    if not several:
        yield from map(partial(_outcome, _recogniser(model), single, place), items)
        return
    from concurrent.futures import ThreadPoolExecutor

    first = list(islice(items, MANY))
    with ExitStack() as until_the_end:
        if len(first) < MANY:
            recogniser = _recogniser(model)
        else:
            begin_loading_to_read()
            from letterlab.recognise.side_by_side import SideBySide

            recogniser = until_the_end.enter_context(SideBySide(model))
        pool = ThreadPoolExecutor(recogniser.at_once)
        until_the_end.callback(pool.shutdown, cancel_futures=True)
        work, items = partial(_outcome, recogniser, single, place), chain(first, items)
        at_work = deque(pool.submit(work, item) for item in islice(items, AHEAD * recogniser.at_once))
        while at_work:
            yield at_work.popleft().result()
            at_work.extend(pool.submit(work, item) for item in islice(items, 1))


def _recogniser(model: Path | None) -> "Recogniser":
    from letterlab.recognise.recogniser import Recogniser

    return Recogniser(model)


def _outcome(
    recogniser: "Recogniser", single: bool, place: Callable[[str], Path] | None, item: str | LetterlabError
) -> tuple[str, "Reading | LetterlabError"]:
    """One picture's name, and its reading or why there is none."""
    if isinstance(item, LetterlabError):
        return "", item
    from letterlab.recognise.decoding import Limits, PictureError

    given = item == STANDARD_INPUT
    try:
        picture = sys.stdin.buffer.read(Limits().bytes + 1) if given else item
        if not place:
            return item, recogniser.read(picture, single=single)
        from letterlab.recognise.annotation import write_annotated
        from letterlab.recognise.recogniser import open_picture

        grey = open_picture(picture)
        reading = recogniser.read(grey, single=single)
        write_annotated(grey, reading, item, place(item))
        return item, reading
    except PictureError as error:
        return item, LetterlabError(f"Standard input: {error}.") if given else error
    except LetterlabError as error:
        return item, error


def _say(name: str, reading: "Reading", several: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps(reading.as_json(name)), flush=True)
        return
    encoding = (
        sys.stdout.encoding or "utf-8"
    )  # a name may hold what cannot be shown; under a progress bar there is none
    shown = name.encode(encoding, "backslashreplace").decode(encoding)
    if not reading.text:
        complaints.print(f"letterlab: {shown}: there is no letter in it.", markup=False)
    text = reading.text.replace("\n", "\n    ") if several else reading.text
    print((f"{shown}:\n    {text}" if "\n" in text else f"{shown}: {text}") if several else text, flush=True)


def _places(annotated: Path, arguments: Iterable[str], several: bool) -> Callable[[str], Path]:
    """Where the annotated picture of each file goes: in the folder, as the file lies below what all have in common.

    Raises:
        LetterlabError: a folder is needed and a file is named, or the other way round.
    """
    is_png = annotated.suffix.casefold() == ".png"
    if not several:
        if not is_png:
            raise LetterlabError(f"--annotated {annotated}: for one picture give a name that ends in .png.")
        return lambda _: annotated
    if is_png or annotated.is_file():
        raise LetterlabError(f"--annotated {annotated}: for several pictures give a folder.")
    common = os.path.commonpath([_folder_of(argument) for argument in arguments])

    def place(name: str) -> Path:
        below = os.path.relpath(name, common)
        return annotated / (below if below.casefold().endswith(".png") else f"{below}.png")

    return place


def _folder_of(argument: str) -> Path:
    """The folder that an argument names, or in which all that it stands for lies."""
    path = Path(argument).absolute()
    if path.is_dir():
        return path
    return next(folder for folder in path.parents if not glob.has_magic(str(folder)))


@contextmanager
def _progress(arguments: Iterable[str], several: bool) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error, if that is a terminal and there are several pictures."""
    if not (several and complaints.is_terminal):
        yield lambda: None
        return
    total, done = sum(1 for argument in arguments for _ in _files_of(argument)), 0
    with bar("Reading", complaints) as show:

        def advance() -> None:
            nonlocal done
            done += 1
            show(done, total, f"{done:,} of {total:,} pictures")

        yield advance
