"""What is known of a training: its epochs, and on what it ran."""

import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from letterlab.machine import cores
from letterlab.recipe import Recipe


@dataclass(frozen=True)
class Score:
    """How a network does on one set of letters."""

    loss: float
    """Mean cross-entropy in nats, without label smoothing."""
    accuracy: float
    """Share read rightly, 0 to 1."""


@dataclass(frozen=True)
class Epoch:
    """The state after one pass over the training letters."""

    number: int
    """From 1."""
    train: Score
    """On as many training letters as validate, the same in every epoch, without augmentation or dropout: so that the
    three scores can be set side by side."""
    validation: Score
    test: Score
    """For the curves only: it chooses nothing."""
    learning_rate: float
    """At the last step."""
    seconds: float
    """Training alone, without scoring."""


@dataclass(frozen=True)
class Record:
    """A training as far as it has come."""

    recipe: Recipe
    letters: str
    """Fingerprint of the letters (`Letters.fingerprint`)."""
    parameters: int
    """Trainable numbers in the network."""
    epochs: tuple[Epoch, ...]
    environment: dict[str, str]
    """Versions and machine, from `environment`."""
    prepared: bool = False
    """Whether the letters were as a recogniser sees them (`Letters.prepared`)."""

    @property
    def finished(self) -> bool:
        """All epochs of the recipe are done."""
        return len(self.epochs) == self.recipe.epochs

    @property
    def seconds(self) -> float:
        """Training time, without scoring."""
        return sum(epoch.seconds for epoch in self.epochs)

    def to_json(self) -> dict[str, Any]:
        """As plain values, for `from_json`."""
        return {**asdict(self), "recipe": self.recipe.model_dump(mode="json")}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Record":
        """What `to_json` gave."""
        epochs = tuple(
            Epoch(**{**epoch, **{part: Score(**epoch[part]) for part in ("train", "validation", "test")}})
            for epoch in stored["epochs"]
        )
        return cls(**{**stored, "recipe": Recipe.model_validate(stored["recipe"]), "epochs": epochs})


def environment(threads: int) -> dict[str, str]:
    """Versions and machine, in words for a report: what else than recipe, letters and seed decides the weights."""
    return {
        "letterlab": version("letterlab"),
        "python": platform.python_version(),
        "torch": version("torch"),
        "torchvision": version("torchvision"),
        "numpy": version("numpy"),
        "opencv": version("opencv-python-headless"),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": str(cores()),
        "threads": str(threads),
    }


def _processor() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
