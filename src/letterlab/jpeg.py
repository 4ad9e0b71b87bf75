"""What a JPEG claims of itself before anything of it is decoded, found as libjpeg finds it."""

import re
import struct
from typing import Final, NamedTuple

SCANS_LIMIT: Final = 100
"""Scans that a JPEG may have: encoders write ten or so. Each is a walk over the whole picture and may have 14 bytes, so
that a file of a few MB could keep libjpeg busy for hours."""

# FF and what is neither stuffing, filling nor one of the restarts within a scan (ITU T.81, B.1.1.2). Bytes in front of
# it are passed over, as libjpeg does.
_MARKER: Final = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
# SOF0 to SOF15 without DHT, JPG and DAC (T.81, table B.1): they carry the size.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN: Final = 0xDA
_END: Final = 0xD9
_APP1: Final = 0xE1
_EXIF: Final = b"Exif\0\0"
_START_OF_SCAN: Final = b"\xff\xda"
# Bytes before a scan's data that are kept for the next picture: tables have some 600, a photograph's EXIF megabytes.
_REMEMBERED: Final = 4096
# TEM and SOI have no segment.
_ALONE: Final = frozenset({0x01, 0xD8})


class JpegHeader(NamedTuple):
    """What is claimed."""

    height: int
    width: int
    depth: int
    """Bits of a sample."""
    scans: int
    """How often the picture is walked over to decode it."""
    exif: bytes
    """The block of TIFF in which a camera says more; empty where there is none."""


def jpeg_header(content: bytes) -> JpegHeader | None:
    """Of a JPEG's first frame; None where the file is damaged or cut short.

    Every marker is looked at, to the one that ends the picture: were one taken for the beginning of a segment that
    libjpeg does not see, a small frame could be shown here and a large one to libjpeg.
    """
    global _latest
    beginning, begun = _latest
    if not content.startswith(beginning):
        beginning, begun = before_data(content), _BEGINNING
        walked = _walk_on(beginning, _BEGINNING)
        if walked and walked.scans and walked.at == len(beginning) <= _REMEMBERED:
            _latest = beginning, begun = beginning, walked
    walked = _walk_on(content, begun)
    if walked is None or not walked.ended:
        return None
    frame, scans, exif = walked.frame, walked.scans, walked.exif
    return JpegHeader(frame[1], frame[2], frame[0], scans, exif) if frame and scans else None


def before_data(content: bytes) -> bytes:
    """All that stands before the data of the first scan: what pictures of one program share."""
    start = content.find(_START_OF_SCAN)
    return content[: start + 2 + int.from_bytes(content[start + 2 : start + 4], "big")]


class _Walked(NamedTuple):
    """How far the markers were looked at, and what they said."""

    at: int
    frame: tuple[int, int, int] | None
    scans: int
    exif: bytes
    ended: bool


_BEGINNING: Final = _Walked(2, None, 0, b"", False)


def _walk_on(content: bytes, begun: _Walked) -> _Walked | None:
    """To the mark that ends the picture, or the last marker; None where a segment is cut short."""
    at, frame, scans, exif, ended = begun
    try:
        while not ended and (found := _MARKER.search(content, at)):
            marker, at = found[1][0], found.end()
            if marker == _END:
                ended = True
            elif marker not in _ALONE:
                length = int(struct.unpack_from(">H", content, at)[0])
                if marker in _FRAMES and frame is None:
                    frame = struct.unpack_from(">BHH", content, at + 2)
                elif marker == _SCAN:
                    scans += 1
                elif marker == _APP1 and content.startswith(_EXIF, at + 2):
                    exif = content[at + 2 + len(_EXIF) : at + length]
                at += max(length, 2)
    except struct.error:
        return None
    return _Walked(at, frame, scans, exif, ended)


# What stood before the data of the latest picture, and what a walk through it came to.
_latest: tuple[bytes, _Walked] = b"none yet", _BEGINNING
