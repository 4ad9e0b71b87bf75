"""A picture with what was read in it drawn over it."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.recognise.recogniser import Reading, ReadLetter
from letterlab.shapes import UInt8

LABEL: Final = 56
"""Pixels of width that a label such as "M 98%" needs to be read with ease: so wide the middling letter is made..."""
GREATEST: Final = 6000
"""...if no side of the picture comes to more than this by it."""

# Told apart without colours by the question mark.
_LETTER: Final = (0, 80, 170)
_NO_LETTER: Final = (200, 60, 0)
_WHITE: Final = (255, 255, 255)


def annotate(grey: UInt8[np.ndarray, "h w"], reading: Reading) -> Image.Image:
    """A box around each letter of a picture, with the letter and its probability over it.

    A picture with small letters is enlarged by a whole number, so that the labels can be read. Around it is room for
    the labels of letters at the edge. Boxes have a white line beside the coloured one, so that they show on dark and
    on light.
    """
    widths = [letter.box[2] for letter in reading.letters]
    middling = max(int(np.median(widths)), 1) if widths else LABEL
    height, width = grey.shape
    scale = max(1, min(-(-LABEL // middling), GREATEST // max(height, width)))
    capital = min(max(middling * scale / 120, 0.4), max(height, width) * scale / 800 + 0.4) * 22  # its height in pixels
    font = ImageFont.load_default(round(capital / 0.7))
    line = max(1, round(capital / 11))
    room = round(capital) + 6 * line
    page = Image.new("RGB", (width * scale + 2 * line + 4 * room, height * scale + room + 2 * line), _WHITE)
    picture = Image.fromarray(grey).resize((width * scale, height * scale), Image.Resampling.NEAREST)
    page.paste(picture, (2 * line, room))
    draw = ImageDraw.Draw(page)
    placed = [
        (letter, x * scale + 2 * line, y * scale + room, (x + across) * scale + 2 * line, (y + down) * scale + room)
        for letter in reading.letters
        for x, y, across, down in [letter.box]
    ]
    for letter, left, top, right, bottom in placed:
        for away, colour in ((line, _WHITE), (0, _colour(letter))):
            draw.rectangle((left - away, top - away, right - 1 + away, bottom - 1 + away), outline=colour, width=line)
    for letter, left, top, _, _ in placed:
        label = f"{letter.letter or '?'} {letter.probability:.0%}"
        long = draw.textlength(label, font)
        draw.rectangle((left - line, top - round(capital) - 5 * line, left + long + line, top - line), _colour(letter))
        draw.text((left, top - 3 * line), label, _WHITE, font, anchor="ls")
    return page


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
            annotate(grey, reading).save(file, "PNG")
    except OSError as error:
        raise LetterlabError(f"{path} cannot be written ({error.strerror}): give another place.") from None


def _colour(letter: ReadLetter) -> tuple[int, int, int]:
    return _LETTER if letter.letter else _NO_LETTER
