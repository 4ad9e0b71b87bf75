"""letterlab and its peers, side by side in one run: python benchmarks/bench.py [ROW ...]

Each row's figures go to results.json as soon as it is done; RESULTS.md and results.svg are written from that file,
from those of `accuracy.py` and `gpu.py`, and from shortfalls.toml, which says why a row falls short. Rows that are not
asked for keep what was measured earlier, with its date, versions and machine.
"""

import argparse
import json
import os
import shlex
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beside import accuracy, gpu
from places import Places
from results import figure, table
from rows import Row, all_rows
from running import Measured, measure
from versions import machine, versions

from letterlab import open_letters
from letterlab.files import write_text

HERE = Path(__file__).parent
ROOT = HERE.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures letterlab and its peers by turns, and writes RESULTS.md.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="a row, or how several begin; all if none is given")
    parser.add_argument("--list", action="store_true", help="show the rows and measure nothing")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md anew and measure nothing")
    parser.add_argument("--quick", action="store_true", help="500 letters, two alternations, nothing written")
    parser.add_argument("--alternations", type=int, metavar="N", help="how often each job works [5]")
    parser.add_argument(
        "--letters",
        type=Path,
        default=ROOT / "../shared/data/letters",
        metavar="FOLDER",
        help="letters in the assignment's format, 13,000 to train on [../shared/data/letters, or else drawn ones]",
    )
    parser.add_argument("--work", type=Path, default=ROOT / ".bench", metavar="FOLDER", help="for what is drawn")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the results lie [benchmarks]")
    return parser.parse_args()


def stored(path: Path) -> dict[str, Any]:
    """What a file of results holds; nothing where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def entry(row: Row, measured: dict[str, Measured], places: Places, load: float) -> dict[str, Any]:
    """A row's raw figures, and all that they depend on."""
    jobs = [
        {
            "name": job.name,
            "least": row.least if job.least is None else job.least,
            "answers": measured[job.name].answers,
            "peak": measured[job.name].peak,
        }
        for job in (row.ours, *row.theirs)
    ]
    return {
        "what": row.what,
        "limit": row.limit,
        "ours": jobs[0],
        "theirs": jobs[1:],
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["python", "benchmarks/bench.py", *sys.argv[1:]]),
        "drawn": open_letters(places["letters"]).drawn,
        "machine": {**machine(), "load before": round(load, 2)},
        "versions": versions(Path(places["theirs"]) / "python"),
    }


def write(folder: Path, found: dict[str, Any]) -> None:
    """The three files of the results."""
    found = {row.name: found[row.name] for row in all_rows() if row.name in found}
    write_text(folder / "results.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    beside = {name: stored(HERE / f"{name}.json") for name in ("accuracy", "gpu")}
    shortfalls = tomllib.loads((HERE / "shortfalls.toml").read_text(encoding="utf-8"))
    sections = [*accuracy(beside["accuracy"], shortfalls["accuracy"]), *gpu(beside["gpu"])]
    write_text(folder / "RESULTS.md", table(found, shortfalls) + "".join(f"{line}\n" for line in sections))
    write_text(folder / "results.svg", figure(found))


def main() -> None:
    asked = arguments()
    rows = [row for row in all_rows() if not asked.rows or any(map(row.name.startswith, asked.rows))]
    if asked.list:
        for row in rows:
            print(f"{row.name:24} {row.what}")
        return
    out = asked.out or (None if asked.quick else HERE)
    found = stored(out / "results.json") if out else {}
    if asked.write:
        write(out or HERE, found)
        return
    os.environ["LETTERLAB_CACHE"] = str(asked.work.resolve() / "cache")
    with Places(asked.letters.resolve(), asked.work.resolve(), asked.quick) as places:
        for row in rows:
            print(f"{row.name}: {row.what}", file=sys.stderr, flush=True)
            times = asked.alternations or (2 if asked.quick else row.alternations or 5)
            load = os.getloadavg()[0]
            measured = measure(row, times, places)
            found[row.name] = entry(row, measured, places, load)
            print(table({row.name: found[row.name]}), file=sys.stderr, flush=True)
            if out:
                write(out, found)


if __name__ == "__main__":
    main()
