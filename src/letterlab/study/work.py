"""The work on one trial, wherever it is done, and what is said of it to the study, which waits elsewhere."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import torch

from letterlab.checkpoint import NAME, read_record
from letterlab.evaluation import Predictions
from letterlab.history import Epoch
from letterlab.letterset import Letters
from letterlab.study.folder import VALIDATION_FILE
from letterlab.study.store import Stored
from letterlab.study.trial import run_trial
from letterlab.training import DivergedError


@dataclass(frozen=True)
class Ended:
    """The last word of a trial."""

    state: Literal["done", "given up", "failed"]
    accuracy: float = 0.0
    parameters: int = 0
    reason: str = ""
    again: bool = False
    """It may go better another time."""
    died: bool = False
    """It did not say so itself: its process was ended, perhaps for another's sake."""


@runtime_checkable  # the tests check types while they run
class Workers(Protocol):
    """Where trials are worked on, each by one worker with one core."""

    @property
    def at_once(self) -> int:
        """Trials that there is room for at a time, 1 or more."""

    def start(self, trial: Stored) -> None:
        """Begins a trial, or goes on with it from its last checkpoint."""

    def listen(self, patience: float | None = None) -> Iterator[tuple[Stored, Epoch | Ended]]:
        """Waits until any trial says something, and gives what is said by then; after `Ended` it may be started again.

        One that has been started and not ended is expected. After `patience` seconds it waits no longer.
        """

    def end(self) -> None:
        """Ends all that have not ended; each keeps the last epoch that was kept of it."""


def work(
    trial: Stored, letters: Letters, folder: Path, weights: Mapping[str, str], tell: Callable[[Epoch | Ended], None]
) -> None:
    """Runs a trial with one thread, and tells each epoch and how it ended, whatever happens.

    Args:
        trial: that has a recipe.
        letters: to train, validate and test with.
        folder: of this trial.
        weights: files with ImageNet weights by the name of their network.
        tell: takes what is said.
    """
    torch.set_num_threads(1)
    assert trial.candidate.recipe is not None
    recipe = trial.candidate.recipe.model_copy(update={"seed": trial.seed})
    if recipe.model.kind == "torchvision" and recipe.model.network in weights:
        model = recipe.model.model_copy(update={"weights_file": weights[recipe.model.network]})
        recipe = recipe.model_copy(update={"model": model})
    try:
        if run_trial(recipe, letters, folder, tell, trial.planned.medians):
            accuracy = Predictions.open(folder / VALIDATION_FILE).accuracy.share
            tell(Ended("done", accuracy, read_record(folder / NAME).parameters))
        else:
            tell(Ended("given up"))
    except DivergedError as error:
        tell(Ended("failed", reason=str(error)))
    except MemoryError:
        tell(Ended("failed", reason="There was not enough memory.", again=True))
    except Exception as error:  # one trial's trouble, whatever it is, is not the study's
        tell(Ended("failed", reason=str(error) or type(error).__name__, again=True))
