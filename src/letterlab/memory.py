"""How freed memory is kept."""

import ctypes
import sys
from contextlib import suppress
from functools import cache
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_TRIM: Final = 2**30
_MMAP: Final = 2**28


@cache
def keep_freed_memory() -> None:
    """Has malloc keep up to 1 GiB of what is freed, so that each step of a training finds the memory of the one before.

    With several threads glibc may give activations back to the system and get them anew, cleared: thousands of page
    faults a step (docs/decisions/0005). For this process, once and for all (mallopt(3)); elsewhere than in glibc
    nothing is done.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl has no mallopt
            libc = ctypes.CDLL(None)
            libc.mallopt(_M_TRIM_THRESHOLD, _TRIM)
            libc.mallopt(_M_MMAP_THRESHOLD, _MMAP)
