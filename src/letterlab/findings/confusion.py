"""The confusion matrix: rows are what a letter is, columns what it was read as."""

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions
from letterlab.shapes import Float, Int


def confusion(predictions: Predictions) -> Int[np.ndarray, "26 26"]:
    """Counts: entry [i, j] is how many letters i (by their label) were read as j."""
    size = len(LETTERS)
    cells = predictions.labels.astype(np.int64) * size + predictions.answers
    return np.bincount(cells, minlength=size * size).reshape(size, size)


def as_rates(counts: Int[np.ndarray, "26 26"]) -> Float[np.ndarray, "26 26"]:
    """Each row as shares of its letter: they sum to 1, or are all 0 for a letter that does not occur."""
    totals = counts.sum(axis=1, keepdims=True)
    return counts / np.maximum(totals, 1)
