"""Who may ask, and what a browser is told about every answer."""

import base64
import binascii
import hmac
import ipaddress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from letterlab.web.refusal import refused

SECURITY: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""The headers of every answer: a page that loads nothing from elsewhere, and is shown inside no other."""

OPEN_PATHS: Final = frozenset({"/v1/health"})
"""What needs no token: it tells nothing of what was read, and whoever watches over a server seldom holds a secret."""


def is_localhost(host: str) -> bool:
    """Whether what listens at `host` is heard by this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def local_names(host: str) -> frozenset[str]:
    """What the Host header may say, port aside, of a server that listens at the local address `host`."""
    return frozenset({"localhost", "127.0.0.1", "[::1]", f"[{host}]" if ":" in host else host.lower()})


class SecurityHeaders:
    """Puts `SECURITY` on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wraps `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as `app` does, with the headers."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY)
            await send(message)

        await self.app(scope, receive, guarded)


class Guard:
    """Lets through who may ask, and refuses others before anything of theirs is read."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, token: str | None) -> None:
        """Wraps `app`.

        Args:
            app: what is asked.
            hosts: what the Host header may say, port aside; anything when None. A strange page whose name was made to
                point at this machine (DNS rebinding) comes with that name.
            token: what `Authorization` must hold; nothing when None.
        """
        self.app = app
        self.hosts = hosts
        self.token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as `app` does, or refuses."""
        refusal = None if scope["type"] != "http" else self._refusal(scope, Headers(scope=scope))
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        if self.hosts is not None and _name(headers.get("host", "")) not in self.hosts:
            names = " and ".join(sorted(self.hosts))
            return refused("other-host", f"This server answers to {names} only: use one of these names.")
        if scope["method"] == "POST" and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return refused("other-site", "A page of another site may not send pictures here.")
        if self.token is not None and scope["path"] not in OPEN_PATHS and not self._knows(headers):
            return refused(
                "token",
                "The token is missing or wrong: send it as 'Authorization: Bearer TOKEN'.",
                {"WWW-Authenticate": 'Basic realm="letterlab: any name; the token is the password", Bearer'},
            )
        return None

    def _knows(self, headers: Headers) -> bool:
        """Whether the token was sent: as such, or as the password that a browser asks its user for."""
        assert self.token is not None
        scheme, _, said = headers.get("authorization", "").partition(" ")
        given = said.strip().encode("latin-1")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).partition(b":")[2]
            except binascii.Error:
                return False
        elif scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given, self.token)


def _name(host: str) -> str:
    """A Host header without its port: `[::1]:8000` gives `[::1]`."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()
