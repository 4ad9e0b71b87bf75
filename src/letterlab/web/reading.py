"""`POST /v1/read`: from a request to what its pictures say."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from threading import Event
from time import perf_counter
from typing import Any, Final

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from letterlab.recognise.decoding import Limits, PictureError
from letterlab.recognise.recogniser import ReadLetter, Recogniser
from letterlab.web.body import content_type, pictures_in, take_body
from letterlab.web.limits import ServerLimits
from letterlab.web.metrics import Metrics
from letterlab.web.refusal import Refusal, said_of

FLAGS: Final = ("single", "explain")
"""What the query may hold, each true or false, and false when it is not there."""
TURN: Final = 0.01
"""Seconds for which a request is read before others have their turn, so that many pictures do not hold up one."""


class Reader:
    """Reads the pictures of requests by turns, as many at a time as the recogniser can, beside the event loop.

    Two things are bounded: how many requests are read or wait for their turn, and how many bytes of bodies are held.
    A body that comes slowly takes none of the places.
    """

    def __init__(self, recogniser: Recogniser, limits: ServerLimits, metrics: Metrics) -> None:
        """Nothing is at work yet."""
        self.recogniser = recogniser
        self.limits = limits
        self.metrics = metrics
        self.threads = anyio.CapacityLimiter(recogniser.at_once)
        self.at_work = 0
        self.held = 0

    async def answer(self, request: Request) -> Response:
        """The answer to one request.

        Raises:
            Refusal: the request is refused.
            ClientDisconnect: the client went away; what was not begun of its pictures is left.
        """
        flags = _flags(request)
        kind, parameters = content_type(request)
        self._refuse_if_busy()  # before a body comes that would be thrown away
        body = bytearray()
        try:
            await take_body(request, self.limits, body, self._hold)
            self._refuse_if_busy()
            self.at_work += 1
            try:
                answers: list[bytes] = []
                await self._by_turns(request, self._read(body, kind, parameters, flags, answers))
            finally:
                self.at_work -= 1
        finally:
            self.held -= len(body)
        return Response(b'{"pictures":[' + b",".join(answers) + b"]}", media_type="application/json")

    def _refuse_if_busy(self) -> None:
        if self.at_work >= self.limits.requests_at_once:
            raise Refusal("busy", "The server reads all it can: ask again in a second.", {"Retry-After": "1"})

    def _hold(self, size: int) -> None:
        """Counts bytes that are to be held."""
        if self.held + size > self.limits.requests_at_once * self.limits.request_bytes:
            raise Refusal("busy", "The server holds all it can: ask again in a second.", {"Retry-After": "1"})
        self.held += size

    async def _by_turns(self, request: Request, steps: Iterator[None]) -> None:
        """Takes these steps, in turns with other requests."""
        gone = Event()
        watcher = asyncio.create_task(_wait_until_gone(request, gone))
        try:
            while await anyio.to_thread.run_sync(_turn, steps, gone, limiter=self.threads):
                pass
        finally:
            watcher.cancel()

    def _read(
        self,
        body: bytearray,
        kind: str,
        parameters: Mapping[bytes, bytes],
        flags: Mapping[str, bool],
        answers: list[bytes],
    ) -> Iterator[None]:
        """Adds to `answers` what is said of each picture, a step at a time."""
        pictures = pictures_in(body, kind, parameters, self.limits)
        limits = Limits(bytes=self.limits.request_bytes, pixels=self.limits.picture_pixels)
        to_explain = self.limits.explained_letters if flags["explain"] else 0
        for picture in pictures:
            if answers:
                yield
            try:
                reading = self.recogniser.read(picture.content, single=flags["single"], limits=limits)
            except PictureError as error:
                self.metrics.refused.labels(error.problem).inc()
                sentence = f"{picture.file}: {error}."
                if len(pictures) == 1:
                    raise Refusal(error.problem, sentence) from None
                said = {"file": picture.file, **said_of(error.problem, sentence)}
            else:
                self.metrics.pictures.inc()
                self.metrics.letters.inc(len(reading.letters))
                said = reading.as_json(picture.file)
                for letter, told in zip(reading.letters[:to_explain], said["letters"], strict=False):
                    yield
                    told |= self._explained(letter)
                    to_explain -= 1
            answers.append(json.dumps(said, allow_nan=False, separators=(",", ":")).encode())

    def _explained(self, letter: ReadLetter) -> dict[str, Any]:
        """What the network saw, and which of it decided for the likeliest letter."""
        saliency = self.recogniser.saliency(letter.picture, letter.candidates[0].letter).tolist()
        return {
            "picture": letter.picture.tolist(),
            "saliency": [[round(cell, 3) for cell in row] for row in saliency],
        }


def _turn(steps: Iterator[None], gone: Event) -> bool:
    """Goes on for `TURN` seconds or little more, and says whether anything is left.

    Raises:
        ClientDisconnect: nobody waits for it any more.
    """
    end = perf_counter() + TURN
    while perf_counter() < end:
        if gone.is_set():
            raise ClientDisconnect
        if next(steps, "done"):
            return False
    return True


def _flags(request: Request) -> dict[str, bool]:
    """What the query says.

    Raises:
        Refusal: it says something that is not known.
    """
    said = request.query_params.multi_items()
    flags = dict.fromkeys(FLAGS, False)
    for name, value in said:
        if name not in flags:
            raise Refusal("not-understood", f"The query may hold {' and '.join(FLAGS)}; {name!r} is neither.")
        if value not in ("true", "false") or len(request.query_params.getlist(name)) > 1:
            raise Refusal("not-understood", f"{name!r} in the query must be true or false, once.")
        flags[name] = value == "true"
    return flags


async def _wait_until_gone(request: Request, gone: Event) -> None:
    """Sets `gone` when the client goes away. The body has been taken: there is nothing else to hear of it."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()
