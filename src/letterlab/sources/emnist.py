"""EMNIST Letters in the idx files that NIST publishes (Cohen et al. 2017, https://www.nist.gov/itl/products-and-services/emnist-dataset)."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.letterset import SIDE
from letterlab.shapes import UInt8
from letterlab.sources.stored import Stored

LETTERS_LIMIT: Final = 1_000_000
"""Pictures that one file may claim to hold: all of NIST's handprinted characters are fewer."""

_AGAIN: Final = "download it again, for instance with letterlab fetch emnist"


def emnist_files(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Pictures and labels of each part (train, test) in a folder, plain or with .gz; plain wins where both are there.

    Raises:
        LetterlabError: the folder is none, holds no part, or one of two files that belong together is missing.
    """
    found = {}
    for part in ("train", "test"):
        wanted = [f"emnist-letters-{part}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
        pair = [_plain_or_gzipped(folder, name) for name in wanted]
        match pair:
            case [Path() as images, Path() as labels]:
                found[part] = images, labels
            case [None, Path() as other] | [Path() as other, None]:
                missing = wanted[pair.index(None)]
                raise LetterlabError(f"{folder} holds {other.name} without {missing}: put {missing}[.gz] beside it.")
    if not found:
        raise LetterlabError(
            f"There is no EMNIST in {folder}: give the folder with emnist-letters-train-images-idx3-ubyte[.gz] and the "
            "other three files, or bring them with letterlab fetch emnist."
        )
    return found


def read_emnist(folder: Path) -> Stored:
    """All letters of EMNIST Letters, in the order of the files; a picture's name is its part and position.

    The official labels run from 1 (A) to 26 (Z); some mirrors have 0 to 25. The labels themselves decide: where a 0
    occurs they are from 0, otherwise from 1.

    Raises:
        LetterlabError: a file is missing, damaged, cut short, or not what its name says.
    """
    images, labels, names, in_test = [], [], [], []
    for part, (image_file, label_file) in emnist_files(folder).items():
        images.append(_read_idx(image_file, (SIDE, SIDE)).reshape(-1, SIDE, SIDE))
        labels.append(_read_idx(label_file, ()))
        if len(images[-1]) != len(labels[-1]):
            raise LetterlabError(
                f"{image_file} holds {len(images[-1]):,} pictures, but {label_file.name} {len(labels[-1]):,} labels: "
                f"they do not belong together, {_AGAIN}."
            )
        names += [f"{part}-{position:06d}" for position in range(len(labels[-1]))]
        in_test.append(np.full(len(labels[-1]), part == "test"))
    counted = np.concatenate(labels)
    if not len(counted):
        raise LetterlabError(f"There are no letters in the EMNIST files of {folder}: {_AGAIN}.")
    lowest, highest = int(counted.min()), int(counted.max())
    if highest - min(lowest, 1) >= len(LETTERS):
        raise LetterlabError(
            f"The labels in {folder} run from {lowest} to {highest} instead of from 1 to 26: "
            "give the files of EMNIST Letters."
        )
    notes = []
    if lowest > 0 and highest < len(LETTERS):
        notes.append(
            f"EMNIST's labels here run from {lowest} to {highest}, which does not tell whether they begin at 0 or 1; "
            "they were read as in the official files, where 1 is A."
        )
    return Stored(
        images=np.concatenate(images),
        labels=counted - np.uint8(lowest > 0),
        names=names,
        in_test=np.concatenate(in_test),
        notes=tuple(notes),
    )


def _plain_or_gzipped(folder: Path, name: str) -> Path | None:
    return next((file for file in (folder / name, folder / f"{name}.gz") if file.is_file()), None)


def _read_idx(file: Path, shape: tuple[int, ...]) -> UInt8[np.ndarray, "..."]:
    """The bytes in an idx file of items of this shape (http://yann.lecun.com/exdb/mnist), flat."""
    header = struct.Struct(f">{2 + len(shape)}I")
    magic = 0x0801 + len(shape)  # unsigned bytes, and the number of dimensions
    try:
        # Read no further than the header says: a gzip may unpack to far more than that.
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as unpacked:
            start = unpacked.read(header.size)
            if len(start) < header.size or start[:4] != magic.to_bytes(4):
                raise LetterlabError(
                    f"{file} does not begin as an idx file of {'pictures' if shape else 'labels'} does: {_AGAIN}."
                )
            _, count, *found = header.unpack(start)
            if tuple(found) != shape or count > LETTERS_LIMIT:
                raise LetterlabError(
                    f"{file} claims {' x '.join(map(str, (count, *found)))} items instead of at most "
                    f"{' x '.join(map(str, (LETTERS_LIMIT, *shape)))}: {_AGAIN}."
                )
            expected = count * math.prod(shape)
            content = unpacked.read(expected + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise LetterlabError(f"{file} is damaged or cut short ({error}): {_AGAIN}.") from None
    if len(content) != expected:
        has = "more" if len(content) > expected else f"{len(content):,}"
        raise LetterlabError(f"{file} has {has} instead of the {expected:,} bytes that its header tells of: {_AGAIN}.")
    return np.frombuffer(content, np.uint8)
