"""Commands so small that each takes a moment, on a few letters in a zip, and what comes of them, to compare."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from blobs import blobs
from letterlab.study.folder import Study
from letterlab.study.store import Store
from packed import encoded, laid, zipped
from small_plan import dump

RECIPE = 'batch_size = 52\nepochs = 3\n[model]\nkind = "cnn"\nfilters = [4]\n'
PLAN = """
name = "tiny"
[[families]]
name = "mlp"
[[families.experiments]]
name = "factors"
seeds = 1
base = {epochs = 2, letters_of_each = 10, batch_size = 52, model = {kind = "mlp", hidden = [16]}}
[[families.experiments.factors]]
name = "neurons"
setting = "model.hidden"
values = [[16], [8]]
[families.finals]
take = 1
seeds = 1
changes = {letters_of_each = "all", epochs = 1}
"""
UPRIGHT = ("letters.zip", "--orientation", "upright")


def of_training(folder: Path) -> dict[str, bytes]:
    """Weights and predictions of every training in a folder."""
    found = {}
    for file in folder.rglob("checkpoint.safetensors"):
        found |= {f"{file}/{name}": tensor.tobytes() for name, tensor in load(file.read_bytes()).items()}
    for file in folder.rglob("*.npz"):
        found |= {f"{file}/{name}": array.tobytes() for name, array in np.load(file).items()}
    return {name.removeprefix(str(folder)): content for name, content in found.items()}


def of_study(folder: Path) -> dict[str, object]:
    """All of a study but times."""

    def timeless(value):
        if isinstance(value, dict):
            return {
                name: timeless(one)
                for name, one in value.items()
                if "seconds" not in name and name not in ("asked", "pareto")
            }
        return [timeless(one) for one in value] if isinstance(value, list) else value

    with closing(Store(folder / "study")) as store:
        trials = dump(store, Study.open(folder / "study").whole_plan)
    findings = timeless(json.loads((folder / "study" / "findings.json").read_text(encoding="utf-8")))
    return {**of_training(folder / "study"), "trials": trials, "findings": findings}


def files_of(*names: str) -> Callable[[Path], dict[str, bytes]]:
    """The content of all files with these endings."""
    return lambda folder: {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.name.endswith(names) and "known" not in file.parts
    }


def lay(folder: Path) -> None:
    """What the commands need: letters, a recipe, a plan."""
    letters = {"train": blobs(12, 0), "test": blobs(4, 1)}
    files = [
        (f"{part}/{name}", encoded(image))
        for part, of in letters.items()
        for name, image in zip(of.names, of.images, strict=True)
    ]
    laid(folder, {"letters.zip": zipped(files), "mine.toml": RECIPE.encode(), "tiny.toml": PLAN.encode()}.items())


@dataclass(frozen=True)
class Kind:
    """A command, what it needs to have been run before, and what comes of it."""

    words: tuple[str, ...]
    result: Callable[[Path], dict]
    needs: str | None = None
    kills: int = 2
    """In the ordinary suite."""


KINDS = {
    "cache": Kind(("inspect", *UPRIGHT), files_of(".npy", "checksums.json", ".png"), kills=4),
    "train": Kind(("train", "mine.toml", *UPRIGHT, "--out", "run"), of_training, kills=4),
    "export": Kind(("export", "run"), files_of(".onnx"), needs="train", kills=1),
    "study": Kind(("study", *UPRIGHT, "--plan", "tiny.toml", "--out", "study"), of_study, kills=2),
    "report": Kind(("report", "study"), files_of(".html", ".svg", ".csv", "findings.json"), needs="study", kills=1),
}
