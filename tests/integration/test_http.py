"""A server as it is used: a process of its own, asked over real connections."""

import http.client
import os
import re
import signal
import subprocess
import sys

import pytest

from served import HEAD, ONE, PARTS, answered, asked, heard, serving


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def strict():
    """A server with little patience."""
    with serving("--body-seconds", "0.5", "--request-bytes", "2000") as server:
        yield server


def test_a_letter_is_read_both_ways_alike(server):
    connection = server.connect()
    status, said = asked(connection, ONE)
    assert status == 200
    (picture,) = said["pictures"]
    (letter,) = picture["letters"]
    assert picture["text"] == letter["letter"] == "L"
    assert asked(connection, PARTS, "multipart/form-data; boundary=x") == (200, said)


def test_health_and_page(server):
    connection = server.connect()
    connection.request("GET", "/v1/health")
    status, said = answered(connection.getresponse())
    assert status == 200
    assert said["letters"] == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    connection.request("GET", "/")
    response = connection.getresponse()
    assert response.status == 200
    assert b"</html>" in response.read()
    assert response.headers["Server"] is None


def test_the_document_holds_what_a_fuzzer_asks(server, tmp_path):
    """Schemathesis makes requests from the document, right and wrong ones, and holds the answers against it."""
    # What is no picture is refused, though the document cannot say which bytes are one.
    (tmp_path / "schemathesis.toml").write_text(
        '[checks.negative_data_rejection]\nexpected-statuses = ["400", "404", "405", "413", "415", "422"]\n'
    )
    done = subprocess.run(
        [
            *[sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}v1/openapi.json", "--no-color"],
            *["--seed", "1", "--generation-deterministic", "--max-examples", "30"],
            *["--exclude-checks", "positive_data_acceptance"],
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 selected" in done.stdout


@pytest.mark.parametrize("words", [b"", b"GET / HT", b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\n"])
def test_a_head_that_does_not_come(strict, words):
    status, said, headers = heard(strict.talk(words))
    assert status == 408
    assert "0.5 seconds" in said["error"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_second_head_that_does_not_come(strict):
    connection = strict.talk(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    response = http.client.HTTPResponse(connection)
    response.begin()
    response.read()
    connection.sendall(b"GET /v1/he")
    assert heard(connection)[0] == 408


def test_a_body_that_does_not_come(strict):
    status, said, headers = heard(strict.talk(HEAD + b"Content-Length: 100\r\n\r\n{"))
    assert status == 408
    assert "0.5 seconds" in said["error"]
    assert headers["connection"] == "close"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 1000 + b"0\r\n\r\n",
    ],
    ids=["said", "chunked"],
)
def test_a_body_too_large_is_thrown_away_and_the_connection_goes_on(strict, body):
    """So that a client that sends all of it before it listens comes to hear why."""
    connection = strict.talk(HEAD + body)
    response = http.client.HTTPResponse(connection)
    response.begin()
    status, said = answered(response)
    assert status == 413
    assert "2,000 bytes" in said["error"]
    connection.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert heard(connection)[0] == 200


def test_a_refused_body_is_not_listened_to_for_ever(strict):
    connection = strict.talk(HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x")
    assert heard(connection)[0] == 413


def test_what_is_no_http(strict):
    status, said, headers = heard(strict.talk(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"))
    assert (status, said) == (400, {"error": "This is no HTTP/1.1 request.", "problem": "malformed"})
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_that_is_no_http(server):
    """In the middle of a request, and after that was refused."""
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    status, said, _ = heard(server.talk(chunked + b"x\r\n"))
    assert (status, said["problem"]) == (400, "malformed")
    connection = server.talk(chunked.replace(b"application/json", b"text/plain"))
    response = http.client.HTTPResponse(connection)
    response.begin()
    assert answered(response)[0] == 415
    connection.sendall(b"x\r\n")
    assert connection.recv(1) == b""


def test_another_name_for_this_machine(server):
    connection = server.talk(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert heard(connection)[0] == 421


def test_clients_that_go_away_leave_no_trace_but_a_line():
    with serving() as server:
        server.talk(HEAD + b"Content-Length: 100\r\n\r\n{").close()
        server.talk(HEAD + b"Content-Length: %d\r\n\r\n" % len(ONE) + ONE).close()
        server.talk(b"").close()
        assert heard(server.talk(b'GET /"?secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'))[0] == 404
        code, said = server.stop()
    assert code == 0
    line = r'\S+ \S+ 127\.0\.0\.1 "(POST /v1/read|GET /%22)" \d+ \S+ ms'
    assert all(re.fullmatch(line, one) for one in said.splitlines())
    assert "GET" in said


def once_in_flight(server, n=1):
    """An idle connection, when the server has begun on the requests of `n` others."""
    idle = server.connect()
    numbers = b""
    while b"letterlab_requests_in_flight %d.0" % (n + 1) not in numbers:
        idle.request("GET", "/metrics")
        numbers = idle.getresponse().read()
    return idle


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_what_was_accepted_is_answered_before_the_end(how, code):
    with serving() as server:
        connection = server.talk(HEAD + b"Content-Length: %d\r\n\r\n" % len(ONE) + ONE[:20])
        idle = once_in_flight(server)
        server.process.send_signal(how)
        assert idle.sock.recv(1) == b""  # the end has begun
        connection.sendall(ONE[20:])
        assert heard(connection)[0] == 200
        _, said = server.process.communicate()
    assert server.process.returncode == code
    assert re.fullmatch(r'(\S+ \S+ 127\.0\.0\.1 "\S+ \S+" 200 \S+ ms\n)+', said)


def test_a_second_ctrl_c_does_not_wait():
    with serving() as server:
        server.talk(HEAD + b"Content-Length: 100\r\n\r\n{")
        idle = once_in_flight(server)
        server.process.send_signal(signal.SIGINT)
        assert idle.sock.recv(1) == b""
        code, said = server.stop(signal.SIGINT)
    assert code == 130
    assert "Traceback" not in said


def test_a_token_is_asked_for():
    with serving("--token", "open-sesame") as server:
        connection = server.connect()
        status, said = asked(connection, ONE)
        assert (status, said["problem"]) == (401, "token")
        connection.request(
            "POST", "/v1/read", ONE, {"Content-Type": "application/json", "Authorization": "Bearer open-sesame"}
        )
        assert connection.getresponse().status == 200
        assert "sesame" not in server.stop()[1]


def test_bodies_that_come_slowly_take_no_place_from_others():
    with serving("--requests-at-once", "1") as server:
        for _ in range(5):
            server.talk(HEAD + b"Content-Length: 100\r\n\r\n{")
        once_in_flight(server, 5)
        assert asked(server.connect(), ONE)[0] == 200


def test_no_more_bytes_are_held_than_the_limits_come_to():
    with serving("--requests-at-once", "1", "--request-bytes", "2000") as server:
        first = server.talk(HEAD + b"Content-Length: 2000\r\n\r\n" + b" " * 1990)
        once_in_flight(server)
        status, said = asked(server.connect(), ONE)
        assert (status, said["problem"]) == (429, "busy")
        first.sendall(b" " * 10)
        response = http.client.HTTPResponse(first)
        response.begin()
        assert answered(response)[1]["problem"] == "malformed"
        assert asked(server.connect(), ONE)[0] == 200


def test_nothing_of_a_picture_is_in_a_refusal_or_the_log():
    secret = "c2VjcmV0LWluaw"
    png = b"\x89PNG\r\n\x1a\n" + secret.encode() * 9
    parts = PARTS.replace(PARTS.split(b"\r\n\r\n")[1], png)
    bodies = [
        (parts, "multipart/form-data; boundary=x"),
        (parts + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (parts[:-4], "multipart/form-data; boundary=x"),
        (parts, "multipart/form-data; boundary=y"),
        (parts, "application/json"),
        (parts, "image/png"),
        (ONE.replace(b'"content": "', b'"content": "*' + secret.encode()), "application/json"),
        (ONE.replace(b'"content": "', b'"content": "' + secret.encode()), "application/json"),
        (ONE.replace(b'"content"', b'"more": "' + secret.encode() + b'", "content"'), "application/json"),
    ]
    with serving() as server:
        for body, kind in bodies:
            status, said = asked(server.connect(), body, kind)
            assert 400 <= status < 500
            assert secret[:6] not in str(said)
        assert heard(server.talk(f"{secret}\r\n\r\n".encode()))[0] == 400
        _, log = server.stop()
    assert secret[:6] not in log
    assert "Traceback" not in log
