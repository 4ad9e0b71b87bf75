"""Letters as pictures inside the page: PNG in data URIs, dark ink on white."""

import base64
from typing import Final

import cv2
import numpy as np
from markupsafe import Markup

from letterlab.alphabet import LETTERS
from letterlab.letterset import SIDE, LetterSet
from letterlab.report.svg import tag
from letterlab.shapes import Int, UInt8


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


CELL: Final = SIDE + 2
"""Side of a picture's place in the sheet: a white pixel all around keeps its neighbours out where it is enlarged."""
COLUMNS: Final = 48


class Atlas:
    """All letters that a page shows, in one sheet: each stands in it once, however often it is shown.

    The sheet has 16 greys, which look like 256 where letters are shown and take less than half the place.
    """

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        """Where each letter stands, by its pixels."""

    def place(self, image: UInt8[np.ndarray, "28 28"]) -> int:
        """Where a letter stands in the sheet, counted along its rows."""
        return self._places.setdefault(image.tobytes(), len(self._places))

    def __call__(self, image: UInt8[np.ndarray, "28 28"], told: str, scale: int = 2) -> Markup:
        """A letter as an element of the page, enlarged so many times; `told` is shown on hover and read aloud."""
        row, column = divmod(self.place(image), COLUMNS)
        place = f"--column:{column};--row:{row}" + (f";--scale:{scale}" if scale != 2 else "")
        return tag("span", class_="ink pic", role="img", title=told, style=place)

    def sheet(self) -> str:
        """The sheet with every letter that was asked for until now, as a data URI."""
        rows = max(-(-len(self._places) // COLUMNS), 1)
        sheet = np.zeros((rows * CELL, COLUMNS * CELL), np.uint8)
        for pixels, number in self._places.items():
            row, column = divmod(number, COLUMNS)
            place = sheet[row * CELL + 1 :, column * CELL + 1 :][:SIDE, :SIDE]
            place[...] = np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE)
        return data_uri((np.round(sheet / 17) * 17).astype(np.uint8))
