"""Pictures read on all cores: this process reads their files, and decodes them with the help of others.

Whoever is free takes the next share, so that none waits for a slow one; what a helper has not answered when all is
taken is done here. Helpers are no `multiprocessing.Process`, which begins with the user's own script once more.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import accumulate, pairwise
from queue import SimpleQueue
from threading import Thread
from typing import IO, Final, cast

import numpy as np

from letterlab.letterset import SIDE
from letterlab.machine import cores
from letterlab.shapes import UInt8
from letterlab.sources.archive import Member
from letterlab.sources.pictures import Decoder, decoding, is_drawn
from letterlab.sources.stored import UnreadableError

SHARE: Final = 100
"""Pictures that are decoded at a time, at most."""
WORTH_A_HELPER: Final = 10_000
"""Pictures for each process: to begin a helper takes as long as to decode so many."""
HELPERS: Final = 4
"""At most: this process reads the files for all of them, and more would wait for it."""
ROOM: Final = 2**20 if sys.platform == "linux" else 2**16
"""Bytes on their way to a helper: as many as a pipe holds, lest this process wait for it."""

_HELPER: Final = (
    "import json, sys; sys.path[:], resize = json.loads(sys.stdin.buffer.readline()); "
    "from letterlab.sources.on_all_cores import help_decode; help_decode(resize)"
)

_Share = list[tuple[int, bytes]]
"""Positions and files of pictures."""


@contextmanager
def reading(pictures: int, *, resize: bool) -> Iterator[Callable[..., list[bool | str]]]:
    """Yields the function that reads pictures; helpers begin at once, while it is still worked out what is to be read.

    The function takes the pictures, all their positions in the order in which they are to be read (that in which they
    lie is the fastest), and [n 28 28] for their pixels. It returns, of each picture, whether this program drew it, or
    the reason why it could not be read.

    Args:
        pictures: about so many.
        resize: as for `decoding`.
    """
    with decoding(resize=resize) as decode, ExitStack() as helping:
        helpers = []
        for _ in range(min(cores() - 1, HELPERS, pictures // WORTH_A_HELPER)):
            with suppress(OSError):  # for want of memory, say: there is one less
                helpers.append(helping.enter_context(_Helper(resize)))
        yield partial(_read, decode, helpers)


def _read(
    decode: Decoder,
    helpers: "list[_Helper]",
    members: Sequence[Member],
    order: Sequence[int],
    images: UInt8[np.ndarray, "n 28 28"],
) -> list[bool | str]:
    found: list[bool | str | None] = [None] * len(members)
    for helper in helpers:
        helper.answers_go_to(found, images)
    for share in _shares(members, order, found):
        if not any(helper.takes(share) for helper in helpers):
            _write(share, *_decoded([content for _, content in share], decode), found, images)
    # What helpers are still at, they from its beginning and this process from its end.
    for share in _shares(members, (at for at in reversed(order) if found[at] is None), found):
        _write(share, *_decoded([content for _, content in share], decode), found, images)
    return cast(list[bool | str], found)


def help_decode(resize: bool) -> None:
    """A helper: decodes what comes by its standard input, and answers by its standard output, until the former ends.

    What comes is a line of JSON, the lengths of pictures' files, and then the files. The answer is a line of JSON, of
    each whether this program drew it or why it cannot be decoded, and then the pixels of all.
    """
    with decoding(resize=resize) as decode:
        for line in sys.stdin.buffer:
            ends = list(accumulate(json.loads(line)))
            all_of_them = sys.stdin.buffer.read(ends[-1])
            contents = [all_of_them[start:end] for start, end in pairwise([0, *ends])]
            said, images = _decoded(contents, decode)
            sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + images.tobytes())
            sys.stdout.buffer.flush()


def _shares(members: Sequence[Member], order: Iterable[int], found: list[bool | str | None]) -> Iterator[_Share]:
    """Positions and files of pictures, some at a time. Of those that cannot be read it is written down why."""
    share: _Share = []
    size = 0
    for at in order:
        try:
            content = members[at].read()
        except UnreadableError as error:
            found[at] = str(error)
            continue
        share.append((at, content))
        size += len(content)
        if len(share) == SHARE or size >= ROOM // 2:
            yield share
            share, size = [], 0
    if share:
        yield share


class _Helper:
    """Another process that decodes, while a context lasts; what it has not answered then is left as it was."""

    def __init__(self, resize: bool) -> None:
        """Begins it."""
        self._asked: SimpleQueue[_Share] = SimpleQueue()
        self._given = self._answered = 0
        """Bytes of pictures."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _HELPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=ROOM,
        )
        self._asking, self._answering = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._asking.write(json.dumps([sys.path, resize]).encode() + b"\n")
        self._taking_in: Thread | None = None

    def __enter__(self) -> "_Helper":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        if self._taking_in:
            self._asked.put([])
            self._taking_in.join()
        with suppress(OSError):
            self._asking.close()
        self._answering.close()
        self._process.wait()

    def answers_go_to(self, found: list[bool | str | None], images: UInt8[np.ndarray, "n 28 28"]) -> None:
        """Where it writes what it finds, and pixels: to the positions of the pictures that it is given."""
        self._taking_in = Thread(target=self._take_in, args=(found, images))
        self._taking_in.start()

    def takes(self, share: _Share) -> bool:
        """Whether it has room for these pictures, and has been given them."""
        size = sum(len(content) for _, content in share)
        if (coming := self._given - self._answered) and coming + size > ROOM:
            return False
        lengths = json.dumps([len(content) for _, content in share]).encode()
        try:
            self._asking.write(b"".join([lengths, b"\n", *(content for _, content in share)]))
            self._asking.flush()
        except OSError:  # it has ended
            return False
        self._given += size
        self._asked.put(share)
        return True

    def _take_in(self, found: list[bool | str | None], images: UInt8[np.ndarray, "n 28 28"]) -> None:
        with suppress(OSError, ValueError):  # it has ended
            while share := self._asked.get():
                said = json.loads(self._answering.readline())
                pixels = np.frombuffer(self._answering.read(len(share) * SIDE * SIDE), np.uint8)
                _write(share, said, pixels.reshape(-1, SIDE, SIDE), found, images)
                self._answered += sum(len(content) for _, content in share)


def _decoded(contents: list[bytes], decode: Decoder) -> tuple[list[bool | str], UInt8[np.ndarray, "n 28 28"]]:
    """Of each picture whether this program drew it, or why it cannot be decoded; and the pixels of all."""
    images, reasons = decode.all(contents)
    return [reason or is_drawn(content) for reason, content in zip(reasons, contents, strict=True)], images


def _write(
    share: _Share,
    said: list[bool | str],
    pixels: UInt8[np.ndarray, "m 28 28"],
    found: list[bool | str | None],
    images: UInt8[np.ndarray, "n 28 28"],
) -> None:
    """Brings what came of a share to its places."""
    images[[at for at, _ in share]] = pixels
    for (at, _), one in zip(share, said, strict=True):
        found[at] = one
