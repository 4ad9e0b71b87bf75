"""A server asked for more than it can read, and ended meanwhile; benchmarks/serving_load.py measures how fast it is."""

import base64
import http.client
import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.drawn import draw_letters
from served import ONE, answered, asked, serving


@pytest.fixture(scope="module")
def letters():
    """Pictures of the alphabet, and what stands in each."""
    recogniser = Recogniser()
    pictures = [cv2.imencode(".png", 255 - one)[1].tobytes() for one in draw_letters(np.arange(26, dtype=np.uint8), 0)]
    return [(picture, recogniser.read(picture, single=True).text) for picture in pictures]


def ask(connection, chosen):
    """The status and the headers of an answer, which is right for these letters or says that the server is busy."""
    items = [{"content": base64.b64encode(picture).decode()} for picture, _ in chosen]
    body = json.dumps({"pictures": items})
    connection.request("POST", "/v1/read?single=true", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    status, said = answered(response)
    if status == 429:
        assert response.headers["Retry-After"] == "1"
        assert said["problem"] == "busy"
    else:
        assert status == 200
        assert [one["text"] for one in said["pictures"]] == [text for _, text in chosen]
    return status, response.headers


def memory(server):
    """MB that it and the processes that read for it hold."""
    said = [Path(f"/proc/{one}/status").read_text() for one in (server.process.pid, *server.readers())]
    return sum(int(re.search(r"VmRSS:\s+(\d+)", one)[1]) for one in said) / 1024


def test_more_than_it_can_read_is_read_rightly_or_refused(letters):
    """Of several requests at a time one has a place; some hold one letter and some six."""
    each, askers = 40, 8

    def go_on(asker):
        connection = server.connect()
        starts = range(asker, asker + each)
        return [ask(connection, [letters[(start + i) % 26] for i in range(1 + start % 2 * 5)])[0] for start in starts]

    with serving("--requests-at-once", "1") as server, ThreadPoolExecutor(askers) as pool:
        ask(server.connect(), letters)
        begun, before = len(server.readers()), memory(server)
        assert begun == 1  # one request at a time
        found = [status for statuses in pool.map(go_on, range(askers)) for status in statuses]
        assert len(found) == each * askers
        assert set(found) == {200, 429}
        # One whose bodies or places were not given back would refuse everything by now, or hold them all.
        assert ask(server.connect(), letters)[0] == 200
        assert len(server.readers()) == begun
        assert memory(server) < before + 64
        idle = server.connect()
        idle.request("GET", "/metrics")
        numbers = idle.getresponse().read().decode()
        assert f'letterlab_requests_total{{route="/v1/read",status="429"}} {found.count(429)}.0' in numbers
        assert "letterlab_requests_in_flight 1.0" in numbers


@pytest.mark.parametrize("whom", ["the server", "all of its processes"])
def test_what_was_accepted_under_load_is_answered_before_the_end(letters, whom):
    """Each asks again and again until it is told that the connection takes no more, or finds it closed."""
    end = os.kill if whom == "the server" else os.killpg  # as systemd does
    answers, once = [], threading.Lock()

    def go_on(asker):
        connection = server.connect()
        while True:
            try:
                status, headers = ask(connection, letters[asker:])
            except (OSError, http.client.BadStatusLine):
                return  # it came too late to be begun on
            answers.append(status)
            if headers["Connection"] == "close":
                return
            if len(answers) >= 20 and once.acquire(blocking=False):
                end(server.process.pid, signal.SIGTERM)

    with serving() as server:
        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(go_on, asker) for asker in range(6)]:
                done.result()
        _, log = server.process.communicate()
    assert server.process.returncode == 0
    assert len(answers) >= 20
    # Whatever was begun on has a line in the log: with 499 where nobody was there to hear the answer.
    assert re.findall(r'"POST /v1/read" (\d+) ', log) == ["200"] * len(answers)
    assert not server.readers()


def test_the_one_that_readers_are_copies_of_hears_no_signal_but_the_last():
    """It could begin no other meanwhile, and one that has just begun would end."""
    with serving() as server:
        [reader] = server.readers()
        [of] = re.findall(r"PPid:\s+(\d+)", Path(f"/proc/{reader}/status").read_text())
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(int(of), number)
            os.kill(reader, number)
        assert asked(server.connect(), ONE)[0] == 200
        assert server.readers() == [reader]


def test_nothing_is_lost_when_what_reads_is_killed(letters):
    """Again and again; whoever asks hears nothing of it."""
    each, askers, killed = 30, 4, 0

    def go_on(asker):
        connection = server.connect()
        return [ask(connection, letters[(asker + i) % 20 :])[0] for i in range(each)]

    with serving() as server, ThreadPoolExecutor(askers) as pool:
        running = [pool.submit(go_on, asker) for asker in range(askers)]
        while not all(one.done() for one in running):
            for one in server.readers()[:1]:
                os.kill(one, signal.SIGKILL)
                killed += 1
            time.sleep(0.3)
        assert [status for one in running for status in one.result()] == [200] * each * askers
        assert killed > 2
