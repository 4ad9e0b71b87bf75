"""What the server can be asked and what it answers, as an OpenAPI 3.1 document."""

from importlib.metadata import version
from typing import Any, Final

from letterlab.web.limits import ServerLimits
from letterlab.web.refusal import REASONS

Json = dict[str, Any]

EXAMPLE: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAAaElEQVQoFXXBwQnAQBDEMLv/op3HPAILJxlvxpvxZrwZI8RhjBCH"
    "MUIcxghxGCPEYYwQhzFCHMYIcRgjxGGMEIcxQhzGCHEYI8RhjBCHMUIcxghxGCO/GGPkF2OM/GKMN+PNeDPejLcPNB8vAT47pfYA"
    "AAAASUVORK5CYII="
)
"""A letter L as a PNG in base64."""


def document(limits: ServerLimits, guarded: bool) -> Json:
    """The document of a server with these limits, which asks for a token if it is `guarded`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "letterlab",
            "version": version("letterlab"),
            "description": "Reads handwritten letters, A to Z in capitals and small forms. Nothing that is sent is "
            "stored or logged.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"password": []}] if guarded else [],
        "paths": {
            "/": {"get": _get("page", "The page to draw on.", _text("text/html"), 304, 401)},
            "/static/{file}": {
                "parameters": [_parameter("file", "path", {"type": "string"}, "A file of the page.", "page.js")],
                "get": _get("file", "A file that the page needs.", {"*/*": {}}, 304, 401, 404),
            },
            "/v1/read": {"post": _read(limits)},
            "/v1/health": {
                "get": _get(
                    "health", "Whether the server is up, and what it reads with. Needs no token.", _json("Health")
                )
                | {"security": []}
            },
            "/metrics": {"get": _get("metrics", "Numbers for Prometheus.", _text("text/plain"), 401)},
            "/v1/openapi.json": {
                "get": _get("openapi", "This document.", {"application/json": {"schema": {"type": "object"}}}, 401)
            },
        },
        "components": {
            "schemas": _schemas(limits),
            "responses": {
                "304": {"description": "What the client has still holds."},
                **{str(status): _refusal(status) for status in sorted({reason.status for reason in REASONS.values()})},
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "The token itself."},
                "password": {"type": "http", "scheme": "basic", "description": "Any name; the token is the password."},
            },
        },
    }


def _read(limits: ServerLimits) -> Json:
    return {
        "operationId": "read",
        "summary": "Read the letters in one or many pictures.",
        "description": "JPEG, PNG, BMP and WebP are read. A picture among several that cannot be read has an error in "
        "its place, and the others are read all the same; if it is the only one, the status says so.",
        "parameters": [
            _parameter("single", "query", _flag(), "The whole picture is one letter.", True),
            _parameter(
                "explain",
                "query",
                _flag(),
                "With each letter, what the network saw and which of it decided; for the first "
                f"{limits.explained_letters} letters of the request.",
                False,
            ),
        ],
        "requestBody": {
            "required": True,
            "description": f"At most {limits.request_bytes:,} bytes, sent within {limits.body_seconds:g} seconds.",
            "content": {
                "multipart/form-data": {
                    "schema": _object(
                        {"picture": _some({"type": "string", "contentMediaType": "application/octet-stream"}, limits)}
                    )
                },
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Pictures"},
                    "example": {"pictures": [{"file": "l.png", "content": EXAMPLE}]},
                },
            },
        },
        "responses": {
            "200": {"description": "What the pictures say, in the order in which they came.", "content": _json("Read")},
            **_refused(400, 401, 403, 408, 413, 415, 422, 429),
        },
    }


def _schemas(limits: ServerLimits) -> Json:
    letter = {"type": "string", "pattern": "^[A-Z]$"}
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    whole = {"type": "integer", "minimum": 0}
    rows = {"minItems": 28, "maxItems": 28}
    error = {
        "error": {"type": "string", "description": "A sentence: what is wrong and what to do."},
        "problem": {"enum": list(REASONS), "description": "The same for a program: a word that stays as it is."},
    }
    share = _object({"share": probability, "low": probability, "high": probability, "n": whole})

    def grid(cell: Json, what: str) -> Json:
        return {"type": "array", "items": {"type": "array", "items": cell, **rows}, **rows, "description": what}

    return {
        "Error": _object(error),
        "Pictures": _object(
            {
                "pictures": _some(
                    _object(
                        {
                            "content": {"type": "string", "contentEncoding": "base64"},
                            "file": {"type": "string", "description": "A name that the answer gives back."},
                        },
                        required=["content"],
                    ),
                    limits,
                )
            }
        ),
        "Read": _object(
            {
                "pictures": _some(
                    {"oneOf": [{"$ref": "#/components/schemas/Picture"}, {"$ref": "#/components/schemas/Refused"}]},
                    limits,
                )
            }
        ),
        "Picture": _object(
            {
                "file": {"type": "string"},
                "text": {
                    "type": "string",
                    "description": "The letters; ? for what is none, a space between words, a new line between lines.",
                },
                "letters": {"type": "array", "items": {"$ref": "#/components/schemas/Letter"}},
            }
        ),
        "Refused": _object({"file": {"type": "string"}, **error}),
        "Letter": _object(
            {
                "letter": {"type": ["string", "null"], "pattern": "^[A-Z]$", "description": "Null: not a letter."},
                "probability": probability | {"description": "Calibrated; of the likeliest letter if there is none."},
                "candidates": {
                    "type": "array",
                    "maxItems": 3,
                    "items": _object({"letter": letter, "probability": probability}),
                    "description": "The likeliest letters, best first.",
                },
                "box": {
                    "type": "array",
                    "items": whole,
                    "minItems": 4,
                    "maxItems": 4,
                    "description": "x, y, width and height in pixels of the upright picture.",
                },
                "picture": grid({"type": "integer", "minimum": 0, "maximum": 255}, "What the network saw, ink bright."),
                "saliency": grid(probability, "Which places decided for the likeliest letter: 1 where most."),
            },
            required=["letter", "probability", "candidates", "box"],
        ),
        "Health": _object(
            {
                "status": {"const": "ok"},
                "version": {"type": "string"},
                "network": {"type": "string", "description": "Fingerprint of the network's file."},
                "letters": {"type": "string", "description": "Those it knows."},
                "no_letter": {"type": "boolean", "description": "Whether it knows what is no letter."},
                "accuracy": {
                    "type": "object",
                    "additionalProperties": share,
                    "description": "Share of letters read rightly, with a 95 % interval, by part.",
                },
            }
        ),
    }


def _get(name: str, summary: str, content: Json, *refused: int) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": summary, "content": content}, **_refused(*refused)},
    }


def _refused(*statuses: int) -> Json:
    """By status; what every address may answer too."""
    return {str(one): {"$ref": f"#/components/responses/{one}"} for one in sorted((*statuses, 421, 500))}


def _refusal(status: int) -> Json:
    """Of all that is refused with this status."""
    problems = {problem: reason.because for problem, reason in REASONS.items() if reason.status == status}
    after = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}} if status == 429 else {}
    return {
        "description": " ".join(f"`{problem}`: {because}" for problem, because in problems.items()),
        "headers": after,
        "content": _json("Error"),
    }


def _json(schema: str) -> Json:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _text(kind: str) -> Json:
    return {kind: {"schema": {"type": "string"}}}


def _flag() -> Json:
    return {"type": "boolean", "default": False}


def _parameter(name: str, place: str, schema: Json, what: str, example: object) -> Json:
    required = {"required": True} if place == "path" else {}
    return {"name": name, "in": place, "schema": schema, "description": what, "example": example, **required}


def _some(items: Json, limits: ServerLimits) -> Json:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": limits.request_pictures}


def _object(properties: Json, **more: Any) -> Json:
    """An object with these properties and no other; all must be there unless `more` says which."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    } | more
