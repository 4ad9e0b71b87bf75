"""At which batch size a job trains."""

from collections.abc import Callable

SIZES = (64, 128, 256, 512, 1024, 2048)
PROBED = 4096
"""Letters that each size is tried on, twice: after once to warm up."""


def chosen(asked: str, letters: int, seconds: Callable[[int], float]) -> int:
    """The size asked for; for `best`, the one at which the same letters take the least time.

    Args:
        asked: a number, or `best`.
        letters: that an epoch has; no batch is larger.
        seconds: trains on `PROBED` letters, or all if they are fewer, in batches of a size; how long that takes.
    """
    if asked != "best":
        return min(int(asked), letters)
    return min((size for size in SIZES if size <= letters), key=lambda size: min(seconds(size), seconds(size)))
