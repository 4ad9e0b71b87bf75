"""A connection that waits for no client for ever, and refuses in the form of everything else."""

import asyncio
import json
import socket
from http import HTTPStatus
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from letterlab.web.guard import SECURITY
from letterlab.web.refusal import REASONS, Problem, said_of

MOST: Final = 500
"""Connections at a time: half of the files that a process may have open where nobody set another limit."""


def connection(seconds: float) -> type[H11Protocol]:
    """uvicorn's HTTP/1.1 connection, except for four things.

    A request's head must have come `seconds` after it was awaited, which uvicorn does not ask of the first on a
    connection; the same holds for what a client still sends after it was refused (it is read and thrown away, so that
    the client comes to read why), and for its taking an answer. Of more than `MOST` connections the one that has been
    awaited for longest is closed. An answer leaves at once. And what is no HTTP is refused as JSON.
    """

    class Connection(H11Protocol):
        awaiting: asyncio.TimerHandle | None = None
        sending: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            # An answer is written in two pieces. Without this the second waits until the client has confirmed the
            # first, 40 ms on Linux; asyncio does it only for a socket that was made with IPPROTO_TCP.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport.set_write_buffer_limits(high=0)  # to hear of whatever a client does not take
            self.watch()
            if len(self.connections) > MOST:
                self.make_room()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self.watch()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self.watch()

        def pause_writing(self) -> None:
            super().pause_writing()
            self.sending = self.loop.call_later(seconds, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self.sending:
                self.sending.cancel()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            for timer in (self.awaiting, self.sending):
                if timer:
                    timer.cancel()

        def watch(self) -> None:
            """Begins or ends to wait for the client, as the conversation stands."""
            theirs = self.conn.their_state
            waits = theirs is h11.IDLE or (theirs is h11.SEND_BODY and self.conn.our_state is h11.DONE)
            if waits and not self.awaiting:
                self.awaiting = self.loop.call_later(
                    seconds, self.give_up, "slow", f"The request did not come within {seconds:g} seconds."
                )
            elif not waits and self.awaiting:
                self.awaiting.cancel()
                self.awaiting = None

        def make_room(self) -> None:
            """Gives up the connection that has been awaited for longest; one is, for this one is new."""
            awaited = {
                one.awaiting.when(): one
                for one in self.connections
                if isinstance(one, Connection) and one.awaiting and not one.transport.is_closing()
            }
            longest = awaited[min(awaited)]
            longest.give_up("busy", "The server has too many connections: ask again in a second.")

        def give_up(self, problem: Problem, sentence: str) -> None:
            if self.conn.our_state is h11.IDLE:
                self.refuse(problem, sentence)
            else:
                self.transport.close()

        def send_400_response(self, msg: str) -> None:
            if self.cycle is not None:  # its body is what is no HTTP: there is nothing else to say to it
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.refuse("malformed", "This is no HTTP/1.1 request.")
            else:
                self.transport.close()

        def refuse(self, problem: Problem, sentence: str) -> None:
            body = json.dumps(said_of(problem, sentence)).encode()
            headers = {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "Connection": "close",
                **({"Retry-After": "1"} if problem == "busy" else {}),
                **SECURITY,
            }
            status = REASONS[problem].status
            fields = [f"{name}: {value}" for name, value in headers.items()]
            head = "\r\n".join([f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *fields, "", ""])
            # Not by way of h11, to which it may be no answer to what was heard so far. The connection ends with it.
            self.transport.write(head.encode() + body)
            self.transport.close()

    return Connection
