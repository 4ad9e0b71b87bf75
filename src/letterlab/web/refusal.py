"""Every reason for which something is refused, and the one form in which that is said."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from letterlab.recognise import decoding

Problem = (
    decoding.Problem
    | Literal["malformed", "token", "other-site", "no-such-address", "method", "slow", "too-many"]
    | Literal["content-type", "other-host", "not-understood", "no-picture", "busy", "server"]
)


class Reason(NamedTuple):
    """What a problem is."""

    status: int
    because: str


REASONS: Final[Mapping[Problem, Reason]] = {
    "malformed": Reason(400, "No HTTP, no JSON, no multipart, or no base64."),
    "token": Reason(401, "The server was started with a token, and it is missing or wrong."),
    "other-site": Reason(403, "A page of another site asked."),
    "no-such-address": Reason(404, "There is nothing at this address."),
    "method": Reason(405, "The address takes no such request."),
    "slow": Reason(408, "Head or body did not come in time."),
    "too-large": Reason(413, "The request has too many bytes, or its only picture too many bytes or pixels."),
    "too-many": Reason(413, "The request holds too many pictures."),
    "content-type": Reason(415, "It is neither multipart/form-data nor application/json."),
    "not-a-picture": Reason(415, "The only picture is none."),
    "unsupported": Reason(415, "The only picture is of a kind that is not read."),
    "other-host": Reason(421, "The Host header names another server."),
    "not-understood": Reason(422, "A field or parameter is missing or not known."),
    "no-picture": Reason(422, "The request holds no picture."),
    "damaged": Reason(422, "The only picture is damaged."),
    "too-small": Reason(422, "The only picture is too small."),
    "busy": Reason(429, "The server reads all it can; Retry-After says when to ask again."),
    "server": Reason(500, "A mistake of the server's own."),
}
"""Every problem by the word that stands beside its sentence: short, and the same in every version."""


class Refusal(HTTPException):
    """A request that is refused, with the status of its problem."""

    def __init__(self, problem: Problem, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(REASONS[problem].status, sentence, headers)
        self.problem: Final = problem


def said_of(problem: Problem, sentence: str) -> dict[str, Any]:
    """A refusal as JSON has it."""
    return {"error": sentence, "problem": problem}


def refused(problem: Problem, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """A refusal as an answer."""
    return JSONResponse(said_of(problem, sentence), REASONS[problem].status, headers)
