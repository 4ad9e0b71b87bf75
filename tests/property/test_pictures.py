"""What a picture is prepared to does not hang on where, how large, how dark and in which light the letter stands."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.recognise.decoding import Limits, PictureError, decode
from letterlab.recognise.ink import find_ink, prepare
from letterlab.sources.drawn import draw_letters

LETTERS = draw_letters(np.arange(26, dtype=np.uint8).repeat(4), 1)

letters = st.integers(0, len(LETTERS) - 1).map(lambda i: LETTERS[i])
margins = st.tuples(*[st.integers(0, 40)] * 4)
many = settings(max_examples=40, deadline=None, derandomize=True)
PICTURES = [
    cv2.imencode(ending, cv2.resize(LETTERS[i], (40, 32)))[1].tobytes()
    for i, ending in enumerate([".png", ".jpg", ".bmp", ".webp"])
]


def prepared(grey):
    return prepare(find_ink(grey).ink)


def enlarged(letter, scale):
    return cv2.resize(letter, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)


def difference(one, other):
    return np.abs(one.astype(int) - other).mean()


@many
@given(letters, st.sampled_from([0.5, 1, 3]), margins)
def test_inverting_leaves_it_the_same_to_the_last_level(letter, scale, margin):
    above, below, left, right = margin
    grey = np.pad(enlarged(letter, scale), ((above, below), (left, right)))
    found, inverse = find_ink(grey), find_ink(255 - grey)
    assert np.array_equal(found.ink, inverse.ink)
    assert found.shrink == inverse.shrink


@many
@given(letters, margins, st.booleans())
def test_padding_and_shifting_leave_black_and_white_the_same_to_the_last_level(letter, margin, light):
    above, below, left, right = margin
    opened = cv2.morphologyEx((letter >= 128).view(np.uint8) * np.uint8(255), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    ink = np.pad(opened, 4)
    moved = np.pad(ink, ((above, below), (left, right)))
    ink, moved = (255 - ink, 255 - moved) if light else (ink, moved)
    assert np.array_equal(prepared(moved), prepared(ink))


@settings(many, max_examples=25)
@given(letters, margins)
def test_padding_and_shifting_leave_it_nearly_the_same(letter, margin):
    above, below, left, right = margin
    assert difference(prepared(np.pad(letter, ((above, below), (left, right)))), prepared(letter)) < 40


@many
@given(letters, st.sampled_from([2, 3, 4, 8]))
def test_pixels_made_squares_leave_it_nearly_the_same(letter, times):
    squares = np.kron(letter, np.ones((times, times), np.uint8))
    assert difference(prepared(squares), prepared(letter)) < 30


@many
@given(letters, st.floats(0.5, 8), st.integers(0, 10))
def test_scaling_leaves_it_much_the_same(letter, scale, margin):
    grey = np.pad(enlarged(letter, scale), int(margin * scale))
    assert difference(prepared(grey), prepared(letter)) < (30 if scale > 1 else 50)


def test_scaling_padding_and_slopes_of_light_change_little_on_average():
    """The bounds above are for the worst letter: where a faint pixel more or less at its rim moves the whole letter."""
    slope = 1 - 0.4 * np.arange(152) / 152
    changes = {
        4: lambda letter: np.pad(letter, 40),
        9: lambda letter: np.kron(letter, np.ones((4, 4), np.uint8)),
        10: lambda letter: np.pad(enlarged(letter, 3), 40),
        11: lambda letter: 255 - np.rint((255.0 - np.pad(enlarged(letter, 4), 20)) * slope).astype(np.uint8),
        19: lambda letter: enlarged(letter, 0.5),
    }
    for bound, change in changes.items():
        assert np.mean([difference(prepared(change(letter)), prepared(letter)) for letter in LETTERS[::2]]) < bound


@many
@given(letters, st.sampled_from([1, 4]), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.integers(120, 255))
def test_a_gentle_slope_of_light_leaves_it_nearly_the_same(letter, scale, across, down, ground):
    page = 255 - np.pad(enlarged(letter, scale), 4 * scale).astype(float)
    y, x = np.mgrid[0 : len(page), 0 : page.shape[1]] / len(page) - 0.5
    seen = np.rint(page / 255 * ground * (1 + across * x + down * y) / (1 + (abs(across) + abs(down)) / 2))
    assert difference(prepared(seen.astype(np.uint8)), prepared((255 - page).astype(np.uint8))) < 30


@many
@given(letters)
def test_prepared_again_it_stays_nearly_the_same(letter):
    once = prepared(letter)
    assert difference(prepared(once), once) < 30


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(PICTURES), st.data())
def test_cut_or_changed_a_picture_is_read_or_refused(content, data):
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(len(content) // 2, len(content)))]
    try:
        grey = decode(bytes(content), Limits(pixels=1_000_000))
    except PictureError as error:
        assert error.problem in ("not-a-picture", "damaged", "too-large", "too-small", "unsupported")
    else:
        assert grey.dtype == np.uint8
        assert grey.size <= 1_000_000
        assert prepared(grey).shape == (28, 28)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"BM", b"RIFF\0\0\0\0WEBP"]), st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(beginning, rest):
    try:
        decode(beginning + rest, Limits(pixels=10_000))
    except PictureError as error:
        assert str(error)


@many
@given(st.integers(8, 60), st.integers(8, 60), st.data())
def test_any_pixels_are_prepared(height, width, data):
    cells = data.draw(st.binary(min_size=16, max_size=16))
    grey = cv2.resize(np.frombuffer(cells, np.uint8).reshape(4, 4), (width, height), interpolation=cv2.INTER_NEAREST)
    found = find_ink(grey)
    assert found.ink.shape == (height, width)
    picture = prepare(found.ink)
    assert picture.max() in (0, 255)
    assert picture.any() == (found.ink >= 32).any()
    assert not picture[:2].any()
    assert not picture[:, -2:].any()
