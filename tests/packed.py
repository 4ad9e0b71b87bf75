"""Letters packed in the ways in which people pack them, for tests of what reads them."""

import gzip
import io
import struct
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from letterlab.letterset import SIDE

Files = Iterable[tuple[str, bytes]]


def encoded(image: np.ndarray, ending: str = ".png") -> bytes:
    """The file of a picture; PNG and BMP keep its pixels as they are."""
    return cv2.imencode(ending, image)[1].tobytes()


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """[count, 28, 28] Different pictures with a black border."""
    images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    images[:, 4:-4, 4:-4] = np.random.default_rng(seed).integers(0, 256, (count, SIDE - 8, SIDE - 8))
    return images


def letter_files(letters: str, seed: int = 0) -> list[tuple[str, bytes]]:
    """One PNG for each of these letters, numbered: a_00001.png."""
    images = pictures(len(letters), seed)
    return [(f"{letter}_{i:05}.png", encoded(images[i - 1])) for i, letter in enumerate(letters, start=1)]


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files, packed by one of zipfile's methods; a name may occur twice."""
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore", UserWarning)  # of a name that occurs twice
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def encrypted(packed: bytes) -> bytes:
    """The zip with all members marked as encrypted."""
    marked = bytearray(packed)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = marked.find(signature)
        while at >= 0:
            marked[at + flags] |= 1
            at = marked.find(signature, at + 1)
    return bytes(marked)


def laid(folder: Path, files: Files) -> Path:
    """The folder with these files in it."""
    for name, content in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def idx(items: np.ndarray) -> bytes:
    """An idx file of unsigned bytes."""
    return struct.pack(f">HBB{items.ndim}I", 0, 8, items.ndim, *items.shape) + items.tobytes()


def emnist_pair(part: str, images: np.ndarray, labels: np.ndarray, gz: bool = False) -> list[tuple[str, bytes]]:
    """Both files of a part of EMNIST Letters; pictures and labels are written as they are."""
    files = {"images-idx3": idx(images), "labels-idx1": idx(labels)}
    return [
        (f"emnist-letters-{part}-{kind}-ubyte{'.gz' * gz}", gzip.compress(content) if gz else content)
        for kind, content in files.items()
    ]
