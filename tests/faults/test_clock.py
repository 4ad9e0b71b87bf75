"""A clock that was set back, to when nothing had been written yet."""

import os
import shutil
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from letterlab.checkpoint import read_record
from letterlab.recipe import read_recipe
from letterlab.sources.opening import open_letters
from letterlab.tracking import Tracker
from letterlab.training import fit
from small_commands import KINDS


@pytest.mark.skipif(not shutil.which("faketime"), reason="no libfaketime (Debian: apt-get install faketime)")
def test_a_training_goes_on_to_the_same_end_in_1970(begun, tmp_path):
    shutil.copytree(begun(None), tmp_path, dirs_exist_ok=True)
    run, words = tmp_path / "run", KINDS["train"].words
    letters = open_letters(tmp_path / "letters.zip", orientation="upright", cache=tmp_path / "cache")
    started = fit(read_recipe(tmp_path / "mine.toml"), letters, run)
    with Tracker(run) as tracker:
        tracker.epoch(next(started))
    started.close()
    done = subprocess.run(
        ["faketime", "1970-01-02 00:00:00", sys.executable, "-m", "letterlab", *words],
        cwd=tmp_path,
        env={**os.environ, "LETTERLAB_CACHE": str(tmp_path / "cache")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert KINDS["train"].result(tmp_path) == KINDS["train"].result(begun("train"))
    assert all(epoch.seconds > 0 for epoch in read_record(run / "checkpoint.safetensors").epochs)
    events = EventAccumulator(str(run)).Reload()
    assert [event.step for event in events.Scalars("loss/train")] == [1, 2, 3]
    assert all(event.wall_time < 10 * 24 * 3600 for event in events.Scalars("loss/train"))
