"""Downloading a large file over HTTP, going on where an earlier try broke off."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from letterlab.errors import LetterlabError

TRIES: Final = 5
"""How often a transfer that breaks off is taken up again before the user is told."""
FIRST_WAIT: Final = 1.0
"""Seconds before the second try; twice as long before each further one."""
TIMEOUT: Final = (15, 60)
"""Seconds to wait for a connection, and for the next byte."""

_CHUNK: Final = 2**14
"""Bytes written at a time. Of a chunk that breaks off in the middle nothing is kept."""

Progress = Callable[[int, int | None], None]
"""Is told how many bytes there are by now, and how many there will be, or None where the server does not say."""


class _BrokenOffError(Exception):
    """A transfer ended before its end; another try may go on."""


def download(url: str, part: Path, progress: Progress) -> None:
    """Brings what is at `url` into the file `part`, going on from what that holds.

    A server that does not go on from there is asked for the whole again. Whether what came in several pieces belongs
    together is for the caller to check.

    Raises:
        LetterlabError: the server refuses, or breaks off in every try; what came stays in `part`.
        OSError: `part` cannot be written.
    """
    fault = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        try:
            return _transfer(url, part, progress)
        except _BrokenOffError as error:
            fault = str(error)
    raise broken_off(url, _size(part), fault)


def broken_off(url: str, held: int, fault: str) -> LetterlabError:
    """The error for a transfer that broke off in every try, with so many bytes kept for the next command."""
    return LetterlabError(
        f"{url} could not be fetched ({fault}): check the connection, then give the same command again"
        + (f"; it goes on from {held:,} bytes." if held else ".")
    )


def reason(error: BaseException) -> str:
    """A few words on why a transfer failed, in place of the long text of the libraries below."""
    from requests.exceptions import ChunkedEncodingError, ConnectionError, SSLError, Timeout

    match error:
        case ChunkedEncodingError():
            return "the connection broke off"
        case SSLError():
            return str(error)
        case ConnectionError() | Timeout():
            return "there is no connection"
    return str(error)


def _transfer(url: str, part: Path, progress: Progress) -> None:
    """One request for all that `part` does not hold yet (RFC 9110, section 14).

    Raises:
        _BrokenOffError: there is more to come; what came is in `part`.
    """
    import requests

    held = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={held}-"} if held else {})
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            status, content_range = response.status_code, response.headers.get("Content-Range", "")
            if status == requests.codes.requested_range_not_satisfiable and content_range == f"bytes */{held}":
                return  # an earlier try had fetched all of it
            if status >= 500 or status == requests.codes.too_many_requests:
                raise _BrokenOffError(f"it answers {status} {response.reason}")
            goes_on = status == requests.codes.partial_content and content_range.startswith(f"bytes {held}-")
            if held and status in (requests.codes.partial_content, 416) and not goes_on:
                part.unlink()
                raise _BrokenOffError(f"it does not go on from {held:,} bytes")
            if not response.ok:
                raise LetterlabError(f"{url} answers {status} {response.reason}: try again later.")
            length = content_range.rpartition("/")[2] if goes_on else response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            done = held if goes_on else 0
            with part.open("ab" if goes_on else "wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, total)
    except requests.RequestException as error:
        raise _BrokenOffError(reason(error)) from error
    if total is not None and done < total:
        raise _BrokenOffError(f"{total - done:,} bytes are still to come")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
