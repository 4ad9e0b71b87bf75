import base64
import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from letterlab.recognise import decoding
from letterlab.recognise.decoding import Limits, PictureError, decode

GREY = np.random.default_rng(0).integers(0, 256, (12, 20), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (12, 20, 3), dtype=np.uint8)
# 8x8 pixels of a CMYK JPEG as Adobe writes it, the left half black, the right half white.
CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFa"
    "UGBKUVJP/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcA/8QAGBABAAMBAAAAAAAAAAAAAAAAAAdFg8P/2gAO"
    "BEMATQBZAEsAAD8ATicTlDFzh0f/2Q=="
)


def stored(picture, ending=".png"):
    return cv2.imencode(ending, picture)[1].tobytes()


def grey_of(colour):
    blue, green, red = np.moveaxis(colour.astype(int), -1, 0)
    return (77 * red + 150 * green + 29 * blue + 128) >> 8


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png, kind, data):
    """The PNG with one more chunk behind its header."""
    return png[:33] + chunk(kind, data) + png[33:]


def claiming(png, height, width):
    """The PNG with another size in its header, and the sum that belongs to it."""
    return png[:8] + chunk(b"IHDR", struct.pack(">II", width, height) + png[24:29]) + png[33:]


def exif(orientation, order="<"):
    first = b"II*\0" if order == "<" else b"MM\0*"
    other = struct.pack(order + "HHIHH", 0x0100, 3, 1, 9, 0)
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return first + struct.pack(order + "IH", 8, 2) + other + entry + bytes(4)


def with_exif(jpeg, block):
    segment = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def webp_with(frame, flags, *more):
    """A WebP in the container that can hold more than one frame."""
    size = struct.pack("<HBHB", 19, 0, 11, 0)
    body = b"WEBPVP8X" + struct.pack("<IB3x", 10, flags) + size + frame[12:]
    for kind, data in more:
        body += kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def problem(content, limits=None):
    with pytest.raises(PictureError) as caught:
        decode(content, limits or Limits())
    return caught.value.problem, str(caught.value)


@pytest.mark.parametrize("ending", [".png", ".bmp"])
def test_grey_comes_out_as_it_went_in(ending):
    assert np.array_equal(decode(stored(GREY, ending)), GREY)


@pytest.mark.parametrize("ending", [".png", ".bmp"])
def test_colour_becomes_grey_by_the_formula_to_the_last_level(ending):
    assert np.array_equal(decode(stored(COLOUR, ending)), grey_of(COLOUR))


def test_every_half_is_rounded_up():
    levels = np.stack(np.meshgrid(*[np.arange(0, 256, 3)] * 3), -1).reshape(86, -1, 3).astype(np.uint8)
    halves = ((levels.astype(int) @ [29, 150, 77]) % 256 == 128).sum()
    assert halves > 1000
    assert np.array_equal(decode(stored(levels)), grey_of(levels))


@pytest.mark.parametrize("picture", [GREY, COLOUR])
def test_a_jpeg_is_near_what_was_stored(picture):
    soft = cv2.resize(picture[:3, :5], (80, 48), interpolation=cv2.INTER_CUBIC)
    wanted = soft if soft.ndim == 2 else grey_of(soft)
    assert np.abs(decode(stored(soft, ".jpg")).astype(int) - wanted).mean() < 4


@pytest.mark.parametrize("quality", [90, 101])  # with loss and without
def test_a_webp_is_read(quality):
    content = cv2.imencode(".webp", COLOUR, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
    assert np.abs(decode(content).astype(int) - grey_of(COLOUR)).mean() < (20 if quality == 90 else 0.01)


def test_cmyk_is_read_as_a_printer_means_it():
    picture = decode(CMYK)
    assert picture.shape == (8, 8)
    assert picture[:, :4].max() < 20
    assert picture[:, 4:].min() > 235


def test_of_sixteen_bits_the_upper_eight_are_taken():
    deep = np.arange(240, dtype=np.uint16).reshape(12, 20) * 273
    assert np.array_equal(decode(stored(deep)), deep >> 8)
    assert np.array_equal(decode(stored(np.stack([deep] * 3, -1))), deep >> 8)


def test_a_palette_and_one_bit_are_read():
    bits = (np.random.default_rng(2).random((8, 16)) < 0.5).astype(np.uint8)
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in bits)

    def png(kind, *more):
        parts = [(b"IHDR", struct.pack(">IIBBBBB", 16, 8, 1, kind, 0, 0, 0)), *more]
        parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)

    assert np.array_equal(decode(png(0)), bits * 255)
    palette = bytes([10, 20, 30, 200, 100, 50])
    assert np.array_equal(decode(png(3, (b"PLTE", palette))), grey_of(np.array([[30, 20, 10], [50, 100, 200]])[bits]))


def test_what_is_transparent_is_shown_on_white():
    alpha = np.random.default_rng(3).integers(0, 256, (12, 20, 1), dtype=np.uint8)
    alpha[0, 0] = 0
    colour = COLOUR // 2
    shown = (colour.astype(int) * alpha + 255 * (255 - alpha.astype(int)) + 127) // 255
    found = decode(stored(np.concatenate([colour, alpha], axis=2)))
    assert np.array_equal(found, grey_of(shown))
    assert found[0, 0] == 255


def test_with_a_fourth_channel_that_hides_nothing_colours_are_as_they_are():
    opaque = np.full((12, 20, 1), 255, np.uint8)
    found = decode(stored(np.concatenate([COLOUR, opaque], axis=2)))
    assert np.array_equal(found, grey_of(COLOUR))


def test_the_colour_that_a_png_calls_transparent_is_shown_on_white():
    key = COLOUR[3, 4]
    blue, green, red = key.tolist()
    wanted = np.where((key == COLOUR).all(axis=2), 255, grey_of(COLOUR))
    assert wanted[3, 4] == 255
    assert np.array_equal(decode(with_chunk(stored(COLOUR), b"tRNS", struct.pack(">HHH", red, green, blue))), wanted)
    wanted = np.where(GREY[0, 0] == GREY, 255, GREY)
    assert np.array_equal(decode(with_chunk(stored(GREY), b"tRNS", struct.pack(">H", GREY[0, 0]))), wanted)


def test_white_strokes_on_nothing_are_shown_on_black():
    alpha = np.zeros((12, 20, 1), np.uint8)
    alpha[3:9, 8:12] = 255
    alpha[3:9, 7] = 100
    white = np.full((12, 20, 3), 255, np.uint8)
    assert np.array_equal(decode(stored(np.concatenate([white, alpha], axis=2))), alpha[:, :, 0])
    opaque = np.full((12, 20, 1), 255, np.uint8)
    assert decode(stored(np.concatenate([white, opaque], axis=2))).min() == 255


def test_the_fourth_byte_of_a_bmp_is_no_transparency():
    picture = np.concatenate([COLOUR, np.zeros((12, 20, 1), np.uint8)], axis=2)
    assert np.array_equal(decode(stored(picture, ".bmp")), grey_of(COLOUR))


# What stands at the top left, top right, bottom left and bottom right once the picture is upright, if it is stored as
# 1 2 / 3 4 (TIFF 6.0: 6 says that the first row is the right side, the first column the top).
UPRIGHT = {1: "1234", 2: "2143", 3: "4321", 4: "3412", 5: "1324", 6: "3142", 7: "4231", 8: "2413", 9: "1234", 0: "1234"}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_pictures_stand_upright_by_their_exif(orientation, order, kind):
    picture = np.kron(np.array([[50, 100], [150, 200]], np.uint8), np.ones((6, 10), np.uint8))
    block = exif(orientation, order)
    content = {
        "jpeg": lambda: with_exif(stored(picture, ".jpg"), block),
        "png": lambda: with_chunk(stored(picture), b"eXIf", block),
        "webp": lambda: webp_with(stored(picture, ".webp"), 8, (b"EXIF", block)),
    }[kind]()
    found = decode(content)
    assert found.shape == ((20, 12) if orientation in (5, 6, 7, 8) else (12, 20))
    corners = [found[y, x] for y in (1, -2) for x in (1, -2)]
    assert "".join(str(round(corner / 50)) for corner in corners) == UPRIGHT[orientation]


@pytest.mark.parametrize("block", [b"", b"II", exif(6)[:12], exif(6).replace(b"\x12\x01", b"\x13\x01"), b"MM" * 40])
def test_without_a_whole_orientation_a_picture_is_left_as_it_is(block):
    assert decode(with_exif(stored(GREY, ".jpg"), block)).shape == (12, 20)


def test_what_is_not_a_picture_is_named():
    assert problem(b"") == ("not-a-picture", "an empty file: copy or download it again")
    assert problem(b"Dear reader") == ("not-a-picture", "not a picture: send a JPEG, PNG, BMP or WebP")
    assert problem(b"\0") == ("not-a-picture", "not a picture: send a JPEG, PNG, BMP or WebP")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"GIF89a", "a GIF"),
        (b"II*\0", "a TIFF"),
        (b"MM\0*", "a TIFF"),
        (b"%PDF-1.7", "a PDF"),
        (b"\0\0\0\x18ftypheic", "a HEIC"),
        (b"\0\0\0\x18ftypmif1", "a HEIC"),
        (b"\0\0\0\x1cftypavif", "an AVIF"),
        (b"<?xml version='1.0'?>\n<SVG xmlns=", "an SVG"),
    ],
)
def test_other_kinds_are_refused_with_what_to_do(content, kind):
    found, message = problem(content + bytes(100))
    assert found == "unsupported"
    assert message.startswith(kind)
    assert message.endswith("save it as PNG")


def test_animated_pictures_are_refused():
    moving = with_chunk(stored(GREY), b"acTL", struct.pack(">II", 2, 0))
    assert problem(moving) == ("unsupported", "an animated picture: save the frame that is meant as PNG")
    assert problem(webp_with(stored(GREY, ".webp"), 2))[0] == "unsupported"
    assert decode(webp_with(stored(GREY, ".webp"), 0)).shape == (12, 20)


def test_a_jpeg_of_twelve_bits_is_refused():
    content = stored(GREY, ".jpg")
    frame = content.index(b"\xff\xc0")
    twelve = content[: frame + 4] + b"\x0c" + content[frame + 5 :]
    assert problem(twelve) == ("unsupported", "a JPEG of 12 bits a colour: save it as PNG")


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".webp"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_picture_cut_short_is_refused_without_a_word_on_the_terminal(capfd, ending, share):
    content = stored(GREY, ending)
    cut = content[: max(int(len(content) * share), 12)]
    assert problem(cut) == ("damaged", "damaged or cut short: copy or download it again")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("place", [17, 40, 60, -14])
def test_damage_in_a_png_is_refused_without_a_word_on_the_terminal(capfd, place):
    content = bytearray(stored(GREY))
    content[place] ^= 1
    assert problem(bytes(content))[0] == "damaged"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x02\xff\xd9",
        b"\xff\xd8junk instead of a segment",
        b"BM",
        b"BM" + bytes(12) + struct.pack("<Iii", 40, 0, 20) + bytes(40),
        b"RIFF\0\0\0\0WEBPwhat" + bytes(40),
        claiming(stored(GREY), 0, 20),
    ],
)
def test_headers_without_sense_are_damage(content):
    assert problem(content)[0] == "damaged"


def test_exif_is_found_behind_fill_bytes_and_odd_chunks():
    jpeg = with_exif(stored(GREY, ".jpg"), exif(6))
    assert decode(jpeg[:2] + b"\xff\xff" + jpeg[2:]).shape == (20, 12)
    webp = stored(GREY, ".webp")
    assert decode(webp_with(webp, 8, (b"odd?", b"odd"), (b"EXIF", exif(6)))).shape == (20, 12)
    assert decode(webp_with(webp, 8, (b"EXIF", b"Exif\0\0" + exif(6)))).shape == (20, 12)


@pytest.mark.parametrize(
    "content",
    [
        claiming(stored(GREY), 60_000, 60_000),
        b"BM" + bytes(12) + struct.pack("<Iii", 40, 60_000, -60_000) + bytes(40),
        b"BM" + bytes(12) + struct.pack("<IHH", 12, 60_000, 60_000) + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8X" + struct.pack("<IB3xHBHB", 10, 0, 59_999, 0, 59_999, 0) + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8L" + struct.pack("<IBI", 10, 0x2F, 0x3FFF << 14 | 0x3FFF) + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8 " + struct.pack("<I6xHH", 10, 16383, 16383) + bytes(40),
        stored(GREY, ".jpg").replace(struct.pack(">HH", 12, 20), struct.pack(">HH", 60_000, 60_000)),
    ],
    ids=["png", "bmp", "os2", "webp", "webp without loss", "webp with loss", "jpeg"],
)
def test_huge_claims_are_refused_before_anything_is_allocated(content, monkeypatch):
    monkeypatch.setattr(decoding, "_DECODERS", ())
    tracemalloc.start()
    kind, message = problem(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kind == "too-large"
    assert "over the limit of 50,000,000" in message
    assert peak < 1_000_000


def test_a_second_header_of_another_size_is_damage_before_anything_is_allocated(monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    png, jpeg = stored(GREY), stored(GREY, ".jpg")
    larger = struct.pack(">II", 6000, 6000) + png[24:29]
    frame = jpeg.index(b"\xff\xc0")
    length = struct.unpack_from(">H", jpeg, frame + 2)[0]
    second = jpeg[frame : frame + 5] + struct.pack(">HH", 6000, 6000) + jpeg[frame + 9 : frame + 2 + length]
    for content in (with_chunk(png, b"IHDR", larger), jpeg[: frame + 2 + length] + second + jpeg[frame + 2 + length :]):
        assert problem(content)[0] == "damaged"


@pytest.mark.parametrize("ending", [".jpg", ".png", ".bmp", ".webp"])
def test_limits_are_ours_and_not_pillows(monkeypatch, ending):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)  # it would warn of more
    assert decode(stored(GREY, ending)).shape == (12, 20)


def test_limits_are_settings():
    content = stored(GREY)
    limits = Limits(bytes=len(content), pixels=240, side=12)
    assert decode(content, limits).shape == (12, 20)
    assert problem(content, Limits(bytes=len(content) - 1)) == (
        "too-large",
        f"{len(content):,} bytes, over the limit of {len(content) - 1:,}: save it smaller",
    )
    assert problem(content, Limits(pixels=239)) == ("too-large", "20x12 pixels, over the limit of 239: save it smaller")
    assert problem(content, Limits(side=13)) == ("too-small", "20x12 pixels, too small to read: it needs 13x13 or more")
    assert problem(stored(GREY[:7]))[0] == problem(stored(GREY[:, :7]))[0] == "too-small"
    assert decode(stored(GREY[:8, :8])).shape == (8, 8)
