"""Letters as a source stores them: what every reader hands on before they are brought upright."""

from dataclasses import dataclass

import numpy as np

from letterlab.letterset import SetAside
from letterlab.shapes import Bool, UInt8


class UnreadableError(Exception):
    """A file that cannot be read as letters; the message is the reason, to follow a colon after the file's name."""


@dataclass(frozen=True, eq=False)
class Stored:
    """All letters of a source in the order in which they are kept, training and test letters in one array."""

    images: UInt8[np.ndarray, "n 28 28"]
    """Bright ink on black, rows and columns as the source has them."""
    labels: UInt8[np.ndarray, "n"]
    """Class index of each picture, 0 (A) to 25 (Z)."""
    names: list[str]
    """File name of each picture."""
    in_test: Bool[np.ndarray, "n"]
    """Which of them the source gives as its test part."""
    set_aside: tuple[SetAside, ...] = ()
    """Files that were not read; their way begins inside the source."""
    drawn: bool = False
    """Some or all of them were drawn by this program."""
    notes: tuple[str, ...] = ()
    """What else the reader of results should know, one sentence each."""
