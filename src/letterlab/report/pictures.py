"""Letters as pictures inside the page: PNG in data URIs, dark ink on white."""

import base64
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Int, UInt8

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions
from letterlab.findings.pairs import mistakes
from letterlab.letterset import LetterSet


def data_uri(image: UInt8[np.ndarray, "height width"]) -> str:
    """A picture of bright ink on black, turned to dark ink on white, as the `src` of an `img`."""
    _, encoded = cv2.imencode(".png", 255 - image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()


def samples(letters: LetterSet, letter: str, most: int) -> UInt8[np.ndarray, "height 28"] | None:
    """The first pictures of a letter, one below the other; none where there is no such letter."""
    positions = _of(letters, letter)[:most]
    return np.concatenate(list(letters.images[positions])) if len(positions) else None


def mean_image(letters: LetterSet, letter: str) -> UInt8[np.ndarray, "28 28"] | None:
    """The mean of all pictures of a letter; none where there is no such letter."""
    positions = _of(letters, letter)
    return letters.images[positions].mean(axis=0).round().astype(np.uint8) if len(positions) else None


def _of(letters: LetterSet, letter: str) -> Int[np.ndarray, "m"]:
    return np.flatnonzero(letters.labels == LETTERS.index(letter))


@dataclass(frozen=True)
class Mistake:
    """One letter that was read wrongly."""

    picture: str
    """Data URI."""
    name: str
    """File name."""
    sure: float
    """The network's probability for its wrong answer."""


def pictured_mistakes(
    letters: LetterSet, predictions: Predictions, letter: str, read_as: str, most: int
) -> list[Mistake]:
    """Pictures of one letter that were read as another, those said most surely first."""
    answer = LETTERS.index(read_as)
    return [
        Mistake(data_uri(letters.images[i]), str(predictions.names[i]), float(predictions.probabilities[i, answer]))
        for i in mistakes(predictions, letter, read_as)[:most]
    ]
