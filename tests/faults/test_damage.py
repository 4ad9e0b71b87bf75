"""Files that were damaged after they were written, poisoned, or are another version's."""

import json
import os
import pickle
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
import torch

from killing import left_over, letterlab, little_memory, no_pickles
from letterlab.checkpoint import last_whole, read_checkpoint
from letterlab.errors import LetterlabError
from letterlab.sources import cache
from letterlab.sources.opening import open_letters
from letterlab.study.folder import Study
from letterlab.study.results import open_results
from letterlab.study.soundness import sound
from small_commands import KINDS


class Poison:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("damage", ["cut short", "a bit", "a pickle"])
def test_a_training_whose_checkpoint_was_damaged_says_so_and_comes_to_the_same_end(damage, begun, tmp_path):
    shutil.copytree(begun("train"), tmp_path, dirs_exist_ok=True)
    checkpoint, poisoned = tmp_path / "run" / "checkpoint.safetensors", tmp_path / "poisoned"
    content = bytearray(checkpoint.read_bytes())
    content[-9] ^= 16
    torch.save({"weights": Poison(poisoned)}, tmp_path / "poison")
    harm = {"cut short": content[:-500], "a bit": content, "a pickle": (tmp_path / "poison").read_bytes()}
    checkpoint.write_bytes(harm[damage])
    ended = letterlab("export", "run", cwd=tmp_path)
    assert ended.code == 2
    assert "checkpoint.safetensors is damaged (" in ended.said
    ended = letterlab(*KINDS["train"].words, cwd=tmp_path, before=no_pickles)
    assert ended.code == 0, ended.said
    assert f"{checkpoint.relative_to(tmp_path)} is damaged: the training begins anew." in ended.said
    assert KINDS["train"].result(tmp_path) == KINDS["train"].result(begun("train"))
    assert not poisoned.exists()
    pickle.loads(pickle.dumps(Poison(poisoned)))
    assert poisoned.exists()  # it would have


def test_a_poisoned_cache_with_right_checksums_runs_nothing(begun, tmp_path):
    source = begun(None) / "letters.zip"
    expected = open_letters(source, orientation="upright", cache=tmp_path / "cache")
    right = expected.train.names.tolist()
    (entry,) = (tmp_path / "cache" / "letters").iterdir()
    names = np.array([Poison(tmp_path / "poisoned")] * len(expected.train), dtype=object)
    np.save(entry / "train-names.npy", names, allow_pickle=True)
    (entry / "checksums.json").write_text(json.dumps(cache._checksums(entry)))
    again = open_letters(source, orientation="upright", cache=tmp_path / "cache")
    assert again.fingerprint == expected.fingerprint
    assert again.train.names.tolist() == right
    assert not (tmp_path / "poisoned").exists()


def test_a_poisoned_checkpoint_runs_nothing(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    for content in (
        pickle.dumps(Poison(tmp_path / "poisoned")),
        b"\x10\0\0\0\0\0\0\0" + pickle.dumps(Poison(tmp_path)),
    ):
        path.write_bytes(content)
        with pytest.raises(LetterlabError, match="is damaged"):
            read_checkpoint(path)
        assert last_whole(path).file is None
    assert not (tmp_path / "poisoned").exists()


@pytest.mark.parametrize("damage", ["cut short", "no database", "a row that no index knows"])
def test_a_damaged_store_is_named_and_without_it_the_finished_trainings_are_kept(damage, begun, tmp_path):
    shutil.copytree(begun("study") / "study", tmp_path / "study")
    store = tmp_path / "study" / "study.db"
    if damage == "cut short":
        os.truncate(store, store.stat().st_size // 2)
    elif damage == "no database":
        store.write_bytes(b"no database" * 1000)
    else:
        with closing(sqlite3.connect(store)) as database:
            database.executescript(
                "PRAGMA writable_schema = 1;"
                "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'trial_values') "
                "WHERE name = 'trials';"
            )
    with pytest.raises(
        LetterlabError, match=r"study\.db is damaged \(.+\): delete it, and give the same command again"
    ):
        open_results(tmp_path / "study")


def test_a_study_whose_store_was_deleted_trains_nothing_again(begun, tmp_path):
    shutil.copytree(begun("study"), tmp_path, dirs_exist_ok=True)
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "study").rglob("checkpoint.safetensors")}
    (tmp_path / "study" / "study.db").unlink()
    ended = letterlab(*KINDS["study"].words, cwd=tmp_path)
    assert ended.code == 0, ended.said
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert KINDS["study"].result(tmp_path) == KINDS["study"].result(begun("study"))
    assert left_over(tmp_path) == []


def test_what_is_no_complaint_of_the_database_is_not_said_to_be(tmp_path):
    with pytest.raises(KeyError), sound(tmp_path / "study.db"):
        raise KeyError("x")


def test_a_store_that_another_program_keeps_locked_is_named(begun, tmp_path):
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY"
    with (
        pytest.raises(LetterlabError, match=r"study\.db cannot be written \(database is locked\)"),
        sound(tmp_path / "study.db"),
    ):
        raise error


def test_a_study_of_an_earlier_version_is_read_and_of_a_later_one_is_refused(begun, tmp_path):
    study = json.loads((begun("study") / "study" / "study.json").read_text(encoding="utf-8"))
    assert study.pop("format") == 1
    (tmp_path / "study.json").write_text(json.dumps(study), encoding="utf-8")
    assert Study.open(tmp_path) == Study.open(begun("study") / "study")
    (tmp_path / "study.json").write_text(json.dumps(study | {"format": 2}), encoding="utf-8")
    with pytest.raises(LetterlabError, match=r"another version of letterlab \(format: .+\): go on with that version"):
        Study.open(tmp_path)


def test_a_training_that_has_not_enough_memory_says_so(begun, tmp_path):
    shutil.copytree(begun(None), tmp_path, dirs_exist_ok=True)
    (tmp_path / "mine.toml").write_text('epochs = 1\n[model]\nkind = "mlp"\nhidden = [200000]\n')
    ended = letterlab(*KINDS["train"].words, cwd=tmp_path, before=little_memory)
    assert ended.code == 2, ended.said
    assert "letterlab: There is not enough memory for this training" in ended.said
    assert "Traceback" not in ended.said
