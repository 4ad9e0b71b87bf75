"""How the best networks see the test letters: stored once, so that look-alikes can be found without a network."""

from typing import Final

import numpy as np

from letterlab.files import write_arrays
from letterlab.letterset import LetterSet
from letterlab.prediction import features, open_network
from letterlab.shapes import Float16, Float32
from letterlab.study.folder import FEATURES_FILE
from letterlab.study.tried import Trial

MOST: Final = 64
"""Principal components that are kept: they hold nearly all of the distances between letters, in little room."""


def write_features(trial: Trial, test: LetterSet) -> None:
    """Writes what the last layer of a trial's network is given for each test letter, if it is not there yet."""
    path = trial.folder / FEATURES_FILE
    if path.exists():
        return
    network, record = open_network(trial.folder)
    write_arrays(path, {"features": principal(features(network, test, record.recipe.precision))})


def principal(values: Float32[np.ndarray, "n d"]) -> Float16[np.ndarray, "n k"]:
    """The rows on their leading principal components, at most 64, in units of the first one's standard deviation."""
    centred = values - values.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    found = centred @ directions[:, ::-1][:, :MOST]
    return (found / max(float(found[:, 0].std()), np.finfo(np.float32).tiny)).astype(np.float16)
