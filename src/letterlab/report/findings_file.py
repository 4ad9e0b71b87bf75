"""findings.json: all that the report states, for programs and for those who write their own text."""

import json
import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Rate
from letterlab.files import write_text
from letterlab.report.effects import verdicts
from letterlab.study.results import FamilyResult, Results, Tried, duel


def write_findings(results: Results, path: Path) -> None:
    """Writes the findings of a study as JSON, whole or not at all.

    Accuracies and rates are shares, 0 to 1, each with its 95 % interval, hits and n; what is not known is null.
    Confusion matrices hold counts; rows are what a letter is, columns what it was read as, A to Z.
    """
    mlp, cnn = results.family("mlp"), results.family("cnn")
    found = {
        "asked": results.asked,
        "letters": results.letters,
        "environment": results.environment,
        "seconds": results.seconds,
        "alphabet": LETTERS,
        "families": {family.family: _family(family) for family in results.families},
        "failed": results.failed,
        "cnn_less_mlp": duel(cnn, mlp) if mlp and cnn else None,
    }
    write_text(path, json.dumps(_plain(found), ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _family(family: FamilyResult) -> dict[str, Any]:
    found = verdicts(family)

    def described(tried: Tried) -> dict[str, Any]:
        effect = found.effect_of(tried)
        return {
            "name": tried.name,
            "varied": tried.varied,
            "recipe": tried.recipe,
            "parameters": tried.parameters,
            "seconds": tried.seconds,
            "seeds": [trial.record.recipe.seed for trial in tried.trials],
            "validation": [trial.validation.accuracy for trial in tried.trials],
            "test": [trial.test.accuracy for trial in tried.trials],
            "validation_mean": float(np.mean(tried.validation_accuracies)),
            "test_mean": float(np.mean(tried.test_accuracies)),
            "validation_less_best": None if tried is family.best else family.against_best(tried),
            "validation_less_base": effect.comparison if effect else None,
        }

    return {
        "candidates": [described(tried) for tried in family.ranked],
        "best": family.best.name,
        "network": family.best_trial.name,
        "findings": family.findings,
    }


def _plain(value: Any) -> Any:
    """The same in what JSON knows: NaN, which stands for a share of nothing, becomes null."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Rate):
        return _plain(value._asdict())
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return None if isinstance(value, float) and math.isnan(value) else value
