"""Which strokes decided: what hiding each place of a letter does to its probability."""

from collections.abc import Callable
from typing import Final

import numpy as np

from letterlab.letterset import SIDE
from letterlab.shapes import Float32, UInt8

WINDOW: Final = 5
"""Side of what is hidden at a time: little more than the width of a stroke."""
STRIDE: Final = 3
"""From one hidden place to the next: with 2 there are twice as many and the map hardly differs."""
LEAST: Final = 2 * 255
"""Ink that a window must hide to be looked at: that of two full pixels."""


def occlusion(
    picture: UInt8[np.ndarray, "28 28"], probability: Callable[[UInt8[np.ndarray, "n 28 28"]], Float32[np.ndarray, "n"]]
) -> Float32[np.ndarray, "28 28"]:
    """By how much hiding each place of a prepared picture lowers a probability (Zeiler and Fergus, ECCV 2014).

    Windows of 5x5 pixels are painted over as paper, 3 pixels apart, wherever there is ink, and all these pictures
    are asked about at once. A pixel has the mean of what the windows around it lowered, nearer ones counting more. The
    map is relative: 1 where the probability falls most, 0 where there is no ink, or where hiding raises it. It is all
    zeros when hiding lowers it nowhere.

    Args:
        picture: as the network sees it.
        probability: of prepared pictures, that of the letter in question.
    """
    places = range(STRIDE // 2, SIDE, STRIDE)
    reach = WINDOW // 2
    windows = {
        (y, x): np.s_[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        for y in places
        for x in places
    }
    inked = [middle for middle, window in windows.items() if picture[window].sum(dtype=np.int64) >= LEAST]
    asked = np.repeat(picture[None], len(inked) + 1, axis=0)  # the last with nothing hidden
    for hidden, middle in zip(asked, inked, strict=False):
        hidden[windows[middle]] = 0
    said = probability(asked)
    lowered = np.maximum(said[-1] - said[:-1], 0)
    if not lowered.any():
        return np.zeros((SIDE, SIDE), np.float32)
    away = np.array(inked)[:, :, None] - np.arange(SIDE)
    rows, columns = np.exp(-(away**2) / (2 * reach**2)).transpose(1, 0, 2)
    found = np.einsum("n,ny,nx->yx", lowered, rows, columns) / np.einsum("ny,nx->yx", rows, columns) * (picture > 0)
    return (found / found.max()).astype(np.float32)
