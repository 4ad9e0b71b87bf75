"""A contact sheet: one picture in which every letter can be looked over."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.letterset import SIDE, Letters, LetterSet
from letterlab.shapes import Int, UInt8

_ZOOM: Final = 2
_CELL: Final = SIDE * _ZOOM + 4
_HEAD: Final = 56
"""Height of the headings above the rows, in pixels."""
_LABEL: Final = 64
"""Width of a letter's name at the left of its row, in pixels."""
_GAP: Final = 32
"""Width between training and test letters, in pixels."""


def contact_sheet(letters: Letters, out: Path, per_letter: int = 24) -> Path:
    """Writes a PNG with a row for each of the 26 letters: examples from train at the left, from test at the right.

    The examples are spread evenly over all there are of the letter, in the order of the source; where there are fewer,
    the rest of the row stays empty. They are shown as dark ink on white paper, twice their size.

    Args:
        letters: what to show.
        out: file to write, whole or not at all; an earlier one is replaced.
        per_letter: training letters in a row, at least 1; a third as many test letters stand beside them.

    Returns:
        The file written.

    Raises:
        LetterlabError: the file cannot be written.
    """
    columns = {"train": per_letter, "test": max(1, per_letter // 3)}
    test_left = _LABEL + columns["train"] * _CELL + _GAP
    sheet = np.full((_HEAD + len(LETTERS) * _CELL + 4, test_left + columns["test"] * _CELL + 4), 255, np.uint8)
    for part, letter_set, left in (("train", letters.train, _LABEL), ("test", letters.test, test_left)):
        _write(sheet, f"{part}: {len(letter_set):,}", (left, 36), size=0.8, thickness=1)
        for index in range(len(LETTERS)):
            for column, position in enumerate(_spread(letter_set, index, columns[part])):
                top, start = _HEAD + index * _CELL, left + column * _CELL
                sheet[top : top + SIDE * _ZOOM, start : start + SIDE * _ZOOM] = _enlarged(letter_set.images[position])
    for index, letter in enumerate(LETTERS):
        _write(sheet, letter, (16, _HEAD + index * _CELL + 42), size=1.1, thickness=2)
    try:
        with replace_whole(out) as file:
            file.write(cv2.imencode(".png", sheet)[1].tobytes())
    except OSError as error:
        raise LetterlabError(
            f"The contact sheet {out} cannot be written ({error.strerror}): name another file."
        ) from error
    return out


def _spread(letter_set: LetterSet, index: int, count: int) -> Int[np.ndarray, "m"]:
    """Positions of at most so many letters of one class, evenly spread over all of them."""
    positions = np.flatnonzero(letter_set.labels == index)
    return positions[np.linspace(0, len(positions) - 1, min(count, len(positions))).round().astype(int)]


def _write(sheet: UInt8[np.ndarray, "h w"], text: str, at: tuple[int, int], size: float, thickness: int) -> None:
    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, 40, thickness, cv2.LINE_AA)


def _enlarged(image: UInt8[np.ndarray, "28 28"]) -> UInt8[np.ndarray, "56 56"]:
    return 255 - image.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1)
