"""The study by Optuna, as its own example with PyTorch does it: python study_optuna.py TREE

One trial after the other; the settings are put into its queue, so that it tries those that the others try.
"""

import sys
import time
from typing import Any

import optuna
from protocol import serve
from settings import SPACE, TRIALS, trials
from trainable import train

Named = dict[str, Any]


def words(setting: Named) -> Named:
    """A setting as Optuna keeps it: choices are numbers and text, no lists."""
    return {**setting, "hidden": "-".join(map(str, setting["hidden"]))}


def objective(trial: optuna.Trial) -> float:
    choices = {name: [words({**trials()[0], name: value})[name] for value in values] for name, values in SPACE.items()}
    setting: Named = {name: trial.suggest_categorical(name, values) for name, values in choices.items()}
    setting["hidden"] = [int(size) for size in setting["hidden"].split("-")]

    def report(epoch: int, accuracy: float) -> None:
        trial.report(accuracy, epoch)

    return train(setting, sys.argv[1], report)


def work(_: Named) -> Named:
    began = time.perf_counter()
    study = optuna.create_study(direction="maximize")
    for setting in trials():
        study.enqueue_trial(words(setting))
    study.optimize(objective, n_trials=TRIALS)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "trials": len(study.trials), "best validation accuracy": study.best_value}


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    train(trials()[0], sys.argv[1], lambda epoch, accuracy: None)
    serve(work)


if __name__ == "__main__":
    main()
