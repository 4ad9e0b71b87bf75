import re
import struct

import numpy as np
import pytest

from letterlab import files
from letterlab.errors import LetterlabError
from letterlab.files import cache_folder, read_arrays, replace_whole, write_text
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
    np.savez(path, a=np.arange(1000))
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
