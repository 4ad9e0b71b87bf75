"""What is said where a cluster cannot be joined; joining one is tested in integration/test_ray.py."""

import socket
import sys

import pytest

from letterlab.cluster import check_versions, connect, versions
from letterlab.commands.options import check_engine
from letterlab.errors import LetterlabError


def test_where_ray_is_missing_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LetterlabError, match=r"Ray, which is not installed: pip install 'letterlab\[ray\]'"):
        connect(None)


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:port", ":6379"])
def test_an_address_that_is_none_is_refused(address):
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(LetterlabError, match="give HOST:PORT"):
        connect(address)


def test_a_cluster_that_is_not_there_is_named():
    pytest.importorskip("ray", reason="Ray is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(LetterlabError, match=f"No Ray cluster can be reached at {address}"):
        connect(address)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("Version mismatch: The cluster was started with:\n Ray: 2.1.0"), "another Ray or Python"),
        (RuntimeError("Failed to connect to GCS"), "cannot be joined"),
        (ConnectionError("Ray is trying to start"), "No Ray cluster can be reached"),
    ],
)
def test_a_cluster_that_will_not_be_joined_is_named(monkeypatch, error, message):
    ray = pytest.importorskip("ray", reason="Ray is not installed")

    def refuse(**_):
        raise error

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(LetterlabError, match=message):
        connect(f"127.0.0.1:{server.getsockname()[1]}")


def test_a_cluster_that_does_not_start_here_is_a_sentence(monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed")

    def refuse(**_):
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(LetterlabError, match=r"cannot be started on this machine \(The current node timed out"):
        connect(None)


def test_versions_must_be_alike():
    check_versions(versions("numpy", "letterlab"))
    with pytest.raises(LetterlabError, match=r"has numpy .+, not 0\.1: install the same on every machine"):
        check_versions({**versions("letterlab"), "numpy": "0.1"})


def test_an_address_goes_with_ray_alone():
    check_engine("ray", "head:6379")
    check_engine("local", None)
    with pytest.raises(LetterlabError, match="--ray-address head:6379 is of use with --engine ray only"):
        check_engine("local", "head:6379")
