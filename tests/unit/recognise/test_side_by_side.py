"""Pictures read by processes, which may die."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from letterlab.errors import LetterlabError
from letterlab.machine import cores, processes
from letterlab.recognise.decoding import Limits, PictureError
from letterlab.recognise.recogniser import Recogniser
from letterlab.recognise.side_by_side import SideBySide
from onnx_models import bars

UPRIGHT = np.pad(np.zeros((60, 8), np.uint8), ((20, 20), (46, 46)), constant_values=255)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return bars(tmp_path_factory.mktemp("network") / "bars.onnx", no_letter=True)


@pytest.fixture(scope="module")
def recogniser(network):
    with SideBySide(network) as recogniser:
        yield recogniser


class Deadly:
    """Ends whoever is handed it."""

    def __reduce__(self):
        return os._exit, (1,)


def test_it_says_what_a_recogniser_says(recogniser, network):
    alone = Recogniser(network)
    said, expected = recogniser.read(UPRIGHT), alone.read(UPRIGHT)
    assert said.as_json("a.png") == expected.as_json("a.png")
    assert np.array_equal(said.letters[0].picture, expected.letters[0].picture)
    picture = said.letters[0].picture
    assert np.array_equal(recogniser.saliency(picture, "I"), alone.saliency(picture, "I"))
    assert (recogniser.fingerprint, recogniser.metadata) == (alone.fingerprint, alone.metadata)


def test_several_are_read_at_a_time_by_as_many_processes_as_it_says(recogniser):
    with ThreadPoolExecutor(4 * recogniser.at_once) as pool:
        texts = {reading.text for reading in pool.map(recogniser.read, [UPRIGHT] * 200)}
    assert texts == {"I"}
    assert 1 <= len(recogniser._begun) <= recogniser.at_once == cores() + 1


def test_what_is_refused_is_refused_alike(recogniser, tmp_path):
    with pytest.raises(PictureError, match="not a picture") as caught:
        recogniser.read(b"no picture")
    assert caught.value.problem == "not-a-picture"
    with pytest.raises(PictureError, match="over the limit of 10"):
        recogniser.read(bytes(100), limits=Limits(bytes=10))
    with pytest.raises(LetterlabError, match=r"missing\.png cannot be read"):
        recogniser.read(tmp_path / "missing.png")
    with pytest.raises(LetterlabError, match="not a letter"):
        recogniser.saliency(np.zeros((28, 28), np.uint8), "7")


def test_a_mistake_of_its_own_is_told_with_its_place(recogniser):
    with pytest.raises(RuntimeError, match=r"(?s)Traceback.*recogniser\.py"):
        recogniser._answer("read", 7)
    assert recogniser.read(UPRIGHT).text == "I"


def test_a_process_that_was_killed_is_replaced(recogniser):
    for one in list(recogniser._begun):
        one.process.kill()
    assert recogniser.read(UPRIGHT).text == "I"
    assert recogniser.read(UPRIGHT).text == "I"


def test_what_kills_every_process_is_given_up_and_the_next_is_read(recogniser):
    with pytest.raises(RuntimeError, match="ended twice"):
        recogniser._answer("read", Deadly())
    assert recogniser.read(UPRIGHT).text == "I"


def test_signals_that_reach_all_are_for_the_one_that_asks(recogniser):
    recogniser.read(UPRIGHT)
    before = [one for one in recogniser._begun if one.process.is_alive()]
    for one in before:
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(one.process.pid, number)
    assert recogniser.read(UPRIGHT).text == "I"
    assert all(one.process.is_alive() for one in before)


def test_a_network_that_is_overwritten_meanwhile_is_the_one_that_was_opened(network, tmp_path):
    file = tmp_path / "bars.onnx"
    file.write_bytes(network.read_bytes())
    with SideBySide(file) as recogniser:
        file.write_bytes(b"another")
        for one in list(recogniser._begun):
            one.process.kill()
        assert recogniser.read(UPRIGHT).text == "I"


def test_the_processes_end_with_the_block(network):
    with SideBySide(network) as recogniser:
        processes = [one.process for one in recogniser._begun]
    assert [process.exitcode for process in processes] == [-signal.SIGKILL]
    with pytest.raises(RuntimeError, match=r"have been ended|ended twice"):
        recogniser.read(UPRIGHT)


def test_a_process_that_cannot_be_begun_is_said(network, monkeypatch):
    def no_room(self):
        raise OSError

    monkeypatch.setattr(processes().Process, "start", no_room)
    with pytest.raises(LetterlabError, match="No process that reads could be begun"):
        SideBySide(network)


def test_a_network_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(LetterlabError, match=r"missing\.onnx cannot be read"):
        SideBySide(tmp_path / "missing.onnx")
