"""`letterlab serve`."""

import errno
import logging
import re
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from letterlab.commands.options import begin_loading_to_read, one_core_a_product
from letterlab.errors import LetterlabError
from letterlab.terminal import console
from letterlab.web.limits import ServerLimits

if TYPE_CHECKING:  # the server's libraries are loaded when the command runs
    from starlette.applications import Starlette

FAREWELL: Final = 0.3
"""Seconds between the signal to end and the end of listening."""


def serve(
    *,
    host: Annotated[str, Parameter(help="Address to listen at; beyond this machine only with --token or --open.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, Parameter(help="Port to listen at; 0 takes a free one.", validator=Number(gte=0, lte=65535))
    ] = 8000,
    model: Annotated[
        Path | None, Parameter(help="A network that `letterlab export` wrote, in place of the one that is shipped.")
    ] = None,
    token: Annotated[
        str | None,
        Parameter(
            env_var="LETTERLAB_TOKEN",
            help="What every request must bring: as `Authorization: Bearer TOKEN`, or as the password (with any name) "
            "that a browser asks for.",
        ),
    ] = None,
    anyone: Annotated[bool, Parameter(name="--open", negative="", help="Let anyone ask who reaches --host.")] = False,
    static: Annotated[
        Path | None,
        Parameter(help="Serve nothing: write the page to this folder, for any web server. It reads in the browser."),
    ] = None,
    limits: Annotated[ServerLimits, Parameter(name="*")] = ServerLimits(),  # noqa: B008
) -> None:
    """Read letters over HTTP, with a page to draw on.

    It stops with Ctrl-C or SIGTERM, after what was asked is answered. It writes one line a request to standard error;
    no picture is stored or logged.
    """
    if static:
        from letterlab.web.site import write_site

        write_site(static)
        console.print(f"The page, for any web server: {static}", markup=False)
        return
    one_core_a_product()
    local = _is_allowed(host, token, anyone)
    try:
        with _listen(host, port) as listening, ExitStack() as until_the_end:
            with console.status("Loading the network"):
                begin_loading_to_read()
                from letterlab.recognise.side_by_side import SideBySide
                from letterlab.web.app import application
                from letterlab.web.guard import local_names

                recogniser = until_the_end.enter_context(SideBySide(model))
                app = application(recogniser, limits, hosts=local_names(host) if local else None, token=token)
            _run(app, listening, limits)
    except KeyboardInterrupt:
        sys.exit(130)


def _is_allowed(host: str, token: str | None, anyone: bool) -> bool:
    """Whether this machine alone hears what listens at `host`.

    Raises:
        LetterlabError: others do, and nothing says that they may; or the token cannot be sent.
    """
    from letterlab.web.guard import is_localhost

    if token and anyone:
        raise LetterlabError("--token lets in those who know it and --open anyone: give one of them.")
    if token is not None and not re.fullmatch("[!-~]+", token):
        raise LetterlabError("--token must be of letters, digits and signs of ASCII, without spaces.")
    local = is_localhost(host)
    if not (local or token or anyone):
        raise LetterlabError(
            f"--host {host} is reached from other machines: add --token TOKEN for those who know it, or --open for all."
        )
    return local


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        LetterlabError: the port is taken, or the host is none of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        both = address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((str(address[0]), port), family=family, dualstack_ipv6=both)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LetterlabError(
                f"--port {port} is taken on {host}: stop what listens there, or give another."
            ) from None
        raise LetterlabError(f"--host {host} --port {port} cannot be listened at ({error}): give others.") from None


def _run(app: "Starlette", listening: socket.socket, limits: ServerLimits) -> None:
    """Serves until a signal ends it, and says the page's address once it does."""
    from asyncio import sleep

    import uvicorn

    from letterlab.web.connection import connection
    from letterlab.web.metrics import log

    host, port = listening.getsockname()[:2]

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            console.print(f"Letters are read at http://{f'[{host}]' if ':' in host else host}:{port}/ (Ctrl-C stops)")

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # What was sent before the end may not have been looked at yet, and uvicorn would close its connection. It
            # is answered first, and every answer tells that the connection takes no further request.
            self.server_state.default_headers.append((b"connection", b"close"))
            await sleep(FAREWELL)
            await super().shutdown(sockets)

    log.setLevel(logging.INFO)
    log.addHandler(logging.StreamHandler())
    log.handlers[-1].setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    config = uvicorn.Config(
        app,
        http=connection(limits.body_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # what goes wrong in the application it logs itself; to be hurried is nothing wrong
        access_log=False,
        server_header=False,
        proxy_headers=False,  # and no time limit on the end: each client has one, and whoever cannot wait has SIGKILL
    )
    # SIGTERM is how a service is stopped: that is no failure. uvicorn sends it on to here when all is answered.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(config).run([listening])
