"""A server asked for more than it can read, and ended meanwhile; benchmarks/serving_load.py measures how fast it is."""

import base64
import http.client
import json
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from letterlab.recognise.recogniser import Recogniser
from letterlab.sources.drawn import draw_letters
from served import answered, serving


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
    """MB that it holds."""
    said = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", said)[1]) / 1024


def test_more_than_it_can_read_is_read_rightly_or_refused(letters):
    """Of several requests at a time one has a place; some hold one letter and some six."""
    each, askers = 40, 8

    def go_on(asker):
        connection = server.connect()
        starts = range(asker, asker + each)
        return [ask(connection, [letters[(start + i) % 26] for i in range(1 + start % 2 * 5)])[0] for start in starts]

    with serving("--requests-at-once", "1") as server, ThreadPoolExecutor(askers) as pool:
        ask(server.connect(), letters)
        before = memory(server)
        found = [status for statuses in pool.map(go_on, range(askers)) for status in statuses]
        assert len(found) == each * askers
        assert set(found) == {200, 429}
        # One whose bodies or places were not given back would refuse everything by now, or hold them all.
        assert ask(server.connect(), letters)[0] == 200
        assert memory(server) < before + 64
        idle = server.connect()
        idle.request("GET", "/metrics")
        numbers = idle.getresponse().read().decode()
        assert f'letterlab_requests_total{{route="/v1/read",status="429"}} {found.count(429)}.0' in numbers
        assert "letterlab_requests_in_flight 1.0" in numbers


def test_what_was_accepted_under_load_is_answered_before_the_end(letters):
    """Each asks again and again until it is told that the connection takes no more, or finds it closed."""
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
                server.process.send_signal(signal.SIGTERM)

    with serving() as server:
        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(go_on, asker) for asker in range(6)]:
                done.result()
        _, log = server.process.communicate()
    assert server.process.returncode == 0
    assert len(answers) >= 20
    # Whatever was begun on has a line in the log: with 499 where nobody was there to hear the answer.
    assert re.findall(r'"POST /v1/read" (\d+) ', log) == ["200"] * len(answers)
