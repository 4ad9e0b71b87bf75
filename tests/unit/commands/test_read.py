"""`letterlab read`: in this process with a network for bars, and as people call it."""

import json
import multiprocessing
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from letterlab.commands.read import read
from letterlab.errors import LetterlabError
from onnx_models import bars

PROGRAM = [sys.executable, "-m", "letterlab", "read"]


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    return bars(tmp_path_factory.mktemp("network") / "bars.onnx")


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """Pictures that say I, II and I over Z, one that is blank, one that is none, and no picture."""
    monkeypatch.chdir(tmp_path)
    boxes = {
        "1.png": [(60, 40, 8, 60)],
        "2.png": [(60, 40, 8, 60), (100, 40, 8, 60)],
        "10.png": [(60, 20, 8, 60), (40, 140, 60, 8)],
        "sub/blank.png": [],
    }
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for name, found in boxes.items():
        picture = np.full((200, 200), 255, np.uint8)
        for x, y, width, height in found:
            picture[y : y + height, x : x + width] = 0
        cv2.imwrite(str(folder / name), picture)
    (folder / "bad.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not looked at")
    return Path("in")


def test_one_picture_is_its_text_alone(pictures, network, capsys):
    read(str(pictures / "10.png"), model=network)
    assert capsys.readouterr() == ("I\nZ\n", "")


def test_several_are_text_after_name_in_natural_order_and_the_bad_one_is_named(pictures, network, capsys):
    with pytest.raises(SystemExit) as ended:
        read(str(pictures), model=network)
    assert ended.value.code == 2
    out, complaint = capsys.readouterr()
    assert out == "in/1.png: I\nin/2.png: II\nin/10.png:\n    I\n    Z\nin/sub/blank.png: \n"
    first, second = complaint.splitlines()
    assert first.startswith("letterlab: in/bad.png: ")
    assert second == "letterlab: in/sub/blank.png: there is no letter in it."


@pytest.mark.parametrize("many", [2, 5, 6])
def test_many_are_read_by_processes_to_the_same(pictures, network, capsys, monkeypatch, many):
    with pytest.raises(SystemExit):
        read(str(pictures), model=network, annotated=Path("few"))
    few = capsys.readouterr()
    monkeypatch.setattr("letterlab.commands.read.MANY", many)
    with pytest.raises(SystemExit) as ended:
        read(str(pictures), model=network, annotated=Path("many"))
    assert ended.value.code == 2
    assert capsys.readouterr() == few
    drawn = {
        folder: {file.name: file.read_bytes() for file in Path(folder).rglob("*.png")} for folder in ("few", "many")
    }
    assert drawn["few"] == drawn["many"] != {}
    assert not multiprocessing.active_children()


def test_a_folder_of_one_picture_says_its_name(pictures, network, capsys):
    read("in/1.pn?", model=network)
    assert capsys.readouterr().out == "in/1.png: I\n"


def test_json_is_one_line_a_picture(pictures, network, capsys):
    read("in/2.png", "in/sub/blank.png", as_json=True, model=network)
    out, complaint = capsys.readouterr()
    first, second = map(json.loads, out.splitlines())
    assert (first["file"], first["text"]) == ("in/2.png", "II")
    assert [letter["box"] for letter in first["letters"]] == [[60, 40, 8, 60], [100, 40, 8, 60]]
    assert second == {"file": "in/sub/blank.png", "text": "", "letters": []}
    assert not complaint


def test_single_takes_each_picture_for_one_letter(pictures, network, capsys):
    read("in/2.png", as_json=True, single=True, model=network)
    [letter] = json.loads(capsys.readouterr().out)["letters"]
    assert letter["box"] == [60, 40, 48, 60]


def test_nothing_to_read_is_said(pictures, network, capsys):
    with pytest.raises(LetterlabError, match="nothing to read: name a picture"):
        read(model=network)
    with pytest.raises(SystemExit) as ended:
        read("nowhere/*.png", model=network)
    assert ended.value.code == 2
    assert "No picture matches nowhere/*.png" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        read("in/1.png", "nowhere/*.png", "nowhere.png", model=network)
    out, complaint = capsys.readouterr()
    assert out == "in/1.png: I\n"
    assert "nowhere.png cannot be read (No such file or directory)." in complaint


def test_the_annotated_picture_of_one_and_of_several(pictures, network, capsys):
    read("in/1.png", annotated=Path("out/one.png"), model=network)
    assert cv2.imread("out/one.png").std(axis=2).any()
    read("in/1.png", "in/sub/*.png", annotated=Path("all"), model=network)
    assert sorted(str(one) for one in Path("all").rglob("*.png")) == ["all/1.png", "all/sub/blank.png"]
    Path("in/1.png").rename("in/1.jpg")
    read("in/1.j*", annotated=Path("more"), model=network)
    assert [str(one) for one in Path("more").iterdir()] == ["more/1.jpg.png"]
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        read("in/2.png", annotated=Path("in/2.png"), model=network)
    assert ended.value.code == 2
    assert "would take the place of in/2.png itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "place", "message"),
    [
        (["in/1.png"], "all", "--annotated all: for one picture give a name that ends in .png"),
        (["in"], "one.png", "--annotated one.png: for several pictures give a folder"),
        (["in/1.png", "in/2.png"], "in/notes.txt", "--annotated in/notes.txt: for several pictures give a folder"),
    ],
)
def test_a_place_for_annotated_pictures_that_does_not_fit_is_refused(pictures, network, names, place, message):
    with pytest.raises(LetterlabError, match=message):
        read(*names, annotated=Path(place), model=network)


def test_more_pictures_than_are_read_ahead_come_in_order(tmp_path, network, capsys):
    for number in range(200):
        picture = np.full((40, 40), 255, np.uint8)
        picture[np.s_[5:35, 18:22] if number % 3 else np.s_[18:22, 5:35]] = 0
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture)
    read(str(tmp_path), model=network)
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path}/{n}.png: {'I' if n % 3 else 'Z'}" for n in range(200)]


def test_a_name_that_cannot_be_shown_is_shown_as_it_can(pictures, network, capsys):
    Path("in/1.png").rename(os.fsdecode(b"in/1\xff.png"))
    read("in/1*.png", model=network)
    assert "in/1\\udcff.png: I" in capsys.readouterr().out
    read("in/1*.png", as_json=True, model=network)
    assert os.fsdecode(b"in/1\xff.png") in [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]


def run(*words, content=None):
    return subprocess.run([*PROGRAM, *map(str, words)], input=content, capture_output=True, check=False)


def test_standard_input_is_one_picture(pictures, network):
    content = (pictures / "2.png").read_bytes()
    done = run("-", "--model", network, content=content)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"II\n", b"")
    done = run("-", "--json", "in/1.png", "--model", network, content=content)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["-", "in/1.png"]
    done = run("-", "--model", network, content=b"no picture")
    assert done.returncode == 2
    assert done.stderr.startswith(b"letterlab: Standard input: ")
    done = run("in/1.png", "--josn", "--model", network)
    assert done.returncode == 2
    assert b"--josn is neither an option nor a picture" in done.stderr


def test_a_wrong_network_is_one_sentence(pictures):
    done = run("in/1.png", "--model", "in/notes.txt")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"letterlab: The network in/notes.txt is no ONNX file")
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_and_ctrl_c_end_it_quietly(pictures, network):
    many = [str(pictures / "1.png")] * 6_000  # more than a pipe holds
    words = [*PROGRAM, *many, "--model", str(network)]
    ends = {}
    for how in ("closed", "interrupted"):
        with subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # What a shell runs in the background ignores Ctrl-C, and so does what that runs.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            assert process.stdout.readline() == b"in/1.png: I\n"
            if how == "closed":
                process.stdout.close()
                complaint = process.stderr.read()
            else:
                process.send_signal(signal.SIGINT)
                _, complaint = process.communicate()
        ends[how] = process.returncode, complaint
    assert ends == {"closed": (0, b""), "interrupted": (130, b"")}


def test_a_terminal_gets_a_progress_bar_on_standard_error_alone(pictures, network):
    own, its = pty.openpty()
    done = subprocess.run(
        [*PROGRAM, "in/1.png", "in/2.png", "--model", str(network)], stdout=subprocess.PIPE, stderr=its, check=True
    )
    os.close(its)
    shown = b""
    while b"100%" not in shown:
        shown += os.read(own, 10_000)
    os.close(own)
    assert done.stdout == b"in/1.png: I\nin/2.png: II\n"
    assert b"2 of 2 pictures" in shown


def test_it_loads_nothing_that_reading_does_not_need(pictures, network):
    code = (
        "import sys; from letterlab.cli import app; app(sys.argv[1:]); "
        "print(sorted({'torch', 'scipy', 'pydantic', 'sklearn', 'optuna', 'onnx', 'concurrent.futures.thread', "
        "'rich.progress', 'starlette'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", code, "read", "in/1.png", "--model", str(network)]
    assert subprocess.run(words, capture_output=True, check=True).stdout == b"I\n[]\n"
