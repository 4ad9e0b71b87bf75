"""A Ray cluster, over whose machines work is spread: how this process joins it, and what must be alike on them.

Ray is a library of its own (`pip install 'letterlab[ray]'`), which is imported when it is asked for. It says nothing
on the terminal, sends nobody any statistics, and shows no dashboard unless the cluster has one.
"""

import os
import socket
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from letterlab.errors import LetterlabError


def connect(address: str | None) -> int:
    """Joins a cluster, unless this process has joined one already.

    Args:
        address: HOST:PORT of its head; without one $RAY_ADDRESS, and without that a cluster of this machine alone is
            begun, which ends with this process.

    Returns:
        Cores that the cluster has.

    Raises:
        LetterlabError: Ray is not installed, the cluster cannot be reached, or it has another Ray or Python.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # it would warn of a change to come
    try:
        import ray
        import ray._private.worker as worker
    except ModuleNotFoundError:
        raise LetterlabError("--engine ray needs Ray, which is not installed: pip install 'letterlab[ray]'.") from None
    # Ray prints what befalls workers on standard output, where results go, and has no setting against it.
    vars(worker)["print_to_stdstream"] = lambda *_, **__: None
    if not ray.is_initialized():
        _join(ray, address or os.environ.get("RAY_ADDRESS"))
    return max(int(ray.cluster_resources().get("CPU", 0)), 1)


def _join(ray: Any, address: str | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        try:
            ray.init(address="local", include_dashboard=False, **quiet)
        except Exception as error:  # Ray's own have no class in common; a busy machine is too slow for it, for one
            raise LetterlabError(f"Ray cannot be started on this machine ({_short(error)}): try again.") from None
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()) or "/" in host:
        raise LetterlabError(f"--ray-address {address}: give HOST:PORT, as `ray start` names it, port 6379 mostly.")
    mend = "start it with `ray start`, on this machine too, or give no --ray-address"
    try:
        socket.create_connection((host, int(port)), timeout=10).close()  # Ray itself would try for minutes
        ray.init(address=address, **quiet)
    except OSError as error:  # of which Ray's ConnectionError is one
        raise LetterlabError(f"No Ray cluster can be reached at {address} ({_short(error)}): {mend}.") from None
    except RuntimeError as error:
        if "Version mismatch" not in str(error):
            raise LetterlabError(f"The Ray cluster at {address} cannot be joined ({_short(error)}): {mend}.") from None
        raise LetterlabError(
            f"The Ray cluster at {address} has another Ray or Python than this machine ({_short(error)}): "
            "install the same on both."
        ) from None


def versions(*packages: str) -> dict[str, str]:
    """Of these packages, on this machine."""
    return {package: version(package) for package in packages}


def check_versions(wanted: Mapping[str, str]) -> None:
    """Sees that a machine of the cluster has what the one has that leads the work.

    Raises:
        LetterlabError: it has another version.
    """
    here = versions(*wanted)
    if other := [f"{name} {here[name]}, not {wanted[name]}" for name in wanted if here[name] != wanted[name]]:
        raise LetterlabError(f"{socket.gethostname()} has {' and '.join(other)}: install the same on every machine.")


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
