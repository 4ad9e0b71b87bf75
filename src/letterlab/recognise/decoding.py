"""A picture's bytes to grey pixels, upright, with limits that hold before anything is decoded.

JPEG (also CMYK), PNG (any depth), BMP and WebP are read. Grey is `(77 R + 150 G + 29 B + 128) >> 8`, which a browser
can do as well. Its size, whether it moves and which way is up are read from a picture's header here: OpenCV would
allocate what a header claims, show the first of many frames, and leave pictures lying on their side.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

import cv2
import numpy as np
from jaxtyping import UInt8

from letterlab import png
from letterlab.errors import LetterlabError
from letterlab.jpeg import SCANS_LIMIT, jpeg_header

Problem = Literal["not-a-picture", "damaged", "too-large", "too-small", "unsupported"]

# What begins so is a picture or a document that people do send, but none that is read here.
_OTHERS: Final = (
    (b"GIF8", 0, "a GIF"),
    (b"II*\0", 0, "a TIFF"),
    (b"MM\0*", 0, "a TIFF"),
    (b"%PDF", 0, "a PDF"),
    (b"ftypavi", 4, "an AVIF picture"),
    (b"ftyphe", 4, "a HEIC picture"),
    (b"ftypmif1", 4, "a HEIC picture"),
    (b"ftypmsf1", 4, "a HEIC picture"),
)
# Blue, green and red in 256ths, and a quarter of a 256th more, so that OpenCV's rounding (to even) rounds halves up.
_GREY: Final = np.array([[29 / 256, 150 / 256, 77 / 256, 1 / 1024]], dtype=np.float32)
# OpenCV tells of damage on the terminal, where only the caller should speak.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


@dataclass(frozen=True)
class Limits:
    """What a picture may come to; anything else is refused before it is decoded."""

    bytes: int = 32 * 1024 * 1024
    """Of the file."""
    pixels: int = 50_000_000
    """Width times height. Decoding takes up to nine bytes for each."""
    side: int = 8
    """Least width and least height."""


class PictureError(LetterlabError):
    """A picture that is refused. The message is a phrase without its name: whoever knows the name puts it in front."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem: Final = problem


@dataclass(frozen=True)
class _Header:
    height: int
    width: int
    orientation: int = 1
    """As EXIF numbers it: 1 is upright."""
    moves: bool = False


def decode(content: bytes, limits: Limits = Limits()) -> UInt8[np.ndarray, "h w"]:
    """Grey pixels of a JPEG, PNG, BMP or WebP, upright by its EXIF.

    What is transparent is shown on white, each channel being `(c a + 255 (255 - a) + 127) // 255`; where that leaves
    nothing to see (no grey below 224), because the strokes are white themselves, on black: `(c a + 127) // 255`.
    Of 16 bits the upper 8 are taken.

    Damage within the data of a JPEG or WebP is not told from strokes: such a picture is read as it looks.

    Raises:
        PictureError: it is no picture, damaged, beyond the limits, or of a kind that is not read.
    """
    if len(content) > limits.bytes:
        raise PictureError("too-large", f"{len(content):,} bytes, over the limit of {limits.bytes:,}: save it smaller")
    header = _header(content)
    size = f"{header.width}x{header.height} pixels"
    if header.moves:
        raise PictureError("unsupported", "an animated picture: save the frame that is meant as PNG")
    if min(header.height, header.width) < 1:
        _refuse_damaged()
    if header.height * header.width > limits.pixels:
        raise PictureError("too-large", f"{size}, over the limit of {limits.pixels:,}: save it smaller")
    if min(header.height, header.width) < limits.side:
        least = f"{limits.side}x{limits.side}"
        raise PictureError("too-small", f"{size}, too small to read: it needs {least} or more")
    # in a BMP the fourth byte of a pixel is padding as a rule
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION if content.startswith(b"BM") else cv2.IMREAD_UNCHANGED
    if content.startswith(png.SIGNATURE):
        content = png.bare(content)
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        picture = None
    if picture is None:
        _refuse_damaged()
    if picture.dtype == np.uint16:
        picture = (picture.view(np.uint16) >> 8).astype(np.uint8)
    return _upright(_grey(picture), header.orientation)


def _grey(picture: UInt8[np.ndarray, "h w *c"]) -> UInt8[np.ndarray, "h w"]:
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 3:
        return cv2.transform(picture, _GREY)
    grey = np.empty(picture.shape[:2], dtype=np.uint8)
    for ground in (255, 0):
        for top in range(0, len(picture), 256):  # in strips, for the memory's sake
            strip = picture[top : top + 256].astype(np.uint16)
            colour, alpha = strip[:, :, :3], strip[:, :, 3:]
            shown = (colour * alpha + ground * (255 - alpha) + 127) // 255
            grey[top : top + 256] = cv2.transform(shown.astype(np.uint8), _GREY)
        if grey.min() < 224:
            break
    return grey


def _upright(grey: UInt8[np.ndarray, "h w"], orientation: int) -> UInt8[np.ndarray, "y x"]:
    """Turned and mirrored from an orientation of EXIF (tag 0x0112 of TIFF 6.0), 2 to 8."""
    if orientation >= 5:
        grey = grey.T
    if orientation in (2, 3, 6, 7):
        grey = grey[:, ::-1]
    if orientation in (3, 4, 7, 8):
        grey = grey[::-1]
    return np.ascontiguousarray(grey)


def _header(content: bytes) -> _Header:
    """What a picture's header claims; nothing is decoded."""
    if not content:
        raise PictureError("not-a-picture", "an empty file: copy or download it again")
    try:
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content.startswith(png.SIGNATURE):
            return _png(content)
        if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            return _webp(content)
        if content.startswith(b"BM"):
            # The first header of OS/2 has 12 bytes and shorter numbers; a negative height: rows from the top.
            layout = "<HH" if struct.unpack_from("<I", content, 14)[0] == 12 else "<ii"
            width, height = map(abs, struct.unpack_from(layout, content, 18))
            return _Header(height, width)
    except (struct.error, IndexError):
        _refuse_damaged()
    for beginning, place, kind in _OTHERS:
        if content.startswith(beginning, place):
            raise PictureError("unsupported", f"{kind}, which is not read: save it as PNG")
    if b"<svg" in content[:1024].lower():
        raise PictureError("unsupported", "an SVG drawing, which is not read: save it as PNG")
    raise PictureError("not-a-picture", "not a picture: send a JPEG, PNG, BMP or WebP")


def _jpeg(content: bytes) -> _Header:
    found = jpeg_header(content)
    if found is None:  # OpenCV 4 fills up what is missing with grey
        _refuse_damaged()
    if found.depth != 8:
        raise PictureError("unsupported", f"a JPEG of {found.depth} bits a colour: save it as PNG")
    if found.scans > SCANS_LIMIT:
        raise PictureError("too-large", f"a JPEG of more than {SCANS_LIMIT} scans: save it anew")
    return _Header(found.height, found.width, _orientation(found.exif))


def _png(content: bytes) -> _Header:
    width, height = struct.unpack_from(">II", content, 16)
    orientation, moves, kinds = 1, False, set()
    for kind, start, length in _png_chunks(content):
        # libpng would tell of a wrong sum on the terminal
        if zlib.crc32(content[start - 4 : start + length]) != struct.unpack_from(">I", content, start + length)[0]:
            _refuse_damaged()
        kinds.add(kind)
        moves |= kind == b"acTL"
        if kind == b"eXIf":
            orientation = _orientation(content[start : start + length])
    if not {b"IHDR", b"IDAT", b"IEND"} <= kinds:
        _refuse_damaged()
    return _Header(height, width, orientation, moves)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and begin and length of the data, of each chunk to the end."""
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        yield kind, at + 8, length
        at += 12 + length


def _webp(content: bytes) -> _Header:
    """Of the container and the two ways of coding a frame (RFC 9649)."""
    first = content[12:16]
    if first == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, 26))
        return _Header(height, width)
    if first == b"VP8L":
        bits = int(struct.unpack_from("<I", content, 21)[0])
        return _Header((bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1)
    if first != b"VP8X":
        _refuse_damaged()
    low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", content, 24)
    orientation, at = 1, 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        if kind == b"EXIF":
            orientation = _orientation(content[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0"))
        at += 8 + length + length % 2
    moves = bool(content[20] & 2)
    return _Header((high_height << 16) + low_height + 1, (high_width << 16) + low_width + 1, orientation, moves)


def _orientation(tiff: bytes) -> int:
    """The orientation in a block of EXIF; 1 (upright) if it names none that there is."""
    order = "<" if tiff.startswith(b"II") else ">"
    try:
        (at,) = struct.unpack_from(order + "I", tiff, 4)
        (n,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * n, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if (tag, kind) == (0x0112, 3) and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass  # a picture is read though its EXIF is cut short
    return 1


def _refuse_damaged() -> NoReturn:
    raise PictureError("damaged", "damaged or cut short: copy or download it again")
