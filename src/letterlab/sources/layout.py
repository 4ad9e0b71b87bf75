"""Letters from files named after them, in the layout of the assignment: train and test, each a folder or a zip."""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np

from letterlab.errors import LetterlabError
from letterlab.letterset import SIDE, SetAside
from letterlab.shapes import UInt8
from letterlab.sources.archive import Member, files, members
from letterlab.sources.on_all_cores import reading
from letterlab.sources.pictures import letter_of
from letterlab.sources.stored import Stored, UnreadableError

Part = Literal["train", "test"]
_PARTS: Final[tuple[Part, Part]] = ("train", "test")


@contextmanager
def _cycles_left_alone() -> Iterator[None]:
    """Without a look for cycles among hundreds of thousands of objects, while they are there: a third of the time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


@_cycles_left_alone()
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
    about = sum(map(_about, files(source)))
    with reading(about, resize=resize) as read, members(source) as found:
        pictures, notes = _divided_into_parts(found)
        as_they_lie = sorted(range(len(pictures)), key=lambda at: pictures[at].listed)
        images = np.empty((len(pictures), SIDE, SIDE), np.uint8)  # not kept one by one and then copied
        seen = read([one.member for one in pictures], as_they_lie, images)
    bad = [at for at, one in enumerate(seen) if isinstance(one, str)]
    twice = _twins(pictures, seen, images)
    aside = tuple(SetAside("/".join(pictures[at].member.way), str(seen[at])) for at in bad)
    left_out = {*bad, *twice}
    kept = [at for at in range(len(pictures)) if at not in left_out]
    in_test = np.array([pictures[at].part == "test" for at in kept], dtype=bool)
    for part, there in (("train", not in_test.all()), ("test", in_test.any())):
        reasons = [one.reason for at, one in zip(bad, aside, strict=True) if pictures[at].part == part]
        if reasons and not there:
            raise LetterlabError(
                f"None of the {len(reasons):,} files to {part} on in {source} could be read as letters, "
                f"most often for this reason: {_most_common(reasons)}."
            )
    if not kept:
        raise LetterlabError(
            f"There are no letters in {source}: give a folder or zip of pictures named like a_00002.jpg "
            "(JPEG, PNG or BMP), or one that holds train and test."
        )
    if twice:
        first = "/".join(pictures[twice[0]].member.way)
        notes.append(f"{len(twice):,} pictures are there a second time, such as {first}: each was read once.")
    notes += [f"The zip {one.file} was not read: {one.reason}." for one in aside if one.file.lower().endswith(".zip")]
    if len(aside) > len(kept):
        notes.append(
            f"{len(aside):,} of {len(aside) + len(kept):,} pictures were set aside, which points to a mistake in "
            f"the whole source; most often for this reason: {_most_common([one.reason for one in aside])}."
        )
    if 0 < (drawn := sum(seen[at] is True for at in kept)) < len(kept):
        notes.append(f"{drawn:,} of the {len(kept):,} letters were drawn by this program, the others not.")
    if left_out:
        images = images[kept]
    if _is_dark_on_bright(images):
        images = 255 - images
        notes.append("The pictures show dark ink on a bright ground; they were inverted.")
    return Stored(
        images=images,
        labels=np.array([pictures[at].label for at in kept], dtype=np.uint8),
        names=[pictures[at].member.way[-1] for at in kept],
        in_test=in_test,
        set_aside=aside,
        drawn=drawn > 0,
        notes=tuple(notes),
    )


def _about(file: Path) -> int:
    """About how many pictures a file holds: one, or if it is a zip one to each kilobyte, as JPEGs of 28x28 have."""
    with suppress(OSError):
        return file.stat().st_size // 1000 if file.suffix.lower() == ".zip" else 1
    return 0  # it is no more, which will be told


class _Picture(NamedTuple):
    """A member to read."""

    member: Member
    label: int
    part: Part
    listed: int
    """Its place among the members as they lie."""


def _divided_into_parts(found: list[Member]) -> tuple[list[_Picture], list[str]]:
    """The members to read, by name; and notes on those passed over or nested."""
    parts = [_part_named(member.way[:-1]) or _part_named(member.way[-1:]) for member in found]
    outside = [member for member, part in zip(found, parts, strict=True) if part is None]
    notes = []
    beside: Part | None = None if "train" in parts else "train"
    if "train" in parts:
        if outside:
            first = "/".join(outside[0].way)
            notes.append(f"{len(outside):,} pictures outside of train and test were passed over, such as {first}.")
    elif outside and len(outside) < len(found):
        notes.append(f"There is no train: the {len(outside):,} pictures outside of test were taken to train on.")
    kept = [
        _Picture(*_with_letter(member), its, i)
        for i, (member, part) in enumerate(zip(found, parts, strict=True))
        if (its := part or beside)
    ]
    if nested := next((one.member for one in kept if _is_nested(one.member.way[:-1])), None):
        notes.append(f"Pictures in nested folders were read as well, such as {'/'.join(nested.way)}.")
    return sorted(kept, key=lambda one: (one.member.way[-1], one.member.way)), notes


def _with_letter(member: Member) -> tuple[Member, int]:
    """The member and the letter that it is named after; where there is none it need not be read, and says why."""
    try:
        return member, 0 if isinstance(member.at, str) else letter_of(member.way[-1])
    except UnreadableError as error:
        return Member(member.way, str(error)), 0


def _twins(pictures: list[_Picture], seen: list[bool | str], images: UInt8[np.ndarray, "n 28 28"]) -> list[int]:
    """Which pictures are of the part, name and pixels of one before them."""
    names = [one.member.way[-1] for one in pictures]
    if len(set(names)) == len(names):
        return []
    named = Counter(names)
    known: set[tuple[Part, str, int]] = set()
    twice = []
    for at, (name, one) in enumerate(zip(names, pictures, strict=True)):
        if named[name] > 1 and not isinstance(seen[at], str):
            if (copy := (one.part, name, hash(images[at].tobytes()))) in known:
                twice.append(at)
            known.add(copy)
    return twice


@lru_cache(maxsize=1024)
def _part_named(way: tuple[str, ...]) -> Part | None:
    for step in reversed(way):
        for part in _PARTS:
            if step.lower() in (part, f"{part}.zip"):
                return part
    return None


@lru_cache(maxsize=1024)
def _is_nested(folders: tuple[str, ...]) -> bool:
    return any(not folder.lower().endswith(".zip") and folder.lower() not in _PARTS for folder in folders)


def _most_common(reasons: list[str]) -> str:
    """The reason that occurs most, without what differs from file to file and stands in brackets at its end."""
    return Counter(reason.split(" (")[0] for reason in reasons).most_common(1)[0][0]


def _is_dark_on_bright(images: UInt8[np.ndarray, "n 28 28"]) -> bool:
    border = np.ones((SIDE, SIDE), dtype=bool)
    border[1:-1, 1:-1] = False
    return bool((images[:, border] > 127).mean() > 0.5)
