"""The application: the page, `POST /v1/read`, health, metrics and the OpenAPI document."""

import mimetypes
from importlib.metadata import version
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from letterlab.recognise.recogniser import Recogniser
from letterlab.web.guard import Guard, SecurityHeaders
from letterlab.web.limits import ServerLimits
from letterlab.web.metrics import Metrics, Watch
from letterlab.web.openapi import document
from letterlab.web.reading import Reader
from letterlab.web.refusal import REASONS, Problem, Refusal, refused

STATIC: Final = Path(__file__).parent / "static"
"""The page's files."""

# A browser takes no module script that is said to be plain text, and some machines' registries say so of ".js".
mimetypes.add_type("text/javascript", ".js")


def application(
    recogniser: Recogniser, limits: ServerLimits, *, hosts: frozenset[str] | None = None, token: str | None = None
) -> Starlette:
    """The whole server as an ASGI application.

    Args:
        recogniser: what reads; several threads use it at a time.
        limits: what a request may ask.
        hosts: what the Host header may say, port aside; anything when None.
        token: what every request but that for the health must bring; nothing when None.
    """
    metrics = Metrics()
    static = _Static(directory=STATIC)

    async def page(request: Request) -> Response:
        return await static.get_response("index.html", request.scope)

    async def health(_: Request) -> Response:
        metadata = recogniser.metadata
        return JSONResponse(
            {
                "status": "ok",
                "version": version("letterlab"),
                "network": recogniser.fingerprint,
                "letters": metadata.classes,
                "no_letter": metadata.no_letter,
                "accuracy": metadata.accuracy,
            }
        )

    async def numbers(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document(limits, token is not None))

    app = Starlette(
        routes=[
            Route("/", page),
            Mount("/static", static),
            Route("/v1/read", Reader(recogniser, limits, metrics).answer, methods=["POST"]),
            Route("/v1/health", health),
            Route("/metrics", numbers),
            Route("/v1/openapi.json", openapi),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(Watch, metrics=metrics),
            Middleware(Guard, hosts=hosts, token=token),
        ],
        exception_handlers={HTTPException: _sentence},
    )
    app.router.redirect_slashes = False
    return app


class _Static(StaticFiles):
    """Files that a browser keeps, and asks by their ETag whether they still hold."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _sentence(_: Request, error: Exception) -> Response:
    """A refusal, one of this server's or of Starlette's."""
    assert isinstance(error, HTTPException)
    if isinstance(error, Refusal):
        return refused(error.problem, error.detail, error.headers)
    problem: Problem = "no-such-address" if error.status_code == 404 else "method"
    return refused(problem, REASONS[problem].because, error.headers)
