"""`letterlab serve`: who may be let in, and where it can listen. How it serves is in tests/integration/test_http.py."""

import socket
import sys
from types import SimpleNamespace

import pytest
from cyclopts import CycloptsError

from letterlab.cli import app
from letterlab.errors import LetterlabError


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield str(listening.getsockname()[1])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0 is reached from other machines: add --token TOKEN .* or --open"),
        (["--host", "::"], "add --token TOKEN"),
        (["--host", "letters.example"], "add --token TOKEN"),
        (["--token", "two words"], "--token must be"),
        (["--token", ""], "--token must be"),
        (["--token", "пароль"], "--token must be"),
        (["--host", "0.0.0.0", "--token", "a b"], "--token must be"),
        (["--host", "192.0.2.1", "--open"], "--host 192.0.2.1 --port 8000 cannot be listened at"),
        (["--host", "0.0.0.0", "--token", "sesame", "--open"], "give one of them"),
        (["--requests-at-once", "0"], "--requests-at-once 0 would refuse everything"),
        (["--body-seconds", "0"], "--body-seconds 0.0 would refuse everything"),
        (["--port", "0", "--model", "nowhere.onnx"], "nowhere.onnx"),
    ],
)
def test_the_users_mistakes(words, sentence):
    with pytest.raises(LetterlabError, match=sentence):
        app(["serve", *words])


def test_a_port_that_is_taken(taken):
    with pytest.raises(LetterlabError, match=f"--port {taken} is taken on 127.0.0.1: stop what listens there"):
        app(["serve", "--port", taken])


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(port, capsys):
    with pytest.raises(CycloptsError):
        app(["serve", "--port", port])


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["--host", "0.0.0.0", "--open"], {}),
        (["--host", "0.0.0.0", "--token", "sesame"], {}),
        (["--host", "0.0.0.0"], {"LETTERLAB_TOKEN": "sesame"}),
        (["--host", "localhost"], {}),
        (["--host", "127.0.0.1"], {}),
    ],
)
def test_who_may_be_let_in(words, environment, taken, monkeypatch):
    """Then the next thing that is wrong is the port, which another program took on one of these addresses."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LetterlabError, match=f"--port {taken} is taken"):
        app(["serve", *words, "--port", taken])


def test_a_site_is_written_instead(tmp_path, monkeypatch, capsys):
    written = []
    monkeypatch.setitem(sys.modules, "letterlab.web.site", SimpleNamespace(write_site=written.append))
    app(["serve", "--static", str(tmp_path / "site"), "--host", "0.0.0.0"])
    assert written == [tmp_path / "site"]
    assert str(tmp_path / "site") in capsys.readouterr().out
