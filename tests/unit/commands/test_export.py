"""`letterlab export`, in a process of its own."""

import os
import re
import subprocess
import sys

import pytest

from letterlab.export import export
from letterlab.study.trial import run_trial
from small_plan import MLP


@pytest.fixture(scope="module")
def run(letters, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run_trial(MLP, letters, folder, lambda epoch: None)
    return folder


def letterlab(*words, cwd, **environment):
    command = [sys.executable, "-m", "letterlab", *map(str, words)]
    environment = {**os.environ, "NO_COLOR": "1", **environment}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=environment)


def test_it_says_what_it_wrote_and_nothing_else_and_the_same_bytes_in_any_process(run, tmp_path):
    export(run, tmp_path / "here.onnx")
    done = letterlab("export", run, "--out", "mine.onnx", cwd=tmp_path, PYTHONHASHSEED="1")
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = done.stdout.splitlines()
    assert first == f"mine.onnx: the network of {run}, 13,018 parameters, 0.1 MB"
    assert re.fullmatch(r"Temperature [\d.]+: calibration error .*% instead of .*% on 52 validation letters", second)
    assert re.fullmatch(r"ONNX Runtime's probabilities differ from torch's by [\d.e-]+ at most", third)
    assert (tmp_path / "mine.onnx").read_bytes() == (tmp_path / "here.onnx").read_bytes()


def test_what_is_no_training_is_one_sentence_and_exit_code_2(tmp_path):
    done = letterlab("export", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "letterlab: There is no training at nowhere/checkpoint.safetensors: give a folder that a training wrote.\n"
    )
