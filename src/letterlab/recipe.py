"""Recipes: the frozen, complete description of one training. Equal recipes on equal letters give equal weights."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.letterset import FOLDS, SIDE

Activation = Literal["relu", "gelu", "silu", "tanh", "sigmoid"]
Normalisation = Literal["none", "batch", "group"]
Precision = Literal["fp32", "bf16"]
Schedule = Literal["constant", "cosine", "one-cycle"]
Device = Literal["cpu", "cuda", "mps"]
ImageNetNetwork = Literal["mobilenet_v2", "mobilenet_v3_small", "squeezenet1_1", "resnet18", "efficientnet_b0"]
"""Networks of torchvision's, by the names that it gives them."""
FILE_LIMIT: Final = 2**18
"""Bytes of a recipe's or plan's file: 256 KiB, for a thousand experiments."""
KEY_LIMIT: Final = 200
"""Dots in one line of such a file. The time that tomllib takes for a.b.c grows with the square of the dots."""
TOLD: Final = 20
"""Mistakes of a file that a message tells of."""
Width = Annotated[int, Field(ge=1, le=2**20)]
"""Of a layer; none so wide fits in memory with the next."""
GroupSize = Annotated[int, Field(ge=1)] | Literal["all"]


class Settings(BaseModel):
    """Settings that cannot change once made, and that refuse names they do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Mlp(Settings):
    """A multi-layer perceptron: the 784 pixels, hidden layers, 26 outputs."""

    kind: Literal["mlp"] = "mlp"
    hidden: tuple[Width, ...] = (512, 256)
    """Neurons of each hidden layer, from the picture on; empty is a linear classifier."""
    activation: Activation = "relu"
    normalisation: Normalisation = "batch"
    group_size: GroupSize = "all"
    """Neurons that GroupNorm takes together; must divide every layer's width. All of them is LayerNorm."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of the activations dropped after each hidden layer."""

    @model_validator(mode="after")
    def _groups_divide(self) -> "Mlp":
        _check_groups(self, self.hidden, "hidden")
        return self


class Cnn(Settings):
    """A convolutional network: blocks of convolutions, halving, normalisation and activation; 26 outputs."""

    kind: Literal["cnn"] = "cnn"
    filters: Annotated[tuple[Width, ...], Field(min_length=1, max_length=4)] = (32, 64, 128)
    """Filters of each block's convolutions; each block halves the picture (28, 14, 7, 3, 1)."""
    convolutions: Annotated[int, Field(ge=1, le=4)] = 1
    """Convolutions, of as many filters each, before the picture is halved (Simonyan and Zisserman 2015)."""
    kernel: Annotated[int, Field(ge=1, le=11)] = 3
    """Height and width of every kernel, odd, so that padding by half of it keeps the picture's size."""
    halving: Literal["pool", "stride"] = "pool"
    """By 2x2 max-pooling after each convolution, or by convolutions that take steps of two pixels."""
    padding: Literal["same", "none"] = "same"
    """Black pixels around the picture, so that a convolution keeps its size; or none, and it loses its rim."""
    activation: Activation = "relu"
    normalisation: Normalisation = "batch"
    group_size: GroupSize = 16
    """Filters that GroupNorm takes together; must divide every layer's filters. All is one group (LayerNorm over
    channels and places); 1 is a group for each filter (InstanceNorm)."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of the features dropped before the last, linear layer."""

    @model_validator(mode="after")
    def _sizes_fit(self) -> "Cnn":
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel {self.kernel} is even: give an odd one, such as 3 or 5")
        _check_groups(self, self.filters, "filters")
        if self.sides[-1] < 1:
            raise ValueError(
                f"kernel {self.kernel} without padding leaves nothing of the picture after {len(self.filters)} layers: "
                "give a smaller kernel, fewer filters, or padding same"
            )
        return self

    @property
    def sides(self) -> tuple[int, ...]:
        """Height and width in pixels of what each layer hands on, halved: 14, 7, 3."""
        sides, side = [], SIDE
        for _ in self.filters:
            kept = side if self.padding == "same" else side - self.convolutions * (self.kernel - 1)
            # A step of two meets the first pixel and every other one; pooling leaves out a last odd one.
            side = (kept + 1) // 2 if self.halving == "stride" else kept // 2
            sides.append(side)
        return tuple(sides)


class Torchvision(Settings):
    """A network of torchvision's for ImageNet, its classifier replaced by pooling, dropout and one linear layer.

    Its first layer takes grey pictures: its filters are summed over red, green and blue, so that a grey picture gives
    what the same picture in three equal channels would.
    """

    kind: Literal["torchvision"] = "torchvision"
    network: ImageNetNetwork = "mobilenet_v2"
    weights: Literal["imagenet", "random"] = "imagenet"
    """What training begins from: torchvision's IMAGENET1K_V1, or chance."""
    weights_file: str | None = None
    """A file with those ImageNet weights, instead of torchvision's own cache and download."""
    side: Annotated[int, Field(ge=SIDE, le=224)] = SIDE
    """To which the pictures are enlarged first."""
    stem_stride: Literal[1, 2] = 1
    """Step of the first convolution in pixels; ImageNet's is 2, which leaves little of a picture this small."""
    head_epochs: Annotated[int, Field(ge=0)] = 1
    """Epochs at the start in which only the new last layer learns and the others stay as they were given."""
    stem_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Learning rate of the first layer as a share of the last's; those between rise geometrically (Howard and Ruder
    2018)."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Share of the features dropped before the last, linear layer."""


def _check_groups(model: Mlp | Cnn, widths: tuple[int, ...], name: str) -> None:
    size = model.group_size
    odd = [] if size == "all" else [width for width in widths if width % size]
    if model.normalisation == "group" and odd:
        raise ValueError(f"{name} {odd[0]} cannot be split into groups of {size}: give a group_size that divides it")


class Optimiser(Settings):
    """How weights follow their gradients."""

    name: Literal["sgd", "adam", "adamw"] = "adamw"
    """SGD has Nesterov momentum 0.9; Adam adds weight decay to the gradient (L2), AdamW takes it off the weights."""
    learning_rate: Annotated[float, Field(gt=0)] = 3e-3
    """At its highest, when there is a schedule."""
    rate_for_batch: Annotated[int, Field(ge=1)] | None = None
    """The batch size that learning_rate is meant for; for another one it is scaled: in proportion for SGD (Goyal et al.
    2017), with the square root for Adam and AdamW (Krizhevsky 2014). Without it the rate is as given."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """Biases and normalisation are spared it."""
    schedule: Schedule = "one-cycle"
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
    blur: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of each pixel's neighbourhood, 3 by 3, that is mixed in, at most, or taken off, which sharpens."""


class Recipe(Settings):
    """One training, completely described."""

    model: Annotated[Mlp | Cnn | Torchvision, Field(discriminator="kind")] = Cnn()
    optimiser: Optimiser = Optimiser()
    augmentation: Augmentation = Augmentation()
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.1
    batch_size: Annotated[int, Field(ge=2)] = 128
    epochs: Annotated[int, Field(ge=1)] = 16
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Of first weights, order of letters, augmentation and dropout; which letters validate does not depend on it."""
    letters_of_each: Annotated[int, Field(ge=1)] | Literal["all"] = "all"
    """Train on so many of each letter only, drawn with the seed: of two numbers, the more hold all of the fewer."""
    fold: Annotated[int, Field(ge=0, lt=FOLDS)] | None = None
    """Which quarter of the training letters is held out to validate; without it, a tenth that is always the same."""
    no_letter: Annotated[int, Field(ge=0)] = 0
    """Drawn things that are no letters (`sources.scribbles`), to be trained on as well: the network then has a 27th
    output, for them. None of them enters into an accuracy."""
    precision: Precision = "fp32"
    device: Device = "cpu"

    @model_validator(mode="after")
    def _head_epochs_fit(self) -> "Recipe":
        if self.model.kind == "torchvision" and self.model.head_epochs > self.epochs:
            raise ValueError(f"model.head_epochs {self.model.head_epochs} is more than epochs, {self.epochs}")
        return self

    @property
    def outputs(self) -> int:
        """The network's: one for each letter, and one for what is none if it learns that."""
        return len(LETTERS) + (self.no_letter > 0)

    @property
    def peak_rate(self) -> float:
        """The highest learning rate, scaled to the batch where that is asked for."""
        optimiser = self.optimiser
        if optimiser.rate_for_batch is None:
            return optimiser.learning_rate
        times = self.batch_size / optimiser.rate_for_batch
        return optimiser.learning_rate * (times if optimiser.name == "sgd" else times**0.5)


def no_augmentation() -> Augmentation:
    """Letters as they are."""
    return Augmentation(rotation=0, shift=0, scale=0, slant=0, elastic=0, blur=0)


_Kind = TypeVar("_Kind", bound=Settings)


def read_recipe(path: Path) -> Recipe:
    """A recipe from a TOML file, whose keys are the fields above; what is left out has its default.

    Raises:
        LetterlabError: there is no such file, it is not TOML, or a key or value is not known; names all that is wrong.
    """
    return read_settings(path, Recipe, "recipe")


def read_settings(path: Path, kind: type[_Kind], name: str) -> _Kind:
    """Settings of a kind from a TOML file; `name` is what sentences call it.

    Raises:
        LetterlabError: there is no such file, it is not TOML, or a key or value is not known; names all that is wrong.
    """
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT:
            raise LetterlabError(f"{path} has more than {FILE_LIMIT:,} bytes: give the path of a {name}.")
        if any(line.count(b".") > KEY_LIMIT for line in content.split(b"\n")):
            raise LetterlabError(f"{path} has a line with more than {KEY_LIMIT} dots: give the path of a {name}.")
        given = tomllib.loads(content.decode())
    except FileNotFoundError:
        raise LetterlabError(f"There is no {name} at {path}: give the path of a TOML file.") from None
    except RecursionError:
        raise LetterlabError(
            f"{path} cannot be read as a {name}: it is nested too deeply. Mend the TOML there."
        ) from None
    except (OSError, ValueError) as error:  # a ValueError also of a number with thousands of digits
        raise LetterlabError(f"{path} cannot be read as a {name}: {error}. Mend the TOML there.") from None
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise LetterlabError(f"{path} is not a {name}: {explained(error)}.") from None


def explained(error: ValidationError) -> str:
    """What pydantic complains of, in phrases; an unknown key gets the nearest known one."""
    details = error.errors()
    # A list of which every item is wrong is also said to be empty.
    telling = [one for one in details if one["type"] != "too_short"] or details
    more = [f"and {len(telling) - TOLD:,} more"] if len(telling) > TOLD else []
    return "; ".join([*(_phrase(detail, error.title) for detail in telling[:TOLD]), *more])


def _phrase(detail: Any, title: str) -> str:
    way = [str(step) for step in detail["loc"]]
    if detail["type"] != "extra_forbidden":
        return f"{'.'.join(way) or title}: {detail['msg'].removeprefix('Value error, ')}"
    near = difflib.get_close_matches(way[-1], sorted(_known(Settings) - {way[-1]}), n=1)
    return f"{'.'.join(way)} is not a setting" + (f", perhaps {near[0]} is meant" if near else "")


def _known(kind: type[Settings]) -> set[str]:
    """The names of all settings there are."""
    return set(kind.model_fields).union(*(_known(one) for one in kind.__subclasses__()))
