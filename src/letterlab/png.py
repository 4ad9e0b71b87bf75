"""A PNG with nothing in it but what decides on its pixels."""

import struct
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def bare(content: bytes) -> bytes:
    """The PNG without texts, profiles and further frames: libpng would unpack each of them, to 8 MB of 8 kB.

    What is damaged or cut short stays so.
    """
    kept, at, kind = [SIGNATURE], len(SIGNATURE), b""
    while kind != b"IEND" and at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind in _NEEDED:
            kept.append(content[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)
