"""Connections to an application that answers with more than fits between it and a client."""

import asyncio
import http.client
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

from letterlab.web import connection as connections
from letterlab.web.connection import connection

LARGE = 64 * 2**20
PATIENCE = 120
"""Seconds until a test fails that would else hang."""


class Application:
    """Answers `LARGE` bytes at `/large` and says when they are gone, or given up."""

    def __init__(self):
        self.ended = threading.Event()

    async def __call__(self, scope, receive, send):
        size = LARGE if scope["path"] == "/large" else 2
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        if size == LARGE:
            self.ended.set()


@contextmanager
def serving(app, seconds):
    config = uvicorn.Config(app, http=connection(seconds), log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=asyncio.run, args=[server.serve([listening])])
        thread.start()
        try:
            server.address = listening.getsockname()
            while not server.started:
                time.sleep(0.01)
            yield server
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def app():
    return Application()


def asked(server, path="/"):
    talk = socket.create_connection(server.address)
    talk.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return talk


def heard(talk):
    response = http.client.HTTPResponse(talk)
    response.begin()
    return response, response.read()


def test_an_answer_does_not_wait_for_a_confirmation(app):
    with serving(app, 60.0) as server, asked(server) as talk:
        heard(talk)
        (one,) = server.server_state.connections
        inner = one.transport.get_extra_info("socket")
        assert inner.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_client_that_takes_no_answer_is_given_up(app):
    with serving(app, 0.2) as server, asked(server, "/large") as talk:
        assert app.ended.wait(PATIENCE)
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            heard(talk)
        with asked(server) as other:
            assert heard(other)[1] == b"xx"


def test_a_large_answer_comes_whole_to_a_client_that_takes_it(app):
    with serving(app, 60.0) as server, asked(server, "/large") as talk:
        assert len(heard(talk)[1]) == LARGE


def test_of_too_many_connections_the_one_longest_awaited_is_given_up(app, monkeypatch):
    monkeypatch.setattr(connections, "MOST", 3)
    with serving(app, 60.0) as server:
        busy = asked(server, "/large")  # has asked already
        talks = [busy]
        for i in range(4):
            talks.append(socket.create_connection(server.address))
            talks[-1].sendall(b"GET / HTTP/1.1\r\n")
            while len(server.server_state.connections) < min(2 + i, 3):
                time.sleep(0.01)
        for talk in talks[1:3]:
            response, body = heard(talk)
            assert (response.status, response.headers["Retry-After"]) == (429, "1")
            assert json.loads(body)["problem"] == "busy"
            assert talk.recv(1) == b""
        for talk in talks[3:]:
            talk.sendall(b"Host: localhost\r\n\r\n")
            assert heard(talk)[1] == b"xx"
        assert len(heard(busy)[1]) == LARGE
        for talk in talks:
            talk.close()
