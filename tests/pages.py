"""Pages of handwriting, composed from pictures of single letters: what is written on them is known."""

from typing import NamedTuple

import cv2
import numpy as np

from letterlab.alphabet import LETTERS

INK = 96  # grey level from which a pixel of a 28x28 letter counts as written on


class Page(NamedTuple):
    """A photographed sheet and what stands on it."""

    grey: np.ndarray
    """[h, w] uint8, dark ink on light paper."""
    text: str
    """Capitals, a space between words, a newline between lines."""
    boxes: list[tuple[int, int, int, int]]
    """x, y, width and height of each letter's ink, in reading order."""


def compose(
    images, labels, seed, *, words=10, per_line=3, size=60, apart=(0.1, 0.33), slant=0.0, noise=4.0, light=0.25
) -> Page:
    """Words of 3 to 8 letters, each letter taken at random from `images` [n, 28, 28] (bright ink on black).

    Letters differ in size by a sixth, lines by a fifth; letters stand up to a twelfth of their size above or below the
    line; words are at least 0.7 sizes apart. Half of the letters that have a descender in their small form hang below
    the line.

    Args:
        words: how many, `per_line` in each line but the last.
        size: height of a letter's 28 pixels on the page, in pixels.
        apart: least and greatest distance between two letters of a word, in sizes.
        slant: by how much every line rises or falls, in degrees.
        noise: standard deviation of the sensor's noise, in grey levels.
        light: share of the light that is lost towards one corner.
    """
    generator = np.random.default_rng(seed)
    lengths = generator.integers(3, 9, words)
    lines = [lengths[begin : begin + per_line] for begin in range(0, words, per_line)]
    width = round(size * (per_line * 9.5 + 2))
    fall = width * np.tan(np.radians(slant))
    height = round(size * (2.2 * len(lines) + 2) + abs(fall))
    page = np.zeros((height, width), np.float32)
    text, boxes = [], []
    for number, line in enumerate(lines):
        pitch = size * generator.uniform(0.9, 1.1)
        x = size * generator.uniform(0.8, 1.6)
        written = []
        for length in line:
            word = ""
            for _ in range(length):
                index = int(generator.integers(len(images)))
                letter = LETTERS[labels[index]]
                ink = scaled(images[index], pitch * generator.uniform(0.85, 1.15))
                base = size * (2.2 * number + 2) + pitch * generator.uniform(-0.08, 0.08)
                base += abs(fall) / 2 + fall * (x / width - 0.5)
                if letter in "GJPQY" and generator.random() < 0.5:
                    base += 0.25 * pitch
                top, left = round(base) - ink.shape[0], round(x)
                place = page[top : top + ink.shape[0], left : left + ink.shape[1]]
                np.maximum(place, ink, out=place)
                boxes.append((left, top, ink.shape[1], ink.shape[0]))
                x += ink.shape[1] + pitch * generator.uniform(*apart)
                word += letter
            written.append(word)
            x += pitch * generator.uniform(0.7, 1.0)
        text.append(" ".join(written))
    return Page(photographed(page, generator, noise, light), "\n".join(text), boxes)


def right_letters(read: str, written: str) -> float:
    """1 - edit distance / letters written (Levenshtein 1966), blanks and line breaks left out."""
    read, written = ("".join(text.split()) for text in (read, written))
    return 1 - _distance(read, written) / len(written)


def _distance(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first):
        before, row[0] = row[0], i + 1
        for j, b in enumerate(second):
            before, row[j + 1] = row[j + 1], min(before + (a != b), row[j] + 1, row[j + 1] + 1)
    return row[-1]


def scaled(image: np.ndarray, size: float) -> np.ndarray:
    """[h, w] The ink of a letter, 0 to 1, cropped, its 28 pixels brought to `size`."""
    large = cv2.resize(image.astype(np.float32) / 255, (round(size), round(size)), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.nonzero(large >= INK / 255)
    return np.clip(large[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1], 0, 1)


def photographed(page: np.ndarray, generator: np.random.Generator, noise: float, light: float) -> np.ndarray:
    height, width = page.shape
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    lit = 1 - light * (rows + columns) / 2
    grey = lit * (235 - 190 * np.where(page < 0.1, 0, page)) + generator.normal(0, noise, page.shape)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
