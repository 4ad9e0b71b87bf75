"""Fuzzes every reader, guided by what it covers (Atheris, libFuzzer), and says what came of it.

python tests/fuzz/fuzz.py [--runs N | --seconds N] [READER ...]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

# The status does not tell: at the end of a fork C++ stumbles over threads that stayed behind.
_DONE = re.compile(r"^Done \d+ runs in \d+ second", re.MULTILINE)
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


class Fuzzed(NamedTuple):
    """What came of one reader."""

    executions: int
    covered: int
    """Edges of the code that were walked."""
    finding: str
    """The end of what was said of an input that broke it; empty where none did."""


def fuzz(names: Sequence[str], folder: Path, *flags: str) -> Iterator[tuple[str, Fuzzed]]:
    """Runs the targets one after another in a process of their own; the input that breaks one stays in the folder."""
    command = [sys.executable, str(HERE / "target.py"), str(folder), ",".join(names), *flags]
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout
        for line in process.stdout:  # one for each reader that has ended
            name = line.strip()
            words = (folder / name / "said").read_text(errors="replace")
            progress = re.findall(r"^#(\d+)\t\w+ +(?:cov: (\d+))?", words, re.MULTILINE)
            executions, covered = progress[-1] if progress else ("0", "")
            yield name, Fuzzed(int(executions), int(covered or 0), "" if _DONE.search(words) else words[-3000:])
    if process.returncode:
        raise RuntimeError((folder / "said").read_text(errors="replace")[-3000:])


def main() -> int:
    """Fuzzes the readers named, or all of them; 1 if one broke."""
    from readers import READERS

    parser = argparse.ArgumentParser(description=__doc__)
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--runs", type=int, default=20_000, help="inputs for each reader (20,000)")
    limit.add_argument("--seconds", type=int, help="how long for each reader, instead")
    parser.add_argument("readers", nargs="*", choices=[*READERS, []], help="all of them when none is named")
    given = parser.parse_args()
    if find_spec("atheris") is None:
        print("Atheris is not installed: it has wheels for Linux on x86-64 and the Pythons that pyproject.toml names.")
        return 2
    until = f"-max_total_time={given.seconds}" if given.seconds else f"-runs={given.runs}"
    folder = Path(tempfile.mkdtemp(prefix="letterlab-fuzz-"))
    broken = False
    for name, found in fuzz(given.readers or list(READERS), folder, until):
        print(f"{name:15}{found.executions:>10,} executions{found.covered:>6,} edges  ", end="")
        print(f"BROKEN, see {folder / name}\n{found.finding}" if found.finding else "nothing found", flush=True)
        broken |= bool(found.finding)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
