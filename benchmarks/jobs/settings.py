"""The trials of a study: settings of perceptrons, drawn at random once and the same for everybody."""

from itertools import islice, product
from random import Random
from typing import Any

TRIALS = 24
EPOCHS = 2
SPACE: dict[str, list[Any]] = {
    "hidden": [[128], [256], [512], [256, 128], [512, 256]],
    "activation": ["relu", "tanh", "sigmoid"],
    "dropout": [0.0, 0.2, 0.5],
    "learning_rate": [0.0003, 0.001, 0.003],
    "batch_size": [32, 64, 128, 256],
}


def trials() -> list[dict[str, Any]]:
    """Each a value of every setting; none stands twice."""
    grid = [dict(zip(SPACE, values, strict=True)) for values in product(*SPACE.values())]
    Random(0).shuffle(grid)
    return list(islice(grid, TRIALS))
