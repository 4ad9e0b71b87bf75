"""Letters picked out of arrays by their positions: their pictures are copied only when they are asked for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from letterlab.letterset import LetterSet
from letterlab.shapes import Int, Shaped, UInt8


@dataclass(frozen=True, eq=False)
class Lot:
    """Some of the letters of arrays that are thought of as lying one after another, memory-mapped or not."""

    pieces: tuple[tuple[UInt8[np.ndarray, "_ 28 28"], UInt8[np.ndarray, "_"]], ...]
    """Pictures and labels of each array."""
    at: Int[np.ndarray, "n"]
    """Which of them, by position."""

    @classmethod
    def of(cls, *sets: LetterSet) -> "Lot":
        """All letters of these sets, in order."""
        pieces = tuple((one.images, one.labels) for one in sets)
        return cls(pieces, np.arange(sum(map(len, sets))))

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def labels(self) -> UInt8[np.ndarray, "n"]:
        """What each letter is."""
        return _rows([labels for _, labels in self.pieces], self.at)

    def images(self, which: Int[np.ndarray, "m"] | slice) -> UInt8[np.ndarray, "m 28 28"]:
        """A copy of the pictures of these letters."""
        return _rows([images for images, _ in self.pieces], self.at[which])

    def take(self, which: Int[np.ndarray, "m"] | slice) -> "Lot":
        """The letters at these positions of the lot."""
        return Lot(self.pieces, self.at[which])

    def and_then(self, images: UInt8[np.ndarray, "m 28 28"], label: int) -> "Lot":
        """The same letters, and behind them these pictures, all of one label."""
        end = sum(len(labels) for _, labels in self.pieces)
        further = images, np.full(len(images), label, dtype=np.uint8)
        return Lot((*self.pieces, further), np.concatenate([self.at, end + np.arange(len(images))]))


def _rows(arrays: list[Shaped[np.ndarray, "..."]], at: Int[np.ndarray, "n"]) -> Shaped[np.ndarray, "n ..."]:
    """The rows at these positions of the arrays one after another, without laying them so."""
    found = np.empty((len(at), *arrays[0].shape[1:]), arrays[0].dtype)
    start = 0
    for array in arrays:
        inside = (start <= at) & (at < start + len(array))
        found[inside] = array[at[inside] - start]
        start += len(array)
    return found
