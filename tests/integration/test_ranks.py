"""One training over two processes, as torchrun starts them: the same as in one process, and what becomes of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from blobs import blobs
from letterlab.checkpoint import NAME, read_checkpoint, read_record
from letterlab.letterset import Letters, LetterSet, Orientation
from letterlab.study.folder import TEST_FILE
from together_program import RECIPES

PROGRAM = Path(__file__).parents[1] / "together_program.py"
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
LARGE = 200_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folders that one process and two have left, each with a folder for each process."""
    root = tmp_path_factory.mktemp("ranks")
    (root / "large").mkdir()
    of_each = blobs(20, 0)
    times = -(-LARGE // len(of_each))
    images, labels = np.tile(of_each.images, (times, 1, 1))[:LARGE], np.tile(of_each.labels, times)[:LARGE]
    train = LetterSet(images, labels, np.full(LARGE, "a_00001.png"), "0" * 64)
    Letters(train, blobs(4, 1), "large", Orientation("upright", 1.0, "Made so.")).save(root / "large")
    for name, start in (("one", [sys.executable]), ("two", TORCHRUN)):
        ran = subprocess.run([*start, PROGRAM, root / name], check=False, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    return root


def far_apart(one, other):
    """The largest difference of two networks' weights, as a share of the largest weight of its layer."""
    first, second = (read_checkpoint(folder / NAME).weights for folder in (one, other))
    assert first.keys() == second.keys()
    shares = [(first[name] - second[name]).abs().max() / first[name].abs().max() for name in first]
    return float(torch.stack(shares).max())


def test_two_processes_give_the_weights_of_one_but_for_rounding(done):
    assert far_apart(done / "one" / "0" / "plain", done / "two" / "0" / "plain") < 1e-3


@pytest.mark.parametrize("name", RECIPES)
def test_normalisation_dropout_augmentation_and_unequal_shares_differ_by_nothing_else(done, name):
    one, two = (done / count / "0" / name for count in ("one", "two"))
    assert far_apart(one, two) < 1e-9
    for first, second in zip(read_record(one / NAME).epochs, read_record(two / NAME).epochs, strict=True):
        for part in ("train", "validation", "test"):
            assert getattr(first, part).loss == pytest.approx(getattr(second, part).loss, rel=1e-9)
            assert getattr(first, part).accuracy == getattr(second, part).accuracy


def test_the_first_process_alone_writes_and_says_how_many_there_were(done):
    assert {path.name for path in (done / "two" / "0").iterdir()} == {"plain", "large", "told.json", *RECIPES}
    assert [path.name for path in (done / "two" / "1").iterdir()] == ["told.json"]
    assert read_record(done / "two" / "0" / "plain" / NAME).environment["processes"] == "2"
    assert "processes" not in read_record(done / "one" / "0" / "plain" / NAME).environment


def test_no_process_holds_the_set_or_looks_at_more_than_its_share(done):
    size = LARGE * 784
    for rank in "01":
        told = json.loads((done / "two" / rank / "told.json").read_text())
        assert told["anonymous"] < size / 2
        assert 0.4 * size < told["touched"] < 0.6 * size
    alone = json.loads((done / "one" / "0" / "told.json").read_text())
    assert alone["anonymous"] > size  # so it is measured
    assert alone["touched"] > 0.9 * size


def test_nothing_is_left_of_the_group_but_what_ends_with_it(done):
    assert json.loads((done / "two" / "0" / "told.json").read_text())["wrappers"] == 0


def ended(how, words, checkpoint, cwd, environment):
    """What torchrun said, ended by a signal, to a process or to itself, when an epoch had ended."""
    before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
    process = subprocess.Popen(
        [*TORCHRUN, "-m", "letterlab", *map(str, words)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell runs in the background ignores Ctrl-C, and so does what that runs.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    if how == "killed":
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        [second] = [one for one in children if b"\0RANK=1\0" in Path(f"/proc/{one}/environ").read_bytes()]
        os.kill(int(second), signal.SIGKILL)
    else:
        process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode != 0
    return said


def test_a_process_killed_and_all_interrupted_the_same_command_goes_on_with_any_number(tmp_path):
    for part, each, seed in (("train", 12, 0), ("test", 4, 1)):
        (tmp_path / "letters" / part).mkdir(parents=True)
        found = blobs(each, seed)
        for name, image in zip(found.names, found.images, strict=True):
            cv2.imwrite(str(tmp_path / "letters" / part / name), image)
    # Few steps in many epochs, so that the signals come in time and rounding has not grown at the end.
    (tmp_path / "mine.toml").write_text(
        'epochs = 60\nbatch_size = 280\noptimiser = {name = "sgd", learning_rate = 0.01}\n'
        '[model]\nkind = "mlp"\nhidden = [16]\nnormalisation = "none"\n'
    )
    words = ["train", "mine.toml", "letters", "--orientation", "upright"]
    environment = {**os.environ, "LETTERLAB_CACHE": str(tmp_path / "cache"), "NO_COLOR": "1"}
    checkpoint = tmp_path / "runs" / "mine" / NAME

    said = ended("killed", words, checkpoint, tmp_path, environment)
    assert re.search(r"rank +: 1 .*\n.*exitcode +: -9", said)  # torchrun's own
    assert "Traceback" not in said.partition("torch/distributed/elastic")[0]
    first = len(read_record(checkpoint).epochs)
    said = ended("interrupted", words, checkpoint, tmp_path, environment)
    assert said.count("goes on from there") == 1
    second = len(read_record(checkpoint).epochs)
    assert 0 < first < second < 60

    ran = [
        subprocess.run(
            [sys.executable, "-m", "letterlab", *words, *more],
            cwd=tmp_path,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        for more in ([], ["--out", "whole"])
    ]
    assert [one.returncode for one in ran] == [0, 0], ran[0].stderr
    assert far_apart(checkpoint.parent, tmp_path / "whole") < 1e-3
    assert (checkpoint.parent / TEST_FILE).exists()
    assert len(list(checkpoint.parent.glob("events.out.tfevents.*"))) == 1
