"""Recipes: the frozen, complete description of one training. Equal recipes on equal letters give equal weights."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from letterlab.errors import LetterlabError

Activation = Literal["relu", "gelu", "silu", "tanh", "sigmoid"]
Normalisation = Literal["none", "batch", "group"]
Precision = Literal["fp32", "bf16"]
Device = Literal["cpu", "cuda", "mps"]


class Settings(BaseModel):
    """Settings that cannot change once made, and that refuse names they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mlp(Settings):
    """A multi-layer perceptron: the 784 pixels, hidden layers, 26 outputs."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Annotated[int, Field(ge=1)], ...] = (512, 256)
    """Neurons of each hidden layer, from the picture on; empty is a linear classifier."""
    activation: Activation = "relu"
    normalisation: Normalisation = "batch"
    groups: Annotated[int, Field(ge=1)] = 8
    """Of GroupNorm; must divide every layer's width."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of the activations dropped after each hidden layer."""

    @model_validator(mode="after")
    def _groups_divide(self) -> "Mlp":
        _check_groups(self, self.hidden, "hidden")
        return self


class Cnn(Settings):
    """A convolutional network: blocks of convolution, 2x2 max-pooling, normalisation and activation; 26 outputs."""

    kind: Literal["cnn"] = "cnn"
    filters: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=4)] = (32, 64, 128)
    """Filters of each convolutional layer; each layer halves the picture (28, 14, 7, 3, 1)."""
    kernel: Annotated[int, Field(ge=1, le=11)] = 3
    """Height and width of every kernel, odd, so that padding by half of it keeps the picture's size."""
    activation: Activation = "relu"
    normalisation: Normalisation = "batch"
    groups: Annotated[int, Field(ge=1)] = 8
    """Of GroupNorm; must divide every layer's filters."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of the features dropped before the last, linear layer."""

    @model_validator(mode="after")
    def _sizes_fit(self) -> "Cnn":
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel {self.kernel} is even: give an odd one, such as 3 or 5")
        _check_groups(self, self.filters, "filters")
        return self


def _check_groups(model: Mlp | Cnn, widths: tuple[int, ...], name: str) -> None:
    odd = [width for width in widths if width % model.groups]
    if model.normalisation == "group" and odd:
        raise ValueError(f"{name} {odd[0]} cannot be split into {model.groups} groups: give groups that divide it")


class Optimiser(Settings):
    """How weights follow their gradients."""

    name: Literal["sgd", "adam", "adamw"] = "adamw"
    """SGD has Nesterov momentum 0.9; Adam adds weight decay to the gradient (L2), AdamW takes it off the weights."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    """At its highest, when there is a schedule."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """Biases and normalisation are spared it."""
    schedule: Literal["constant", "cosine", "one-cycle"] = "one-cycle"
    """Cosine falls to zero; one-cycle rises linearly over the first quarter and then falls as a cosine."""


class Augmentation(Settings):
    """Random changes of the training letters, anew in every epoch. All zero is none."""

    rotation: Annotated[float, Field(ge=0, le=180)] = 15.0
    """Degrees, at most, either way."""
    shift: Annotated[float, Field(ge=0, le=14)] = 2.0
    """Pixels, at most, in each direction."""
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.15
    """Share by which a letter grows or shrinks, at most."""
    slant: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """Shear: pixels sideways per pixel of height, at most, either way."""
    elastic: Annotated[float, Field(ge=0, le=6)] = 0.0
    """Standard deviation in pixels of a smooth random field of displacements (Simard et al. 2003)."""


class Recipe(Settings):
    """One training, completely described."""

    model: Annotated[Mlp | Cnn, Field(discriminator="kind")] = Cnn()
    optimiser: Optimiser = Optimiser()
    augmentation: Augmentation = Augmentation()
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1
    batch_size: Annotated[int, Field(ge=2)] = 128
    epochs: Annotated[int, Field(ge=1)] = 16
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Of first weights, order of letters, augmentation and dropout; which letters validate does not depend on it."""
    precision: Precision = "fp32"
    device: Device = "cpu"


def no_augmentation() -> Augmentation:
    """Letters as they are."""
    return Augmentation(rotation=0, shift=0, scale=0, slant=0, elastic=0)


def read_recipe(path: Path) -> Recipe:
    """A recipe from a TOML file, whose keys are the fields above; what is left out has its default.

    Raises:
        LetterlabError: there is no such file, it is not TOML, or a key or value is not known; names all that is wrong.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LetterlabError(f"There is no recipe at {path}: give the path of a TOML file.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LetterlabError(f"{path} cannot be read as a recipe: {error}. Mend the TOML there.") from None
    try:
        return Recipe.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(_explain(detail) for detail in error.errors())
        raise LetterlabError(f"{path} is not a recipe: {wrong}.") from None


def _explain(detail: Any) -> str:
    """One of pydantic's complaints, in a phrase; an unknown key gets the nearest known one."""
    way = [str(step) for step in detail["loc"]]
    if detail["type"] != "extra_forbidden":
        return f"{'.'.join(way)}: {detail['msg'].removeprefix('Value error, ')}"
    known = {name for model in (Recipe, Mlp, Cnn, Optimiser, Augmentation) for name in model.model_fields}
    near = difflib.get_close_matches(way[-1], sorted(known), n=1)
    return f"{'.'.join(way)} is not a setting" + (f", perhaps {near[0]} is meant" if near else "")
