"""What every test may use."""

import itertools
import os
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side; before torch is imported

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import checked  # noqa: F401  before letterlab is imported
from blobs import blobs
from letterlab.evaluation import Predictions
from letterlab.letterset import Letters, Orientation
from postgres import Server, missing

_DATABASES = itertools.count()
REAL = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def letters() -> Letters:
    """20 of each letter to train on, 4 to test with."""
    return Letters(blobs(20, 0), blobs(4, 1), "blobs", Orientation("upright", 1.0, "Made so."))


@pytest.fixture
def predictions() -> Predictions:
    """Four letters A (one read as B, surely), four B (two read as A), two C, all right."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2], dtype=np.uint8)
    answers = [0, 0, 0, 1, 1, 1, 0, 0, 2, 2]
    sureness = [0.9, 0.8, 0.7, 0.9, 0.9, 0.9, 0.6, 0.8, 0.9, 0.9]
    probabilities = np.zeros((10, 26), dtype=np.float32)
    for i, (answer, sure) in enumerate(zip(answers, sureness, strict=True)):
        probabilities[i] = (1 - sure) / 25
        probabilities[i, answer] = sure
    return Predictions(probabilities, labels, np.array([f"{i}.png" for i in range(10)]))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; tests that need it are skipped where there can be none."""
    if why := missing():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="letterlab-") as folder:  # where its own user may go
        server = Server(Path(folder))
        yield server
        server.stop("immediate")


@pytest.fixture
def database(postgres) -> str:
    """The URL of a database with nothing in it."""
    name = f"study{next(_DATABASES)}"
    postgres.query(f"CREATE DATABASE {name}")
    return postgres.url(name)


@pytest.fixture(scope="session")
def real() -> Path:
    """Folder with real letters; tests that need it are skipped where it is absent."""
    if not (REAL / "letters").is_dir():
        pytest.skip(f"no real letters at {REAL}")
    return REAL
