"""Whatever lies in a source: a reader gives letters or one clear error, and loses no good picture."""

import struct
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.errors import LetterlabError
from letterlab.letterset import Letters
from letterlab.sources.emnist import read_emnist
from letterlab.sources.layout import read_pictures
from letterlab.sources.opening import open_letters
from packed import emnist_pair, encoded, laid, letter_files, pictures, zipped

readers = settings(deadline=None, max_examples=60, derandomize=True)

LETTERS_IN = letter_files("abcdefgh")
GOOD = [(f"{'train' if name < 'g' else 'test'}/{name}", content) for name, content in LETTERS_IN]
GOOD_IMAGES = {name: image for (name, _), image in zip(LETTERS_IN, pictures(8), strict=True)}

characters = st.characters(codec="utf-8", exclude_characters="\0")
folders = st.sampled_from(["", "train/", "Test/", "../", "/", "C:/", "x/y/", "__MACOSX/", "train/in.zip/", "a\\"])
endings = st.sampled_from([".png", ".jpg", ".JPEG", ".bmp", ".zip", ".tif", ".csv", ""])
starts = st.text(characters, max_size=6) | st.sampled_from("aKé7")
names = st.builds("{}{}{}".format, folders, starts, endings).filter(bool)
valid = st.builds(
    lambda seed, ending: encoded(pictures(1, seed)[0], ending),
    st.integers(0, 9),
    endings.filter(lambda ending: ending in (".png", ".jpg", ".bmp")),
)
broken = st.builds(
    lambda content, at, new: content[: at % len(content)] + new + content[at % len(content) + len(new) :],
    valid,
    st.integers(0, 2000),
    st.binary(max_size=12),
)
plain = st.binary(max_size=60) | valid | broken
files = st.lists(st.tuples(names, plain), max_size=5)
anything = files | st.lists(st.tuples(names, plain | files.map(zipped)), max_size=5)


def holds(stored, images):
    found = {(name, image.tobytes()) for name, image in zip(stored.names, stored.images, strict=True)}
    return all((name, image.tobytes()) in found for name, image in images.items())


def damaged(draw, content):
    """The bytes, cut short or with up to three changed."""
    content = bytearray(content[: draw(st.integers(0, len(content)) | st.just(len(content)))])
    for _ in range(draw(st.integers(0, 3))):
        if content:
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content)


@given(anything, st.booleans())
@readers
def test_a_zip_loses_no_good_picture_whatever_else_is_in_it(others, resize):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "letters.zip"
        source.write_bytes(zipped([*GOOD, *others]))
        assert holds(read_pictures(source, resize=resize), GOOD_IMAGES)


@given(anything, st.booleans())
@readers
def test_a_folder_loses_no_good_picture_whatever_else_is_in_it(others, resize):
    with tempfile.TemporaryDirectory() as folder:
        source = laid(Path(folder) / "in" / "letters", GOOD)
        for name, content in others:
            with suppress(OSError, ValueError):  # a name that no file can have, or that is taken
                if (source / name).resolve().is_relative_to(source) and not (source / name).exists():
                    laid(source, [(name, content)])
        assert holds(read_pictures(source, resize=resize), GOOD_IMAGES)


@given(st.data(), st.sampled_from([zipped(GOOD), zipped([("train/images.zip", zipped(LETTERS_IN))])]))
@readers
def test_a_damaged_zip_gives_an_error_or_pictures_that_were_in_it(data, content):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "letters.zip"
        source.write_bytes(damaged(data.draw, content))
        with suppress(LetterlabError):
            known = {image.tobytes() for image in GOOD_IMAGES.values()}
            assert {image.tobytes() for image in read_pictures(source, resize=False).images} <= known


@given(st.binary(max_size=300) | st.builds(lambda end: b"PK\x03\x04" + end, st.binary(max_size=100)))
@readers
def test_bytes_that_are_no_zip_give_an_error(content):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "letters.zip"
        source.write_bytes(content)
        with suppress(LetterlabError):
            raise AssertionError(f"read as {read_pictures(source, resize=True)}")


@given(st.data(), st.sampled_from([".png", ".jpg", ".bmp"]), st.booleans())
@readers
def test_a_damaged_picture_is_a_letter_or_set_aside(data, ending, resize):
    content = damaged(data.draw, encoded(pictures(1)[0], ending))
    with tempfile.TemporaryDirectory() as folder:
        laid(Path(folder), [*GOOD, (f"train/z_1{ending}", content)])
        stored = read_pictures(Path(folder), resize=resize)
        assert holds(stored, GOOD_IMAGES)
        assert len(stored.names) + len(stored.set_aside) == len(GOOD) + 1


@given(st.data(), st.booleans(), st.integers(0, 1))
@readers
def test_damaged_idx_files_give_letters_or_an_error(data, gz, which):
    pair = emnist_pair("train", pictures(3), np.array([1, 2, 26], dtype=np.uint8), gz)
    name, content = pair[which]
    # Damage in the header is what a reader could fall for, so half of it lies there.
    start = data.draw(st.sampled_from([0, 16 if which == 0 else 8]))
    pair[which] = name, content[:start] + damaged(data.draw, content[start:])
    with tempfile.TemporaryDirectory() as folder, suppress(LetterlabError):
        stored = read_emnist(laid(Path(folder), pair))
        assert stored.images.shape == (3, 28, 28)
        assert stored.labels.max() < 26


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1), st.booleans())
@readers
def test_any_count_in_an_idx_header_gives_an_error(rest, count, gz):
    pair = emnist_pair("test", pictures(2), np.array([1, 26], dtype=np.uint8), gz=False)
    pair[1] = pair[1][0], struct.pack(">II", 0x801, count) + rest
    with tempfile.TemporaryDirectory() as folder, suppress(LetterlabError):
        stored = read_emnist(laid(Path(folder), pair))
        assert (count, len(rest), len(stored.labels)) == (2, 2, 2)


letter_lists = st.lists(st.sampled_from("abcXYZqK"), min_size=1, max_size=12)


@given(letter_lists, letter_lists, st.integers(0, 99))
@settings(readers, max_examples=20)
def test_letters_are_the_same_whichever_way_they_come_in(train, test, seed):
    files = {
        "train": sorted(letter_files("".join(train), seed)),
        "test": sorted(letter_files("".join(test), seed + 100)),
    }
    emnist = {
        part: (
            np.stack([pictures(len(named), seed + 100 * (part == "test"))[int(name[2:7]) - 1] for name, _ in named]),
            np.array([ord(name[0].upper()) - 64 for name, _ in named], dtype=np.uint8),
        )
        for part, named in files.items()
    }
    flat = [(f"{part}/{name}", content) for part, named in files.items() for name, content in named]
    in_zips = [(f"{part}/images.zip", zipped(named[::-1])) for part, named in files.items()]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        laid(folder / "flat", flat)
        laid(folder / "zips", in_zips)
        laid(
            folder,
            [
                ("flat.zip", zipped(flat)),
                ("zips.zip", zipped(in_zips)),
                ("more.zip", zipped([("z.zip", zipped(in_zips))])),
            ],
        )
        for name, first, gz in (("idx", 1, False), ("gz", 1, True), ("from0", 0, False)):
            for part, (images, labels) in emnist.items():
                laid(folder / name, emnist_pair(part, images, labels - np.uint8(1 - first), gz))
        ways = [folder / name for name in ("flat", "zips", "flat.zip", "zips.zip", "more.zip")]
        read = [open_letters(way, orientation="upright", cache=folder / "cache") for way in ways]
        assert all(np.array_equal(one.train.names, read[0].train.names) for one in read)
        read += [
            open_letters(f"emnist:{folder / name}", orientation="upright", cache=folder / "cache")
            for name in ("idx", "gz")
        ]
        if any(letter in "aA" for letter in train + test):  # otherwise no label is 0
            read.append(open_letters(f"emnist:{folder / 'from0'}", orientation="upright", cache=folder / "cache"))
        assert {one.fingerprint for one in read} == {expected(emnist).fingerprint}


def expected(emnist):
    from letterlab.letterset import LetterSet, Orientation

    parts = [LetterSet.of(images, labels - np.uint8(1), [""] * len(labels)) for images, labels in emnist.values()]
    return Letters(*parts, "", Orientation("upright", 1.0, ""))
