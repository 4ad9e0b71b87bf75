"""A disk that is full, or may not be written: one sentence, nothing half, and on once there is room."""

import os
import shutil
import subprocess

import pytest

from killing import check_file, check_files, left_over, letterlab
from letterlab.sources.opening import open_letters
from small_commands import KINDS, UPRIGHT

WIDE = """
name = "wide"
[[families]]
name = "mlp"
[[families.experiments]]
name = "factors"
seeds = 1
base = {epochs = 1, letters_of_each = 10, batch_size = 52, model = {kind = "mlp", hidden = [16]}}
[[families.experiments.factors]]
name = "neurons"
setting = "model.hidden"
values = [[16], [2000]]
"""


def sentence(ended, named):
    """Checks that a command ended with one sentence about this file and a full disk."""
    assert ended.code == 2, ended.said
    assert "Traceback" not in ended.said
    [said] = [line for line in ended.said.splitlines() if line.startswith("letterlab: ")]
    assert f"{named} cannot be written, for the disk is full: make room" in said


def test_full_in_a_training(begun, tmp_path, disk):
    shutil.copytree(begun(None), tmp_path, dirs_exist_ok=True)
    place = disk("4m")
    (tmp_path / "mine.toml").write_text('batch_size = 52\nepochs = 3\n[model]\nkind = "mlp"\nhidden = [200]\n')
    words = ("train", "mine.toml", *UPRIGHT, "--out")
    assert letterlab(*words, "room", cwd=tmp_path).code == 0
    # A checkpoint has 2 MB while its training is under way: there is room for two, and for no third.
    for _ in range(2):
        sentence(letterlab(*words, place / "run", cwd=tmp_path), place / "run" / "checkpoint.safetensors")
        assert check_files(place / "run") == 3  # those of two epochs, and TensorBoard's
        assert left_over(place) == []
    subprocess.run(["mount", "-o", "remount,size=20m", place], check=True)
    assert letterlab(*words, place / "run", cwd=tmp_path).code == 0
    of = KINDS["train"].result
    assert of(place / "run") == of(tmp_path / "room")


def test_full_in_an_export(begun, disk, filled):
    place = disk("4m")
    shutil.copytree(begun("export") / "run", place / "run")
    network = (place / "run" / "letters.onnx").read_bytes()
    ballast = filled(place, len(network) // 2)
    sentence(letterlab("export", "run", cwd=place), "run/letters.onnx")
    assert (place / "run" / "letters.onnx").read_bytes() == network
    sentence(letterlab("export", "run", "--out", "new.onnx", cwd=place), "new.onnx")
    assert not (place / "new.onnx").exists()
    assert left_over(place) == []
    ballast.unlink()
    assert letterlab("export", "run", "--out", "new.onnx", cwd=place).code == 0
    assert (place / "new.onnx").read_bytes() == network


def test_full_in_a_report(begun, disk, filled):
    place = disk("40m")
    shutil.copytree(begun("study") / "study", place / "study")
    page = (place / "study" / "report.html").read_bytes()
    ballast = filled(place, 30_000)
    sentence(letterlab("report", "study", "--letter", "B", cwd=place), "study/report.html")
    assert (place / "study" / "report.html").read_bytes() == page
    assert left_over(place) == []
    ballast.unlink()
    assert letterlab("report", "study", cwd=place).code == 0
    assert (place / "study" / "report.html").read_bytes() == page


def test_full_where_the_cache_is(begun, disk, filled):
    place = disk("4m")
    ballast = filled(place, 100_000)
    letters = open_letters(begun(None) / "letters.zip", orientation="upright", cache=place)
    assert letters.notes == (
        f"The letters were not kept in the cache {place} (the disk is full): they will be read again next time.",
    )
    assert list((place / "letters").iterdir()) == []
    ballast.unlink()
    assert open_letters(begun(None) / "letters.zip", orientation="upright", cache=place).notes == ()
    assert len(list((place / "letters").iterdir())) == 1


def test_full_where_the_store_is_and_a_damaged_training_is_trained_again(begun, disk, filled):
    place = disk("40m")
    shutil.copytree(begun("study"), place, dirs_exist_ok=True)
    (damaged,) = (place / "study").glob("trials/mlp-finals/*/checkpoint.safetensors")
    os.truncate(damaged, 1000)
    # study.json is written first, and who works on the study; a new trial in the store is more than a few pages.
    ballast = filled(place, (place / "study" / "study.json").stat().st_size + 5 * 4096)
    ended = letterlab(*KINDS["study"].words, cwd=place)
    sentence(ended, "study/study.db")
    assert f"{damaged.relative_to(place)} is damaged" in ended.said
    check_file(place / "study" / "study.db")
    ballast.unlink()
    ended = letterlab(*KINDS["study"].words, cwd=place)
    assert ended.code == 0, ended.said
    assert ended.said.count(": validation ") == 1  # the others were not trained again
    assert left_over(place) == []
    assert KINDS["study"].result(place) == KINDS["study"].result(begun("study"))


def test_full_in_a_trial(begun, tmp_path, disk, filled):
    shutil.copytree(begun(None), tmp_path, dirs_exist_ok=True)
    (tmp_path / "wide.toml").write_text(WIDE)
    place = disk("40m")
    words = ("study", *UPRIGHT, "--plan", "wide.toml", "--workers", "1", "--out", place / "study")
    ballast = filled(place, 5_000_000)  # 2,000 neurons have 6 MB
    ended = letterlab(*words, cwd=tmp_path)
    assert ended.code == 0, ended.said
    failed = place / "study" / "trials" / "mlp-factors" / "neurons-2000.seed0" / "checkpoint.safetensors"
    assert f"neurons-2000.seed0 failed: {failed} cannot be written, for the disk is full" in ended.said
    check_files(place / "study")
    ballast.unlink()
    ended = letterlab(*words, cwd=tmp_path)
    assert ended.code == 0, ended.said
    assert "failed" not in ended.said
    check_file(failed)
    assert left_over(place) == []


@pytest.mark.parametrize("name", ["train", "study"])
def test_a_folder_that_may_not_be_written_is_named_before_anything_is_trained(name, begun, tmp_path, disk):
    shutil.copytree(begun(None), tmp_path, dirs_exist_ok=True)
    place = disk("1m")
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)
    words = [*KINDS[name].words]
    words[words.index("--out") + 1] = place / "out"
    ended = letterlab(*words, cwd=tmp_path)
    assert ended.code == 2, ended.said
    assert f"letterlab: {place / 'out'} cannot be written (Read-only file system): allow it" in ended.said
    assert "Traceback" not in ended.said
    assert "epoch" not in ended.said
