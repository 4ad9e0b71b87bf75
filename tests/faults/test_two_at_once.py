"""Two commands in one place."""

import shutil
from concurrent.futures import ThreadPoolExecutor

from killing import check_files, left_over, letterlab, no_pickles
from letterlab.study.holding import held
from small_commands import KINDS


def test_a_second_training_in_one_folder_is_told_of_the_first_and_touches_nothing(begun, tmp_path):
    shutil.copytree(begun("train"), tmp_path, dirs_exist_ok=True)
    before = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    with held(tmp_path / "run", "letterlab train mine.toml"):
        ended = letterlab(*KINDS["train"].words, cwd=tmp_path)
    assert ended.code == 2, ended.said
    assert "run is worked on by process" in ended.said
    assert "(letterlab train mine.toml): wait until it has ended" in ended.said
    assert (tmp_path / "run" / "checkpoint.safetensors").read_bytes() == before


def test_a_report_is_written_while_a_study_runs_and_loads_no_pickle(begun, tmp_path):
    shutil.copytree(begun("study"), tmp_path, dirs_exist_ok=True)
    expected = KINDS["report"].result(tmp_path)
    with held(tmp_path / "study", "letterlab study letters"):
        ended = letterlab(*KINDS["report"].words, cwd=tmp_path, before=no_pickles)
    assert ended.code == 0, ended.said
    assert KINDS["report"].result(tmp_path) == expected


def test_of_two_that_read_letters_for_the_first_time_both_succeed(begun, tmp_path):
    shutil.copytree(begun(None), tmp_path, dirs_exist_ok=True)
    words = KINDS["cache"].words
    with ThreadPoolExecutor(2) as two:
        both = list(two.map(lambda name: letterlab(*words, "--sheet", name, cwd=tmp_path), ("1.png", "2.png")))
    assert [ended.code for ended in both] == [0, 0], both
    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()
    assert len(list((tmp_path / "cache" / "letters").iterdir())) == 1
    check_files(tmp_path)
    assert left_over(tmp_path) == []
