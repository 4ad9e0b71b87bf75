"""The long versions of what docs/reliability.md promises, and the tables of figures in it: python benchmarks/soak.py

Every kind of command is killed many times and all other faults are tried (tests/faults); every reader is fuzzed, two at
a time; the server is asked for more than it can do, and for long (benchmarks/serving_load.py). Ends with 1 where a
promise was not kept.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from xml.etree import ElementTree

from marked import machine, rewrite

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fuzz.fuzz import Fuzzed, fuzz
from readers import READERS

HERE = Path(__file__).resolve().parents[1]
PAGE = HERE / "docs" / "reliability.md"
NAMES = {"cache": "reading letters into the cache"}
PICTURES_A_SECOND = 300
P99 = 100
"""Milliseconds, at 80 % of that many pictures a second."""
GROWTH = 1.05
"""Of the server's memory, at most, from the first quarter of many requests to the last."""


class Row(NamedTuple):
    """Of the table of promises."""

    what: str
    figure: str
    asked: str
    kept: bool


def faults(kills: int, folder: Path) -> list[Row]:
    """All of tests/faults, each kind of command killed so often."""
    told = folder / "faults.xml"
    words = ["tests/faults", "-q", "-n", "2", "--dist", "worksteal", "--kills", str(kills)]
    words += ["-o", "junit_family=xunit1", "--junitxml", str(told)]  # the family that may hold what a test tells
    subprocess.run([sys.executable, "-m", "pytest", *words], check=False, cwd=HERE)
    rows, passed, others, skipped = [], 0, 0, 0
    for test in ElementTree.parse(told).iter("testcase"):
        ended = {child.tag for child in test}
        of = {one.attrib["name"]: one.attrib["value"] for one in test.iter("property")}
        right = not ended & {"failure", "error"}
        if "killed" in of:
            figure = f"{of['survived']} of {of['tried']} kills survived"
            name = of["killed"]
            rows.append(Row(NAMES.get(name, f"`letterlab {name}`") + ", killed", figure, "all", right))
        else:
            others += 1
            skipped += "skipped" in ended
            passed += right and "skipped" not in ended
    figure = f"{passed} of {others} tests passed" + (f", {skipped} skipped" if skipped else "")
    return [*sorted(rows), Row("other faults", figure, "all", passed == others)]


def fuzzed(seconds: int, folder: Path) -> dict[str, Fuzzed]:
    """What came of every reader, each fuzzed for so long."""
    if find_spec("atheris") is None:
        return {}

    def half(number: int) -> dict[str, Fuzzed]:
        place = folder / str(number)
        place.mkdir()
        found = {}
        for name, one in fuzz(list(READERS)[number::2], place, f"-max_total_time={seconds}"):
            print(f"{name:15}{one.executions:>10,} inputs  {one.finding}", flush=True)
            found[name] = one
        return found

    with ThreadPoolExecutor(2) as two:
        first, second = two.map(half, (0, 1))
    return {name: (first | second)[name] for name in READERS}


def load(pictures: int, requests: int, folder: Path) -> list[Row]:
    """The server alone, under load and for long."""
    file = folder / "load.json"
    words = ["--pictures", str(pictures), "--requests", str(requests), "--figures", str(file)]
    subprocess.run([sys.executable, str(HERE / "benchmarks" / "serving_load.py"), *words], check=False)
    if not file.exists():
        return [Row("the server under load", "it failed", "every answer right or 429", False)]
    told = json.loads(file.read_text(encoding="utf-8"))
    rows = []
    for one in told["parts"]:
        refused, single = one.get("refused", 0), not one["kind"].startswith("16")
        became = f"{one['right']:,} of {one['n']:,} requests right, {refused:,} refused"
        if one["part"] == "at once":
            asked = f"{PICTURES_A_SECOND} a second" if single else "all right or 429"
            kept = not single or one["rate"] >= PICTURES_A_SECOND
            figure = f"{one['rate']:.0f} a second"
        elif one["part"] == "at a rate":
            asked = f"p99 under {P99} ms" if single else "all right or 429"
            kept = not single or one["p99"] < P99
            figure = f"p99 {one['p99']:.0f} ms; {became}"
        else:
            asked, kept, figure = "all right or 429", True, became
        part = {"at a rate": f"{told['rate']:.0f} a second", "too much": "four times what it reads"}
        rows.append(Row(f"{one['kind']}, {part.get(one['part'], one['part'])}", figure, asked, kept))
    memory, flat = told["memory"][1:], told["memory"][-1] <= GROWTH * told["memory"][1]
    figure = f"{memory[0]:.0f} MB after a quarter, {memory[-1]:.0f} MB after all"
    return [*rows, Row(f"{told['requests']:,} requests, one letter each", figure, "memory does not grow", flat)]


def tables(rows: Sequence[Row], found: dict[str, Fuzzed], seconds: int) -> str:
    lines = ["| promise | figure | asked for | kept |", "| --- | --- | --- | --- |"]
    lines += [f"| {row.what} | {row.figure} | {row.asked} | {'yes' if row.kept else '**no**'} |" for row in rows]
    lines += ["", f"| reader, fuzzed for {seconds} s | inputs | edges of Python code | found |"]
    lines += ["| --- | --- | --- | --- |"]
    for name, one in found.items():
        came = "**a fault**" if one.finding else "nothing"
        lines.append(f"| {name} | {one.executions:,} | {one.covered:,} | {came} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="of each of five kinds of command (20)")
    parser.add_argument("--seconds", type=int, default=30, help="of fuzzing for each reader (30)")
    parser.add_argument("--pictures", type=int, default=2_000, help="of each part under load (2,000)")
    parser.add_argument("--requests", type=int, default=200_000, help="of the long part (200,000)")
    given = parser.parse_args()
    where, began = machine(), time.monotonic()
    with TemporaryDirectory(prefix="letterlab-soak-") as named:
        folder = Path(named)
        rows = faults(given.kills, folder)
        found = fuzzed(given.seconds, folder)
        inputs, broken = sum(one.executions for one in found.values()), sum(bool(one.finding) for one in found.values())
        figure = f"{inputs:,} inputs, {broken} of {len(found)} readers broken"
        rows.append(Row("hostile input of every reader", figure, "none", bool(found) and not broken))
        rows += load(given.pictures, given.requests, folder)
    minutes = (time.monotonic() - began) / 60
    told = f"{where}; {minutes:.0f} minutes.\n\n{tables(rows, found, given.seconds)}"
    rewrite(PAGE, "figures of make soak", told)
    print(f"\n{told}\n\nWritten into {PAGE.relative_to(HERE)}.")
    return int(not all(row.kept for row in rows))


if __name__ == "__main__":
    sys.exit(main())
