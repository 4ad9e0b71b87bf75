"""One picture of a letter: which letter its name says, and its 28x28 pixels."""

import os
import struct
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import cv2
import numpy as np

from letterlab import png
from letterlab.alphabet import index_of
from letterlab.jpeg import SCANS_LIMIT, jpeg_header
from letterlab.letterset import SIDE
from letterlab.shapes import UInt8
from letterlab.sources.jpeg_strip import PITCH, strips_of
from letterlab.sources.stored import UnreadableError

DRAWN_MARK: Final = b"drawn by letterlab"
"""Comment at the beginning of every JPEG that this program draws, so that nobody takes it for handwriting."""
PIXEL_LIMIT: Final = 50_000_000
"""Pixels that a picture may claim to have; its decoding takes up to four bytes for each."""

_DAMAGED: Final = "damaged or cut short, copy or download it again"
_ONE_AT_A_TIME: Final = threading.Lock()


def letter_of(name: str) -> int:
    """Class index of the letter with which a file's name begins, in either case: 0 for a_00002.jpg, 10 for K_1.png.

    The letter stands alone: in img_1.jpg no letter is named.

    Raises:
        UnreadableError: the name does not begin with one letter from A to Z.
    """
    if not name.isascii():
        name = unicodedata.normalize("NFC", name)  # macOS writes é as e and an accent
    if name[0].isascii() and name[0].isalpha() and not name[1:2].isalpha():
        return index_of(name[0])
    raise UnreadableError(
        f"its name does not begin with one letter from A to Z, as in a_00002.jpg (it begins with {name[:3]!r})"
    )


def size_of(content: bytes) -> tuple[int, int]:
    """Height and width that a JPEG, PNG or BMP claims in its header: nothing is decoded.

    Raises:
        UnreadableError: it is none of the three, or ends before its header or before its end mark.
    """
    if not content:
        raise UnreadableError("an empty file, copy or download it again")
    try:
        if content.startswith(b"\xff\xd8"):
            return _size_of_jpeg(content)
        if content.startswith(png.SIGNATURE):
            width, height = struct.unpack_from(">II", content, 16)
        elif content.startswith(b"BM"):
            # The first header of OS/2 has 12 bytes and shorter numbers; a negative height stands for rows from the top.
            layout = "<HH" if struct.unpack_from("<I", content, 14)[0] == 12 else "<ii"
            width, height = map(abs, struct.unpack_from(layout, content, 18))
        else:
            raise UnreadableError("neither JPEG, PNG nor BMP, save it as one of them")
    except (struct.error, IndexError):
        raise UnreadableError(_DAMAGED) from None
    return height, width


def is_drawn(content: bytes) -> bool:
    """Whether a picture's bytes say that this program drew it."""
    return DRAWN_MARK in content[:64]


class Decoder:
    """Decodes pictures' bytes to 28x28 grey pixels: what `decoding` yields."""

    def __init__(self, *, resize: bool, words: Callable[[], bytes]) -> None:
        """Takes the function that gives what libjpeg has said since it was last asked."""
        self._resize = resize
        self._words = words

    def __call__(self, content: bytes) -> UInt8[np.ndarray, "28 28"]:
        """One picture.

        Raises:
            UnreadableError: it is damaged, claims too many pixels, or has another size without `resize`.
        """
        height, width = size_of(content)
        if height * width > PIXEL_LIMIT:
            raise UnreadableError(f"more than the limit of {PIXEL_LIMIT:,} pixels (it claims {width}x{height})")
        if (height, width) != (SIDE, SIDE) and not self._resize:
            raise UnreadableError(
                f"not {SIDE}x{SIDE} pixels, --resize brings it to that size (it has {width}x{height})"
            )
        picture = self._sound(png.bare(content) if content.startswith(png.SIGNATURE) else content)
        if picture is None:
            raise UnreadableError(_DAMAGED)
        return picture if picture.shape == (SIDE, SIDE) else _brought_to_size(picture)

    def all(self, contents: Sequence[bytes]) -> tuple[UInt8[np.ndarray, "n 28 28"], list[str | None]]:
        """Several pictures, and of each the reason why it could not be decoded; none where it was.

        JPEGs of one program are decoded as one, in half of the time.
        """
        images = np.zeros((len(contents), SIDE, SIDE), np.uint8)
        reasons: list[str | None] = [None] * len(contents)
        left = set(range(len(contents)))
        for strip in strips_of(contents):
            # One that is damaged spoils its strip: then each is decoded by itself, and the fault is its own.
            if (tall := self._sound(strip.content)) is not None:
                images[strip.which] = tall.reshape(-1, PITCH, PITCH)[:, :SIDE, :SIDE]
                left.difference_update(strip.which)
        for i in left:
            try:
                images[i] = self(contents[i])
            except UnreadableError as error:
                reasons[i] = str(error)
        return images, reasons

    def _sound(self, content: bytes) -> UInt8[np.ndarray, "h w"] | None:
        """The picture as OpenCV decodes it; none where it is damaged."""
        try:
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
        except cv2.error:
            picture = None
        heard = self._words()
        return None if b"Corrupt JPEG" in heard or b"Premature end of JPEG" in heard else picture


@contextmanager
def decoding(*, resize: bool) -> Iterator[Decoder]:
    """Yields what decodes pictures, for use while the context lasts.

    With `resize` a picture of another size is brought to 28x28: its longer side by area interpolation, keeping the
    aspect, in the middle of a ground as its own border is (black around bright ink).

    Damage inside a JPEG is filled with grey by libjpeg, which tells of it on file descriptor 2 alone. So that such
    pictures are known, and the terminal stays clean, that descriptor is listened to while the context lasts.
    """
    with _listening() as words:
        yield Decoder(resize=resize, words=words)


def _brought_to_size(picture: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "28 28"]:
    scale = SIDE / max(picture.shape)
    height, width = (max(1, round(length * scale)) for length in picture.shape)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    ground = int(np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])))
    above, before = (SIDE - height) // 2, (SIDE - width) // 2
    return np.asarray(
        cv2.copyMakeBorder(
            small, above, SIDE - height - above, before, SIDE - width - before, cv2.BORDER_CONSTANT, value=[ground]
        ),
        dtype=np.uint8,
    )


def _size_of_jpeg(content: bytes) -> tuple[int, int]:
    header = jpeg_header(content)
    if header is None:
        raise UnreadableError(_DAMAGED)
    if header.scans > SCANS_LIMIT:
        raise UnreadableError(f"a JPEG of more than {SCANS_LIMIT} scans, save it anew")
    return header.height, header.width


@contextmanager
def _listening() -> Iterator[Callable[[], bytes]]:
    """Catches what is written to file descriptor 2; yields the function that gives what has come since it last did."""
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as caught:
        number, position = caught.fileno(), 0

        def words() -> bytes:
            nonlocal position
            end = os.lseek(number, 0, os.SEEK_CUR)  # where descriptor 2 is too: it is the same open file
            if end == position:
                return b""
            new = os.pread(number, end - position, position)
            position = end
            return new

        sys.stderr.flush()
        terminal = os.dup(2)
        os.dup2(number, 2)
        try:
            yield words
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
