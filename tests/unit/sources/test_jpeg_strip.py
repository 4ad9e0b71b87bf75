"""Decoded as one, JPEGs are what each is by itself: sound ones pixel for pixel, damaged ones with their reason."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from letterlab.sources import pictures as module
from letterlab.sources.jpeg_strip import PITCH, strips_of
from letterlab.sources.pictures import decoding
from letterlab.sources.stored import UnreadableError
from packed import encoded, pictures

SAMPLING = {
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "4:4:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "4:1:1": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411,
}
GREY = [encoded(one // 16, ".jpg") for one in pictures(12)]


def which(contents):
    """Positions of the pictures that are in strips."""
    return [at for strip in strips_of(contents) for at in strip.which]


def jpegs(*settings, colour=True, count=12, seed=0):
    """JPEGs of noise, which fills all blocks and coefficients."""
    shape = (count, 28, 28, 3) if colour else (count, 28, 28)
    noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return [cv2.imencode(".jpg", one, settings)[1].tobytes() for one in noise]


COLOURED = jpegs(cv2.IMWRITE_JPEG_QUALITY, 50, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING["4:2:0"])


def alone(contents):
    """Pixels, or reason, of each as it is decoded by itself."""
    found = []
    with decoding(resize=False) as decode:
        for content in contents:
            try:
                found.append(decode(content).tolist())
            except UnreadableError as error:
                found.append(str(error))
    return found


def together(contents):
    with decoding(resize=False) as decode:
        images, reasons = decode.all(contents)
    return [reason or image.tolist() for image, reason in zip(images, reasons, strict=True)]


@pytest.mark.parametrize("quality", [1, 20, 92])
@pytest.mark.parametrize("sampling", SAMPLING)
def test_sound_jpegs_are_pixel_for_pixel_what_they_are_alone(sampling, quality):
    contents = jpegs(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING[sampling], cv2.IMWRITE_JPEG_QUALITY, quality)
    assert which(contents) or quality == 92  # so much noise leaves no room for two
    assert together(contents) == alone(contents)


@pytest.fixture
def decoded(monkeypatch):
    """What OpenCV is given to decode."""
    given = []
    imdecode = cv2.imdecode
    monkeypatch.setattr(module.cv2, "imdecode", lambda *what: given.append(what) or imdecode(*what))
    return given


def test_grey_ones_too(decoded):
    assert which(GREY) == list(range(12))
    found = together(GREY)
    assert len(decoded) == len(list(strips_of(GREY))) < 8
    assert found == alone(GREY)


def test_a_strip_is_as_tall_as_its_pictures_are_many():
    strip = next(strips_of(GREY))
    tall = cv2.imdecode(np.frombuffer(strip.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert tall.shape == (len(strip.which) * PITCH, PITCH)


def test_more_pictures_than_there_are_restart_markers(decoded):
    contents = jpegs(cv2.IMWRITE_JPEG_QUALITY, 1, count=30)
    assert max(len(strip.which) for strip in strips_of(contents)) > 16
    found = together(contents)
    assert len(decoded) == len(list(strips_of(contents)))
    assert found == alone(contents)


@pytest.mark.parametrize("sampling", SAMPLING)
def test_libjpeg_reads_a_strip_with_care(sampling):
    """Below 512 bytes for each block of a unit: from there on it would not say that a code is none."""
    blocks = {"4:4:4": 3, "4:4:0": 4, "4:2:2": 4, "4:2:0": 6, "4:1:1": 6}[sampling]
    contents = jpegs(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING[sampling], cv2.IMWRITE_JPEG_QUALITY, 20, count=60)
    sizes = [len(strip.content) - strip.content.index(b"\xff\xda") - 14 for strip in strips_of(contents)]
    assert 256 * blocks < max(sizes) < 512 * blocks


def test_others_among_them_are_decoded_by_themselves():
    other = [encoded(pictures(1)[0]), COLOURED[0], b"", b"GIF89a", encoded(np.zeros((30, 28), np.uint8), ".jpg")]
    contents = [GREY[0], *other, *GREY[1:]]
    assert which(contents) == [0, *range(6, 17)]
    assert together(contents) == alone(contents)
    assert together(contents[1:]) == alone(contents[1:])


@pytest.mark.parametrize(
    "settings",
    [(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_OPTIMIZE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 1)],
    ids=["progressive", "tables of their own", "with restarts"],
)
def test_what_cannot_be_laid_end_to_end_makes_no_strip(settings):
    contents = jpegs(*settings)
    assert not which(contents)
    assert together(contents) == alone(contents)


def changed(content, old, new):
    assert content.count(old) == 1
    return content.replace(old, new)


FRAME = b"\x08\x00\x1c\x00\x1c\x03\x01\x22"
SCAN = b"\x00\x3f\x00"
TRANSFORM = b"\xff\xee\x00\x0eAdobe\x00\x64\0\0\0\0\0"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FRAME, b"\x08\x00\x1c\x00\x1d\x03\x01\x22"),
        (FRAME, b"\x0c\x00\x1c\x00\x1c\x03\x01\x22"),
        (b"\x01\x22\x00\x02\x11\x01", b"\x01\x11\x00\x02\x22\x01"),
        (FRAME, b"\x08\x00\x1c\x00\x1c\x03\x01\x32"),
        (FRAME, b"\x08\x00\x1c\x00\x1c\x03R\x22"),
        (b"\xff\xc0", b"\xff\xc1"),
        (b"\xff\xda", TRANSFORM + b"\xff\xda"),
        (b"\xff\xda", b"\xff\xdd\0\4\0\1\xff\xda"),
        (b"\xff\xda", b"\xff\xff\xda"),
        (b"\xff\xda", b"?\xff\xda"),
        (SCAN, b"\x00\x3e\x00"),
        (SCAN, b"\x00\x3f\x01"),
    ],
)
def test_a_beginning_that_is_not_wholly_understood_makes_no_strip(old, new):
    """Width, depth, grey coarser than colour or in thirds, colours without luminance, restarts, signs between."""
    start = COLOURED[0].index(b"\xff\xda") + 14
    before, data = COLOURED[0][:start], [content[start:] for content in COLOURED]
    contents = [changed(before, old, new) + one for one in data]
    assert not which(contents)
    assert together(contents) == alone(contents)


def test_a_long_beginning_makes_no_strip():
    comment = b"\xff\xfe" + (5000).to_bytes(2, "big") + bytes(4998)
    contents = [one[:2] + comment + one[2:] for one in GREY]
    assert not which(contents)
    assert together(contents) == alone(contents)


MARKERS = [bytes([0xFF, 0xD0 + i]) for i in range(8)] + [
    b"\xff\xd9",
    b"\xff\xd8",
    b"\xff\xff",
    b"\xff\xda",
    b"\xff\x00",
]
DAMAGE = st.tuples(
    st.integers(0, 11),
    st.floats(0, 1),
    st.one_of(st.sampled_from(MARKERS), st.binary(max_size=3)),
    st.integers(0, 40),
)


@given(damages=st.lists(DAMAGE, max_size=3), coloured=st.booleans())
@example(damages=[(3, 0.999, b"\xff\xd3", 0)], coloured=False)
@example(damages=[(0, 0.9, b"", 40)], coloured=True)
def test_damage_is_found_in_whom_it_is(damages, coloured):
    """Bytes put in or taken out, anywhere: a marker that the strip itself has, an end, a piece lost."""
    contents = list(COLOURED if coloured else GREY)
    for which, place, inserted, removed in damages:
        at = round(place * len(contents[which]))
        contents[which] = contents[which][:at] + inserted + contents[which][at + removed :]
    assert together(contents) == alone(contents)
