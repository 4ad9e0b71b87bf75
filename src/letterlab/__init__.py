"""Reads handwritten letters and studies the networks that do it.

The names below are loaded when they are first used: `import letterlab` alone brings neither torch nor NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from letterlab.errors import LetterlabError
    from letterlab.evaluation import Predictions
    from letterlab.findings.network import Findings
    from letterlab.letterset import Letters, LetterSet
    from letterlab.prediction import evaluate
    from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Recipe, Torchvision
    from letterlab.recognise.recogniser import Recogniser
    from letterlab.sources.opening import open_letters
    from letterlab.study.plan import Plan, read_plan
    from letterlab.study.results import Results, open_results
    from letterlab.study.running import begin_study
    from letterlab.training import fit

_HOMES = {
    "Augmentation": "recipe",
    "Cnn": "recipe",
    "Findings": "findings.network",
    "LetterSet": "letterset",
    "LetterlabError": "errors",
    "Letters": "letterset",
    "Mlp": "recipe",
    "Optimiser": "recipe",
    "Plan": "study.plan",
    "Predictions": "evaluation",
    "Recipe": "recipe",
    "Recogniser": "recognise.recogniser",
    "Results": "study.results",
    "Torchvision": "recipe",
    "begin_study": "study.running",
    "evaluate": "prediction",
    "fit": "training",
    "open_letters": "sources.opening",
    "open_results": "study.results",
    "read_plan": "study.plan",
}

__all__ = [
    "Augmentation",
    "Cnn",
    "Findings",
    "LetterSet",
    "LetterlabError",
    "Letters",
    "Mlp",
    "Optimiser",
    "Plan",
    "Predictions",
    "Recipe",
    "Recogniser",
    "Results",
    "Torchvision",
    "begin_study",
    "evaluate",
    "fit",
    "open_letters",
    "open_results",
    "read_plan",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'letterlab' has no attribute {name!r}")
    return getattr(import_module(f"letterlab.{_HOMES[name]}"), name)
