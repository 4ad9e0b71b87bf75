"""A study of 24 perceptrons by letterlab: python study_ours.py LETTERS

From the letters' folder, which has been opened before, to results: `begin_study`, as `letterlab study` calls it, with
as many trainings at a time as it chooses, in the precision that it finds quicker; that letters stand in both parts is
looked for, too. Adam, no schedule, weight decay, augmentation or label smoothing. It keeps of every trial a checkpoint,
TensorBoard events and predictions, and scores training, validation and test letters after each epoch.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from protocol import serve
from settings import EPOCHS, trials

import letterlab
from letterlab.recipe import no_augmentation
from letterlab.study.beginning import quicker_precision
from letterlab.study.plan import Experiment, Factor, FamilyPlan, Level

WAYS = {
    "hidden": "model.hidden",
    "activation": "model.activation",
    "dropout": "model.dropout",
    "learning_rate": "optimiser.learning_rate",
    "batch_size": "batch_size",
}
BASE = letterlab.Recipe(
    model=letterlab.Mlp(normalisation="none"),
    optimiser=letterlab.Optimiser(name="adam", weight_decay=0, schedule="constant"),
    augmentation=no_augmentation(),
    label_smoothing=0,
    epochs=EPOCHS,
)


def plan() -> letterlab.Plan:
    """The first trial is the base, the others its changes."""
    base = BASE.model_copy(update={"precision": quicker_precision()})
    levels = [
        Level(name=f"{number:02}", changes={WAYS[name]: value for name, value in trial.items()})
        for number, trial in enumerate(trials())
    ]
    experiment = Experiment(name="trials", base=base, crossed=(Factor(name="trial", levels=tuple(levels)),), seeds=1)
    return letterlab.Plan(name="bench", families=(FamilyPlan(name="mlp", experiments=(experiment,)),))


def study(source: str, asked: letterlab.Plan, folder: Path) -> dict[str, Any]:
    begun = letterlab.begin_study(letterlab.open_letters(source), asked, folder)
    results = begun.run()
    accuracies = [one.record.epochs[-1].validation.accuracy for one in results.trials]
    return {"trials": len(accuracies), "best validation accuracy": max(accuracies), "at a time": begun.workers}


def main() -> None:
    asked = plan()  # which is quicker is found out once, as when a plan of budgets is made

    def work(_: dict[str, Any]) -> dict[str, Any]:
        with TemporaryDirectory() as scratch:
            began = time.perf_counter()
            came = study(sys.argv[1], asked, Path(scratch) / "study")
            return {"seconds": time.perf_counter() - began, **came}

    work({})
    serve(work)


if __name__ == "__main__":
    main()
