import io
import struct
import zipfile
import zlib

import pytest

from letterlab.errors import LetterlabError
from letterlab.sources import archive
from letterlab.sources.archive import ZIP_DEPTH, files, members
from letterlab.sources.stored import UnreadableError
from packed import encrypted, laid, zipped


def contents(source):
    """Way and content of each member; of one that cannot be read, the reason."""
    found = {}
    with members(source) as listed:
        for member in listed:
            way = "/".join(member.way)
            assert way not in found or found[way] != member
            try:
                found[way] = member.read()
            except UnreadableError as error:
                found.setdefault(way, str(error))
                if found[way] != str(error):
                    found[f"{way} again"] = str(error)
    return found


def written(tmp_path, content):
    source = tmp_path / "letters.zip"
    source.write_bytes(content)
    return source


def test_a_folder_is_read_with_its_zips_and_theirs(tmp_path):
    inner = zipped([("deep/c_1.bmp", b"c")])
    laid(tmp_path, [("a_1.jpg", b"a"), ("sub/B_1.PNG", b"b"), ("test/images.ZIP", zipped([("in.zip", inner)]))])
    assert contents(tmp_path) == {"a_1.jpg": b"a", "sub/B_1.PNG": b"b", "test/images.ZIP/in.zip/deep/c_1.bmp": b"c"}


def test_a_zip_is_read_with_the_zips_in_it(tmp_path):
    source = written(tmp_path, zipped([("x/a_1.jpg", b"a"), ("images.zip", zipped([("b_1.jpg", b"b")]))]))
    assert contents(source) == {"x/a_1.jpg": b"a", "images.zip/b_1.jpg": b"b"}


DEBRIS = ["__MACOSX/a_1.jpg", "__MACOSX/._a_1.jpg", "x/._a_1.jpg", ".DS_Store", "Thumbs.db", "desktop.ini"]
NO_PICTURES = ["origin.csv", "readme.txt", "a_1", ".hidden/a_1.jpg"]


def test_debris_and_files_that_are_no_pictures_are_passed_over(tmp_path):
    packed = [(name, b"?") for name in DEBRIS + NO_PICTURES] + [("x/", b""), ("./x/a_2.jpg", b"a")]
    assert contents(written(tmp_path, zipped(packed))) == {"x/a_2.jpg": b"a"}
    assert contents(laid(tmp_path / "folder", [one for one in packed if one[1]])) == {"x/a_2.jpg": b"a"}


def test_backslashes_stand_between_folders(tmp_path):
    assert contents(written(tmp_path, zipped([("train\\a_1.jpg", b"a")]))) == {"train/a_1.jpg": b"a"}


@pytest.mark.parametrize(
    "name", ["../a_1.jpg", "x/../../a_1.jpg", "/a_1.jpg", "C:/a_1.jpg", "\\a_1.jpg", "..\\a_1.jpg"]
)
def test_a_way_that_climbs_out_is_set_aside(tmp_path, name):
    found = contents(written(tmp_path, zipped([(name, b"bad"), ("b_1.jpg", b"b")])))
    assert found.pop("b_1.jpg") == b"b"
    assert list(found.values()) == ["its name leads out of the zip"]


def test_of_two_members_of_one_name_the_first_is_kept(tmp_path):
    found = contents(written(tmp_path, zipped([("a_1.jpg", b"first"), ("a_1.jpg", b"second")])))
    assert found == {"a_1.jpg": b"first", "a_1.jpg again": "a second file of this name; the first was read"}


def test_zips_lie_within_one_another_only_so_deep(tmp_path):
    content = zipped([("a_1.jpg", b"a")])
    for _ in range(ZIP_DEPTH - 1):
        content = zipped([("in.zip", content)])
    assert list(contents(written(tmp_path, content)).values()) == [b"a"]
    source = written(tmp_path, zipped([("in.zip", content), ("b_1.jpg", b"b")]))
    assert contents(source) == {
        "/".join(["in.zip"] * ZIP_DEPTH): f"more than {ZIP_DEPTH} zips within one another",
        "b_1.jpg": b"b",
    }


def test_a_member_beyond_the_limit_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "PICTURE_LIMIT", 1000)
    found = contents(written(tmp_path, zipped([("a_1.jpg", bytes(1001)), ("b_1.jpg", bytes(1000))])))
    assert found == {"a_1.jpg": "unpacks to more than its limit of 1,000 bytes", "b_1.jpg": bytes(1000)}


def test_a_member_that_lies_about_its_size_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "PICTURE_LIMIT", 1000)
    packed = bytearray(zipped([("a_1.jpg", bytes(100_000))]))
    for signature, size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", packed, packed.find(signature) + size, 10)
    (reason,) = contents(written(tmp_path, bytes(packed))).values()
    assert reason.startswith("damaged in the zip")


def test_zips_within_zips_share_one_limit(tmp_path, monkeypatch):
    inner = [zipped([(f"{letter}_1.jpg", letter.encode() * 500)]) for letter in "ab"]
    monkeypatch.setattr(archive, "ZIP_LIMIT", len(inner[0]) + len(inner[1]) - 1)
    found = contents(written(tmp_path, zipped([("1.zip", inner[0]), ("2.zip", inner[1])])))
    assert found["1.zip/a_1.jpg"] == b"a" * 500
    assert found["2.zip"].startswith("with it, zips within zips unpack to more than their limit of")


def test_a_zip_stored_in_a_zip_is_read_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "ZIP_LIMIT", 0)  # none is held in memory
    pictures = [("a_1.jpg", b"a" * 10_000), ("b_1.jpg", bytes(20_000)), ("c_1.jpg", b"")]
    inner = zipped(pictures, zipfile.ZIP_STORED) + b"behind it"
    packed = zipped([("deep.zip", inner), ("d_1.jpg", b"d")], zipfile.ZIP_STORED)
    whole = zipped([("0.jpg", b"before it"), ("in.zip", packed), ("packed.zip", inner)], zipfile.ZIP_STORED)
    expected = {f"in.zip/deep.zip/{name}": content for name, content in pictures} | {"in.zip/d_1.jpg": b"d"}
    expected |= {"0.jpg": b"before it"} | {f"packed.zip/{name}": content for name, content in pictures}
    assert contents(written(tmp_path, whole)) == expected


def test_a_part_of_a_file_is_a_file_of_its_own(tmp_path):
    content = bytes(range(256))
    file = tmp_path / "whole"
    file.write_bytes(content)
    with archive._Content(io.FileIO(file)) as whole, archive._Part(whole, 50, 100) as part:
        alone = io.BytesIO(content[50:150])
        for offset, whence, n in ((0, 0, 10), (5, 1, 200), (-22, 2, 22), (0, 2, 5), (30, 0, -1), (400, 0, 3)):
            assert part.seek(offset, whence) == alone.seek(offset, whence)
            assert part.read(n) == alone.read(n)
            assert part.tell() == alone.tell()


def test_damage_in_a_zip_stored_in_a_zip_sets_aside_what_is_damaged_alone(tmp_path):
    inner = zipped([("a_1.jpg", b"a" * 100), ("b_1.jpg", b"b" * 100)], zipfile.ZIP_STORED)
    whole = zipped([("in.zip", inner)], zipfile.ZIP_STORED).replace(b"a" * 100, b"a" * 50 + b"A" * 50)
    found = contents(written(tmp_path, whole))
    assert found["in.zip/a_1.jpg"].startswith("damaged in the zip (Bad CRC-32")
    assert found["in.zip/b_1.jpg"] == b"b" * 100


@pytest.mark.parametrize("offset", [2**31, 2**32 - 2])
def test_a_zip_stored_in_a_zip_at_a_place_that_there_is_not(tmp_path, offset):
    whole = bytearray(zipped([("in.zip", zipped([("a_1.jpg", b"a")])), ("b_1.jpg", b"b")], zipfile.ZIP_STORED))
    struct.pack_into("<I", whole, whole.index(b"PK\1\2", whole.index(b"b_1.jpgb")) + 42, offset)
    found = contents(written(tmp_path, bytes(whole)))
    assert found["in.zip"].startswith("damaged in the zip")
    assert found["b_1.jpg"] == b"b"


def test_a_file_on_disk_beyond_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "PICTURE_LIMIT", 1000)
    assert contents(laid(tmp_path, [("a_1.jpg", bytes(1001))])) == {
        "a_1.jpg": "1,001 bytes, more than the limit of 1,000"
    }


def test_a_bad_checksum_is_set_aside(tmp_path):
    packed = bytearray(zipped([("a_1.jpg", b"abc"), ("b_1.jpg", b"b")]))
    for signature, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        struct.pack_into("<I", packed, packed.find(signature) + at, zlib.crc32(b"other"))
    found = contents(written(tmp_path, bytes(packed)))
    assert found["a_1.jpg"].startswith("damaged in the zip (Bad CRC-32")
    assert found["b_1.jpg"] == b"b"


def test_an_encrypted_member_is_set_aside(tmp_path):
    source = written(tmp_path, encrypted(zipped([("a_1.jpg", b"abc")])))
    assert contents(source) == {"a_1.jpg": "encrypted, unpack it with its password first"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file, copy or download it again"),
        (b"\xff\xd8 a picture", "not a zip, give a folder or zip of pictures"),
        (zipped([("a_1.jpg", bytes(5000))])[:-30], "a zip that is damaged or cut short, copy or download it again"),
        (zipped([("a_1.jpg", b"a")]).replace(b"PK\x01\x02", b"PK\x09\x02"), "a zip that is damaged or cut short"),
    ],
)
def test_a_zip_that_cannot_be_opened(tmp_path, content, reason):
    source = written(tmp_path, content)
    with pytest.raises(LetterlabError, match=f"letters.zip cannot be read: {reason}"), members(source):
        pass
    folder = laid(tmp_path / "folder", [("images.zip", content), ("a_1.jpg", b"a")])
    found = contents(folder)
    assert found["images.zip"].startswith(reason)
    assert found["a_1.jpg"] == b"a"


def test_only_members_that_are_stored_or_deflated_are_unpacked(tmp_path):
    """The sizes of 500 bytes of bzip2 are a lie: they unpack to 100 MB, and zipfile would do so before it looks."""
    source = tmp_path / "letters.zip"
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(source, "w") as packed:
        for number, kind in enumerate(kinds):
            packed.writestr(f"a_{number}.jpg", b"a" * 100, kind)
    reason = "packed by another method than deflate, pack it again as an ordinary zip"
    assert contents(source) == {f"a_{n}.jpg": b"a" * 100 if n < 2 else reason for n in range(4)}


def test_all_members_share_one_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "UNPACKED_LIMIT", 2500)
    inner = zipped([("c_1.jpg", bytes(1000)), ("d_1.jpg", bytes(1000))])
    found = contents(written(tmp_path, zipped([("a_1.jpg", bytes(1000)), ("in.zip", inner)])))
    refused = "with it, all zips unpack to more than their limit of 2,500 bytes"
    assert found == {"a_1.jpg": bytes(1000), "in.zip/c_1.jpg": bytes(1000), "in.zip/d_1.jpg": refused}


def test_tables_of_contents_share_one_limit(tmp_path, monkeypatch):
    names = [(f"{letter}_1.jpg", letter.encode()) for letter in "abcde"]
    monkeypatch.setattr(archive, "CONTENTS_LIMIT", 12 * (46 + len("a_1.jpg")))
    found = contents(laid(tmp_path, [(f"{number}.zip", zipped(names)) for number in range(3)]))
    assert [found[f"{number}.zip/e_1.jpg"] for number in range(2)] == [b"e", b"e"]
    assert found["2.zip"] == "its table of contents is beyond the limit of 636 bytes for all zips"


def test_files_of_a_folder_are_its_pictures_and_zips_sorted(tmp_path):
    laid(tmp_path, [("b.png", b""), ("train/a.JPG", b""), ("train/x.csv", b""), ("c.zip", b""), (".git/a.png", b"")])
    assert [str(file.relative_to(tmp_path)) for file in files(tmp_path)] == ["b.png", "c.zip", "train/a.JPG"]
    assert files(tmp_path / "c.zip") == [tmp_path / "c.zip"]


def test_links_are_followed_once(tmp_path):
    laid(tmp_path / "data", [("a_1.jpg", b"a")])
    source = tmp_path / "letters"
    source.mkdir()
    (source / "train").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "round").symlink_to(source)
    assert contents(source) == {"train/a_1.jpg": b"a"}


def test_a_name_that_is_no_utf8_is_made_printable(tmp_path):
    (tmp_path / b"a_\xff.jpg".decode("utf-8", "surrogateescape")).write_bytes(b"a")
    assert contents(tmp_path) == {"a_\ufffd.jpg": b"a"}


@pytest.fixture
def opened(monkeypatch):
    """Names of the members that zipfile itself reads."""
    names = []
    original = zipfile.ZipFile.open

    def watched(archive, info, mode="r", **more):
        if mode == "r":
            names.append(info.filename)
        return original(archive, info, mode, **more)

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    return names


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_are_read_by_themselves_and_damage_is_still_found(tmp_path, opened, method):
    """As zipfile reads them, whatever their names: the shorter way is only taken where all is as it should be."""
    names = ["a_1.jpg", "train/é_ж.png", "B 2.JPG"]
    content = zipped([(name, name.encode() * 40) for name in names], method)
    expected = {name: name.encode() * 40 for name in names}
    assert contents(written(tmp_path, content)) == expected
    assert not opened
    at = content.index(b"a_1.jpg") + len("a_1.jpg") + 2
    flipped = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
    found = contents(written(tmp_path, flipped))
    assert found.pop("a_1.jpg").startswith("damaged in the zip")
    assert found == {name: content for name, content in expected.items() if name != "a_1.jpg"}
    assert opened == ["a_1.jpg"]


def test_names_of_dos_are_read_by_themselves(tmp_path, opened):
    content = zipped([("a_?.jpg", b"a" * 40)], zipfile.ZIP_STORED).replace(b"a_?", b"a_\x84")
    assert contents(written(tmp_path, content)) == {"a_ä.jpg": b"a" * 40}
    assert not opened


def test_a_member_that_takes_more_room_than_it_has_bytes_is_read_in_pieces(tmp_path, opened, monkeypatch):
    """Its size is within the limit for one, and what lies in the zip for it may be gigabytes."""
    monkeypatch.setattr(archive, "_DEFLATE_ADDS", 100)
    packed = bytearray(zipped([("a_1.jpg", bytes(500)), ("b_1.jpg", b"b")]))
    at = packed.index(b"PK\3\4", 4)
    longer = at - 30 - len("a_1.jpg") + 700
    filled = packed[:at] + bytes(700) + packed[at:]
    entry = filled.index(b"PK\1\2")
    struct.pack_into("<I", filled, entry + 20, longer)
    struct.pack_into("<I", filled, filled.index(b"PK\1\2", entry + 4) + 42, at + 700)
    end = filled.index(b"PK\5\6")
    struct.pack_into("<I", filled, end + 16, entry)
    assert contents(written(tmp_path, bytes(filled))) == {"a_1.jpg": bytes(500), "b_1.jpg": b"b"}
    assert opened == ["a_1.jpg"]
