"""Whoever decodes a picture, the same comes of it; and whatever becomes of a helper, every picture is read."""

import json
import subprocess
import sys
from signal import SIGKILL
from threading import Event
from types import SimpleNamespace

import numpy as np
import pytest

from letterlab.sources import on_all_cores
from letterlab.sources.archive import members
from letterlab.sources.on_all_cores import reading
from letterlab.sources.pictures import DRAWN_MARK
from packed import encoded, laid, pictures

COUNT = 40
DAMAGED = {3: b"", 11: b"GIF89a", 26: encoded(np.zeros((28, 28), np.uint8), ".jpg")[:-60]}
DRAWN = 17


@pytest.fixture
def source(tmp_path):
    """A folder of pictures of which three are damaged and one is drawn by the program."""
    drawn = encoded(pictures(1, seed=5)[0], ".jpg")
    comment = b"\xff\xfe" + (len(DRAWN_MARK) + 2).to_bytes(2, "big") + DRAWN_MARK
    special = DAMAGED | {DRAWN: drawn[:2] + comment + drawn[2:]}
    contents = [special.get(i, encoded(one)) for i, one in enumerate(pictures(COUNT))]
    return laid(tmp_path / "letters", [(f"a_{i:02}.jpg", content) for i, content in enumerate(contents)])


@pytest.fixture
def begun(monkeypatch):
    """Helpers are begun for few pictures too; the list of those that were."""
    processes = []

    class Kept(subprocess.Popen):
        def __init__(self, *given, **more):
            super().__init__(*given, **more)
            processes.append(self)

    monkeypatch.setattr(on_all_cores, "cores", lambda: 3)
    monkeypatch.setattr(on_all_cores, "WORTH_A_HELPER", 10)
    monkeypatch.setattr(on_all_cores, "SHARE", 3)
    monkeypatch.setattr(on_all_cores.subprocess, "Popen", Kept)
    return processes


def read(source):
    """What is found, and the pixels of what could be read; in an order that is not that of the list."""
    with reading(COUNT, resize=False) as read_all, members(source) as found:
        images = np.zeros((len(found), 28, 28), np.uint8)
        seen = read_all(found, [*range(20, COUNT), *range(20)], images)
    images[[isinstance(one, str) for one in seen]] = 0
    return seen, images


@pytest.fixture
def alone(source):
    """The same as one process reads it."""
    return read(source)


def same(one, other):
    return one[0] == other[0] and np.array_equal(one[1], other[1])


def test_one_process_reads_all(alone):
    seen, images = alone
    assert {at for at, one in enumerate(seen) if isinstance(one, str)} == DAMAGED.keys()
    assert [at for at, one in enumerate(seen) if one is True] == [DRAWN]
    good = [at for at in range(COUNT) if at not in DAMAGED and at != DRAWN]
    assert np.array_equal(images[good], pictures(COUNT)[good])


def test_helpers_read_the_same(source, alone, begun, monkeypatch):
    """This process decodes nothing before they have answered all."""
    shares = -(-COUNT // on_all_cores.SHARE)
    answers = []
    all_answered = Event()

    def loads(line):
        answers.append(json.loads(line))
        if len(answers) == shares:
            all_answered.set()
        return answers[-1]

    decoded = on_all_cores._decoded
    monkeypatch.setattr(on_all_cores, "json", SimpleNamespace(loads=loads, dumps=json.dumps))
    monkeypatch.setattr(on_all_cores, "_decoded", lambda *given: all_answered.wait(60) and decoded(*given))
    assert same(read(source), alone)
    assert len(begun) == 2
    assert len(answers) == shares
    assert all(process.returncode is not None for process in begun)


@pytest.mark.parametrize("helper", [on_all_cores._HELPER, "import time; time.sleep(600)"], ids=["busy", "silent"])
def test_a_helper_takes_no_more_than_it_has_room_for(source, alone, begun, monkeypatch, helper):
    """Nobody waits for one that hears nothing: its pipe would be full."""
    monkeypatch.setattr(on_all_cores, "ROOM", 2000)
    monkeypatch.setattr(on_all_cores, "_HELPER", helper)
    assert same(read(source), alone)


def test_a_helper_that_is_dead_before_it_is_asked_takes_nothing(source, alone, begun, monkeypatch):
    monkeypatch.setattr(on_all_cores, "_HELPER", "raise SystemExit")
    begin = on_all_cores._Helper.__enter__
    monkeypatch.setattr(on_all_cores._Helper, "__enter__", lambda helper: [helper._process.wait(), begin(helper)][1])
    assert same(read(source), alone)
    assert [process.returncode for process in begun] == [0, 0]


DYING = {
    "at once": "pass",
    "of an error": "raise RuntimeError",
    "having heard all": "import sys; sys.stdin.buffer.read()",
    "in its first answer": "import sys; sys.stdin.buffer.readline(); print('[true, true, true]'); print('pixels')",
    "with nonsense": "import sys; sys.stdin.buffer.readline(); print('none of it')",
}


@pytest.mark.parametrize("how", DYING)
def test_what_a_helper_leaves_is_read_here(source, alone, begun, monkeypatch, how):
    monkeypatch.setattr(on_all_cores, "_HELPER", DYING[how])
    assert same(read(source), alone)
    assert len(begun) == 2


def test_where_no_helper_can_be_begun_all_is_read_here(source, alone, begun, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no_python"))
    assert same(read(source), alone)
    assert not begun


def test_no_helper_is_begun_for_few_pictures(source, alone, begun, monkeypatch):
    monkeypatch.setattr(on_all_cores, "WORTH_A_HELPER", COUNT + 1)
    assert same(read(source), alone)
    assert not begun


def test_no_helper_is_left_when_reading_is_interrupted(source, begun, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(on_all_cores, "_decoded", interrupted)
    monkeypatch.setattr(on_all_cores, "_HELPER", "import sys; sys.stdin.buffer.read()")
    with pytest.raises(KeyboardInterrupt):
        read(source)
    assert [process.returncode for process in begun] == [-SIGKILL] * 2


def test_what_vanishes_while_it_is_read_is_set_aside(source, begun, monkeypatch):
    """A helper was given it, and died; when its turn comes here it is no more."""
    monkeypatch.setattr(on_all_cores, "_HELPER", "import sys; sys.stdin.buffer.read()")
    decoded = on_all_cores._decoded

    def removing(*given):
        (source / "a_00.jpg").unlink(missing_ok=True)
        return decoded(*given)

    monkeypatch.setattr(on_all_cores, "_decoded", removing)
    monkeypatch.setattr(on_all_cores, "SHARE", 1)
    seen, _ = read(source)
    assert seen[0] == "cannot be read (No such file or directory)"
    assert not isinstance(seen[1], str)
