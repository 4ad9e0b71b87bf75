import errno
import os
import signal
from contextlib import suppress

import numpy as np
import pytest

from letterlab import files
from letterlab.errors import LetterlabError
from letterlab.files import cache_folder, read_arrays, replace_whole, temporary, write_arrays, write_text, writing


def test_the_name_is_taken_only_at_the_end(tmp_path):
    path = tmp_path / "new" / "file"
    with replace_whole(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    write_text(path, "старый")

    def write_half():
        with replace_whole(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text(encoding="utf-8") == "старый"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("left", [0, 10, 200])
def test_arrays_that_are_missing_or_damaged_are_named(tmp_path, left):
    path = tmp_path / "some.npz"
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(path)
    write_arrays(path, {"a": np.arange(1000)})
    assert read_arrays(path)["a"].tolist() == list(range(1000))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(path)


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LETTERLAB_CACHE", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "letterlab"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "letterlab"
    monkeypatch.setenv("LETTERLAB_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


@pytest.mark.parametrize("folder", [False, True])
def test_what_a_dead_process_left_is_removed_by_the_next_and_what_a_living_one_holds_is_not(tmp_path, folder):
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        with temporary(tmp_path / "file", folder) as made:
            if folder:
                (made / "half").write_text("half")
            os.write(there, b"!")
            signal.pause()
    os.read(here, 1)
    (left,) = tmp_path.iterdir()
    write_text(tmp_path / "other", "whole")
    assert set(tmp_path.iterdir()) == {left, tmp_path / "other"}
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert left.exists()
    write_text(tmp_path / "other", "whole")
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


def test_somebody_elses_hidden_file_is_left_alone(tmp_path):
    for name in (".emnist.zip.part", ".file.part", "file.01234567.part", ".file.01234567.part.txt"):
        (tmp_path / name).touch()
    write_text(tmp_path / "other", "whole")
    assert len(list(tmp_path.iterdir())) == 5


def test_a_temporary_that_another_took_for_left_over_is_made_again(tmp_path, monkeypatch):
    lock, taken = files._locked, []

    def late(path, wait):
        if not taken:
            taken.append(path)
            path.unlink()
        return lock(path, wait)

    monkeypatch.setattr(files, "_locked", late)
    write_text(tmp_path / "file", "whole")
    assert taken
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_without_locks_files_are_written_and_nothing_is_taken_for_left_over(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", refuse)
    (tmp_path / ".old.01234567.part").touch()
    write_text(tmp_path / "file", "whole")
    assert {path.name for path in tmp_path.iterdir()} == {".old.01234567.part", "file"}


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "cannot be written, for the disk is full: make room"),
        (errno.EDQUOT, "cannot be written, for the disk is full: make room"),
        (errno.EROFS, r"cannot be written \(Read-only file system\): allow it, or"),
        (errno.EIO, r"cannot be written \(Input/output error\)"),
    ],
)
def test_what_cannot_be_written_is_named_once(tmp_path, number, said):
    with pytest.raises(LetterlabError, match=rf"mine {said}") as caught, writing(tmp_path), writing(tmp_path / "mine"):
        raise OSError(number, os.strerror(number))
    assert caught.value.errno == number
    assert caught.value.strerror == os.strerror(number)


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_of_which_a_bit_has_changed_are_refused(tmp_path, compressed):
    path = tmp_path / "some.npz"
    written = {"a": np.arange(5, dtype=np.float32), "names": np.array(["x", "yz"])}
    write_arrays(path, written, compressed)
    content, let_through = path.read_bytes(), 0
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            read = read_arrays(path)
        except LetterlabError:
            continue
        let_through += 1
        assert {name: one.tobytes() for name, one in read.items()} == {
            name: one.tobytes() for name, one in written.items()
        }
    assert let_through <= 6  # the seal itself may be what is damaged


def test_arrays_of_another_program_have_zips_checksum(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, a=np.arange(1000))
    assert read_arrays(path)["a"].tolist() == list(range(1000))
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(path)


def test_a_pickle_in_arrays_runs_nothing(tmp_path):
    class Poison:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "poisoned"),)

    np.savez(tmp_path / "some.npz", a=np.array([Poison()], dtype=object))
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(tmp_path / "some.npz")
    with suppress(ValueError):
        np.load(tmp_path / "some.npz", allow_pickle=True)["a"]
    assert (tmp_path / "poisoned").exists()  # it would have
