import io
import re
from collections import Counter
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import cv2
import numpy as np
import pytest

from letterlab.alphabet import LETTERS, index_of
from letterlab.errors import LetterlabError
from letterlab.sources.assignment import write_archive
from letterlab.sources.drawn import draw_letters
from letterlab.sources.opening import open_letters


def read(archive: ZipFile) -> dict[str, np.ndarray]:
    """Pictures by name, as stored, [28, 28, 3]."""
    stored = {name: np.frombuffer(archive.read(name), dtype=np.uint8) for name in archive.namelist()}
    return {name: cv2.imdecode(bytes_, cv2.IMREAD_UNCHANGED) for name, bytes_ in stored.items()}


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> list[dict[str, np.ndarray]]:
    """Pictures of 60 letters to train on and 30 to test on, drawn with seed 3."""
    out = tmp_path_factory.mktemp("assignment") / "letters"
    write_archive(out, 60, 30, seed=3)
    read_parts = []
    for part in ("train", "test"):
        with ZipFile(out / part / "images.zip") as archive:
            read_parts.append(read(archive))
    assert sorted(path.name for path in out.rglob("*")) == ["images.zip", "images.zip", "test", "train"]
    return read_parts


def test_names_are_a_small_letter_and_a_number_of_its_own(parts):
    names = [name for part in parts for name in part]
    assert all(re.fullmatch(r"[a-z]_\d{5}\.jpg", name) for name in names)
    assert sorted(int(name[2:7]) for name in names) == list(range(1, 91))


def test_numbers_of_letters_differ_by_one_at_most(parts):
    for part, count in zip(parts, (60, 30), strict=True):
        counts = Counter(name[0] for name in part)
        assert counts.total() == count
        assert set(counts) == set(LETTERS.lower())
        assert max(counts.values()) - min(counts.values()) <= 1


def test_letters_are_shuffled(parts):
    letters = [name[0] for name in parts[0]]
    assert letters[:26] != sorted(letters[:26])


def test_pictures_are_drawn_letters_in_grey_rgb_stored_transposed(parts):
    stored = {name: picture for part in parts for name, picture in part.items()}
    labels = np.array([index_of(name[0]) for name in stored], dtype=np.uint8)
    drawn = draw_letters(labels, 3)
    for picture, letter in zip(stored.values(), drawn, strict=True):
        assert picture.shape == (28, 28, 3)
        assert (picture == picture[:, :, :1]).all()
        off = np.abs(picture[:, :, 0].T.astype(int) - letter)
        assert 0 < off.mean() < 4  # the noise of JPEG


def test_zip_of_zips_holds_the_same_as_the_folder(tmp_path, parts):
    out = tmp_path / "letters.zip"
    write_archive(out, 60, 30, seed=3)
    with ZipFile(out) as archive:
        assert archive.namelist() == ["train/images.zip", "test/images.zip"]
        for name, part in zip(archive.namelist(), parts, strict=True):
            with ZipFile(io.BytesIO(archive.read(name))) as inner:
                found = read(inner)
                assert all(entry.compress_type == ZIP_STORED for entry in inner.infolist())
            assert list(found) == list(part)
            assert all((found[file] == part[file]).all() for file in part)


def test_same_arguments_same_bytes(tmp_path):
    first, again, other = (tmp_path / f"{name}.zip" for name in ("first", "again", "other"))
    write_archive(first, 26, 26)
    write_archive(again, 26, 26)
    write_archive(other, 26, 26, seed=1)
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("name", ["letters.zip", "letters"])
def test_what_exists_is_not_overwritten(tmp_path, name):
    out = tmp_path / name
    out.write_text("mine")
    with pytest.raises(LetterlabError, match=r"letters.* exists already .* remove it, or give another name"):
        write_archive(out, 26, 26)
    assert out.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["letters.zip", "letters"])
def test_nothing_is_left_when_interrupted(tmp_path, name):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(tmp_path / name, 26, 26, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_all_letters(tmp_path):
    seen: list[tuple[int, int]] = []
    write_archive(tmp_path / "letters.zip", 300, 100, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (400, 400)
    assert len(seen) > 1


@pytest.mark.parametrize(
    ("train", "test", "seed", "named"),
    [(25, 26, 0, "--train 25"), (26, 0, 0, "--test 0"), (26, 26, -1, "--seed -1")],
)
def test_numbers_too_small_are_refused(tmp_path, train, test, seed, named):
    with pytest.raises(LetterlabError, match=named):
        write_archive(tmp_path / "letters.zip", train, test, seed=seed)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(LetterlabError, match=r"missing.letters\.zip could not be written"):
        write_archive(tmp_path / "missing" / "letters.zip", 26, 26)


def test_drawn_letters_are_known_as_such_however_they_come_back(tmp_path):
    write_archive(tmp_path / "drawn.zip", 26, 26)
    write_archive(tmp_path / "drawn", 26, 26)
    loose = tmp_path / "loose"
    with ZipFile(tmp_path / "drawn" / "train" / "images.zip") as archive:
        archive.extractall(loose)
    for source in ("drawn.zip", "drawn", "loose"):
        found = open_letters(tmp_path / source, orientation="stored-transposed", cache=tmp_path / "cache")
        assert found.drawn, source
        assert not any("drawn by this program" in note for note in found.notes)
    written = np.zeros((28, 28), dtype=np.uint8)
    written[5:20, 14] = 255
    cv2.imwrite(str(loose / "i_99999.png"), written)
    mixed = open_letters(loose, orientation="stored-transposed", cache=tmp_path / "cache")
    assert mixed.drawn
    assert "26 of the 27 letters were drawn by this program, the others not." in mixed.notes
