"""A picture's bytes to grey pixels, upright, with limits that hold before anything is decoded.

JPEG (also CMYK), PNG (any depth), BMP and WebP are read by Pillow. Grey is `(77 R + 150 G + 29 B + 128) >> 8`, which a
browser can do as well. Its size, whether it moves and which way is up are read from a picture's header here, so that
nothing is decoded of what is refused.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from letterlab import png
from letterlab.errors import LetterlabError
from letterlab.jpeg import SCANS_LIMIT, jpeg_header
from letterlab.shapes import UInt8

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
_RED, _GREEN, _BLUE = 77, 150, 29  # in 256ths of grey
# Pillow sums them exactly, adds a half and rounds down: for each of the 2**24 colours it is the formula above.
_GREY: Final = (_RED / 256, _GREEN / 256, _BLUE / 256, 0)


@dataclass(frozen=True)
class Limits:
    """What a picture may come to; anything else is refused before it is decoded."""

    bytes: int = 32 * 1024 * 1024
    """Of the file."""
    pixels: int = 50_000_000
    """Width times height. Decoding takes up to sixteen bytes for each of a WebP, and seven of any other."""
    side: int = 8
    """Least width and least height."""


class PictureError(LetterlabError):
    """A picture that is refused. The message is a phrase without its name: whoever knows the name puts it in front."""

    def __init__(self, problem: Problem, message: str) -> None:
        super().__init__(message)
        self.problem: Final = problem

    def __reduce__(self) -> tuple[type["PictureError"], tuple[Problem, str]]:
        """Told by one process to another it is the same."""
        return PictureError, (self.problem, str(self))


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

    Damage within the data of a JPEG or WebP is not always told from strokes: such a picture is read as it looks.

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
    if content.startswith(png.SIGNATURE):
        content = png.bare(content)
    return _upright(_grey(_open(content, (header.width, header.height))), header.orientation)


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """The EXIF is read here, where a damaged one is not warned of."""


_DECODERS: Final = (
    (b"\xff\xd8", _Jpeg),
    (b"\x89PNG", PngImageFile),
    (b"BM", BmpImageFile),
    (b"RIFF", WebPImageFile),
)


def _open(content: bytes, size: tuple[int, int]) -> Image.Image:
    """The picture decoded. Image.open would load the decoders of all else, and has limits of its own to warn of."""
    decoder = next(decoder for beginning, decoder in _DECODERS if content.startswith(beginning))
    try:
        picture = decoder(io.BytesIO(content))
        if picture.size != size:  # it has two headers
            _refuse_damaged()
        picture.load()
    except Exception:  # what Pillow raises for damage has no class in common but this
        _refuse_damaged()
    # in a BMP the fourth byte of a pixel is padding as a rule
    return _in_mode("RGB", picture) if decoder is BmpImageFile and picture.mode == "RGBA" else picture


def _grey(picture: Image.Image) -> UInt8[np.ndarray, "h w"]:
    if picture.mode == "I;16":
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.has_transparency_data:
        return _on_ground(_in_mode("RGBA", picture))
    if picture.mode not in ("1", "L"):
        picture = _in_mode("RGB", picture).convert("L", _GREY)
    return np.asarray(_in_mode("L", picture))


def _in_mode(mode: str, picture: Image.Image) -> Image.Image:
    return picture if picture.mode == mode else picture.convert(mode)


def _on_ground(picture: Image.Image) -> UInt8[np.ndarray, "h w"]:
    """Grey of what is transparent, shown on white or on black."""
    width, height = picture.size
    grey = np.empty((height, width), dtype=np.uint8)
    for ground in (255, 0):
        for top in range(0, height, 256):  # in strips, for the memory's sake
            part = picture.crop((0, top, width, min(top + 256, height)))
            if part.getchannel("A").getextrema() == (255, 255):  # as of a screenshot
                grey[top : top + 256] = np.asarray(part.convert("RGB").convert("L", _GREY))
                continue
            strip = np.asarray(part).astype(np.uint16)
            colour, alpha = strip[:, :, :3], strip[:, :, 3:]
            red, green, blue = np.moveaxis((colour * alpha + ground * (255 - alpha) + 127) // 255, 2, 0)
            grey[top : top + 256] = (_RED * red + _GREEN * green + _BLUE * blue + 128) >> 8
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
    if found is None:
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
