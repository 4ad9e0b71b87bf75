"""`POST /v1/read`: from a request to what its pictures say."""

import asyncio
import json
import os
from collections.abc import Mapping
from threading import Event
from typing import Any, Final

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from letterlab.recognise.decoding import Limits, PictureError, Problem
from letterlab.recognise.recogniser import ReadLetter, Recogniser
from letterlab.web.body import Picture, content_type, pictures_in, take_body
from letterlab.web.limits import ServerLimits
from letterlab.web.metrics import Metrics

STATUS: Final[Mapping[Problem, int]] = {
    "not-a-picture": 415,
    "unsupported": 415,
    "too-large": 413,
    "damaged": 422,
    "too-small": 422,
}
"""The status of a request whose only picture is refused, by its problem."""

FLAGS: Final = ("single", "explain")
"""What the query may hold, each true or false, and false when it is not there."""


class Reader:
    """Reads the pictures of requests, as many at a time as there are cores, beside the event loop."""

    def __init__(self, recogniser: Recogniser, limits: ServerLimits, metrics: Metrics) -> None:
        """Nothing is at work yet."""
        self.recogniser = recogniser
        self.limits = limits
        self.metrics = metrics
        self.threads = anyio.CapacityLimiter(os.cpu_count() or 1)
        self.at_work = 0

    async def answer(self, request: Request) -> Response:
        """The answer to one request.

        Raises:
            HTTPException: the request is refused.
            ClientDisconnect: the client went away; what was not begun of its pictures is left.
        """
        flags = _flags(request)
        kind, parameters = content_type(request)
        if self.at_work >= self.limits.requests_at_once:
            raise HTTPException(429, "The server reads all it can: ask again in a second.", {"Retry-After": "1"})
        self.at_work += 1
        gone = Event()
        try:
            body = await take_body(request, self.limits)
            watcher = asyncio.create_task(_wait_until_gone(request, gone))
            try:
                read = await anyio.to_thread.run_sync(
                    self._read, body, kind, parameters, flags, gone, limiter=self.threads
                )
            finally:
                watcher.cancel()
        finally:
            self.at_work -= 1
        return Response(read, media_type="application/json")

    def _read(
        self, body: bytes, kind: str, parameters: Mapping[bytes, bytes], flags: Mapping[str, bool], gone: Event
    ) -> bytes:
        """The body of the answer."""
        pictures = pictures_in(body, kind, parameters, self.limits)
        to_explain = self.limits.explained_letters if flags["explain"] else 0
        answers: list[dict[str, Any]] = []
        for picture in pictures:
            try:
                read = self._read_one(picture, flags["single"], to_explain, gone)
                to_explain -= min(to_explain, len(read["letters"]))
            except PictureError as error:
                self.metrics.refused.labels(error.problem).inc()
                sentence = f"{picture.file}: {error}."
                if len(pictures) == 1:
                    raise HTTPException(STATUS[error.problem], sentence) from None
                read = {"file": picture.file, "error": sentence}
            answers.append(read)
        return json.dumps({"pictures": answers}, allow_nan=False, separators=(",", ":")).encode()

    def _read_one(self, picture: Picture, single: bool, to_explain: int, gone: Event) -> dict[str, Any]:
        if gone.is_set():
            raise ClientDisconnect
        limits = Limits(bytes=self.limits.request_bytes, pixels=self.limits.picture_pixels)
        reading = self.recogniser.read(picture.content, single=single, limits=limits)
        self.metrics.pictures.inc()
        self.metrics.letters.inc(len(reading.letters))
        read = reading.as_json(picture.file)
        for letter, said in zip(reading.letters[:to_explain], read["letters"], strict=False):
            if gone.is_set():
                raise ClientDisconnect
            said |= self._explained(letter)
        return read

    def _explained(self, letter: ReadLetter) -> dict[str, Any]:
        """What the network saw, and which of it decided for the likeliest letter."""
        saliency = self.recogniser.saliency(letter.picture, letter.candidates[0].letter).tolist()
        return {
            "picture": letter.picture.tolist(),
            "saliency": [[round(cell, 3) for cell in row] for row in saliency],
        }


def _flags(request: Request) -> dict[str, bool]:
    """What the query says.

    Raises:
        HTTPException: 422 it says something that is not known.
    """
    said = request.query_params.multi_items()
    flags = dict.fromkeys(FLAGS, False)
    for name, value in said:
        if name not in flags:
            raise HTTPException(422, f"The query may hold {' and '.join(FLAGS)}; {name!r} is neither.")
        if value not in ("true", "false") or len(request.query_params.getlist(name)) > 1:
            raise HTTPException(422, f"{name!r} in the query must be true or false, once.")
        flags[name] = value == "true"
    return flags


async def _wait_until_gone(request: Request, gone: Event) -> None:
    """Sets `gone` when the client goes away. The body has been taken: there is nothing else to hear of it."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()
