"""The command line, in a process of its own: what it prints and how it ends."""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import cv2
import pytest

from blobs import blobs
from letterlab.cli import main

PROGRAM = [sys.executable, "-m", "letterlab"]


def letterlab(*words, cwd, **more):
    environment = {**os.environ, "LETTERLAB_CACHE": str(Path(cwd) / "cache"), "NO_COLOR": "1"}
    return subprocess.run(
        [*PROGRAM, *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False, env=environment, **more
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """train/ and test/ with a few pictures of each letter, upright."""
    root = tmp_path_factory.mktemp("blobs")
    for part, each, seed in (("train", 12, 0), ("test", 4, 1)):
        (root / part).mkdir()
        found = blobs(each, seed)
        for name, image in zip(found.names, found.images, strict=True):
            cv2.imwrite(str(root / part / name), image)
    return root


RECIPE = '[model]\nkind = "mlp"\nhidden = [16]\n'


def test_help_names_the_commands_and_loads_no_torch(tmp_path):
    done = letterlab("--help", cwd=tmp_path)
    assert done.returncode == 0
    for command in ("read", "study", "train", "inspect", "report", "draw", "fetch"):
        assert command in done.stdout
    code = (
        "import sys, letterlab.cli; sys.exit(any(name in sys.modules for name in "
        "('torch', 'numpy', 'cv2', 'PIL', 'onnxruntime', 'pydantic', 'scipy', 'optuna')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reading_and_serving_load_nothing_that_a_study_needs():
    code = (
        "import sys, letterlab.recognise.recogniser, letterlab.recognise.annotation, letterlab.web.app; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'cv2', 'scipy', 'sklearn', 'optuna', 'requests')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["study", "nowhere"], "nowhere"),
        (["study", "drawn", "--only", "rnn"], "--only 'rnn' is no family"),
        (["study", "drawn", "--plan", "nowhere.toml"], "no plan at nowhere.toml"),
        (["study", "drawn", "--weights", "resnet50-1.pth"], "resnet50-1.pth: its name does not begin"),
        (["study", "drawn", "--weights", "resnet18-1.pth"], "resnet18-1.pth: there is no such file"),
        (["study", "drawn", "--letter", "Ж"], "not a letter from A to Z"),
        (["study", "drawn", "--letter", "K", "--surname", "Иванов"], "give one of them"),
        (["report", "nowhere"], "no study in nowhere"),
        (["train", "nowhere.toml"], "no recipe at nowhere.toml"),
        (["study", "--bugdet", "smoke"], "--budget"),
    ],
)
def test_the_users_mistakes_are_one_sentence_and_exit_code_2(tmp_path, monkeypatch, capsys, words, message):
    """In this process: torch is loaded once for all of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["letterlab", *words])
    for name, value in {"LETTERLAB_CACHE": str(tmp_path / "cache"), "NO_COLOR": "1", "GOMP_SPINCOUNT": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert message in re.sub(r"\s+", " ", said.out + said.err)


def test_a_mistake_shows_no_traceback_but_with_debug(tmp_path):
    done = letterlab("report", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no study in nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    done = letterlab("report", "nowhere", "--debug", cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" in done.stderr


def test_a_training_interrupted_goes_on_to_the_same_bytes(folder, tmp_path):
    (tmp_path / "mine.toml").write_text("epochs = 120\nbatch_size = 26\n" + RECIPE)
    words = ["train", "mine.toml", folder, "--orientation", "upright"]
    environment = {**os.environ, "LETTERLAB_CACHE": str(tmp_path / "cache")}
    checkpoint = tmp_path / "runs" / "mine" / "checkpoint.safetensors"
    process = subprocess.Popen(
        [*PROGRAM, *map(str, words)],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        # What a shell runs in the background ignores Ctrl-C, and so does what that runs.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not checkpoint.exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate()
    assert process.returncode == 130
    assert b"goes on from there" in complaint
    interrupted = checkpoint.read_bytes()
    done = letterlab(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert checkpoint.read_bytes() != interrupted
    assert re.search(r"% of 104 test letters read rightly", done.stdout)
    whole = letterlab(*words, "--out", "whole", cwd=tmp_path)
    assert whole.returncode == 0
    from safetensors.numpy import load_file

    first, second = load_file(checkpoint), load_file(tmp_path / "whole" / "checkpoint.safetensors")
    assert {name: value.tobytes() for name, value in first.items()} == {
        name: value.tobytes() for name, value in second.items()
    }


def test_inspect_counts_and_draws_a_sheet(folder, tmp_path):
    done = letterlab("inspect", folder, "--sheet", "sheet.png", "--orientation", "upright", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "312" in done.stdout
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A plan whose trials take a moment."""
    path = tmp_path_factory.mktemp("plan") / "small.toml"
    path.write_text(SMALL)
    return path


SMALL = """
name = "small"

[[families]]
name = "mlp"
finals = {take = 1, changes = {letters_of_each = "all"}, seeds = 2}

[[families.experiments]]
name = "factors"
seeds = 2
base = {epochs = 3, batch_size = 26, letters_of_each = 8, model = {kind = "mlp", hidden = [16]}}
search = {trials = 3, at_once = 2}

[[families.experiments.factors]]
name = "neurons"
setting = "model.hidden"
values = [[8], [16], [32]]

[[families.experiments.factors]]
name = "learning rate"
setting = "optimiser.learning_rate"
values = [0.003, 0.01]

[[families]]
name = "again"

[[families.experiments]]
name = "batches"
base_of = "mlp"
changes = {epochs = 2}
seeds = 1

[[families.experiments.crossed]]
name = "batch size"
setting = "batch_size"
values = [13, 26]
"""


def test_a_study_by_an_own_plan_and_its_report_again(folder, small, tmp_path):
    words = ["study", folder, "--plan", small, "--orientation", "upright", "--keep-leaks", "--out", "mine"]
    dry = letterlab(*words, "--dry-run", cwd=tmp_path)
    assert dry.returncode == 0, dry.stderr
    assert "Plan small: 15 trainings" in dry.stdout
    assert not (tmp_path / "mine" / "trials").exists()
    done = letterlab(*words, "--surname", "Ким", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Report: mine/report.html" in done.stdout
    page = tmp_path / "mine" / "report.html"
    english = page.read_text(encoding="utf-8")
    assert 'lang="en"' in english
    assert json.loads((tmp_path / "mine" / "findings.json").read_text(encoding="utf-8"))
    again = letterlab("report", "mine", "--lang", "ru", "--letter", "Z", "--notebook", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert 'lang="ru"' in page.read_text(encoding="utf-8")
    there = {one.relative_to(tmp_path / "mine").as_posix() for one in (tmp_path / "mine").rglob("*")}
    assert {"predictions.csv", "figures/confusion-mlp.svg", "report.ipynb"} <= there
    assert "Notebook: mine/report.ipynb" in again.stdout
    assert "буква Z" in (tmp_path / "mine" / "report.ipynb").read_text(encoding="utf-8")
    if shutil.which("chromium"):
        printed = letterlab("report", "mine", "--pdf", cwd=tmp_path)
        assert "PDF: mine/report.pdf" in printed.stdout
        assert (tmp_path / "mine" / "report.pdf").stat().st_size > 10_000
    finished = letterlab(*words, cwd=tmp_path)
    assert "15 of them have ended already" in finished.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_study_killed_five_times_leaves_no_process_behind_and_ends_in_the_same_store(folder, small, tmp_path):
    words = ["study", folder, "--plan", small, "--orientation", "upright", "--keep-leaks"]
    environment = {**os.environ, "LETTERLAB_CACHE": str(tmp_path / "cache")}
    here, chance = str(tmp_path).encode(), random.Random(0)
    kills = sorted(chance.sample(range(1, 40), 5))  # after so many epochs, of which there are about 45
    for kill in kills:
        process = subprocess.Popen(
            [*PROGRAM, *map(str, words), "--out", "killed"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
        )
        while _epochs(tmp_path / "killed" / "study.db") < kill:
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(0.05 * chance.random())
        process.kill()
        process.wait()
        while [one for one in Path("/proc").glob("[0-9]*/environ") if _reads(one).find(here) >= 0]:
            time.sleep(0.01)  # without an end, were a process left behind
    for out in ("killed", "whole"):
        done = letterlab(*words, "--out", out, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    first, second = (_rows(tmp_path / out / "study.db") for out in ("killed", "whole"))
    assert first == second
    first, second = (
        json.loads((tmp_path / out / "findings.json").read_text(), object_hook=_without_times)
        for out in ("killed", "whole")
    )
    assert first["families"] == second["families"]


def _rows(path):
    """All that a store holds but times."""
    with closing(sqlite3.connect(path)) as store:
        return {
            "trials": store.execute(
                "select trial_id, number, study_id, state from trials order by trial_id"
            ).fetchall(),
            "values": store.execute("select trial_id, value from trial_values order by trial_id").fetchall(),
            "epochs": store.execute(
                "select trial_id, step, intermediate_value from trial_intermediate_values order by trial_id, step"
            ).fetchall(),
            "parameters": store.execute("select * from trial_params order by trial_id, param_name").fetchall(),
            "attributes": store.execute(
                "select trial_id, key, value_json from trial_user_attributes order by trial_id, key"
            ).fetchall(),
        }


def _epochs(path):
    """How many epochs a store knows of."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            return store.execute("select count(*) from trial_intermediate_values").fetchone()[0]
    except sqlite3.OperationalError:  # it is not there yet
        return 0


def _without_times(entry):
    return {name: value for name, value in entry.items() if name != "seconds"}


def _reads(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_draw_writes_what_study_reads(tmp_path):
    assert letterlab("draw", "drawn.zip", "--train", 52, "--test", 26, cwd=tmp_path).returncode == 0
    done = letterlab("inspect", "drawn.zip", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = letterlab("draw", "drawn.zip", cwd=tmp_path)
    assert again.returncode == 2
    assert "drawn.zip" in again.stderr
