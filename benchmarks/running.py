"""Jobs as processes: started, given work by turns, and watched."""

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from rows import Job, Row

HERE: Final = Path(__file__).parent
WATCHED_EVERY: Final = 0.5
"""Seconds between two looks at a job's memory: each look takes some milliseconds of a core that the job may need."""
PAUSE: Final = 0.3
"""Seconds between two jobs' turns, for threads that spin a while after their work."""


@dataclass
class Measured:
    """What came of one job of a row."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    """One for each alternation."""
    peak: int = 0
    """Bytes that its processes held together, at most."""

    @property
    def seconds(self) -> list[float]:
        """Of each alternation; infinite where the work could not be done."""
        return [math.inf if answer["seconds"] is None else answer["seconds"] for answer in self.answers]


def measure(row: Row, alternations: int, places: Mapping[str, str]) -> dict[str, Measured]:
    """Works through a row: theirs in their order, then ours, as often as is asked for; by the jobs' names.

    Args:
        row: what to measure.
        alternations: how often each job works.
        places: what stands for {names} in the jobs' arguments; {ours} and {theirs} are where their Pythons lie.
    """
    with ExitStack() as running:
        jobs = {
            job.name: running.enter_context(started(job, places["theirs" if job in row.theirs else "ours"], places))
            for job in (*row.theirs, row.ours)
        }
        for number in range(alternations):
            earlier: dict[str, Any] = {}
            for name, job in jobs.items():
                time.sleep(PAUSE)
                earlier[name] = job.work({"number": number, "earlier": dict(earlier)})
                print(f"  {number + 1}/{alternations} {name}: {earlier[name]}", file=sys.stderr, flush=True)
        return {name: job.measured for name, job in jobs.items()}


@contextmanager
def started(job: Job, programs: str, places: Mapping[str, str]) -> "Iterator[Command | Program]":
    """A job that is ready to work; its program ends with the context."""
    words = [argument.format_map(places) for argument in job.arguments]
    environment = os.environ | {name: value.format_map(places) for name, value in job.environment}
    if not job.program:
        yield Command(words, environment)
        return
    words = [f"{programs}/python", str(HERE / "jobs" / f"{job.program}.py"), *words]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        program = Program(job.name, process)
        try:
            program.wait_until_ready()
            yield program
        finally:
            assert process.stdin
            with suppress(BrokenPipeError):
                process.stdin.close()


class Command:
    """A command that is started anew for each alternation; from its start to its end is its time."""

    def __init__(self, words: list[str], environment: dict[str, str]) -> None:
        self.words, self.environment = words, environment
        self.measured = Measured()

    def work(self, _: dict[str, Any]) -> dict[str, Any]:
        """Runs it once. Raises `CalledProcessError` where it fails."""
        began = time.perf_counter()
        process = subprocess.Popen(
            self.words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=self.environment
        )
        _, status, used = os.wait4(process.pid, 0)
        answer = {"seconds": time.perf_counter() - began}
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, self.words)
        self.measured.answers.append(answer)
        self.measured.peak = max(self.measured.peak, used.ru_maxrss * 1024)
        return answer


class Program:
    """A program that lives as long as its row is measured."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self.name, self.process = name, process
        self.measured = Measured()

    def line(self) -> str:
        """Its next line. Raises `RuntimeError` where it has ended."""
        assert self.process.stdout
        if not (line := self.process.stdout.readline()):
            raise RuntimeError(f"The job {self.name} ended with {self.process.wait()}: {self.process.args}")
        return line

    def wait_until_ready(self) -> None:
        """Passes over what libraries print while it sets itself up."""
        while not self.line().rstrip().endswith('{"ready": true}'):
            pass

    def work(self, given: dict[str, Any]) -> dict[str, Any]:
        """Lets it work once."""
        assert self.process.stdin
        with watched(self.process.pid, self.measured):
            print(json.dumps(given), file=self.process.stdin, flush=True)
            answer = json.loads(self.line())
        self.measured.answers.append(answer)
        return answer


@contextmanager
def watched(process: int, measured: Measured) -> Iterator[None]:
    """Keeps the most memory that a process and its descendants held within the block, or itself ever before."""
    done = Event()

    def watch() -> None:
        while not done.wait(WATCHED_EVERY):
            measured.peak = max(measured.peak, sum(map(share_of_memory, family(process))))

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    # What comes and goes between two looks; other processes' share in what it shares with them is little.
    measured.peak = max(measured.peak, kilobytes(Path(f"/proc/{process}/status"), "VmHWM") * 1024)


def family(process: int) -> Iterator[int]:
    """A process and its descendants."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from family(int(child))


def share_of_memory(process: int) -> int:
    """Bytes that a process holds; of what it shares with others, its part (PSS)."""
    return kilobytes(Path(f"/proc/{process}/smaps_rollup"), "Pss") * 1024


def kilobytes(file: Path, name: str) -> int:
    """A figure from a file of /proc; 0 where there is none, or the process has gone."""
    with suppress(OSError):
        for line in file.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0
