import os
import threading
from dataclasses import replace

import numpy as np
import pytest

from letterlab.letterset import Letters, LetterSet, Orientation
from letterlab.sources import cache
from letterlab.sources.cache import through_cache
from packed import pictures


def letter_set(each, seed):
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    return LetterSet.of(pictures(len(labels), seed), labels, [f"{chr(97 + label)}_1.png" for label in labels])


class Source:
    """A folder of two files, and a count of how often it was read and hashed."""

    def __init__(self, folder):
        self.root = folder / "source"
        self.root.mkdir()
        self.write("a.zip", b"one")
        self.write("b.zip", b"two")
        self.reads = 0

    def write(self, name, content):
        (self.root / name).write_bytes(content)

    def read(self):
        self.reads += 1
        seed = sum(sum(file.read_bytes()) for file in self.listing())
        train, test = letter_set(2, seed), letter_set(1, seed + 1)
        return Letters(train, test, "", Orientation("upright", 1.0, "Made so."), notes=("A note.",))

    def listing(self):
        return sorted(self.root.iterdir())

    def open(self, folder, settings="auto"):
        return through_cache(folder, self.root, self.listing, settings, self.read)


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def old(root):
    """Files that were changed long enough ago for their times to be trusted, as far as `cache` can see."""
    for file in root.iterdir():
        os.utime(file, ns=(0, 0))


def entries(folder):
    return list((folder / "letters").iterdir())


def test_a_second_opening_reads_nothing_and_gives_the_same(source, folder):
    first, second = source.open(folder), source.open(folder)
    assert source.reads == 1
    assert isinstance(second.train.images, np.memmap)
    assert first.fingerprint == second.fingerprint == source.read().fingerprint
    assert np.array_equal(second.test.images, source.read().test.images)
    assert second.notes == ("A note.",)


def test_another_content_name_or_setting_is_another_entry(source, folder):
    first = source.open(folder)
    source.write("b.zip", b"owt ")
    assert source.open(folder).fingerprint != first.fingerprint
    source.write("b.zip", b"two")
    assert source.open(folder).fingerprint == first.fingerprint
    assert source.reads == 2
    (source.root / "b.zip").rename(source.root / "c.zip")
    source.open(folder)
    source.open(folder, settings="upright")
    assert source.reads == 4
    assert len(entries(folder)) == 4


def test_the_same_content_elsewhere_is_the_same_entry(source, folder, tmp_path):
    source.open(folder)
    source.root = source.root.rename(tmp_path / "elsewhere")
    source.open(folder)
    assert source.reads == 1


def test_another_program_makes_another_entry(source, folder, monkeypatch):
    source.open(folder)
    monkeypatch.setattr(cache.cv2, "__version__", "0")
    source.open(folder)
    assert source.reads == 2


def test_unchanged_files_are_not_hashed_again(source, folder, monkeypatch):
    monkeypatch.setattr(cache, "_SETTLED_NS", -1)
    source.open(folder)
    monkeypatch.setattr(cache, "_content", lambda *_: pytest.fail("hashed again"))
    source.open(folder)
    assert source.reads == 1


def test_a_changed_byte_of_a_remembered_file_is_seen(source, folder, monkeypatch):
    monkeypatch.setattr(cache, "_SETTLED_NS", -1)
    first = source.open(folder)
    source.write("a.zip", b"onf")
    old(source.root)
    assert source.open(folder).fingerprint != first.fingerprint


def test_a_file_changed_just_now_is_hashed_every_time(source, folder):
    source.open(folder)
    assert not (folder / "known").exists()


def test_while_the_clock_is_behind_the_files_they_are_hashed_every_time(source, folder, monkeypatch):
    monkeypatch.setattr(cache.time, "time_ns", lambda: 86_400_000_000_000)  # 1970
    first = source.open(folder)
    assert not (folder / "known").exists()
    source.write("a.zip", b"onf")
    assert source.open(folder).fingerprint != first.fingerprint


def test_a_damaged_memory_of_a_file_is_worked_out_again(source, folder, monkeypatch):
    monkeypatch.setattr(cache, "_SETTLED_NS", -1)
    source.open(folder)
    (known,) = (folder / "known").iterdir()
    for content in (b"", b"\xff\xfe", b"0123"):
        known.write_bytes(content)
        source.open(folder)
    assert source.reads == 1


def flipped(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def damages():
    for name in ("letters.json", "train-images.npy", "train-labels.npy", "test-names.npy"):
        yield f"no {name}", lambda entry, name=name: (entry / name).unlink()
        yield f"empty {name}", lambda entry, name=name: (entry / name).write_bytes(b"")
        yield f"short {name}", lambda entry, name=name: os.truncate(entry / name, 150)
        yield f"other {name}", lambda entry, name=name: (entry / name).write_bytes(b"something else")
        yield f"bit of {name}", lambda entry, name=name: flipped(entry / name)
    yield "bit of the checksums", lambda entry: flipped(entry / "checksums.json")
    yield "no checksums", lambda entry: (entry / "checksums.json").unlink()
    yield "json of a list", lambda entry: (entry / "letters.json").write_text("[]")
    yield "fewer labels", lambda entry: np.save(entry / "test-labels.npy", np.zeros(3, np.uint8))
    yield "wrong labels", lambda entry: np.save(entry / "test-labels.npy", np.full(26, 26, np.uint8))
    yield "floats", lambda entry: np.save(entry / "test-images.npy", np.zeros((26, 28, 28)))


@pytest.mark.parametrize("damage", [pytest.param(do, id=name) for name, do in damages()])
def test_a_damaged_entry_is_made_anew(source, folder, damage):
    expected = source.open(folder).fingerprint
    (entry,) = entries(folder)
    damage(entry)
    again = source.open(folder)
    assert (again.fingerprint, source.reads) == (expected, 2)
    assert np.array_equal(again.test.labels, source.read().test.labels)
    assert again.notes == ("A note.",)
    source.open(folder)
    assert source.reads == 3  # the one of this test, and none by the cache
    assert entries(folder) == [entry]


def test_a_file_in_place_of_an_entry_gives_way(source, folder):
    source.open(folder)
    (entry,) = entries(folder)
    entry.rename(folder / "away")
    entry.write_text("no folder")
    source.open(folder)
    assert entry.is_dir()


def test_nothing_is_left_when_writing_fails(source, folder, monkeypatch):
    def fail(self, to):
        (to / "train-images.npy").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Letters, "save", fail)
    letters = source.open(folder)
    assert entries(folder) == []
    assert "No space left on device" in letters.notes[-1]
    assert len(letters.train) == 52


def test_where_the_cache_cannot_be_written_letters_stay_in_memory(source, folder):
    folder.write_text("a file")
    for _ in range(2):
        letters = source.open(folder)
        assert len(letters.train) == 52
        assert letters.notes[0] == "A note."
        assert letters.notes[1].startswith(f"The letters were not kept in the cache {folder} (")


def test_a_source_that_changes_while_it_is_read_is_not_kept(source, folder):
    def read():
        letters = source.read()
        source.write("a.zip", b"more has come")
        return letters

    letters = through_cache(folder, source.root, source.listing, "auto", read)
    assert "the source changed while it was read" in letters.notes[-1]
    assert not (folder / "letters").exists()


def test_a_file_that_cannot_be_read_leaves_the_matter_to_the_reader(source, folder):
    letters = through_cache(folder, source.root, lambda: [source.root / "gone.zip"], "auto", source.read)
    assert len(letters.train) == 52
    assert not folder.exists()


def test_of_two_that_make_an_entry_at_once_both_succeed(source, folder):
    both_have_read = threading.Barrier(2)
    opened = []

    def read():
        letters = source.read()
        both_have_read.wait()
        return letters

    def open_it():
        opened.append(through_cache(folder, source.root, source.listing, "auto", read))

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [letters.notes for letters in opened] == [("A note.",)] * 2
    assert opened[0].fingerprint == opened[1].fingerprint
    assert np.array_equal(opened[0].train.images, opened[1].train.images)
    assert len(entries(folder)) == 1


def test_empty_parts_are_kept(source, folder):
    none = letter_set(1, 0).take(np.zeros(26, dtype=bool))
    for _ in range(2):
        letters = through_cache(folder, source.root, source.listing, "auto", lambda: replace(source.read(), train=none))
        assert len(letters.train) == 0
    assert source.reads == 1
