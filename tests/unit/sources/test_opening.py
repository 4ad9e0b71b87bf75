import inspect

import numpy as np
import pytest

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.sources import opening
from letterlab.sources.drawn import draw_letters
from letterlab.sources.opening import open_letters
from packed import emnist_pair, encoded, laid, letter_files, pictures, zipped


@pytest.fixture
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def drawn_files(each, seed=0, transposed=False):
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    images = draw_letters(labels, seed)
    if transposed:
        images = images.transpose(0, 2, 1)
    return [
        (f"{LETTERS[k]}_{i:05}.png", encoded(image)) for i, (k, image) in enumerate(zip(labels, images, strict=True))
    ]


def test_letters_come_upright_however_they_are_stored(tmp_path, cache):
    laid(tmp_path / "upright", drawn_files(3))
    laid(tmp_path / "lying", drawn_files(3, transposed=True))
    upright, lying = (open_letters(tmp_path / name, cache=cache) for name in ("upright", "lying"))
    assert (upright.orientation.stored, lying.orientation.stored) == ("upright", "stored-transposed")
    assert upright.fingerprint == lying.fingerprint
    assert min(upright.orientation.certainty, lying.orientation.certainty) > 0.9
    assert upright.train.images.flags.c_contiguous


def test_the_orientation_may_be_given(tmp_path, cache):
    files = letter_files("abcd")
    laid(tmp_path, [*((f"train/{name}", content) for name, content in files), ("test/e_1.png", files[0][1])])
    for choice in ("upright", "stored-transposed"):
        letters = open_letters(tmp_path, orientation=choice, cache=cache)
        assert (letters.orientation.stored, letters.orientation.certainty) == (choice, 1.0)
        stored = letters.train.images if choice == "upright" else letters.train.images.transpose(0, 2, 1)
        assert np.array_equal(stored, pictures(4))


def test_an_uncertain_orientation_gets_a_note(tmp_path, cache):
    laid(tmp_path, [("o_1.png", encoded(np.zeros((28, 28), np.uint8)))])
    letters = open_letters(tmp_path, cache=cache)
    assert (letters.orientation.stored, letters.orientation.certainty) == ("stored-transposed", 0.5)
    assert letters.notes[0].startswith("That the letters are stored-transposed is 50% certain: look whether")


def test_a_missing_test_part_is_cut_and_said(tmp_path, cache):
    letters = open_letters(laid(tmp_path, letter_files("abcd" * 12)), orientation="upright", cache=cache)
    assert letters.test_was_cut
    assert letters.train.counts()[:5].tolist() == [10, 10, 10, 10, 0]
    assert letters.test.counts()[:5].tolist() == [2, 2, 2, 2, 0]
    assert "There is no test part: a sixth of each letter was cut off for it." in letters.notes
    assert set(letters.train.names) | set(letters.test.names) == {name for name, _ in letter_files("abcd" * 12)}


def test_a_missing_train_part_leaves_train_empty(tmp_path, cache):
    labels = np.arange(1, 27, dtype=np.uint8)
    laid(tmp_path, emnist_pair("test", pictures(26), labels))
    for _ in range(2):
        letters = open_letters(f"emnist:{tmp_path}", orientation="upright", cache=cache)
        assert (len(letters.train), len(letters.test), letters.test_was_cut) == (0, 26, False)
        assert letters.notes == ("There are no letters to train on.",)
        assert letters.train.images.shape == (0, 28, 28)


def test_missing_letters_are_named(tmp_path, cache):
    files = [(f"train/{name}", content) for name, content in letter_files(LETTERS[:-1])]
    files += [(f"test/{name}", content) for name, content in letter_files(LETTERS[2:-1])]
    letters = open_letters(laid(tmp_path, files), orientation="upright", cache=cache)
    assert letters.notes == ("There is no picture at all of Z.", "There is no picture to test on of A, B.")


def test_files_set_aside_are_named_from_the_source_on(tmp_path, cache):
    content = zipped([("train/images.zip", zipped([*letter_files("ab"), ("a_9.jpg", b"")]))])
    for name in ("letters.zip", "copy.zip"):
        (tmp_path / name).write_bytes(content)
        (aside,) = open_letters(tmp_path / name, orientation="upright", cache=cache).set_aside
        assert aside.file == f"{name}/train/images.zip/a_9.jpg"
        assert aside.reason == "an empty file, copy or download it again"
    assert len(list((cache / "letters").iterdir())) == 1


def test_the_source_is_named_as_the_user_named_it_this_time(tmp_path, cache, monkeypatch):
    laid(tmp_path / "letters", letter_files("ab"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for named in (str(tmp_path / "letters"), "letters", "./letters/", "~/letters"):
        assert open_letters(named, orientation="upright", cache=cache).source == named
    assert len(list((cache / "letters").iterdir())) == 1


def test_resizing_is_a_letter_more_not_the_cached_one_less(tmp_path, cache):
    laid(tmp_path, [*letter_files("ab"), ("c_1.png", encoded(np.zeros((40, 20), np.uint8)))])
    counts = [
        len(letters.train) + len(letters.test)
        for letters in (
            open_letters(tmp_path, orientation="upright", resize=resize, cache=cache) for resize in (False, True, False)
        )
    ]
    assert counts == [2, 3, 2]


def test_without_a_folder_for_it_the_cache_is_the_users(tmp_path, monkeypatch):
    laid(tmp_path / "letters", letter_files("ab"))
    monkeypatch.setenv("LETTERLAB_CACHE", str(tmp_path / "own"))
    open_letters(tmp_path / "letters", orientation="upright")
    assert (tmp_path / "own" / "letters").is_dir()


def test_drawn_letters(cache, monkeypatch):
    monkeypatch.setattr(opening, "DRAWN_OF_EACH", {"train": 3, "test": 2})
    for _ in range(2):
        letters = open_letters("drawn", cache=cache)
        assert letters.drawn
        assert letters.source == "drawn"
        assert letters.train.counts().tolist() == [3] * 26
        assert letters.test.counts().tolist() == [2] * 26
        assert (letters.orientation.stored, letters.orientation.certainty) == ("upright", 1.0)
        assert not letters.notes
        names = [*letters.train.names, *letters.test.names]
        assert len(set(names)) == len(names)
        assert [LETTERS.index(name[0].upper()) for name in names] == [*letters.train.labels, *letters.test.labels]
    train = {image.tobytes() for image in letters.train.images}
    assert len(train) == len(letters.train)
    assert not train & {image.tobytes() for image in letters.test.images}
    with pytest.raises(LetterlabError, match="Drawn letters are upright"):
        open_letters("drawn", orientation="stored-transposed", cache=cache)


def test_an_unknown_orientation(tmp_path, cache):
    with pytest.raises(
        LetterlabError, match="Unknown orientation 'sideways': give one of auto, stored-transposed, upright"
    ):
        inspect.unwrap(open_letters)(tmp_path, orientation="sideways", cache=cache)  # past the check of types


@pytest.mark.parametrize(
    "source", ["nowhere", "nowhere/else.zip", "", "emnist:", "emnist:nowhere", "emnist", "x\0y", "a" * 5000]
)
def test_a_source_that_does_not_exist(source, cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LetterlabError, match="give a folder or zip of letters, emnist:DIR or drawn"):
        open_letters(source, cache=cache)


def test_errors_are_not_kept(tmp_path, cache):
    for _ in range(2):
        with pytest.raises(LetterlabError, match="There are no letters"):
            open_letters(tmp_path, cache=cache)
    assert not (cache / "letters").exists()


def test_a_file_that_is_no_zip(tmp_path, cache):
    (tmp_path / "a_1.png").write_bytes(letter_files("a")[0][1])
    with pytest.raises(LetterlabError, match=r"a_1\.png cannot be read: not a zip, give a folder or zip"):
        open_letters(tmp_path / "a_1.png", cache=cache)
