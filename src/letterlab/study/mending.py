"""Trainings of a study whose files were damaged since: they are run again, which gives the same files."""

from pathlib import Path

from letterlab.checkpoint import NAME, read_record
from letterlab.errors import LetterlabError
from letterlab.evaluation import Predictions
from letterlab.study.folder import TEST_FILE, TRIALS, VALIDATION_FILE
from letterlab.study.store import Store
from letterlab.terminal import complaints


def try_damaged_again(experiments: list[str], store: Store, folder: Path) -> None:
    """Adds anew the trials that are done, but whose checkpoint or predictions can no longer be read; names the files.

    What was chosen by them stands, for a training gives the same numbers every time.

    Args:
        experiments: whose trials are looked at.
        store: of the study.
        folder: of the study.
    """
    for trial in (one for name in experiments for one in store.trials(name) if one.state == "done"):
        place = folder / TRIALS / trial.name
        try:
            read_record(place / NAME)
            for file in (VALIDATION_FILE, TEST_FILE):
                Predictions.open(place / file)
        except LetterlabError as error:
            complaints.print(f"{str(error).partition(': ')[0]}: {trial.name} is trained again.", markup=False)
            store.try_again(trial)
