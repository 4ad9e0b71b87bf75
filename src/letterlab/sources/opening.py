"""One way into letters from every source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.files import cache_folder
from letterlab.letterset import Letters, LetterSet, Orientation, split_stratified
from letterlab.shapes import Bool, Int
from letterlab.sources.archive import files
from letterlab.sources.cache import through_cache
from letterlab.sources.emnist import emnist_files, read_emnist
from letterlab.sources.layout import read_pictures
from letterlab.sources.orientation import decide_orientation
from letterlab.sources.stored import Stored

OrientationChoice = Literal["auto", "stored-transposed", "upright"]

TEST_FRACTION: Final = 1 / 6
"""What is cut off for testing where a source has no test part: as in the assignment, 13,000 of 78,000."""
DRAWN_OF_EACH: Final = {"train": 500, "test": 140}
"""How many of each letter the source `drawn` holds."""
SURE: Final = 0.9
"""Certainty of the orientation below which a note asks to look at the letters."""


def open_letters(
    source: str | Path, *, orientation: OrientationChoice = "auto", resize: bool = False, cache: Path | None = None
) -> Letters:
    """All letters of a source, upright, bright ink on black.

    Read once and then memory-mapped from the cache. Files that cannot be read as letters are set aside, each with its
    reason. A source without a test part has a sixth of each letter cut off for it; one without a train part has an
    empty one.

    Args:
        source: a folder or zip of pictures named like a_00002.jpg (JPEG, PNG, BMP), or one that holds train and test,
            each a folder or zip of them; `emnist:DIR`, a folder with EMNIST Letters' idx files, plain or .gz; `drawn`,
            letters drawn by this program.
        orientation: how the source stores its letters; `auto` decides from the pictures.
        resize: bring pictures of another size to 28x28 instead of setting them aside.
        cache: folder for letters once read; `files.cache_folder()` when none is given.

    Raises:
        LetterlabError: the source does not exist or holds no letters that could be read; the message says what to do.
    """
    named = str(source)
    if orientation not in get_args(OrientationChoice):
        raise LetterlabError(
            f"Unknown orientation {orientation!r}: give one of {', '.join(get_args(OrientationChoice))}."
        )
    origin = _origin(named, resize=resize)
    if origin.kind == "drawn" and orientation == "stored-transposed":
        raise LetterlabError("Drawn letters are upright: leave out the orientation stored-transposed.")
    letters = through_cache(
        cache or cache_folder(),
        origin.root,
        origin.listing,
        settings=f"{origin.kind} {orientation} {resize}",
        read=lambda: _upright(origin, orientation),
    )
    aside = tuple(replace(one, file=f"{origin.root.name}/{one.file}") for one in letters.set_aside)
    return replace(letters, source=named, set_aside=aside)


@dataclass(frozen=True)
class _Origin:
    """A source as its reader needs it."""

    kind: Literal["files", "emnist", "drawn"]
    root: Path
    listing: Callable[[], Sequence[Path]]
    """The files that make it up."""
    read: Callable[[], Stored]


def _origin(named: str, *, resize: bool) -> _Origin:
    if named == "drawn":
        return _Origin("drawn", Path(), list, _draw)
    if named.startswith("emnist:"):
        folder = _existing(named.removeprefix("emnist:"), named)
        return _Origin(
            "emnist",
            folder,
            lambda: [file for pair in emnist_files(folder).values() for file in pair],
            partial(read_emnist, folder),
        )
    root = _existing(named, named)
    return _Origin("files", root, partial(files, root), partial(read_pictures, root, resize=resize))


def _existing(path: str, named: str) -> Path:
    try:
        if path:
            return Path(path).expanduser().resolve(strict=True)
        problem = "names no folder"
    except (FileNotFoundError, NotADirectoryError):
        problem = "does not exist"
    except (OSError, RuntimeError, ValueError) as error:
        problem = f"cannot be opened ({error})"
    raise LetterlabError(f"The source {named!r} {problem}: give a folder or zip of letters, emnist:DIR or drawn.")


def _draw() -> Stored:
    """Drawn letters in the manner of the assignment: as many of each letter in train, and of each in test."""
    from letterlab.sources.drawn import draw_letters  # the drawing is needed only where letters are first read

    images, labels = [], []
    for seed, count in enumerate(DRAWN_OF_EACH.values()):
        labels.append(np.tile(np.arange(len(LETTERS), dtype=np.uint8), count))
        images.append(draw_letters(labels[-1], seed))
    every = np.concatenate(labels)
    return Stored(
        images=np.concatenate(images),
        labels=every,
        names=[f"{LETTERS[label].lower()}_{number:05d}.png" for number, label in enumerate(every, start=1)],
        in_test=np.arange(len(every)) >= len(labels[0]),
        drawn=True,
    )


def _upright(origin: _Origin, choice: OrientationChoice) -> Letters:
    """Reads the source, brings its letters upright and divides them into train and test."""
    stored = origin.read()
    notes = list(stored.notes)
    if origin.kind == "drawn":
        orientation = Orientation("upright", 1.0, "Letters are drawn upright.")
    elif choice == "auto":
        orientation = decide_orientation(stored.images, stored.labels)
        if orientation.certainty < SURE:
            notes.append(
                f"That the letters are {orientation.stored} is {orientation.certainty:.0%} certain: look whether they "
                "stand upright, and give --orientation if they do not."
            )
    else:
        orientation = Orientation(choice, 1.0, "As the orientation setting says.")
    test_was_cut = not stored.in_test.any()
    if test_was_cut:
        kept, cut = split_stratified(stored.labels, TEST_FRACTION, seed=0)
        notes.append("There is no test part: a sixth of each letter was cut off for it.")
    else:
        kept, cut = np.flatnonzero(~stored.in_test), np.flatnonzero(stored.in_test)
    train, test = (_taken(stored, which, orientation) for which in (kept, cut))
    return Letters(
        train=train,
        test=test,
        source="",
        orientation=orientation,
        set_aside=stored.set_aside,
        test_was_cut=test_was_cut,
        drawn=stored.drawn,
        notes=(*notes, *_missing(train, test)),
    )


def _taken(stored: Stored, which: Int[np.ndarray, "m"], orientation: Orientation) -> LetterSet:
    """The letters at these positions, upright."""
    images = stored.images[which]
    if orientation.stored == "stored-transposed":
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
    return LetterSet.of(images, stored.labels[which], [stored.names[i] for i in which.tolist()])


def _missing(train: LetterSet, test: LetterSet) -> list[str]:
    """Notes on letters of which there is no picture."""
    parts = {"train": train.counts() == 0, "test": test.counts() == 0}
    nowhere = parts["train"] & parts["test"]
    notes = [f"There is no picture at all of {_listed(nowhere)}."] if nowhere.any() else []
    for part, missing in parts.items():
        if missing.all():
            notes.append(f"There are no letters to {part} on.")
        elif (missing & ~nowhere).any():
            notes.append(f"There is no picture to {part} on of {_listed(missing & ~nowhere)}.")
    return notes


def _listed(which: Bool[np.ndarray, "26"]) -> str:
    return ", ".join(LETTERS[index] for index in np.flatnonzero(which))
