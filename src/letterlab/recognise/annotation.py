"""A picture with what was read in it drawn over it."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from jaxtyping import UInt8

from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.recognise.recogniser import Reading, ReadLetter

LABEL: Final = 56
"""Pixels of width that a label such as "M 98%" needs to be read with ease: so wide the middling letter is made..."""
GREATEST: Final = 6000
"""...if no side of the picture comes to more than this by it."""

# Blue, green and red; told apart without colours by the question mark.
_LETTER: Final = (170, 80, 0)
_NO_LETTER: Final = (0, 60, 200)
_WHITE: Final = (255, 255, 255)
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_HEIGHT: Final = 22
"""Of the font's capitals at scale 1, in pixels."""


def annotate(grey: UInt8[np.ndarray, "h w"], reading: Reading) -> UInt8[np.ndarray, "y x 3"]:
    """A box around each letter of a picture, with the letter and its probability over it; blue, green and red.

    A picture with small letters is enlarged by a whole number, so that the labels can be read. Around it is room for
    the labels of letters at the edge. Boxes have a white line beside the coloured one, so that they show on dark and
    on light.
    """
    widths = [letter.box[2] for letter in reading.letters]
    middling = max(int(np.median(widths)), 1) if widths else LABEL
    scale = max(1, min(-(-LABEL // middling), GREATEST // max(grey.shape)))
    enlarged = np.repeat(np.repeat(grey, scale, axis=0), scale, axis=1)
    font = min(max(middling * scale / 120, 0.4), max(grey.shape) * scale / 800 + 0.4)
    line = max(1, round(2 * font))
    room = round(_HEIGHT * font) + 6 * line
    page = cv2.copyMakeBorder(enlarged, room, line * 2, line * 2, room * 4, cv2.BORDER_CONSTANT, value=[255])
    page = cv2.cvtColor(page, cv2.COLOR_GRAY2BGR)
    places = [
        (x * scale + 2 * line, y * scale + room, width * scale, height * scale)
        for x, y, width, height in (letter.box for letter in reading.letters)
    ]
    for (x, y, width, height), letter in zip(places, reading.letters, strict=True):
        for away, colour in ((line, _WHITE), (0, _colour(letter))):
            corners = (x - away, y - away), (x + width - 1 + away, y + height - 1 + away)
            cv2.rectangle(page, *corners, colour, line)
    for (x, y, _, _), letter in zip(places, reading.letters, strict=True):
        label = f"{letter.letter or '?'} {letter.probability:.0%}"
        (long, high), below = cv2.getTextSize(label, _FONT, font, line)
        left, base = x - line, y - 2 * line - below // 2
        cv2.rectangle(page, (left, base - high - line), (left + long + line, y - line), _colour(letter), cv2.FILLED)
        cv2.putText(page, label, (left + line, base), _FONT, font, _WHITE, line, cv2.LINE_AA)
    return np.asarray(page, dtype=np.uint8)


def write_annotated(grey: UInt8[np.ndarray, "h w"], reading: Reading, source: str, path: Path) -> None:
    """Writes an annotated picture as PNG, whole or not at all.

    Args:
        grey: the picture.
        reading: what was read in it.
        source: the picture's file, which is not written over.
        path: the file to write.

    Raises:
        LetterlabError: it cannot be written, or is the picture itself.
    """
    try:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise LetterlabError(f"The annotated picture would take the place of {source} itself: give another place.")
        with replace_whole(path) as file:
            file.write(cv2.imencode(".png", annotate(grey, reading))[1].tobytes())
    except OSError as error:
        raise LetterlabError(f"{path} cannot be written ({error.strerror}): give another place.") from None


def _colour(letter: ReadLetter) -> tuple[int, int, int]:
    return _LETTER if letter.letter else _NO_LETTER
