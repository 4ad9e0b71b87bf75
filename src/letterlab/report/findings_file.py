"""findings.json: all that the report states, for programs and for those who write their own text."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Rate, rate
from letterlab.files import write_text
from letterlab.findings.compare import Comparison
from letterlab.report.answers import champion
from letterlab.report.batches import batch_sweep
from letterlab.report.effects import best_of_search, steps
from letterlab.report.pareto import COSTS, best_at_cost
from letterlab.report.transfer import letter_sweep, without_weights
from letterlab.study.results import ExperimentResult, FamilyResult, Results, duel
from letterlab.study.tried import Tried


def write_findings(results: Results, path: Path) -> None:
    """Writes the findings of a study as JSON, whole or not at all.

    Accuracies and rates are shares, 0 to 1, each with its 95 % interval, hits and n; what is not known is null. A
    comparison is of the accuracy of the one named first, less that of the other. Confusion matrices hold counts; rows
    are what a letter is, columns what it was read as, A to Z.
    """
    mlp, cnn, transferred = (results.family(name) for name in ("mlp", "cnn", "transfer"))
    found = {
        "asked": results.asked,
        "letters": results.letters,
        "environment": results.environment,
        "plan": results.plan.name,
        "seconds": results.seconds,
        "waiting": results.waiting,
        "failed": results.failed,
        "alphabet": LETTERS,
        "champion": champion(results).family,
        "families": {family.family: _family(results, family) for family in results.families},
        "cnn_less_mlp": duel(cnn, mlp) if mlp and cnn else None,
        "transfer_less_cnn": duel(transferred, cnn) if transferred and cnn else None,
        "pareto": {
            cost: [
                {
                    "experiment": spot.tried.experiment,
                    "name": spot.tried.name,
                    cost: spot.cost,
                    "validation_mean": spot.gain,
                }
                for spot in best_at_cost(results, cost)
            ]
            for cost in COSTS
        },
    }
    write_text(path, json.dumps(_plain(found), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _family(results: Results, family: FamilyResult) -> dict[str, Any]:
    to_best = family.to_best if family.finals else {}
    return {
        "experiments": {result.experiment.name: _experiment(results, result) for result in family.experiments},
        "finals": [_candidate(one) | {"less_best": to_best.get(one.name)} for one in family.finals],
        "best": f"{family.best.experiment}/{family.best.name}",
        "network": family.best_trial.name,
        "findings": family.findings,
    }


def _experiment(results: Results, result: ExperimentResult) -> dict[str, Any]:
    best = best_of_search(result)
    by_batch, by_letters = batch_sweep(result), letter_sweep(result, results)
    found: dict[str, Any] = {
        "crossed": [factor.name for factor in result.experiment.crossed],
        "factors": [factor.name for factor in result.experiment.factors],
        "candidates": [_candidate(one) | {"less_base": result.to_base.get(one.name)} for one in result.tried],
        "importances": result.importances,
        "less_one_before": {one.name: step for one, step in steps(result)},
        "searched": [_candidate(one) for one in result.searched],
        "given_up": result.given_up,
        "best_of_search": best and {"name": best.tried.name, "less_base": best.comparison},
    }
    if by_batch:
        found["batch_sizes"] = {
            "group_norm": by_batch.group,
            "versus": [
                {
                    "rate": one.rate,
                    "first": one.first,
                    "second": one.second,
                    "crossing": one.crossing,
                    "by_batch_size": dict(zip(map(str, one.batches), one.comparisons, strict=True)),
                }
                for one in by_batch.versus
            ],
            "error_rises": by_batch.rises,
        }
    if by_letters:
        found["imagenet_less_random"] = [
            {"network": pair.network, "letters_of_each": pair.letters, "comparison": pair.comparison}
            for pair in by_letters.pairs
        ]
        found["without_weights"] = dict(without_weights(results, result))
    return found


def _candidate(tried: Tried) -> dict[str, Any]:
    return {
        "name": tried.name,
        "varied": tried.varied,
        "levels": tried.levels,
        "recipe": tried.recipe,
        "parameters": tried.parameters,
        "seconds": tried.seconds,
        "seeds": [trial.record.recipe.seed for trial in tried.trials],
        "validation": [rate(int(correct.sum()), len(correct)) for correct in tried.validation_correct],
        "validation_loss": [trial.on_validation.loss for trial in tried.trials],
        "validation_mean": tried.validation_mean,
        "test": [rate(int(correct.sum()), len(correct)) for correct in tried.test_correct],
        "test_mean": tried.test_mean,
    }


def _plain(value: Any) -> Any:
    """The same in what JSON knows: NaN, which stands for what is not known, becomes null."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Rate):
        return _plain(value._asdict())
    if isinstance(value, Comparison):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)} | {"apart": value.apart}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return None if isinstance(value, float) and math.isnan(value) else value
