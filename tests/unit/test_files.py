import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.files import cache_folder, read_arrays, replace_whole, write_text


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
    np.savez(path, a=np.arange(1000))
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
