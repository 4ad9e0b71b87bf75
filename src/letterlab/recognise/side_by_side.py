"""Pictures read side by side, each by a process of its own.

Threads of one process do not do: most of what is done to a picture of ordinary size are steps so short that the threads
hand Python's lock to each other more often than they work (docs/decisions/0017).
"""

import signal
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import LifoQueue
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

from letterlab.errors import LetterlabError
from letterlab.machine import cores, processes, safe_path
from letterlab.recognise.decoding import Limits
from letterlab.recognise.model import SHIPPED
from letterlab.recognise.recogniser import Reading, Recogniser
from letterlab.shapes import Float32, UInt8


class _Process(NamedTuple):
    process: BaseProcess
    asked: Connection


class SideBySide(Recogniser):
    """A recogniser of which several threads have a picture read at a time, each by another process.

    There is one process more than cores, so that no core waits while an answer is passed on. The first begins at once,
    the others when they are needed. One that dies is replaced, and its picture is read again.

    with SideBySide() as recogniser:
        print(recogniser.read(content).text)
    """

    def __init__(self, model: Path | str | None = None) -> None:
        """Opens the network, and begins the first process.

        Args:
            model: as for `Recogniser`.

        Raises:
            LetterlabError: the file is no network of letterlab's, or no process could be begun.
        """
        super().__init__(model)
        self._network = Path(model or SHIPPED).read_bytes()  # the file may be another when the last process begins
        self._changing = Lock()
        self._ended = False
        self._begun: list[_Process] = []
        # Those that are free, and room for those that were never needed; the one that was used last is taken first.
        self._free: LifoQueue[_Process | None] = LifoQueue()
        for _ in range(cores()):
            self._free.put(None)
        try:
            self._free.put(self._begin())
        except (EOFError, OSError):
            raise LetterlabError("No process that reads could be begun: free some memory.") from None

    @property
    def at_once(self) -> int:
        """Pictures that it reads at a time."""
        return cores() + 1

    def __enter__(self) -> "SideBySide":
        """The processes end with the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes, whatever they are at."""
        with self._changing:
            self._ended = True
            for one in self._begun:
                one.process.kill()
            for one in self._begun:
                one.process.join()

    def read(
        self,
        picture: Path | str | bytes | UInt8[np.ndarray, "h w"],
        *,
        single: bool = False,
        limits: Limits = Limits(),  # noqa: B008
    ) -> Reading:
        """As `Recogniser.read`."""
        reading: Reading = self._answer("read", picture, single=single, limits=limits)
        return reading

    def saliency(self, picture: UInt8[np.ndarray, "28 28"], letter: str) -> Float32[np.ndarray, "28 28"]:
        """As `Recogniser.saliency`."""
        found: Float32[np.ndarray, "28 28"] = self._answer("saliency", picture, letter)
        return found

    def _answer(self, what: str, *words: object, **more: object) -> Any:
        """What a process comes to. Raises what it raises."""
        for _ in range(2):
            with suppress(EOFError, OSError):
                answer = self._asked(what, words, more)
                break
        else:
            raise RuntimeError("The process that read was ended twice, perhaps for want of memory.")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _asked(self, what: str, words: object, more: object) -> Any:
        one = self._free.get()
        try:
            if one and not one.process.is_alive():
                self._bury(one)
                one = None
            one = one or self._begin()
            one.asked.send((what, words, more))
            return one.asked.recv()
        except BaseException:  # it has died, or will say what nobody waits for
            if one:
                self._bury(one)
                one = None
            raise
        finally:
            self._free.put(one)

    def _begin(self) -> _Process:
        with self._changing, safe_path():
            if self._ended:
                raise RuntimeError("The processes that read have been ended.")
            here, there = processes().Pipe()
            process = processes().Process(target=_read, args=(self._network, there), daemon=True)
            process.start()
            there.close()
            self._begun.append(_Process(process, here))
            return self._begun[-1]

    def _bury(self, one: _Process) -> None:
        with self._changing:
            self._begun.remove(one)
        one.asked.close()
        one.process.kill()
        one.process.join()


def _read(network: bytes, asked: Connection) -> None:
    """A process, which reads until there is nobody left to ask."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # sent to all; who asks decides when all is answered
        signal.signal(ending, signal.SIG_IGN)
    recogniser = Recogniser(network)
    with suppress(EOFError, OSError):
        while True:
            what, words, more = asked.recv()
            try:
                answer = getattr(recogniser, what)(*words, **more)
            except LetterlabError as error:
                answer = error
            except Exception:  # another class may not be known where it is told
                answer = RuntimeError(traceback.format_exc())
            asked.send(answer)
