"""The letters that the benchmark works on: drawn, and unpacked as peers like them, when they are first asked for."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Self

from letterlab import Letters, open_letters
from letterlab.files import temporary
from letterlab.parts import parts
from letterlab.sources.archive import members


class Places(Mapping[str, str]):
    """What stands for {names} in the jobs' arguments (`rows.Job`)."""

    def __init__(self, letters: Path, folder: Path, quick: bool) -> None:
        """Letters of the assignment's format; a folder to keep what is made, and whether few letters are enough."""
        self.source, self.folder, self.quick = letters, folder, quick
        folder.mkdir(parents=True, exist_ok=True)
        self.scratch = TemporaryDirectory(dir=folder, prefix="scratch-")
        self.made: dict[str, Callable[[], Path]] = {
            "letters": self.letters,
            "tree": lambda: self.unpacked(self.letters(), "letters"),
            "drawn": lambda: self.drawn(65_000, 13_000),
            "drawn_tree": lambda: self.unpacked(self["drawn"], "drawn"),
            "picture": lambda: next(Path(self["tree"]).glob("test/*/*.jpg")),
            "scratch": lambda: Path(mkdtemp(dir=self.scratch.name)),
            "ours": lambda: Path(sys.executable).parent,
            "theirs": lambda: Path(__file__).parents[1] / ".peers/bin",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.scratch.cleanup()

    def __getitem__(self, name: str) -> str:
        return str(self.made[name]())

    def __iter__(self) -> Iterator[str]:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.made)

    def letters(self) -> Path:
        """13,000 to train on: those given, or drawn where there are none."""
        return self.source if self.source.exists() and not self.quick else self.drawn(13_000, 3_640)

    def drawn(self, train: int, test: int) -> Path:
        """A zip of so many drawn letters; of 500 and 140 where few are enough."""
        train, test = (500, 140) if self.quick else (train, test)
        path = self.folder / f"drawn-{train}-{test}.zip"
        if not path.exists():
            words = ["-m", "letterlab", "draw", str(path), "--train", str(train), "--test", str(test)]
            subprocess.run([sys.executable, *words], check=True, stdout=sys.stderr)
        return path

    def unpacked(self, source: str | Path, name: str) -> Path:
        """The same pictures, byte for byte, in a folder for each part and letter."""
        letters = open_letters(source, cache=self.folder / "cache")
        tree = self.folder / f"{name}-{letters.fingerprint}"
        if not tree.exists():
            with temporary(tree, folder=True) as unfinished, members(Path(source)) as found:
                wanted = {(name == "test", file): name for name, files in part_names(letters) for file in files}
                for member in found:
                    file = member.way[-1]
                    in_test = any(step.lower() in ("test", "test.zip") for step in member.way)
                    in_train = any(step.lower() in ("train", "train.zip") for step in member.way)
                    if in_test == in_train or (in_test, file) not in wanted:
                        continue
                    folder = unfinished / wanted[in_test, file] / file[0]
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / file).write_bytes(member.read())
                unfinished.rename(tree)
        return tree


def part_names(letters: Letters) -> Iterator[tuple[str, list[str]]]:
    """The files of each part, as a training by `letterlab.fit` divides them."""
    cut = parts(letters)
    for name in ("train", "validation", "test"):
        yield name, getattr(cut, name).names.tolist()
