"""Whatever is sent over HTTP is answered by a refusal in its one form, or rightly, never by a mistake of its own."""

import asyncio
import base64
import json
import logging
import socket
import threading
import time

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from letterlab.recognise.recogniser import Recogniser
from letterlab.web.app import application
from letterlab.web.body import content_type, pictures_in
from letterlab.web.connection import connection
from letterlab.web.limits import ServerLimits
from letterlab.web.openapi import EXAMPLE
from letterlab.web.refusal import REASONS, Refusal

LIMITS = ServerLimits(request_bytes=5000, request_pictures=4, body_seconds=0.05)
PART = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\npicture\r\n'
SIGNS = st.sampled_from([b'filename="', b"filename*=utf-8''%ff", b":", b";", b'"', b"\\", b"\0"])
PIECES = st.sampled_from(
    [PART, b"--x", b"--x--", b"--", b"\r\n", b"\r\n\r\n", b'Content-Disposition: form-data; name="picture"', b"\xff"]
)
MULTIPART = st.lists(PIECES | SIGNS | st.binary(max_size=20), max_size=12).map(b"".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
ITEMS = VALUES | st.fixed_dictionaries(
    {"content": st.binary(max_size=20).map(lambda one: base64.b64encode(one).decode()) | VALUES},
    optional={"file": st.text(max_size=9) | VALUES, "more": VALUES},
)
JSON = (VALUES | st.fixed_dictionaries({"pictures": st.lists(ITEMS, max_size=6) | VALUES})).map(
    lambda said: json.dumps(said).encode()
)


def taken(body, kind, parameters):
    """The pictures of a body, or the problem with it."""
    try:
        pictures = pictures_in(bytearray(body), kind, parameters, LIMITS)
    except Refusal as refusal:
        assert refusal.problem in ("malformed", "not-understood", "no-picture", "too-many")
        return refusal.problem
    assert 1 <= len(pictures) <= LIMITS.request_pictures
    assert sum(len(one.content) for one in pictures) <= len(body)
    return pictures


@given(MULTIPART, st.sampled_from([b"x", b"", b"-", b"x--", b"\xff"]) | st.binary(max_size=80))
def test_a_multipart_body_is_taken_or_refused(body, boundary):
    taken(body, "multipart/form-data", {b"boundary": boundary})


@given(st.lists(st.binary(max_size=50).filter(lambda one: b"--x" not in one), max_size=6))
def test_a_multipart_body_gives_its_pictures_back(contents):
    body = b"".join(PART.replace(b"\r\n\r\npicture", b"\r\n\r\n" + content) for content in contents) + b"--x--\r\n"
    found = taken(body, "multipart/form-data", {b"boundary": b"x"})
    most = LIMITS.request_pictures
    if 1 <= len(contents) <= most:
        assert [one.content for one in found] == contents
    else:
        assert found == ("too-many" if contents else "no-picture")


@given(JSON | st.binary(max_size=50), st.integers(0, 9))
def test_a_json_body_is_taken_or_refused(body, cut):
    taken(body[: len(body) - cut], "application/json", {})


@given(st.binary(max_size=60) | st.text("multipart/form-daacionjs;=\"' x", max_size=60).map(str.encode))
def test_a_content_type_is_taken_or_refused(said):
    try:
        kind, _ = content_type(Request({"type": "http", "headers": [(b"content-type", said)]}))
    except Refusal as refusal:
        assert refusal.problem == "content-type"
    else:
        assert kind in ("multipart/form-data", "application/json")


@pytest.fixture(scope="module")
def errors():
    """What was logged as an error, of the server's or of asyncio's."""
    found = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = found.append
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module")
def address(errors):
    """Of a server that awaits nothing for long."""
    app = application(Recogniser(), LIMITS)
    config = uvicorn.Config(
        app, http=connection(0.05), lifespan="off", ws="none", log_config=None, timeout_keep_alive=0
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=asyncio.run, args=[server.serve([listening])])
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()
        server.should_exit = True
        thread.join()


BODY = PART.replace(b"\r\n\r\npicture", b"\r\n\r\n" + base64.b64decode(EXAMPLE)) + b"--x--\r\n"
LINES = st.sampled_from(
    [
        b"Host: localhost",
        b"Content-Type: multipart/form-data; boundary=x",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(BODY),
        b"Content-Length: 99999999999999999999",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"Connection: close",
        b"Connection: upgrade\r\nUpgrade: websocket",
        b"If-None-Match: *",
        b"Range: bytes=0-1",
        b"Authorization: Basic \xff",
    ]
) | st.binary(max_size=20)
FIRST = st.builds(
    lambda method, path, rest: b"%s %s%s HTTP/1.1" % (method, path, rest),
    st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"TRACE", b"X"]),
    st.sampled_from([b"/", b"/v1/read", b"/v1/health", b"/metrics", b"/static/page.js", b"/static/%00", b"*", b"//"]),
    st.sampled_from([b"", b"?single=true", b"?explain=true", b"?single=%ff", b"/..%2f..", b"%c0%ae", b" "]),
)
REQUESTS = st.builds(
    lambda first, lines, body: b"\r\n".join([first, b"Host: localhost", *lines]) + b"\r\n\r\n" + body,
    FIRST,
    st.lists(LINES, max_size=4),
    st.sampled_from([BODY, BODY[:-9], b"", b"5\r\nhello\r\n0\r\n\r\n", b"{}", b"x" * 9000]) | st.binary(max_size=50),
)


# Nothing is too slow here: a client that says too little is waited for.
@settings(deadline=None, max_examples=60)
@given(REQUESTS | st.lists(REQUESTS, min_size=2, max_size=3).map(b"".join) | st.binary(min_size=1, max_size=200))
def test_bytes_on_a_connection_are_answered_without_a_mistake(address, errors, said):
    with socket.create_connection(address) as talk:
        heard = b""
        try:
            talk.sendall(said)
            while more := talk.recv(65536):
                heard += more
        except ConnectionError:  # it was closed with something unheard
            pass
    head, _, body = heard.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    if head:
        status = int(head[9:12])
        assert head.startswith(b"HTTP/1.1 ")
        assert 200 <= status < 500
        assert b"x-content-type-options: nosniff" in head.lower()
        if status >= 400 and not said.startswith(b"HEAD"):
            refusal, _ = json.JSONDecoder().raw_decode(body.decode(errors="replace"))
            assert refusal["error"].endswith((".", "}."))
            assert REASONS[refusal["problem"]].status == status
    assert not errors
