import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL.PngImagePlugin import PngImageFile

from letterlab.png import bare
from letterlab.recognise.decoding import decode
from letterlab.sources.pictures import decoding
from letterlab.sources.stored import UnreadableError
from packed import encoded, pictures

PICTURE = pictures(1)[0]
PNG = encoded(PICTURE)
HEADER = 8 + 25


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


BOMB = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_900_000), 9))


def test_texts_profiles_and_frames_are_left_out():
    others = b"".join(chunk(kind, b"x" * 30) for kind in (b"zTXt", b"iTXt", b"iCCP", b"acTL", b"eXIf", b"abCd"))
    assert bare(PNG[:HEADER] + others + PNG[HEADER:]) == bare(PNG) == PNG


def test_what_decides_on_the_pixels_stays():
    transparent = encoded(np.dstack([PICTURE] * 4))
    palette = PNG[:HEADER] + chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", b"\0") + PNG[HEADER:]
    assert bare(transparent) == transparent
    assert bare(palette) == palette


@pytest.mark.parametrize("left", [8, 12, 20, 40, -20, -6])
def test_cut_short_it_stays_so(left):
    assert PNG.startswith(bare(PNG[:left]))


def test_a_text_that_unpacks_to_more_is_not_unpacked(monkeypatch):
    """A hundred of them, 8 MB each: both readers hand their decoders the picture alone."""
    given = []
    imdecode, opened = cv2.imdecode, PngImageFile.__init__
    monkeypatch.setattr("cv2.imdecode", lambda content, flags: given.append(len(content)) or imdecode(content, flags))
    monkeypatch.setattr(
        PngImageFile, "__init__", lambda self, file: given.append(len(file.getvalue())) or opened(self, file)
    )
    content = PNG[:HEADER] + BOMB * 100 + PNG[HEADER:]
    with decoding(resize=False) as read:
        assert np.array_equal(read(content), PICTURE)
    assert np.array_equal(decode(content), PICTURE)
    assert given == [len(PNG)] * 2


def test_no_room_is_made_for_a_chunk_that_only_claims_to_be_long():
    """Found by fuzzing: OpenCV allocated two GB for it."""
    at = PNG.index(b"IDAT") - 4
    content = PNG[:at] + struct.pack(">I", 0x76020000) + PNG[at + 4 :]
    assert bare(content) == PNG[:at]
    with decoding(resize=False) as read, pytest.raises(UnreadableError, match="damaged or cut short"):
        read(content)
