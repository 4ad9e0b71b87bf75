"""Letters as values: a `LetterSet` is one part (train or test), `Letters` is everything a source holds."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.shapes import Bool, Int, Shaped, UInt8

SIDE: Final = 28
"""Height and width of a letter's picture in pixels."""
FOLDS: Final = 4
"""Parts of the training letters, each of which can be held out in turn."""


@dataclass(frozen=True, eq=False)
class LetterSet:
    """Pictures of letters and what they show. Two sets are the same when their fingerprints are."""

    images: UInt8[np.ndarray, "n 28 28"]
    """Upright, bright ink (255) on black (0)."""
    labels: UInt8[np.ndarray, "n"]
    """Class index of each picture, 0 (A) to 25 (Z)."""
    names: Shaped[np.ndarray, "n"]
    """File name of each picture, as its source names it."""
    fingerprint: str
    """SHA-256 over pictures and labels, 64 hexadecimal digits: names do not enter into it."""

    @classmethod
    def of(cls, images: UInt8[np.ndarray, "n 28 28"], labels: UInt8[np.ndarray, "n"], names: list[str]) -> "LetterSet":
        """A set with its fingerprint worked out."""
        digest = hashlib.sha256(np.ascontiguousarray(images).data)
        digest.update(np.ascontiguousarray(labels).data)
        return cls(images, labels, np.array(names, dtype=np.str_), digest.hexdigest())

    def __len__(self) -> int:
        return len(self.labels)

    def joined(self, other: "LetterSet") -> "LetterSet":
        """The letters of both, this one's first."""
        return LetterSet.of(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.labels, other.labels]),
            [*self.names.tolist(), *other.names.tolist()],
        )

    def take(self, which: Int[np.ndarray, "m"] | Bool[np.ndarray, "n"]) -> "LetterSet":
        """The letters at these positions (or where the mask is true), as a set of its own."""
        return LetterSet.of(self.images[which], self.labels[which], self.names[which].tolist())

    def counts(self) -> Int[np.ndarray, "26"]:
        """How many there are of each letter."""
        return np.bincount(self.labels, minlength=len(LETTERS))


def split_stratified(
    labels: UInt8[np.ndarray, "n"], fraction: float, seed: int
) -> tuple[Int[np.ndarray, "kept"], Int[np.ndarray, "cut"]]:
    """Positions of the letters that stay and of those cut off, the same fraction of every letter, both ascending.

    At least one of each letter stays; a letter of which there are two or more gives at least one.
    """
    generator = np.random.default_rng(seed)
    cut = []
    for index in range(len(LETTERS)):
        positions = generator.permutation(np.flatnonzero(labels == index))
        count = min(max(round(len(positions) * fraction), 1), max(len(positions) - 1, 0))
        cut.append(positions[:count])
    stays = np.ones(len(labels), dtype=bool)
    stays[np.concatenate(cut)] = False
    return np.flatnonzero(stays), np.flatnonzero(~stays)


def folds_stratified(labels: UInt8[np.ndarray, "n"]) -> Int[np.ndarray, "n"]:
    """The fold of each letter, 0 to FOLDS - 1, the same every time.

    Two folds differ by one letter at most, and so do their shares of each letter.
    """
    generator = np.random.default_rng(0)
    by_letter = [generator.permutation(np.flatnonzero(labels == index)) for index in range(len(LETTERS))]
    found = np.empty(len(labels), dtype=np.int64)
    found[np.concatenate(by_letter)] = np.arange(len(labels)) % FOLDS  # dealt out like cards
    return found


@dataclass(frozen=True)
class Orientation:
    """Whether the source stored its letters transposed (rows and columns exchanged), and how that is known."""

    stored: Literal["stored-transposed", "upright"]
    certainty: float
    """Probability, 0.5 to 1, that `stored` is right; 1 when the user or the format says so."""
    reason: str
    """One sentence: how it was decided."""


@dataclass(frozen=True)
class SetAside:
    """A file that was not read as a letter."""

    file: str
    reason: str


@dataclass(frozen=True)
class Letters:
    """What a source holds: letters to train on, letters to test on, and how they were read."""

    train: LetterSet
    test: LetterSet
    source: str
    """As the user named it."""
    orientation: Orientation
    set_aside: tuple[SetAside, ...] = ()
    test_was_cut: bool = False
    """The source had no test part, and one was cut from its letters (a sixth of each, as in the assignment)."""
    drawn: bool = False
    """Letters drawn by this program, not written by people: every number from them must say so."""
    notes: tuple[str, ...] = field(default=())
    """What else the reader of results should know, one sentence each."""
    more: LetterSet | None = None
    """Letters of other sources to train on only: none of them validates or tests."""
    prepared: bool = False
    """The pictures are as a recogniser sees them (`recognise.ink.prepare_letters`), not as they are stored."""

    @property
    def fingerprint(self) -> str:
        """First 16 digits of a SHA-256 over the fingerprints of all parts."""
        parts = [part.fingerprint for part in (self.train, self.test, self.more) if part is not None]
        return hashlib.sha256("".join(parts).encode()).hexdigest()[:16]

    def without_train(self, positions: Int[np.ndarray, "m"]) -> "Letters":
        """The same, with the training letters at these positions left out."""
        keep = np.ones(len(self.train), dtype=bool)
        keep[positions] = False
        return replace(self, train=self.train.take(keep))

    def save(self, folder: Path) -> None:
        """Writes the letters into an existing empty folder, as .npy arrays and one JSON file."""
        parts = {"train": self.train, "test": self.test} | ({} if self.more is None else {"more": self.more})
        for part, letters in parts.items():
            for name in ("images", "labels", "names"):
                np.save(folder / f"{part}-{name}.npy", getattr(letters, name), allow_pickle=False)
        described = {
            "source": self.source,
            "orientation": asdict(self.orientation),
            "set_aside": [asdict(aside) for aside in self.set_aside],
            "test_was_cut": self.test_was_cut,
            "drawn": self.drawn,
            "notes": self.notes,
            "prepared": self.prepared,
            "fingerprints": {part: letters.fingerprint for part, letters in parts.items()},
        }
        (folder / "letters.json").write_text(json.dumps(described, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> "Letters":
        """Letters that `save` wrote, memory-mapped: nothing is read until it is looked at.

        Raises:
            OSError, ValueError, KeyError: the folder does not hold what `save` writes.
        """
        described = json.loads((folder / "letters.json").read_text(encoding="utf-8"))
        parts = {}
        for part, fingerprint in described["fingerprints"].items():
            images, labels, names = (
                np.load(folder / f"{part}-{name}.npy", mmap_mode="r", allow_pickle=False)
                for name in ("images", "labels", "names")
            )
            parts[part] = LetterSet(images, labels, names, fingerprint)
        return cls(
            train=parts["train"],
            test=parts["test"],
            source=described["source"],
            orientation=Orientation(**described["orientation"]),
            set_aside=tuple(SetAside(**aside) for aside in described["set_aside"]),
            test_was_cut=described["test_was_cut"],
            drawn=described["drawn"],
            notes=tuple(described["notes"]),
            more=parts.get("more"),
            prepared=described["prepared"],
        )
