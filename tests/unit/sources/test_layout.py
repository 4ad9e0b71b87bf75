import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.sources.archive import Member
from letterlab.sources.layout import read_pictures
from packed import encoded, encrypted, laid, letter_files, pictures, zipped

TRAIN, TEST = letter_files("abcAz", seed=1), letter_files("bKy", seed=2)


def under(folder, files):
    return [(f"{folder}/{name}", content) for name, content in files]


WAYS = {
    "folders": under("train", TRAIN) + under("test", TEST),
    "capitals": under("Train", TRAIN) + under("TEST", TEST),
    "images.zip in folders": [("train/images.zip", zipped(TRAIN)), ("test/images.zip", zipped(TEST))],
    "train.zip and test.zip": [("train.zip", zipped(TRAIN)), ("test.zip", zipped(TEST))],
    "unpacked by double-click": under("train/images", TRAIN) + under("test/images", TEST),
    "a folder for each letter": [
        (f"{part}/{name[0]}/{name}", content)
        for part, files in (("train", TRAIN), ("test", TEST))
        for name, content in files
    ],
    "within a folder": [("data/train/images.zip", zipped(TRAIN)), ("data/test/images.zip", zipped(TEST))],
    "zip within zip": [("all.zip", zipped([("train/images.zip", zipped(TRAIN)), ("test/images.zip", zipped(TEST))]))],
}


def same(stored, other):
    return (
        np.array_equal(stored.images, other.images)
        and np.array_equal(stored.labels, other.labels)
        and stored.names == other.names
        and np.array_equal(stored.in_test, other.in_test)
    )


@pytest.mark.parametrize("way", WAYS)
def test_every_layout_gives_the_same_letters(tmp_path, way):
    expected = read_pictures(laid(tmp_path / "plain", WAYS["folders"]), resize=False)
    assert expected.names == sorted(name for name, _ in TEST + TRAIN)
    assert sorted(expected.labels[expected.in_test]) == [1, 10, 24]
    folder = read_pictures(laid(tmp_path / "folder", WAYS[way]), resize=False)
    (tmp_path / "all.zip").write_bytes(zipped(WAYS[way]))
    packed = read_pictures(tmp_path / "all.zip", resize=False)
    assert same(folder, expected)
    assert same(packed, expected)
    assert not folder.set_aside


@pytest.mark.parametrize("way", WAYS)
def test_nested_folders_are_told_of_and_the_assignment_is_not_nested(tmp_path, way):
    notes = read_pictures(laid(tmp_path, WAYS[way]), resize=False).notes
    nested = way in ("unpacked by double-click", "a folder for each letter", "within a folder")
    assert [note.startswith("Pictures in nested folders were read") for note in notes] == [True] * nested


def test_pixels_and_labels_belong_together(tmp_path):
    images = pictures(3)
    laid(
        tmp_path,
        [("c_1.png", encoded(images[0])), ("A_9.bmp", encoded(images[1], ".bmp")), ("b_2.png", encoded(images[2]))],
    )
    stored = read_pictures(tmp_path, resize=False)
    assert stored.names == ["A_9.bmp", "b_2.png", "c_1.png"]
    assert stored.labels.tolist() == [0, 1, 2]
    assert np.array_equal(stored.images, images[[1, 2, 0]])
    assert not stored.in_test.any()


def test_pictures_beside_train_and_test_are_passed_over_with_a_note(tmp_path):
    extra = [("extra/images.zip", zipped(letter_files("ddd", seed=3)))]
    stored = read_pictures(laid(tmp_path, WAYS["folders"] + extra), resize=False)
    assert len(stored.names) == len(TRAIN + TEST)
    assert stored.notes == (
        "3 pictures outside of train and test were passed over, such as extra/images.zip/d_00001.png.",
    )


def test_pictures_beside_test_alone_are_to_train_on(tmp_path):
    stored = read_pictures(laid(tmp_path, under("test", TEST) + TRAIN), resize=False)
    assert (~stored.in_test).sum() == len(TRAIN)
    assert stored.notes == ("There is no train: the 5 pictures outside of test were taken to train on.",)


def test_a_test_part_alone_stays_the_test_part(tmp_path):
    assert read_pictures(laid(tmp_path, under("test", TEST)), resize=False).in_test.all()


def test_a_zip_beside_its_unpacked_pictures_is_read_once(tmp_path):
    stored = read_pictures(laid(tmp_path, [("train/images.zip", zipped(TRAIN)), *under("train", TRAIN)]), resize=False)
    assert stored.names == sorted(name for name, _ in TRAIN)
    assert "5 pictures are there a second time, such as train/images.zip/A_00004.png" in stored.notes[0]


def test_one_name_with_two_contents_is_two_letters(tmp_path):
    files = under("hand1", letter_files("a", seed=1)) + under("hand2", letter_files("a", seed=2))
    assert read_pictures(laid(tmp_path, files), resize=False).names == ["a_00001.png"] * 2


def test_one_picture_in_both_parts_is_in_both(tmp_path):
    stored = read_pictures(laid(tmp_path, under("train", TRAIN) + under("test", TRAIN[:2])), resize=False)
    assert (len(stored.names), stored.in_test.sum()) == (len(TRAIN) + 2, 2)


def test_pictures_are_read_in_the_order_in_which_they_lie(tmp_path, monkeypatch):
    """By their names each would be a seek of its own."""
    source = tmp_path / "letters.zip"
    source.write_bytes(zipped(letter_files("zambc")))
    taken = []
    read = Member.read
    monkeypatch.setattr(Member, "read", lambda member: taken.append(member.way[0]) or read(member))
    assert read_pictures(source, resize=False).names == sorted(taken)
    assert "".join(name[0] for name in taken) == "zambc"


def test_what_cannot_be_read_is_set_aside_with_its_full_way(tmp_path):
    bad = [
        ("a_2.jpg", b"\xff\xd8"),
        ("b_2.png", b""),
        ("c_2.png", encoded(np.zeros((30, 28), np.uint8))),
        ("7_1.png", TRAIN[0][1]),
        ("é_1.png", TRAIN[0][1]),
        ("d_2.gif", b"GIF89a"),
    ]
    good = letter_files("abcdefgh")
    stored = read_pictures(laid(tmp_path, [("train/images.zip", zipped(good + bad))]), resize=False)
    assert len(stored.names) == len(good)
    reasons = {one.file: one.reason for one in stored.set_aside}
    assert reasons.keys() == {f"train/images.zip/{name}" for name, _ in bad}
    assert reasons["train/images.zip/a_2.jpg"].startswith("damaged or cut short")
    assert reasons["train/images.zip/b_2.png"].startswith("an empty file")
    assert reasons["train/images.zip/c_2.png"].startswith("not 28x28 pixels")
    assert "begins with '7_1'" in reasons["train/images.zip/7_1.png"]
    assert "begins with 'é_1'" in reasons["train/images.zip/é_1.png"]
    assert reasons["train/images.zip/d_2.gif"].startswith("neither JPEG, PNG nor BMP")
    assert stored.notes == ()


def test_resizing_reads_pictures_of_another_size(tmp_path):
    laid(tmp_path, [("a_1.png", encoded(np.zeros((56, 56), np.uint8)))])
    assert read_pictures(tmp_path, resize=True).images.shape == (1, 28, 28)


def test_a_damaged_zip_beside_good_letters_gets_a_note(tmp_path):
    stored = read_pictures(laid(tmp_path, [("more.zip", zipped(TEST)[:-9]), *TRAIN]), resize=False)
    assert len(stored.names) == len(TRAIN)
    assert stored.notes[0].startswith("The zip more.zip was not read: a zip that is damaged or cut short")


def test_more_than_half_set_aside_points_to_a_mistake(tmp_path):
    big = [(f"a_{i}.png", encoded(np.zeros((30 + i, 30), np.uint8))) for i in range(6)]
    (note,) = read_pictures(laid(tmp_path, TRAIN + big), resize=False).notes
    assert note.startswith("6 of 11 pictures were set aside")
    assert note.endswith("not 28x28 pixels, --resize brings it to that size.")


def test_all_set_aside_is_an_error_that_says_why(tmp_path):
    big = [(f"a_{i}.png", encoded(np.zeros((30 + i, 30), np.uint8))) for i in range(3)]
    with pytest.raises(LetterlabError, match=r"None of the 4 files to train on .* not 28x28 pixels, --resize"):
        read_pictures(laid(tmp_path, [*big, ("b_1.png", b"")]), resize=False)


def test_a_part_of_which_nothing_can_be_read_is_an_error(tmp_path):
    files = [("train/images.zip", zipped(TRAIN)[:-9]), ("test/images.zip", zipped(TEST))]
    with pytest.raises(LetterlabError, match=r"to train on .* a zip that is damaged or cut short"):
        read_pictures(laid(tmp_path, files), resize=False)
    files = [("train/images.zip", zipped(TRAIN)), ("test/images.zip", encrypted(zipped(TEST)))]
    with pytest.raises(LetterlabError, match=r"None of the 3 files to test on .* encrypted"):
        read_pictures(laid(tmp_path, files), resize=False)


@pytest.mark.parametrize("files", [[], [("readme.txt", b"none here")], [("empty.zip", zipped([]))]])
def test_no_letters_at_all_is_an_error(tmp_path, files):
    with pytest.raises(LetterlabError, match=r"There are no letters in .* named like a_00002.jpg"):
        read_pictures(laid(tmp_path / "folder", [("train/x.csv", b""), *files]), resize=False)
    (tmp_path / "packed.zip").write_bytes(zipped(files))
    with pytest.raises(LetterlabError, match=r"There are no letters in .*packed\.zip"):
        read_pictures(tmp_path / "packed.zip", resize=False)


def test_dark_ink_on_white_is_inverted_and_said(tmp_path):
    images = pictures(3)
    laid(tmp_path, [(f"a_{i}.png", encoded(255 - image)) for i, image in enumerate(images)])
    stored = read_pictures(tmp_path, resize=False)
    assert np.array_equal(stored.images, images)
    assert "inverted" in stored.notes[0]
