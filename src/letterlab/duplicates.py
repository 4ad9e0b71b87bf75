"""The same piece of writing twice: pictures that are equal pixel by pixel, or two renderings of one.

What counts as the same writing:

Every picture is brought into one form (`settle`), which takes away what re-encoding, a shift, another brightness,
light noise and light blur change. Distance between two pictures is 1 minus the correlation of their settled forms: 0
is the same picture, 1 nothing in common. No fixed distance tells copies from look-alikes, for the plain strokes of two
people's I lie closer together than two scans of one K. So it is measured against how common the shape is: the
isolation of a picture is its distance to the tenth nearest letter, and two pictures are the same writing when they are
at most a tenth of the smaller of their isolations and at most 0.03 apart, or closer than 0.001. (This is the ratio test
of Lowe, IJCV 60, 2004, with the tenth neighbour in the place of the second, so that a few copies do not hide one
another.) Among fewer than 10,000 letters the nearest thousandth stands for the tenth, and below 2,000, where that says
nothing, only 0.001 counts.

Each letter is compared with the nearest one: a letter that has many doubles is named with one of them, every letter
that has a double is named, and pairs never grow with the square of the letters.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from letterlab.letterset import SIDE
from letterlab.shapes import Bool, Float32, Int64, UInt8

_GRID: Final = 14
"""Samples of a settled form in each direction, 2 pixels apart."""
_SIGMA: Final = 1.0
"""Standard deviation of the smoothing in pixels: at 2 pixels between samples little less would do."""
_FAINT: Final = 16
"""Ink above the background that is taken for JPEG ringing or noise."""
_RATIO: Final = 0.1
"""Same writing: distance at most this part of the isolation..."""
_FARTHEST: Final = 0.03
"""...and never more than this..."""
_SURE: Final = 0.001
"""...or closer than this whatever the isolation."""
_NEIGHBOURS: Final = 10
"""Isolation is the distance to this many letters..."""
_SHARE: Final = 1000
"""...but to no more than one in this many."""
_SAMPLE: Final = 8192
"""Letters that are asked first about isolation: they rule out most pairs."""
_BLOCK: Final = 2048
"""Rows and columns of one block of similarities: 16 MB, near enough to the processor's cache."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of letters that are the same writing, nearest first."""

    first: Int64[np.ndarray, "m"]
    """Position in the first set; within one set the lower position."""
    second: Int64[np.ndarray, "m"]
    """Position in the second set."""
    distance: Float32[np.ndarray, "m"]
    """1 minus the correlation of the settled forms."""
    exact: Bool[np.ndarray, "m"]
    """All 784 pixels are equal."""

    def __len__(self) -> int:
        return len(self.first)


def settle(images: UInt8[np.ndarray, "n 28 28"]) -> Float32[np.ndarray, "n 196"]:
    """Pictures in the form in which copies are alike: rows of mean 0 and length 1.

    The background (the median) and the faintest ink go, the rest is smoothed by a Gaussian of 1 pixel and sampled 14x14
    times, 2 pixels apart, around the centre of its ink, to the fraction of a pixel. A picture without ink gives zeros.
    """
    pixels = np.arange(SIDE, dtype=np.float32)
    samples = np.arange(_GRID, dtype=np.float32) * 2 - (_GRID - 1)
    settled = np.empty((len(images), _GRID * _GRID), np.float32)

    def weights(centres: Float32[np.ndarray, "b"]) -> Float32[np.ndarray, "b 14 28"]:
        away = centres[:, None, None] + samples[:, None] - pixels
        return np.exp(away**2 / np.float32(-2 * _SIGMA**2))

    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK].astype(np.float32)
        background = np.median(block.reshape(len(block), -1), axis=1)[:, None, None]
        ink = np.maximum(block - background - _FAINT, 0)
        amount = np.maximum(ink.sum((1, 2)), 1)
        rows, columns = (ink.sum(axis) @ pixels / amount for axis in (2, 1))
        form = (weights(rows) @ ink @ weights(columns).transpose(0, 2, 1)).reshape(len(block), -1)
        form -= form.mean(1, keepdims=True)
        settled[start : start + _BLOCK] = form / np.maximum(np.linalg.norm(form, axis=1, keepdims=True), 1e-6)
    return settled


def find_duplicates(
    train: UInt8[np.ndarray, "n 28 28"], test: UInt8[np.ndarray, "m 28 28"]
) -> tuple[Pairs, Pairs, Pairs]:
    """Pairs of the same writing within train, within test, and between them (train first), as the module defines them.

    One matrix product in blocks for each of the three: time grows with the square of the number of letters, memory by
    1,600 bytes a letter.
    """
    forms = settle(train), settle(test)
    everything = np.concatenate(forms)
    return (
        _pairs(train, train, forms[0], forms[0], everything),
        _pairs(test, test, forms[1], forms[1], everything),
        _pairs(train, test, forms[0], forms[1], everything),
    )


def _pairs(
    left: UInt8[np.ndarray, "n 28 28"],
    right: UInt8[np.ndarray, "m 28 28"],
    left_forms: Float32[np.ndarray, "n 196"],
    right_forms: Float32[np.ndarray, "m 196"],
    everything: Float32[np.ndarray, "k 196"],
) -> Pairs:
    """Pairs between two sets, or within one when both are the same array."""
    near = _nearest(left_forms, right_forms)
    sure = _distance(left_forms, right_forms, near) <= _SURE
    unsure = near[~sure]
    rank = min(_NEIGHBOURS, len(everything) // _SHARE)
    # The tenth nearest of some letters is no nearer than that of all: what the sample rules out is ruled out.
    for others in (everything[:: len(everything) // _SAMPLE + 1], everything):
        isolation = np.minimum(
            _isolation(left_forms[unsure[:, 0]], others, rank), _isolation(right_forms[unsure[:, 1]], others, rank)
        )
        unsure = unsure[_distance(left_forms, right_forms, unsure) <= _RATIO * isolation]
    both = np.concatenate([_same_pixels(left, right), near[sure], unsure])
    if left is right:
        both.sort(axis=1)
    both = np.unique(both, axis=0)
    exact = (left[both[:, 0]] == right[both[:, 1]]).all((1, 2))
    distance = np.where(exact, 0, _distance(left_forms, right_forms, both))
    order = np.lexsort((distance, ~exact))
    return Pairs(both[order, 0], both[order, 1], distance[order], exact[order])


def _same_pixels(left: UInt8[np.ndarray, "n 28 28"], right: UInt8[np.ndarray, "m 28 28"]) -> Int64[np.ndarray, "k 2"]:
    """Each picture of `right` that stands in `left`, with the first place where it does, itself excepted."""
    first: dict[bytes, int] = {}
    for position, image in enumerate(left):
        first.setdefault(image.tobytes(), position)
    places = np.array([first.get(image.tobytes(), -1) for image in right], dtype=np.int64)
    found = places >= 0
    if left is right:
        found = places != np.arange(len(right))
    return np.stack([places[found], np.flatnonzero(found)], axis=1)


def _nearest(left: Float32[np.ndarray, "n 196"], right: Float32[np.ndarray, "m 196"]) -> Int64[np.ndarray, "k 2"]:
    """For each letter of either set its nearest in the other, or in the same one but itself, if not too far away."""
    within = left is right
    best_left = np.full(len(left), 1 - _FARTHEST, np.float32)
    which_left = np.full(len(left), -1)
    # Within one set both are the same: a block and its mirror image are worked out once.
    best_right = best_left if within else np.full(len(right), 1 - _FARTHEST, np.float32)
    which_right = which_left if within else np.full(len(right), -1)
    for top in range(0, len(left), _BLOCK):
        for start in range(top if within else 0, len(right), _BLOCK):
            similarity = left[top : top + _BLOCK] @ right[start : start + _BLOCK].T
            if within and start == top:
                np.fill_diagonal(similarity, -1)
            rows = np.flatnonzero(similarity.max(axis=1) > 1 - _FARTHEST)
            if not len(rows):
                continue
            close = similarity[rows]
            _keep_best(best_left, which_left, rows + top, close, start + np.arange(close.shape[1]))
            _keep_best(best_right, which_right, start + np.arange(close.shape[1]), close.T, rows + top)
    found_left = np.flatnonzero(which_left >= 0)
    pairs = [np.stack([found_left, which_left[found_left]], axis=1)]
    if not within:
        found_right = np.flatnonzero(which_right >= 0)
        pairs.append(np.stack([which_right[found_right], found_right], axis=1))
    return np.concatenate(pairs)


def _keep_best(
    best: Float32[np.ndarray, "n"],
    which: Int64[np.ndarray, "n"],
    positions: Int64[np.ndarray, "r"],
    similarity: Float32[np.ndarray, "r c"],
    others: Int64[np.ndarray, "c"],
) -> None:
    """Takes over, for the letters at these positions, what is nearer than the nearest so far."""
    column = similarity.argmax(axis=1)
    value = similarity[np.arange(len(column)), column]
    better = value > best[positions]
    best[positions[better]] = value[better]
    which[positions[better]] = others[column[better]]


def _distance(
    left: Float32[np.ndarray, "n 196"], right: Float32[np.ndarray, "m 196"], pairs: Int64[np.ndarray, "k 2"]
) -> Float32[np.ndarray, "k"]:
    return np.maximum(1 - np.einsum("kd,kd->k", left[pairs[:, 0]], right[pairs[:, 1]]), 0)


def _isolation(
    forms: Float32[np.ndarray, "m 196"], others: Float32[np.ndarray, "k 196"], rank: int
) -> Float32[np.ndarray, "m"]:
    """Distance of each form to the one of this rank among the others, counted from 0; 0 when rank 1 may be a double."""
    isolation = np.zeros(len(forms), np.float32)
    if rank < 2:
        return isolation
    rows = _BLOCK**2 // len(others) + 1
    for start in range(0, len(forms), rows):
        similarity = forms[start : start + rows] @ others.T
        isolation[start : start + rows] = 1 - np.partition(similarity, -1 - rank, axis=1)[:, -1 - rank]
    return isolation
