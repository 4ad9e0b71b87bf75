"""What a network answered, and how sure one may be of its accuracy."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from letterlab.files import read_arrays, write_arrays
from letterlab.shapes import Bool, Float32, Int, Shaped, UInt8

Z_95: Final = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


class Rate(NamedTuple):
    """A share of n with its 95 % interval. With n = 0 nothing is known: the share is NaN, the interval 0 to 1."""

    share: float
    low: float
    high: float
    hits: int
    n: int


def rate(hits: int, n: int) -> Rate:
    """Share of hits with Wilson's score interval (Wilson 1927, without continuity correction), 95 %."""
    if n == 0:
        return Rate(float("nan"), 0.0, 1.0, hits, n)
    share = hits / n
    centre = share + Z_95**2 / (2 * n)
    half = Z_95 * float(np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2)))
    scale = 1 + Z_95**2 / n
    # The ends are exact where nothing or everything hit; elsewhere rounding could carry them past 0 or 1.
    low = 0.0 if hits == 0 else (centre - half) / scale
    high = 1.0 if hits == n else (centre + half) / scale
    return Rate(share, low, high, hits, n)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one network said of one set of letters. Everything that is counted or drawn later comes from here."""

    probabilities: Float32[np.ndarray, "n 26"]
    """Softmax over the 26 letters; rows sum to 1."""
    labels: UInt8[np.ndarray, "n"]
    """What the letters are, by their source."""
    names: Shaped[np.ndarray, "n"]
    """File names, as text."""

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def answers(self) -> Int[np.ndarray, "n"]:
        """The likeliest letter of each picture."""
        return np.argmax(self.probabilities, axis=1)

    @cached_property
    def correct(self) -> Bool[np.ndarray, "n"]:
        """Where the answer is the label."""
        return np.equal(self.answers, self.labels)

    @property
    def accuracy(self) -> Rate:
        """Share of letters read rightly, with its interval."""
        return rate(int(self.correct.sum()), len(self))

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        of_label = self.probabilities[np.arange(len(self)), self.labels]
        return float(-np.log(np.maximum(of_label, np.finfo(np.float32).tiny)).mean())

    def save(self, path: Path) -> None:
        """Writes an .npz file, whole or not at all."""
        write_arrays(path, {"probabilities": self.probabilities, "labels": self.labels, "names": self.names})

    @classmethod
    def open(cls, path: Path) -> "Predictions":
        """Predictions that `save` wrote.

        Raises:
            LetterlabError: the file is missing, or damaged.
        """
        wanted = {"probabilities": (np.float32, ("n", 26)), "labels": (np.uint8, ("n",)), "names": (np.str_, ("n",))}
        return cls(**read_arrays(path, wanted))


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a network that was shown what is no letter puts out, for letters and for other things."""

    letters: Float32[np.ndarray, "n 27"]
    """Before softmax, of the letters that validate."""
    others: Float32[np.ndarray, "m 27"]
    """Of drawn things that are no letters, none of which it learned from."""

    def save(self, path: Path) -> None:
        """Writes an .npz file, whole or not at all."""
        write_arrays(path, {"letters": self.letters, "others": self.others})

    @classmethod
    def open(cls, path: Path) -> "Outputs":
        """Outputs that `save` wrote.

        Raises:
            LetterlabError: the file is missing, or damaged.
        """
        return cls(**read_arrays(path, {"letters": (np.float32, ("n", 27)), "others": (np.float32, ("m", 27))}))
