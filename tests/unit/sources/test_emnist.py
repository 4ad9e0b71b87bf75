import gzip
import struct

import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.sources.emnist import emnist_files, read_emnist
from packed import emnist_pair, idx, laid, pictures

LABELS = np.array([1, 26, 3, 1], dtype=np.uint8)
IMAGES = pictures(4)
TRAIN_IMAGES = "emnist-letters-train-images-idx3-ubyte"
TRAIN_LABELS = "emnist-letters-train-labels-idx1-ubyte"


def changed(**files):
    """A sound train part, with some of its files changed; None takes one away."""
    sound = dict(emnist_pair("train", IMAGES, LABELS))
    for kind, content in files.items():
        name = TRAIN_IMAGES if kind == "images" else TRAIN_LABELS
        del sound[name]
        if content is not None:
            sound[name] = content
    return list(sound.items())


@pytest.mark.parametrize("gz", [False, True])
def test_both_parts_are_read_as_they_are_stored(tmp_path, gz):
    files = emnist_pair("train", IMAGES, LABELS, gz) + emnist_pair("test", IMAGES[:2], LABELS[:2], gz)
    stored = read_emnist(laid(tmp_path, files))
    assert np.array_equal(stored.images, IMAGES[[0, 1, 2, 3, 0, 1]])
    assert stored.labels.tolist() == [0, 25, 2, 0, 0, 25]
    assert stored.in_test.tolist() == [False] * 4 + [True] * 2
    assert stored.names == [*(f"train-{i:06}" for i in range(4)), "test-000000", "test-000001"]
    assert stored.notes == ()


@pytest.mark.parametrize(
    ("labels", "indices", "told"),
    [([1, 26], [0, 25], True), ([0, 25], [0, 25], True), ([0, 3], [0, 3], True), ([1, 25], [0, 24], False)],
)
def test_labels_begin_at_1_unless_a_0_occurs(tmp_path, labels, indices, told):
    stored = read_emnist(laid(tmp_path, emnist_pair("test", IMAGES[:2], np.array(labels, dtype=np.uint8))))
    assert stored.labels.tolist() == indices
    assert bool(stored.notes) != told
    assert all("does not tell whether they begin at 0 or 1" in note for note in stored.notes)


def test_both_parts_together_tell_where_labels_begin(tmp_path):
    train = emnist_pair("train", IMAGES, np.array([0, 1, 2, 3], dtype=np.uint8))
    test = emnist_pair("test", IMAGES[:1], np.array([5], dtype=np.uint8))
    assert read_emnist(laid(tmp_path, train + test)).labels.tolist() == [0, 1, 2, 3, 5]


@pytest.mark.parametrize("labels", [[0, 1, 2, 26], [1, 2, 3, 27], [200, 1, 1, 1]])
def test_labels_out_of_range(tmp_path, labels):
    with pytest.raises(LetterlabError, match=r"labels in .* instead of from 1 to 26: give the files of EMNIST Letters"):
        read_emnist(laid(tmp_path, emnist_pair("train", IMAGES, np.array(labels, dtype=np.uint8))))


def test_the_plain_file_is_taken_before_the_gzipped(tmp_path):
    laid(tmp_path, emnist_pair("test", IMAGES, LABELS) + emnist_pair("test", IMAGES[:1], LABELS[:1], gz=True))
    assert [file.suffix for file in emnist_files(tmp_path)["test"]] == ["", ""]


def test_a_folder_without_the_files(tmp_path):
    with pytest.raises(LetterlabError, match=r"There is no EMNIST in .*letterlab fetch emnist"):
        read_emnist(tmp_path)


@pytest.mark.parametrize(("taken", "missing"), [("images", TRAIN_IMAGES), ("labels", TRAIN_LABELS)])
def test_one_of_two_files_is_missing(tmp_path, taken, missing):
    with pytest.raises(LetterlabError, match=f"without {missing}: put {missing}"):
        read_emnist(laid(tmp_path, changed(**{taken: None})))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"images": idx(LABELS)}, "images-idx3-ubyte does not begin as an idx file of pictures"),
        ({"labels": idx(IMAGES)}, "labels-idx1-ubyte does not begin as an idx file of labels"),
        ({"images": b""}, "does not begin as an idx file"),
        ({"images": idx(IMAGES)[:10]}, "does not begin as an idx file"),
        ({"images": idx(IMAGES)[:-1]}, "has 3,135 instead of the 3,136 bytes"),
        ({"images": idx(IMAGES) + b"x"}, "has more instead of the 3,136 bytes"),
        ({"labels": idx(LABELS[:3])}, "holds 4 pictures, but .* 3 labels"),
        ({"images": idx(IMAGES[:, :, :27])}, "claims 4 x 28 x 27 items"),
        ({"images": struct.pack(">4I", 0x803, 2**32 - 1, 28, 28)}, "claims 4294967295 x 28 x 28 items"),
        ({"images": idx(IMAGES[:0]), "labels": idx(LABELS[:0])}, "no letters in the EMNIST files"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(tmp_path, files, message):
    with pytest.raises(LetterlabError, match=f"{message}.*download it again"):
        read_emnist(laid(tmp_path, changed(**files)))


def test_a_damaged_gzip(tmp_path):
    for content in (b"not a gzip", gzip.compress(idx(IMAGES))[:-20], gzip.compress(idx(IMAGES))[:-8] + bytes(8)):
        laid(tmp_path, emnist_pair("train", IMAGES, LABELS, gz=True))
        (tmp_path / f"{TRAIN_IMAGES}.gz").write_bytes(content)
        with pytest.raises(LetterlabError, match=r"images-idx3-ubyte\.gz is damaged or cut short .*download it again"):
            read_emnist(tmp_path)
