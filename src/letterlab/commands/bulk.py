"""`letterlab read --engine ray`: pictures in bulk, read by all cores of a Ray cluster through Ray Data.

Their names alone go through this process, a thousand to a block; a machine that has a block opens its pictures itself,
and keeps one network in memory for each of its cores. What a lost machine had at work is done again elsewhere.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import pyarrow as pa
from pyarrow.fs import FileSelector, FileSystem, FileType

from letterlab.cluster import check_versions, versions
from letterlab.commands.picture_files import is_picture, natural, picture_files
from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.recognise.decoding import Limits, PictureError
from letterlab.recognise.recogniser import Recogniser

BLOCK: Final = 1_000
"""Pictures that are handed out, and done again, together."""
AHEAD: Final = 8
"""Pictures that a core fetches from a store before it reads them: the way there takes longer than the reading."""


class Line(NamedTuple):
    """What comes of a picture; of one that cannot be read, the reason."""

    json: str
    error: str = ""


class Counts(NamedTuple):
    """What came of many."""

    pictures: int
    unread: int


def read_in_bulk(
    arguments: Iterable[str], single: bool, model: Path | None, out: str | None, cores: int
) -> Iterator[Line | Counts]:
    """Reads pictures on the cluster that this process has joined.

    Args:
        arguments: files, folders, globs; or addresses of a file or a folder in a store, as s3://BUCKET/PREFIX.
        single: each picture is one letter.
        model: a network's file on this machine; the one that comes with the program when not given.
        out: a folder or the address of one, for part-*.jsonl, a part for each block, where an unread picture's line has
            "error" in place of its text. Nothing else may lie there.
        cores: of the cluster.

    Yields:
        Without `out` each picture's line, in the order of their names; else the counts of each part.

    Raises:
        LetterlabError: the network cannot be read, `out` is not empty, or a machine of the cluster cannot read
            pictures.
    """
    import ray
    import ray.data

    Recogniser(model)  # what is wrong with it is said here, once
    names: list[str] = []
    for argument in arguments:
        try:
            names += _in_store(argument) if "://" in argument else picture_files(argument)
        except LetterlabError as error:
            yield Line("", str(error))
    if not names:
        return
    if out is not None:
        out = out if "://" in out else str(Path(out).resolve())
        _check_empty(out)
    # Of few pictures each core has some, too.
    size = min(BLOCK, -(-len(names) // (4 * cores)))
    blocks = [
        pa.table({"name": [os.fsencode(name) for name in names[start : start + size]]})
        for start in range(0, len(names), size)
    ]
    numbered = [
        block.append_column("part", pa.array([number] * len(block), pa.int64())) for number, block in enumerate(blocks)
    ]
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # it would tell of every step
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_options.preserve_order = out is None
    given = versions("letterlab"), str(Path.cwd()), model.read_bytes() if model else None, single, out
    done = ray.data.from_arrow(numbered).map_batches(
        _Reader,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores),
        num_cpus=1,
        fn_constructor_args=given,
        batch_format="pyarrow",
        batch_size=None,
    )
    try:
        tables: Iterable[Any] = done.iter_batches(batch_format="pyarrow", batch_size=None, prefetch_batches=0)
        for table in tables:
            for row in table.to_pylist():
                if out:
                    yield Counts(**row)
                else:
                    yield Line(row["json"], json.loads(row["json"])["error"] if row["unread"] else "")
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()[-1]
        raise LetterlabError(f"A machine of the Ray cluster cannot read pictures: {said}") from None


class _Reader:
    """Reads blocks of pictures, in a process of its own on some machine."""

    def __init__(self, wanted: dict[str, str], folder: str, model: bytes | None, single: bool, out: str | None) -> None:
        check_versions(wanted)
        with suppress(FileNotFoundError):  # what lies in a store is read all the same
            os.chdir(folder)  # from which names are meant
        with TemporaryDirectory() as scratch:
            file = Path(scratch, "network.onnx")
            file.write_bytes(model or b"")
            self._recogniser = Recogniser(file if model else None)
        self._single, self._out = single, out
        self._pool = ThreadPoolExecutor(AHEAD)

    def __call__(self, block: pa.Table) -> pa.Table:
        lines = list(map(self._line, *zip(*self._fetched(map(os.fsdecode, block["name"].to_pylist())), strict=True)))
        if self._out is None:
            return pa.Table.from_pylist([{"json": line.json, "unread": bool(line.error)} for line in lines])
        text = "".join(f"{line.json}\n" for line in lines).encode()
        _write(self._out, f"part-{block['part'][0].as_py():09}.jsonl", text)
        return pa.Table.from_pylist([Counts(len(lines), sum(bool(line.error) for line in lines))._asdict()])

    def _fetched(self, names: Iterator[str]) -> Iterator[tuple[str, str | bytes | LetterlabError]]:
        """Each name with what the recogniser is given for it: of what lies in a store its bytes."""
        coming = deque((name, self._pool.submit(_content, name)) for name in islice(names, AHEAD))
        while coming:
            name, content = coming.popleft()
            yield name, content.result()
            coming.extend((name, self._pool.submit(_content, name)) for name in islice(names, 1))

    def _line(self, name: str, content: str | bytes | LetterlabError) -> Line:
        try:
            if isinstance(content, LetterlabError):
                raise content
            return Line(json.dumps(self._recogniser.read(content, single=self._single).as_json(name)))
        except PictureError as error:
            said = f"{name}: {error}." if isinstance(content, bytes) else str(error)
        except LetterlabError as error:
            said = str(error)
        return Line(json.dumps({"file": name, "error": said}), said)


def _content(name: str) -> str | bytes | LetterlabError:
    if "://" not in name:
        return name
    try:
        store, path = FileSystem.from_uri(name)
        with store.open_input_stream(path) as file:
            return bytes(file.read(Limits().bytes + 1))  # enough to be refused
    except (OSError, ValueError) as error:
        return LetterlabError(f"{name} cannot be read ({error}).")


def _in_store(address: str) -> list[str]:
    """Addresses of the pictures below one in a store, in natural order; what is hidden is passed over.

    Raises:
        LetterlabError: it cannot be looked at, or there is none.
    """
    bare, mark, settings = address.partition("?")
    try:
        store, path = FileSystem.from_uri(address)
        if store.get_file_info([path])[0].type == FileType.File:
            return [address]
        found = [one.path for one in store.get_file_info(FileSelector(path, recursive=True)) if one.is_file]
    except (OSError, ValueError) as error:
        raise LetterlabError(f"{address} cannot be read ({error}).") from None
    below = [name.removeprefix(path).lstrip("/") for name in found]
    shown = [name for name in below if is_picture(name) and not any(part[0] == "." for part in name.split("/"))]
    if not shown:
        raise LetterlabError(f"There is no picture at {address}: give a JPEG, PNG, BMP or WebP, or a folder of them.")
    return [f"{bare.rstrip('/')}/{name}{mark}{settings}" for name in sorted(shown, key=natural)]


def _check_empty(out: str) -> None:
    store, path = FileSystem.from_uri(out)
    if store.get_file_info(FileSelector(path, allow_not_found=True)):
        raise LetterlabError(f"--out {out} is not empty: give another, or empty it.")
    store.create_dir(path)


def _write(out: str, name: str, content: bytes) -> None:
    """Whole or not at all, as a store does by itself; a block that is done again writes the same."""
    if "://" not in out:
        with replace_whole(Path(out, name)) as file:
            file.write(content)
        return
    store, path = FileSystem.from_uri(out)
    with store.open_output_stream(f"{path}/{name}") as stream:
        stream.write(content)
