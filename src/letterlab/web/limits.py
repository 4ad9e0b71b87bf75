"""How much one request may ask of the server, and how much all of them together."""

from dataclasses import dataclass, fields

from letterlab.errors import LetterlabError


@dataclass(frozen=True)
class ServerLimits:
    """What the server refuses to go beyond. Each is an option of `letterlab serve` under the same name.

    Raises:
        LetterlabError: one of them is not above 0.
    """

    request_bytes: int = 32 * 2**20
    """Most bytes in the body of a request."""
    request_pictures: int = 64
    """Most pictures in a request."""
    picture_pixels: int = 50_000_000
    """Most pixels in a picture; a larger one is refused before it is decoded."""
    body_seconds: float = 20.0
    """Seconds in which the head of a request must have come, and then its body."""
    requests_at_once: int = 16
    """Most requests whose pictures are taken in or read at the same time; one more is told to come again."""
    explained_letters: int = 256
    """Most letters of a request that are explained; those after them come without an explanation."""

    def __post_init__(self) -> None:
        """Checks each limit."""
        for field in fields(self):
            if getattr(self, field.name) <= 0:
                option = f"--{field.name.replace('_', '-')}"
                raise LetterlabError(f"{option} {getattr(self, field.name)} would refuse everything: give more than 0.")
