"""What the server counts for Prometheus, and its one line a request."""

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from letterlab.web.refusal import refused

log: Final = logging.getLogger("letterlab.web")
"""The access log, at INFO, and errors of the server's own, at ERROR."""

GONE: Final = 499
"""The status under which a client is counted that went away before its answer, as nginx counts it."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The numbers of one application, in a registry of its own."""

    def __init__(self) -> None:
        """All at 0."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "letterlab_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "letterlab_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "letterlab_requests_in_flight", "Requests that are not answered yet.", registry=self.registry
        )
        self.pictures = Counter("letterlab_pictures_read", "Pictures read.", registry=self.registry)
        self.letters = Counter("letterlab_letters_read", "Letters read in them.", registry=self.registry)
        self.refused = Counter(
            "letterlab_pictures_refused", "Pictures refused by problem.", ["problem"], registry=self.registry
        )


class Watch:
    """Counts and logs every request, and answers for an error that nothing else caught."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wraps `app`."""
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as `app` does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = perf_counter()
        status = GONE

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            await self._answer(scope, receive, noting)
        seconds = perf_counter() - begun
        route = getattr(scope.get("route"), "path", "elsewhere")
        self.metrics.requests.labels(route, status).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        # As it came, percent signs and all: a path cannot break the line. What stands after the "?" is left out.
        path = scope["raw_path"].decode("latin-1").replace('"', "%22")[:200]
        client = scope["client"][0] if scope.get("client") else "-"
        log.info('%s "%s %s" %d %.1f ms', client, scope["method"], path, status, seconds * 1000)

    async def _answer(self, scope: Scope, receive: Receive, send: Callable[[Message], Awaitable[None]]) -> None:
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            pass
        except Exception:
            log.exception("An error of the server's own")
            sorry = refused("server", "The server made a mistake of its own; its log says which.")
            await sorry(scope, receive, send)
