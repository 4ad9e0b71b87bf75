import errno
import os
import re
import signal
import struct
from contextlib import suppress

import numpy as np
import pytest

from letterlab import files
from letterlab.errors import LetterlabError
from letterlab.files import cache_folder, read_arrays, replace_whole, temporary, write_arrays, write_text, writing
from packed import encrypted, zipped

A = {"a": (np.integer, ("n",))}


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
        read_arrays(path, A)
    write_arrays(path, {"a": np.arange(1000)})
    assert read_arrays(path, A)["a"].tolist() == list(range(1000))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(path, A)


def npy(shape, kind="'|u1'", content=b""):
    """An .npy file whose header says so."""
    header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (npy("(1000000000000,)"), "Unable to allocate"),
        (npy("(4000000000,)"), "EOF: reading array data"),
        (npy("((((("), ""),
        (npy(f"({'-' * 9000}1,)"), ""),
        (npy('(1L, "'), ""),
        (npy("(1,)", "'|O'", b"\x80\x04N."), "Object arrays cannot be loaded when allow_pickle=False"),
        (b"no array", "magic string is not correct"),
        (npy("(2, 3)", "'<i8'", bytes(48)), "is longer"),
        (npy("(3,)", "'<f8'", bytes(24)), "a is not what was written"),
        (None, "There is no item named 'a.npy'"),
    ],
    ids=["TB", "4 GB", "brackets", "signs", "quote", "objects", "none", "shape", "kind", "name"],
)
def test_arrays_that_lie_are_refused(tmp_path, content, said):
    path = tmp_path / "some.npz"
    path.write_bytes(zipped([("b.npy" if content is None else "a.npy", content or b"")]))
    with pytest.raises(LetterlabError, match=rf"some\.npz is missing or damaged \(.*{re.escape(said)}"):
        read_arrays(path, A)


def test_arrays_of_one_length_have_it(tmp_path):
    path = tmp_path / "some.npz"
    wanted = {"a": (np.integer, ("n", 2)), "b": (np.integer, ("n",)), "c": (np.integer, ("m",))}
    np.savez(path, a=np.ones((3, 2), int), b=np.ones(3, int), c=np.ones(1, int))
    assert {name: len(array) for name, array in read_arrays(path, wanted).items()} == {"a": 3, "b": 3, "c": 1}
    np.savez(path, a=np.ones((3, 2), int), b=np.ones(2, int), c=np.ones(1, int))
    with pytest.raises(LetterlabError, match="b is not what was written"):
        read_arrays(path, wanted)


def test_arrays_beyond_the_limit_are_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "some.npz"
    np.savez_compressed(path, a=np.zeros(1000, int))
    monkeypatch.setattr(files, "ARRAYS_LIMIT", 8000)
    with pytest.raises(LetterlabError, match="its arrays have more than 8,000 bytes"):
        read_arrays(path, A)


def test_an_encrypted_file_is_refused(tmp_path):
    path = tmp_path / "some.npz"
    path.write_bytes(encrypted(zipped([("a.npy", npy("(1,)", content=b"a"))])))
    with pytest.raises(LetterlabError, match="encrypted, password required"):
        read_arrays(path, A)


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
            read = read_arrays(path, {"a": (np.floating, (5,)), "names": (np.str_, (2,))})
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
    assert read_arrays(path, A)["a"].tolist() == list(range(1000))
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(path, A)


def test_a_pickle_in_arrays_runs_nothing(tmp_path):
    class Poison:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "poisoned"),)

    np.savez(tmp_path / "some.npz", a=np.array([Poison()], dtype=object))
    with pytest.raises(LetterlabError, match=r"some\.npz is missing or damaged"):
        read_arrays(tmp_path / "some.npz", A)
    with suppress(ValueError):
        np.load(tmp_path / "some.npz", allow_pickle=True)["a"]
    assert (tmp_path / "poisoned").exists()  # it would have
