"""The body of a request, and the pictures in it."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import anyio
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from letterlab.web.limits import ServerLimits
from letterlab.web.refusal import Refusal

FIELD: Final = "picture"
"""The name of every part of a multipart body."""


class Picture(NamedTuple):
    """A picture as it was sent."""

    file: str
    content: bytes


async def take_body(request: Request, limits: ServerLimits, body: bytearray, hold: Callable[[int], None]) -> None:
    """Takes the whole body in, into memory: no picture is ever written to disk.

    Args:
        request: where it comes from.
        limits: how large it may be, and how long it may take.
        body: what it is added to.
        hold: told how many bytes are added next; it may refuse them.

    Raises:
        Refusal: it is too large, which its head may already say; or it did not come in time.
        ClientDisconnect: the client went away.
    """
    too_large = Refusal(
        "too-large", f"The request is larger than {limits.request_bytes:,} bytes: send fewer or smaller pictures."
    )
    if int(request.headers.get("content-length", 0)) > limits.request_bytes:
        raise too_large
    try:
        with anyio.fail_after(limits.body_seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > limits.request_bytes:
                    raise too_large
                hold(len(chunk))
                body += chunk
    except TimeoutError:
        raise Refusal(
            "slow",
            f"The request did not come whole within {limits.body_seconds:g} seconds: send fewer or smaller pictures.",
            {"Connection": "close"},
        ) from None


def content_type(request: Request) -> tuple[str, Mapping[bytes, bytes]]:
    """What the body is said to be, and its parameters.

    Raises:
        Refusal: it is neither multipart/form-data nor application/json.
    """
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if kind not in (b"multipart/form-data", b"application/json"):
        raise Refusal(
            "content-type",
            "Pictures come as multipart/form-data in parts named 'picture', or as application/json "
            '{"pictures": [{"file": "a.png", "content": "<base64>"}]}.',
        )
    return kind.decode(), parameters


def pictures_in(body: bytearray, kind: str, parameters: Mapping[bytes, bytes], limits: ServerLimits) -> list[Picture]:
    """The pictures of a body, at least one.

    Raises:
        Refusal: it is malformed, holds too many pictures or none, or a field that is not known.
    """
    pictures = _of_json(body, limits) if kind == "application/json" else _of_multipart(body, parameters, limits)
    if not pictures:
        raise Refusal("no-picture", "The request holds no picture: send at least one.")
    return pictures


def _too_many(limits: ServerLimits) -> Refusal:
    return Refusal(
        "too-many", f"The request holds more than {limits.request_pictures} pictures: send them in several requests."
    )


def _of_json(body: bytearray, limits: ServerLimits) -> list[Picture]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal("malformed", "The body is not JSON.") from None
    if not isinstance(said, dict) or set(said) != {"pictures"} or not isinstance(said["pictures"], list):
        raise Refusal("not-understood", 'The body must be an object with one field, "pictures": a list.')
    if len(said["pictures"]) > limits.request_pictures:
        raise _too_many(limits)
    return [_of_item(item, number) for number, item in enumerate(said["pictures"], 1)]


def _of_item(item: object, number: int) -> Picture:
    unnamed = f"picture {number}"
    if not isinstance(item, dict) or not {"content"} <= set(item) <= {"file", "content"}:
        raise Refusal("not-understood", f'{unnamed} must be an object with "content" and, if wanted, "file".')
    file, content = item.get("file", unnamed), item["content"]
    if not isinstance(file, str) or not isinstance(content, str):
        raise Refusal("not-understood", f'"file" and "content" of {unnamed} must be strings.')
    try:
        # JSON can hold half a character, which nothing else can.
        return Picture(file.encode(errors="replace").decode(), base64.b64decode(content, validate=True))
    except ValueError:
        raise Refusal("malformed", f'"content" of {unnamed} is not base64.') from None


class _Parts:
    """Gathers the parts of a multipart body (RFC 7578) while a parser walks over it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.pictures: list[Picture] = []
        self.header = [b"", b""]
        self.disposition: dict[bytes, bytes] = {}
        self.content = bytearray()
        self.whole = False

    def begin(self) -> None:
        if len(self.pictures) == self.most:
            raise OverflowError
        self.disposition = {}
        self.content = bytearray()

    def header_begin(self) -> None:
        self.header = [b"", b""]

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self.header[0] += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self.header[1] += data[start:end]

    def header_end(self) -> None:
        if self.header[0].lower() == b"content-disposition":
            self.disposition = parse_options_header(self.header[1])[1]

    def data(self, data: bytes, start: int, end: int) -> None:
        self.content += data[start:end]

    def end(self) -> None:
        name = self.disposition.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD:
            raise Refusal("not-understood", f"Every part must be named '{FIELD}'; one is named {name!r}.")
        unnamed = f"picture {len(self.pictures) + 1}".encode()
        file = self.disposition.get(b"filename", unnamed).decode("utf-8", "replace")
        self.pictures.append(Picture(file, bytes(self.content)))

    def finish(self) -> None:
        self.whole = True


def _of_multipart(body: bytearray, parameters: Mapping[bytes, bytes], limits: ServerLimits) -> list[Picture]:
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise Refusal("malformed", "The content type multipart/form-data names no boundary.")
    parts = _Parts(limits.request_pictures)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.begin,
                "on_header_begin": parts.header_begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
        )
        parser.write(bytes(body))
        parser.finalize()
    except FormParserError:
        raise Refusal("malformed", "The multipart body is malformed.") from None
    except OverflowError:
        raise _too_many(limits) from None
    if not parts.whole:
        raise Refusal("malformed", "The multipart body is cut short: its last boundary is missing.")
    return parts.pictures
