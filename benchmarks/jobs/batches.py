"""At which batch size a job trains."""

from collections.abc import Callable

SIZES = (64, 128, 256, 512, 1024, 2048)
PROBED = 4096
"""Letters that each size is tried on, twice: after once to warm up."""


def chosen(asked: str, seconds: Callable[[int], float]) -> int:
    """The size asked for; for `best`, the one at which the same letters take the least time.

    Args:
        asked: a number, or `best`.
        seconds: trains on `PROBED` letters in batches of a size; how long that takes.
    """
    if asked != "best":
        return int(asked)
    return min(SIZES, key=lambda size: min(seconds(size), seconds(size)))
