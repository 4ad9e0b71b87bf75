"""A web server on this machine that serves one file, and misbehaves when told to."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

Behaviour = Callable[[BaseHTTPRequestHandler, bytes, int | None], None]
"""Answers one request for this content, from this byte on or for the whole."""


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def honest(request, content, start, sent=None, announced=None):
    """As RFC 9110 has it; or sends only so many bytes of the body, or announces so many more than there are."""
    size = len(content)
    if start is not None and start >= size:
        answer(request, 416, b"", {"Content-Range": f"bytes */{size}", "Content-Length": "0"})
        return
    body = content[start or 0 :]
    headers = {"Content-Length": str(len(body) + (announced or 0))}
    if start is not None:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    answer(request, 200 if start is None else 206, body[:sent], headers)


def breaks_off(sent: int) -> Behaviour:
    return lambda request, content, start: honest(request, content, start, sent=sent)


def announces(more: int) -> Behaviour:
    """Announces so many bytes more, or less, than it sends."""
    return lambda request, content, start: honest(request, content, start, announced=more)


def ignores_range(request, content, _start):
    honest(request, content, None)


def sends_the_wrong_range(request, content, _start):
    answer(request, 206, content[5:], {"Content-Range": f"bytes 5-{len(content) - 1}/{len(content)}"})


def sends_small_pieces(request, content, start):
    piece = content[start or 0 :][: len(content) // 3 + 1]
    first, size = start or 0, len(content)
    answer(request, 206, piece, {"Content-Range": f"bytes {first}-{first + len(piece) - 1}/{size}"})


def does_not_say_how_long(request, content, _start):
    answer(request, 200, content, {})


def says(status: int) -> Behaviour:
    return lambda request, content, start: answer(request, status, b"", {"Content-Length": "0"})


def attached(request, content, _start):
    """As Google sends a file: with the name to save it under."""
    headers = {"Content-Type": "application/zip", "Content-Disposition": 'attachment; filename="letters.zip"'}
    answer(request, 200, content, headers | {"Content-Length": str(len(content))})


def sends(body: bytes, kind: str = "application/zip") -> Behaviour:
    headers = {"Content-Type": kind, "Content-Length": str(len(body))}
    return lambda request, content, start: answer(request, 200, body, headers)


@pytest.fixture
def misdeeds() -> SimpleNamespace:
    """What a server may do, by name: a conftest is not to be imported."""
    return SimpleNamespace(
        honest=honest,
        breaks_off=breaks_off,
        announces=announces,
        attached=attached,
        ignores_range=ignores_range,
        sends_the_wrong_range=sends_the_wrong_range,
        sends_small_pieces=sends_small_pieces,
        does_not_say_how_long=does_not_say_how_long,
        says=says,
        sends=sends,
    )


class Quiet(ThreadingHTTPServer):
    """A client that hangs up, as one does who asked for a range and gets the whole, is no error here."""

    def handle_error(self, *_: object) -> None:
        pass


class Server:
    """Serves `content`; each request takes the next of `behaviours`, and then the last one again and again."""

    def __init__(self) -> None:
        self.content = b""
        self.behaviours: list[Behaviour] = [honest]
        self.asked: list[int | None] = []
        """From which byte on each request asked; None for the whole."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                start = int(wanted[1]) if wanted else None
                server.asked.append(start)
                behaviour = server.behaviours.pop(0) if len(server.behaviours) > 1 else server.behaviours[0]
                behaviour(self, server.content, start)

            def log_message(self, *_: object) -> None:
                pass

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/data.zip"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    yield server
    server.close()
