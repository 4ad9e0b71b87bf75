"""Commands that work on one study together, each in a process and a folder of its own, by a real PostgreSQL."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from letterlab.evaluation import Predictions
from letterlab.study.folder import TEST_FILE, TRIALS, VALIDATION_FILE
from letterlab.study.results import open_results
from letterlab.study.store import Store
from one_of_many import WHOLE
from small_plan import dump

COMMAND = Path(__file__).parents[1] / "one_of_many.py"


class Command:
    """A command at work, and what it says."""

    def __init__(self, folder, url=""):
        self.process = subprocess.Popen(
            [sys.executable, COMMAND, folder, *([url] if url else [])], stdout=subprocess.PIPE, text=True
        )
        self.said = []

    def until(self, *beginnings):
        """Waits until it says something that begins so."""
        for line in self.process.stdout:
            self.said.append(line.strip())
            if line.startswith(beginnings):
                return
        raise AssertionError(f"It ended, and said {self.said}")

    def end(self):
        self.said += [line.strip() for line in self.process.stdout]
        assert self.process.wait() == 0
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.said += [line.strip() for line in self.process.stdout]
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The same study, of one command, with SQLite."""
    folder = tmp_path_factory.mktemp("alone")
    Command(folder).end()
    return folder


def test_two_commands_one_killed_and_a_server_restarted_come_to_the_numbers_of_one(alone, database, postgres, tmp_path):
    first, second = Command(tmp_path / "first", database), Command(tmp_path / "second", database)
    first.until("epoch")
    first.kill()
    second.until("done")
    postgres.stop("immediate")
    second.until("PostgreSQL")
    postgres.start()
    second.until("PostgreSQL")
    again = Command(tmp_path / "first", database)
    for one in (second, again):
        one.end()

    here = [line.split()[1] for one in (first, second, again) for line in one.said if line.endswith("here")]
    assert set(here) == {name for name, *_ in stored(alone)}
    for one in (second, again):  # which tell what others ended too, once
        ended = [line.split()[1] for line in one.said if line.startswith(("done", "given up", "failed"))]
        assert len(ended) == len(set(ended))
    for folder in (tmp_path / "first", tmp_path / "second"):
        assert stored(folder) == stored(alone)
        same_answers(folder, alone)
        assert not [path for path in folder.rglob("*") if path.is_file() and b"cret" in path.read_bytes()]
    assert best(tmp_path / "first") == best(tmp_path / "second") == best(alone)


def best(folder):
    [family] = open_results(folder).families
    return family.best.name, family.best.test_accuracies, family.best_trial.features.tolist()


def stored(folder):
    with closing(Store(folder)) as store:
        return dump(store, WHOLE)


def same_answers(folder, other):
    done = list((other / TRIALS).glob(f"*/*/{TEST_FILE}"))
    assert done
    for path in done:
        for file in (TEST_FILE, VALIDATION_FILE):
            place = path.with_name(file)
            first, second = Predictions.open(place), Predictions.open(folder / place.relative_to(other))
            assert np.array_equal(first.probabilities, second.probabilities)
