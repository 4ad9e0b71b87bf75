"""Writing drawn letters in the assignment's own format: zips of JPEGs that are named after their letter."""

import os
import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zipfile import ZipFile, ZipInfo

import cv2
import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.shapes import UInt8
from letterlab.sources.drawn import draw_blocks
from letterlab.sources.pictures import DRAWN_MARK

QUALITY: Final = 92
"""JPEG quality of the assignment's pictures, worked out from their quantisation tables."""

PARTS: Final = ("train/images.zip", "test/images.zip")
"""Where the two parts stand in the assignment's folder, or in the one zip that holds both."""


def write_archive(
    out: Path, train: int, test: int, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> None:
    """Draws letters and writes them as the assignment's data are written.

    Each part is a zip of JPEGs of 28 by 28 pixels, RGB though grey, stored transposed and named `a_00002.jpg`: the
    letter, and a number that no other picture of either part has. Letters come shuffled and in equal numbers (they
    differ by one at most). No picture stands in both parts. The same arguments give the same bytes. Each picture says
    in a comment that it is drawn, and `open_letters` heeds that.

    Args:
        out: a new file that ends in .zip, which holds the zips of both parts, or else a new folder for them.
        train: number of letters to train on, 26 or more.
        test: number of letters to test on, 26 or more.
        seed: of the pictures and their order, 0 or more.
        progress: called with the number of letters written so far and of all, from time to time.

    Raises:
        LetterlabError: a number is too small, `out` exists or cannot be written. Nothing is left then.
    """
    for name, count in (("--train", train), ("--test", test)):
        if count < len(LETTERS):
            raise LetterlabError(f"{name} {count} leaves letters without a picture: give {len(LETTERS)} or more.")
    if seed < 0:
        raise LetterlabError(f"--seed {seed} is below zero: give 0 or more.")
    if out.exists():
        raise LetterlabError(f"{out} exists already and is not overwritten: remove it, or give another name.")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
            whole = Path(temporary) / "whole"
            _write_parts(whole, train, test, seed, progress)
            if out.suffix.lower() == ".zip":
                whole = _pack(whole)
            whole.replace(out)
    except OSError as error:
        raise LetterlabError(
            f"{out} could not be written ({error.strerror}): give a name in an existing folder that has room for it "
            "and may be written to."
        ) from error


def _write_parts(folder: Path, train: int, test: int, seed: int, progress: Callable[[int, int], None] | None) -> None:
    """Writes both parts into a new folder."""
    labels = np.concatenate([_shuffled(train, seed, part=0), _shuffled(test, seed, part=1)])
    digits = max(5, len(str(len(labels))))
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True)
    with (folder / PARTS[0]).open("wb") as train_file, (folder / PARTS[1]).open("wb") as test_file:
        with ZipFile(train_file, "w") as train_zip, ZipFile(test_file, "w") as test_zip:
            done = 0
            # one request for both parts: a picture depends on its place in it, so none stands in both
            for block in draw_blocks(labels, seed):
                for picture in block:
                    name = f"{LETTERS[labels[done]].lower()}_{done + 1:0{digits}d}.jpg"
                    (train_zip if done < train else test_zip).writestr(_entry(name), _jpeg(picture))
                    done += 1
                if progress is not None:
                    progress(done, len(labels))
        for file in (train_file, test_file):
            file.flush()
            os.fsync(file.fileno())


def _pack(folder: Path) -> Path:
    """Packs both parts into one zip beside the folder."""
    packed = folder.with_suffix(".zip")
    with packed.open("wb") as file:
        with ZipFile(file, "w") as archive:
            for part in PARTS:
                with (folder / part).open("rb") as source, archive.open(_entry(part), "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target)
        file.flush()
        os.fsync(file.fileno())
    return packed


def _shuffled(count: int, seed: int, part: int) -> UInt8[np.ndarray, "count"]:
    """Labels in equal numbers, in an order that depends on seed and part."""
    return np.random.default_rng([seed, part]).permutation(np.arange(count) % len(LETTERS)).astype(np.uint8)


def _jpeg(picture: UInt8[np.ndarray, "28 28"]) -> bytes:
    """The picture transposed, in three equal channels, with the comment that it is drawn (marker COM of ITU T.81)."""
    stored = cv2.cvtColor(picture.T, cv2.COLOR_GRAY2BGR)
    content = cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    comment = b"\xff\xfe" + struct.pack(">H", 2 + len(DRAWN_MARK)) + DRAWN_MARK
    return content[:2] + comment + content[2:]


def _entry(name: str) -> ZipInfo:
    """A file in a zip, of a fixed date (zip's earliest) and readable to all."""
    entry = ZipInfo(name)
    entry.external_attr = 0o644 << 16
    return entry
