"""Letters from files named after them, in the layout of the assignment: train and test, each a folder or a zip."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import numpy as np

from letterlab.errors import LetterlabError
from letterlab.letterset import SIDE, SetAside
from letterlab.shapes import UInt8
from letterlab.sources.archive import Member, members
from letterlab.sources.pictures import decoding, is_drawn, letter_of
from letterlab.sources.stored import Stored, UnreadableError

Part = Literal["train", "test"]
_PARTS: Final[tuple[Part, Part]] = ("train", "test")


def read_pictures(source: Path, *, resize: bool) -> Stored:
    """All letters in a folder or zip of pictures named like a_00002.jpg.

    A picture belongs to the part whose name (train or test, either case, as a folder or zip) is the last on the way to
    it. Pictures outside of both parts are training letters when there is no train, and are passed over otherwise.
    Letters are ordered by file name, so that the same files give the same letters however they are packed.

    Args:
        source: folder or zip that exists.
        resize: bring pictures of another size to 28x28 instead of setting them aside.

    Raises:
        LetterlabError: it is no zip that can be opened, holds no pictures, or none of a part could be read.
    """
    aside: list[SetAside] = []
    letters: list[tuple[int, str, bool]] = []
    read: set[tuple[bool, str, int]] = set()
    twice: list[str] = []
    drawn = 0
    failed: dict[Part, list[str]] = {"train": [], "test": []}
    with _cycles_left_alone(), members(source) as found, decoding(resize=resize) as decode:
        parts, notes = _sorted_into_parts(found)
        images = np.empty((len(parts), SIDE, SIDE), np.uint8)  # not kept one by one and then copied
        for part, member in parts:
            name, in_test, file = member.way[-1], part == "test", "/".join(member.way)
            try:
                content = member.read()
                label = letter_of(name)
                if (copy := (in_test, name, hash(content))) in read:
                    twice.append(file)
                    continue
                images[len(letters)] = decode(content)
                letters.append((label, name, in_test))
                drawn += is_drawn(content)
                read.add(copy)
            except UnreadableError as error:
                aside.append(SetAside(file, str(error)))
                failed[part].append(str(error))
    for part in _PARTS:
        if failed[part] and not any(in_test == (part == "test") for *_, in_test in letters):
            raise LetterlabError(
                f"None of the {len(failed[part]):,} files to {part} on in {source} could be read as letters, "
                f"most often for this reason: {_most_common(failed[part])}."
            )
    if not letters:
        raise LetterlabError(
            f"There are no letters in {source}: give a folder or zip of pictures named like a_00002.jpg "
            "(JPEG, PNG or BMP), or one that holds train and test."
        )
    if twice:
        notes.append(f"{len(twice):,} pictures are there a second time, such as {twice[0]}: each was read once.")
    notes += [f"The zip {one.file} was not read: {one.reason}." for one in aside if one.file.lower().endswith(".zip")]
    if len(aside) > len(letters):
        notes.append(
            f"{len(aside):,} of {len(aside) + len(letters):,} pictures were set aside, which points to a mistake in "
            f"the whole source; most often for this reason: {_most_common([one.reason for one in aside])}."
        )
    if 0 < drawn < len(letters):
        notes.append(f"{drawn:,} of the {len(letters):,} letters were drawn by this program, the others not.")
    images = images[: len(letters)]
    if _is_dark_on_bright(images):
        images = 255 - images
        notes.append("The pictures show dark ink on a bright ground; they were inverted.")
    return Stored(
        images=images,
        labels=np.array([label for label, _, _ in letters], dtype=np.uint8),
        names=[name for _, name, _ in letters],
        in_test=np.array([in_test for *_, in_test in letters]),
        set_aside=tuple(aside),
        drawn=drawn > 0,
        notes=tuple(notes),
    )


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """Without a look for cycles among hundreds of thousands of objects that are kept: a seventh of the time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def _sorted_into_parts(found: list[Member]) -> tuple[list[tuple[Part, Member]], list[str]]:
    """The members to read, each with its part, by name; and notes on those passed over or nested."""
    named = [(_part_named(member.way), member) for member in found]
    outside = ["/".join(member.way) for part, member in named if part is None]
    notes = []
    if any(part == "train" for part, _ in named):
        if outside:
            notes.append(f"{len(outside):,} pictures outside of train and test were passed over, such as {outside[0]}.")
        kept = [(part, member) for part, member in named if part is not None]
    else:
        if outside and len(outside) < len(named):
            notes.append(f"There is no train: the {len(outside):,} pictures outside of test were taken to train on.")
        kept = [(part or "train", member) for part, member in named]
    if nested := ["/".join(member.way) for _, member in kept if any(map(_is_nested, member.way[:-1]))]:
        notes.append(f"Pictures in nested folders were read as well, such as {nested[0]}.")
    return sorted(kept, key=lambda one: (one[1].way[-1], one[1].way)), notes


def _part_named(way: tuple[str, ...]) -> Part | None:
    for step in reversed(way):
        for part in _PARTS:
            if step.lower() in (part, f"{part}.zip"):
                return part
    return None


def _is_nested(folder: str) -> bool:
    return not folder.lower().endswith(".zip") and folder.lower() not in _PARTS


def _most_common(reasons: list[str]) -> str:
    """The reason that occurs most, without what differs from file to file and stands in brackets at its end."""
    return Counter(reason.split(" (")[0] for reason in reasons).most_common(1)[0][0]


def _is_dark_on_bright(images: UInt8[np.ndarray, "n 28 28"]) -> bool:
    border = np.ones((SIDE, SIDE), dtype=bool)
    border[1:-1, 1:-1] = False
    return bool((images[:, border] > 127).mean() > 0.5)
