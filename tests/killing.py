"""Commands of letterlab in real processes that are killed (SIGKILL) at a chosen moment.

They are forked from a process that has loaded torch once, as the trials of a study are, so that one takes a moment.
"""

import json
import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import forkserver
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from letterlab.checkpoint import read_checkpoint
from letterlab.checksum import is_whole
from letterlab.recognise.model import open_model

_LOADED = [
    "letterlab.study.engine",
    "torch._inductor",
    "onnxscript",
    "letterlab.cli",
    "letterlab.export",
    "letterlab.report.page",
]
_COUNTED = ("open", "os.", "shutil.", "sqlite3.")


@dataclass(frozen=True)
class Moment:
    """When a process is killed: at a file that it opens, renames or removes, counted from its start; or somewhat on."""

    files: int
    seconds: float


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    files: int
    """So often it opened, renamed or removed a file."""
    seconds: float
    processor: float
    """Seconds of processor time, without those of a study's trainings."""
    said: str
    """On both its outputs."""

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


def letterlab(*words: object, cwd: Path, moment: Moment | None = None, before=None) -> Ended:
    """Runs a command to its end, or to the moment.

    Args:
        words: of the command.
        cwd: where it runs; its cache is there too.
        moment: when it is killed.
        before: a function of a module that can be imported, called in the process first.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    forkserver.ensure_running()
    here, there = context.Pipe(duplex=False)
    address = forkserver._forkserver._forkserver_address
    descriptor, output = tempfile.mkstemp()
    os.close(descriptor)
    given = ([str(word) for word in words], cwd, output, moment, before, address, there)
    process = context.Process(target=_run, args=given)
    started = time.perf_counter()
    process.start()
    there.close()
    try:
        files, processor = here.recv()
    except EOFError:
        files, processor = 0, 0.0
    process.join()
    seconds = time.perf_counter() - started
    return Ended(process.exitcode, files, seconds, processor, Path(output).read_text(encoding="utf-8"))


def _run(words, cwd, output, moment, before, address, told):
    server = forkserver._forkserver
    # A study in this process shares the fork server, which is not its child.
    server._forkserver_address, server.ensure_running = address, lambda: None
    os.chdir(cwd)
    os.environ |= {"LETTERLAB_CACHE": str(cwd / "cache"), "NO_COLOR": "1"}
    there = os.open(output, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(there, stream)
    sys.argv = ["letterlab", *words]
    from letterlab.cli import main

    if before:
        before()
    count = 0

    def watch(event, _):
        nonlocal count
        if event.startswith(_COUNTED):
            count += 1
            if moment and count == moment.files:
                threading.Timer(moment.seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()

    sys.addaudithook(watch)
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        told.send((count, time.process_time()))


def moments(seed: int, whole: Ended):
    """Ever new moments in the life of a command, of which one ran to its end undisturbed.

    By turns at a file, or up to 20 milliseconds after it, when it may be half written; and at any time.
    """
    chance = random.Random(seed)
    while True:
        yield Moment(chance.randint(1, whole.files), chance.choice((0.0, chance.uniform(0, 0.02))))
        yield Moment(1, chance.uniform(0, whole.seconds))


def check_files(folder: Path) -> int:
    """Reads every file that stands in a folder under its name, which fails if one is half; says how many there are."""
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    for file in files:
        check_file(file)
    return len(files)


def check_file(file: Path) -> None:
    """Reads a file, which fails if it is not whole."""
    if file.suffix == ".safetensors":
        read_checkpoint(file)
    elif file.suffix == ".npz":
        content = file.read_bytes()
        assert is_whole(content)
        np.load(BytesIO(content))
    elif file.suffix == ".json":
        json.loads(file.read_bytes())
    elif file.suffix == ".onnx":
        open_model(file)
    elif file.suffix == ".html":
        assert file.read_text(encoding="utf-8").rstrip().endswith("</html>")
    elif file.suffix == ".svg":
        ElementTree.parse(file)
    elif file.suffix == ".png":
        assert file.read_bytes().endswith(b"IEND\xaeB`\x82")
    elif file.suffix == ".db":
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def left_over(folder: Path) -> list[Path]:
    """Temporary files and folders that nobody will take up."""
    return [path for path in folder.rglob("*") if path.name.endswith(".part") or path.name.endswith("-journal")]


def no_pickles() -> None:
    """From now on this process ends where a pickle names anything to be loaded."""

    def watch(event, given):
        if event == "pickle.find_class":
            os.write(2, f"a pickle asks for {given}".encode())
            os._exit(99)

    sys.addaudithook(watch)


def little_memory() -> None:
    """This process may have 300 MB more than it has."""
    has = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (has + 300_000_000, resource.RLIM_INFINITY))
