"""Many small JPEGs of one program as one tall JPEG: libjpeg then builds its tables once for all of them.

The pictures of a data set mostly differ in their scan's data alone. A restart marker between the data of two pictures
(ITU T.81, E.2.4) begins the second anew, just as a picture of its own would begin; so data that is laid end to end,
with such markers between, is a picture in which theirs stand below one another, pixel for pixel as they are alone.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from letterlab.jpeg import before_data
from letterlab.letterset import SIDE

PITCH: Final = 32
"""Height and width that a picture of 28x28 takes: whole blocks."""

# The first sign in a scan's data that is neither data nor stuffing.
_ANY_MARKER: Final = re.compile(rb"\xff[^\0]")
_MARK: Final = 0xFF
_END: Final = b"\xff\xd9"
_RESTARTS: Final = [bytes([_MARK, 0xD0 + i]) for i in range(8)]
_RESTART_INTERVAL: Final = 0xDD
# Segments that may stand before the scan (T.81, table B.1): APP0, DQT, DHT and comments. Others, above all restarts
# and what Adobe says of colours, would change what the data means.
_PASSED_OVER: Final = frozenset(b"\xe0\xdb\xc4\xfe")
_BASELINE: Final = 0xC0
_SCAN: Final = 0xDA
# Of a frame: 8 bits, 28x28 (T.81, B.2.2).
_FRAME: Final = struct.pack(">BHH", 8, SIDE, SIDE)
# Components of a JFIF file by their numbers: grey, or luminance and two of colour. Y is then the grey of the picture.
_COMPONENTS: Final = (b"\1", b"\1\2\3")
_WHOLE_SPECTRUM: Final = b"\0\x3f\0"
# Bytes of a beginning that is looked at: tables have some 600.
_LONGEST: Final = 4096


class Strip(NamedTuple):
    """A tall JPEG."""

    content: bytes
    """Of n pictures it is 32 pixels wide and 32 n high, with a picture in the upper left 28x28 of each 32x32."""
    which: list[int]
    """Positions of those that are in it, two or more."""


def strips_of(contents: Sequence[bytes]) -> Iterator[Strip]:
    """As few JPEGs as may be, of those pictures that begin as the first does; the others are in none.

    Whether their data is sound, decoding alone tells.
    """
    beginning = before_data(contents[0])
    if len(beginning) > _LONGEST or (tall := _tall(beginning)) is None:
        return
    which: list[int] = []
    data: list[bytes] = []
    room = tall.room
    for i, content in enumerate(contents):
        if not content.startswith(beginning):
            continue
        end = _ANY_MARKER.search(content, len(beginning))
        if not end or end[0] != _END:
            continue
        size = end.end() - len(beginning)
        if size > room and len(which) > 1:
            yield Strip(tall.of(data), which)
        if size > room:
            which, data, room = [], [], tall.room
        which.append(i)
        data.append(content[len(beginning) : end.start()])
        room -= size
    if len(which) > 1:
        yield Strip(tall.of(data), which)


class _Tall(NamedTuple):
    """What stands in a strip before the data."""

    before_height: bytes
    behind_height: bytes
    room: int
    """Bytes of data for which libjpeg-turbo reads with care.

    From 512 for each block on it reads faster, and takes no notice of codes that there are not (jdhuff.c, decode_mcu).
    """

    def of(self, data: list[bytes]) -> bytes:
        """The strip of pictures with this data."""
        parts = [self.before_height, struct.pack(">H", PITCH * len(data)), self.behind_height]
        for i, one in enumerate(data):
            parts += one, _RESTARTS[i % 8]
        parts[-1] = _END
        return b"".join(parts)


@lru_cache(maxsize=8)
def _tall(beginning: bytes) -> _Tall | None:
    """None where not all of the beginning is understood."""
    at, height, sampling = 2, 0, b""
    while at < len(beginning):
        mark, marker, length = struct.unpack_from(">BBH", beginning.ljust(at + 4, b"\0"), at)
        segment = beginning[at + 4 : at + 2 + length]
        if mark != _MARK or len(segment) != length - 2:
            return None
        if marker == _BASELINE and not height:
            height, sampling = at + 5, segment[7::3]
            if not segment.startswith(_FRAME) or segment[6::3] not in _COMPONENTS or not _units(sampling):
                return None
        elif marker == _SCAN:
            if not height or segment[:1] != bytes([len(sampling)]) or not segment.endswith(_WHOLE_SPECTRUM):
                return None
            interval = struct.pack(">BBHH", _MARK, _RESTART_INTERVAL, 4, _units(sampling))
            behind = struct.pack(">H", PITCH) + beginning[height + 4 : at] + interval + beginning[at:]
            blocks = sum((one >> 4) * (one & 15) for one in sampling) if len(sampling) > 1 else 1
            return _Tall(beginning[:height], behind, 512 * blocks - 1)
        elif marker not in _PASSED_OVER:
            return None
        at += 2 + length
    return None


def _units(sampling: bytes) -> int:
    """How many units are coded for a picture of 32x32 (T.81, A.2); 0 where its grey is not sampled finest, or oddly."""
    if len(sampling) == 1:
        return (PITCH // 8) ** 2
    across, down = sampling[0] >> 4, sampling[0] & 15
    finest = all(one >> 4 <= across and one & 15 <= down for one in sampling)
    return PITCH // 8 // across * (PITCH // 8 // down) if finest and {across, down} <= {1, 2, 4} else 0
