"""The study by Ray Tune: python study_ray.py TREE

As many trials at a time as there are cores, each with one. Ray has been started, and has its workers, before the clock.
"""

import logging
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
from protocol import serve
from ray import tune
from settings import trials
from trainable import train

CORES = len(os.sched_getaffinity(0))


def trainable(config: dict[str, Any]) -> None:
    train(config["setting"], config["tree"], lambda epoch, accuracy: tune.report({"accuracy": accuracy}))


def study(settings: list[dict[str, Any]], folder: str) -> dict[str, Any]:
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        tune_config=tune.TuneConfig(reuse_actors=True),  # else each trial loads torch anew
        param_space={"setting": tune.grid_search(settings), "tree": str(Path(sys.argv[1]).resolve())},
        run_config=tune.RunConfig(storage_path=folder, verbose=0),
    )
    results = tuner.fit()
    if results.errors:
        raise results.errors[0]
    best = results.get_best_result(metric="accuracy", mode="max", scope="last")
    return {"trials": len(results), "best validation accuracy": best.metrics["accuracy"], "at a time": CORES}


def work(_: dict[str, Any]) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        came = study(trials(), folder)
        return {"seconds": time.perf_counter() - began, **came}


def main() -> None:
    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    with TemporaryDirectory() as folder:
        study(trials()[:CORES], folder)
    serve(work)


if __name__ == "__main__":
    main()
