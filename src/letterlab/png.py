"""A PNG with nothing in it but what decides on its pixels."""

import struct
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def bare(content: bytes) -> bytes:
    """The PNG without texts, profiles and further frames: libpng would unpack each of them, to 8 MB of 8 kB.

    What is damaged or cut short stays so; a chunk that claims to go on behind the end is left out with what
    follows, for OpenCV would make room for what it claims.
    """
    kept, at, kind = [SIGNATURE], len(SIGNATURE), b""
    while kind != b"IEND" and at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        start, at = at, at + 12 + length
        if kind in _NEEDED and at <= len(content):
            kept.append(content[start:at])
    return b"".join(kept)
