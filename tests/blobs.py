"""Made-up letters that a small network learns in a moment."""

import numpy as np

from letterlab.letterset import SIDE, LetterSet


def blobs(each: int, seed: int) -> LetterSet:
    """For each letter `each` pictures with a bright square at a place of its own, and noise."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    images = generator.integers(0, 60, (len(labels), SIDE, SIDE), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 6)
        image[row * 5 : row * 5 + 4, column * 4 : column * 4 + 4] = 255
    names = [f"{chr(97 + label)}_{number:05}.png" for number, label in enumerate(labels)]
    return LetterSet.of(images, labels, names)
