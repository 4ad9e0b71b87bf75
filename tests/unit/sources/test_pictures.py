import os
import struct
import unicodedata

import cv2
import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.sources.pictures import PIXEL_LIMIT, decoding, letter_of, size_of
from letterlab.sources.stored import UnreadableError
from packed import encoded, pictures

PICTURE = pictures(1)[0]
JPEG = encoded(PICTURE, ".jpg")


def decoded(content, resize=False):
    with decoding(resize=resize) as decode:
        return decode(content)


def claiming(content, height, width):
    """The PNG with another size in its header."""
    return content[:16] + struct.pack(">II", width, height) + content[24:]


@pytest.mark.parametrize(("name", "letter"), [("a_00002.jpg", "A"), ("K_1.png", "K"), ("z.bmp", "Z"), ("q7.jpg", "Q")])
def test_the_name_begins_with_the_letter(name, letter):
    assert LETTERS[letter_of(name)] == letter


@pytest.mark.parametrize("name", ["7_1.png", "é_1.jpg", unicodedata.normalize("NFD", "é_1.jpg"), "_a.jpg", "Ж_1.png"])
def test_a_letter_outside_a_to_z_is_refused(name):
    with pytest.raises(UnreadableError, match="does not begin with one letter from A to Z"):
        letter_of(name)


@pytest.mark.parametrize("name", ["img_001.jpg", "scan.png", "ſ_1.jpg", "ı_1.jpg", "aé_1.jpg"])
def test_a_name_without_a_letter_of_its_own_is_refused(name):
    with pytest.raises(UnreadableError, match="does not begin with one letter from A to Z"):
        letter_of(name)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp"])
def test_the_size_is_in_the_header(ending):
    assert size_of(encoded(np.zeros((28, 40), np.uint8), ending)) == (28, 40)
    assert size_of(encoded(np.zeros((17, 3, 3), np.uint8), ending)) == (17, 3)


def test_a_bmp_of_os2_and_one_from_the_top_have_sizes():
    assert size_of(b"BM" + bytes(12) + struct.pack("<IHH", 12, 40, 28)) == (28, 40)
    assert size_of(b"BM" + bytes(12) + struct.pack("<Iii", 40, 40, -28)) == (28, 40)


def test_the_size_of_a_jpeg_is_found_behind_a_thumbnail_and_fill_bytes():
    thumbnail = encoded(np.zeros((8, 8), np.uint8), ".jpg")
    block = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    content = JPEG[:2] + block + b"\xff\xff" + JPEG[2:]
    assert size_of(content) == (28, 28)
    with pytest.raises(UnreadableError, match="cut short"):
        size_of(content[:-10])


@pytest.mark.parametrize("ending", [".png", ".bmp"])
def test_whole_pictures_come_out_as_they_went_in(ending):
    assert np.array_equal(decoded(encoded(PICTURE, ending)), PICTURE)
    colour = np.repeat(PICTURE[:, :, None], 3, axis=2)
    assert np.array_equal(decoded(encoded(colour, ending)), PICTURE)


def test_a_jpeg_is_decoded_as_opencv_does_it():
    assert np.array_equal(decoded(JPEG), cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_GRAYSCALE))


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.99])
def test_a_picture_cut_short_is_refused_without_a_word_on_the_terminal(capfd, ending, share):
    content = encoded(PICTURE, ending)
    with pytest.raises(UnreadableError, match=r"damaged or cut short|neither JPEG"):
        decoded(content[: int(len(content) * share)])
    assert capfd.readouterr() == ("", "")


def test_a_jpeg_that_is_cut_short_and_closed_again_is_refused(capfd):
    with pytest.raises(UnreadableError, match="damaged"):
        decoded(JPEG[:-150] + b"\xff\xd9")
    assert capfd.readouterr() == ("", "")


def test_damage_is_laid_to_the_picture_that_has_it(capfd):
    damaged = JPEG[:-150] + b"\xff\xd9"
    with decoding(resize=False) as decode:
        for _ in range(2):
            assert decode(JPEG).shape == (28, 28)
            with pytest.raises(UnreadableError, match="damaged"):
                decode(damaged)
    assert capfd.readouterr() == ("", "")


def test_the_terminal_is_given_back(capfd):
    with pytest.raises(UnreadableError):
        decoded(b"")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"GIF89a" + bytes(100), "neither JPEG, PNG nor BMP"),
        (b"text", "neither JPEG, PNG nor BMP"),
        (b"\xff\xd8\xff\xd9", "damaged or cut short"),
        (b"\xff\xd8\xff\xda\x00\x02\xff\xd9", "damaged or cut short"),
        (b"\xff\xd8junk instead of a segment", "damaged or cut short"),
        (encoded(PICTURE)[:-40] + bytes(40), "damaged or cut short"),
        (b"BM", "damaged or cut short"),
    ],
)
def test_what_is_no_picture_is_refused(content, reason):
    with pytest.raises(UnreadableError, match=reason):
        decoded(content)


def test_another_size_is_refused_unless_it_is_to_be_resized():
    content = encoded(np.zeros((32, 30), np.uint8))
    with pytest.raises(UnreadableError, match=r"not 28x28 pixels, --resize .* \(it has 30x32\)"):
        decoded(content)
    assert decoded(content, resize=True).shape == (28, 28)


def test_too_many_pixels_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    side = int(PIXEL_LIMIT**0.5) + 1
    with pytest.raises(UnreadableError, match="more than the limit of 50,000,000 pixels"):
        decoded(claiming(encoded(PICTURE), side, side), resize=True)


def test_what_opencv_refuses_is_damaged(monkeypatch):
    def refuse(*_):
        raise cv2.error("too large")

    monkeypatch.setattr(cv2, "imdecode", refuse)
    with pytest.raises(UnreadableError, match="damaged"):
        decoded(JPEG)


def test_resizing_keeps_the_aspect_in_the_middle_of_a_black_ground():
    picture = np.zeros((280, 140), np.uint8)
    picture[20:-20, 20:-20] = 200
    small = decoded(encoded(picture), resize=True)
    assert small.shape == (28, 28)
    assert (small[:, :7] == 0).all()
    assert (small[:, -7:] == 0).all()
    assert (small[2:-2, 9:-9] == 200).all()
    assert abs(small.sum() - picture.sum(dtype=int) / 100) < 1


def test_resizing_continues_a_bright_ground():
    picture = np.full((280, 140), 250, np.uint8)
    picture[100:180, 60:80] = 10
    small = decoded(encoded(picture), resize=True)
    assert (small[:, :10] == 250).all()
    assert small.min() == 10


def test_resizing_enlarges_small_pictures():
    assert (decoded(encoded(np.full((7, 7), 90, np.uint8)), resize=True) == 90).all()
    assert decoded(encoded(np.full((1, 200), 90, np.uint8)), resize=True).shape == (28, 28)
