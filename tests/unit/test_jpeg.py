"""What a JPEG claims: whatever it holds, libjpeg must find no other picture in it than is found here."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letterlab import jpeg
from letterlab.jpeg import SCANS_LIMIT, JpegHeader, jpeg_header
from letterlab.recognise.decoding import Limits, PictureError, decode
from letterlab.sources.pictures import decoding
from letterlab.sources.stored import UnreadableError
from packed import encoded

SMALL = encoded(np.zeros((28, 28), np.uint8), ".jpg")
LARGE = encoded(np.zeros((400, 300), np.uint8), ".jpg")
EXIF = b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0II*\0"


def test_a_header_tells_size_depth_scans_and_exif():
    assert jpeg_header(LARGE) == JpegHeader(400, 300, 8, 1, b"")
    assert jpeg_header(LARGE[:2] + EXIF + LARGE[2:]) == JpegHeader(400, 300, 8, 1, b"II*\0")


@pytest.mark.parametrize("left", [2, 3, 20, 160, -2])
def test_of_one_that_is_cut_short_nothing_is_told(left):
    assert jpeg_header(SMALL[:left]) is None


def test_a_thumbnail_is_not_the_picture():
    thumbnail = b"\xff\xe2" + struct.pack(">H", 2 + len(SMALL)) + SMALL
    assert jpeg_header(LARGE[:2] + thumbnail + LARGE[2:] + SMALL) == JpegHeader(400, 300, 8, 1, b"")


@pytest.mark.parametrize("lone", [b"\xff\xd0", b"\xff\x01", b"\xff\x00", b"?", b"\xff\xff"])
def test_a_small_frame_does_not_hide_a_large_picture(lone):
    """To libjpeg these are no segments; taken for one, its length of FFFE would lead to the small frame."""
    comment = b"\xff\xfe" + struct.pack(">H", 2)
    hidden = LARGE[:2] + lone + comment + LARGE[2:]
    content = hidden.ljust(4 + 0xFFFE, b"\0") + SMALL[SMALL.index(b"\xff\xc0") :]
    assert jpeg_header(content) == JpegHeader(400, 300, 8, 1, b"")
    with pytest.raises(PictureError, match="300x400 pixels, over the limit"):
        decode(content, Limits(pixels=1000))
    with decoding(resize=False) as read, pytest.raises(UnreadableError, match="300x400"):
        read(content)


def test_a_picture_of_too_many_scans_is_not_decoded():
    scan = SMALL[SMALL.index(b"\xff\xda") : -2]
    content = SMALL[:-2] + scan * SCANS_LIMIT + SMALL[-2:]
    assert jpeg_header(content).scans == SCANS_LIMIT + 1
    with pytest.raises(PictureError, match="more than 100 scans"):
        decode(content)
    with decoding(resize=False) as read, pytest.raises(UnreadableError, match="more than 100 scans"):
        read(content)


PIECES = [
    b"\xff",
    b"\xda",
    b"\xff\xda",
    b"\xff\xd9",
    b"\xff\xd8",
    b"\xff\xc0",
    b"\xff\xfe",
    b"\0",
    b"\0\2",
    b"\0\5",
    b"\0\x0b",
    EXIF,
    SMALL,
]


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14), at=st.integers(0, len(SMALL)))
def test_what_stands_before_a_scan_may_be_walked_through_once_for_many_pictures(pieces, at):
    """What is remembered of one picture's beginning says the same of another as its own would, whatever it holds."""
    content = SMALL[:at] + b"".join(pieces) + SMALL[at:]
    walked = jpeg._walk_on(content, jpeg._BEGINNING)
    expected = None
    if walked and walked.ended and walked.frame and walked.scans:
        expected = JpegHeader(walked.frame[1], walked.frame[2], walked.frame[0], walked.scans, walked.exif)
    assert jpeg_header(content) == jpeg_header(content) == expected


def test_exif_is_whole_though_it_holds_what_looks_like_a_scan():
    block = b"II*\0\xff\xda\0\x08" + b"rest" * 5
    segment = b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(block)) + b"Exif\0\0" + block
    assert jpeg_header(LARGE[:2] + segment + LARGE[2:]) == JpegHeader(400, 300, 8, 1, block)


def test_a_long_beginning_is_not_kept_in_memory():
    comment = b"\xff\xfe" + struct.pack(">H", 0xFFFF) + bytes(0xFFFD)
    jpeg_header(SMALL)
    kept = jpeg._latest
    assert jpeg_header(LARGE[:2] + comment + LARGE[2:]) == JpegHeader(400, 300, 8, 1, b"")
    assert jpeg._latest == kept
    assert jpeg_header(LARGE) == JpegHeader(400, 300, 8, 1, b"")
    assert jpeg._latest != kept
    assert LARGE.startswith(jpeg._latest[0])


@pytest.mark.parametrize("cut", [SMALL[:2], SMALL[:20], b""])
def test_what_is_cut_short_before_its_scan_does_not_pass_for_the_beginning_of_all(cut):
    assert jpeg_header(cut) is None
    jpeg_header(LARGE)
    assert jpeg._latest[0] == jpeg.before_data(LARGE)
