"""A connection that does not wait for ever, and refuses in the form of everything else."""

import asyncio
import json
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from letterlab.web.guard import SECURITY


def connection(seconds: float) -> type[H11Protocol]:
    """uvicorn's HTTP/1.1 connection, except for two things.

    A request's head must have come `seconds` after it was awaited, which uvicorn does not ask of the first on a
    connection; the same holds for what a client still sends after it was refused (it is read and thrown away, so that
    the client comes to read why). And what is no HTTP is refused as JSON.
    """

    class Connection(H11Protocol):
        awaiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self.watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self.awaiting:
                self.awaiting.cancel()

        def watch(self) -> None:
            """Begins or ends to wait for the client, as the conversation stands."""
            theirs = self.conn.their_state
            waits = theirs is h11.IDLE or (theirs is h11.SEND_BODY and self.conn.our_state is h11.DONE)
            if waits and not self.awaiting:
                self.awaiting = self.loop.call_later(seconds, self.give_up)
            elif not waits and self.awaiting:
                self.awaiting.cancel()
                self.awaiting = None

        def give_up(self) -> None:
            if self.conn.our_state is h11.IDLE:
                self.refuse(408, f"The request did not come within {seconds:g} seconds.")
            self.transport.close()

        def send_400_response(self, msg: str) -> None:
            self.refuse(400, "This is no HTTP/1.1 request.")
            self.transport.close()

        def refuse(self, status: int, sentence: str) -> None:
            body = json.dumps({"error": sentence}).encode()
            headers: dict[str, Any] = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Connection": "close",
                **SECURITY,
            }
            for event in (
                h11.Response(status_code=status, headers=list(headers.items())),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")

    return Connection
