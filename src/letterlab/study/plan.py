"""What a study tries: candidates, each a recipe with a name, trained with several seeds."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from letterlab.recipe import (
    Cnn,
    Mlp,
    Optimiser,
    Precision,
    Recipe,
    Settings,
    no_augmentation,
)

Family = Literal["mlp", "cnn"]
FAMILIES: Final[tuple[Family, ...]] = ("mlp", "cnn")
"""In the assignment's order."""
Budget = Literal["smoke", "quick"]
Factor = Literal[
    "base", "neurons", "layers", "filters", "kernel", "learning rate", "batch size", "activation", "normalisation",
    "regularisation", "optimiser", "longer"
]  # fmt: skip


class Candidate(Settings):
    """One recipe of a study; its seed is set anew for each of its trials."""

    name: str
    """Readable and fit for a folder's name: `mlp-512-256-sigmoid`."""
    varied: Factor
    """In which it differs from its family's base."""
    recipe: Recipe

    @property
    def family(self) -> Family:
        """`mlp` or `cnn`."""
        return self.recipe.model.kind

    def trial_name(self, seed: int) -> str:
        """Name of its trial with this seed, of its folder and of its curve in TensorBoard."""
        return f"{self.name}.seed{seed}"

    def with_seed(self, seed: int) -> Recipe:
        """Its recipe for one trial."""
        return self.recipe.model_copy(update={"seed": seed})


@dataclass(frozen=True)
class Plan:
    """Candidates, and how many seeds each is trained with."""

    budget: Budget
    candidates: tuple[Candidate, ...]
    seeds: int

    def only(self, families: tuple[Family, ...]) -> "Plan":
        """The part of the plan that is about these families."""
        return replace(self, candidates=tuple(one for one in self.candidates if one.family in families))

    def trials(self) -> list[tuple[Candidate, int]]:
        """Every training of the plan, seed by seed: stopped early, each candidate has about as many.

        The last candidates take the longest and come first, so that none of them is left running alone at the end.
        """
        return [(candidate, seed) for seed in range(self.seeds) for candidate in reversed(self.candidates)]


MLP_EPOCHS: Final = 20
CNN_EPOCHS: Final = 12


def _mlp(epochs: int) -> Recipe:
    return Recipe(model=Mlp(hidden=(512, 256)), epochs=epochs)


def _cnn(epochs: int, precision: Precision) -> Recipe:
    return Recipe(model=Cnn(filters=(32, 64, 128)), epochs=epochs, precision=precision)


def _with(recipe: Recipe, **changes: object) -> Recipe:
    """The recipe with some of its settings, its model's or its optimiser's changed."""
    top = {name: value for name, value in changes.items() if name in Recipe.model_fields}
    model = {name: value for name, value in changes.items() if name in type(recipe.model).model_fields}
    optimiser = {name: value for name, value in changes.items() if name in Optimiser.model_fields}
    settings = recipe.model_dump()
    settings["model"].update(model)
    settings["optimiser"].update(optimiser)
    return Recipe.model_validate(settings | top)


def plan(budget: Budget, precision: Precision) -> Plan:
    """The plan of a budget; CNNs compute in the given precision, MLPs in fp32, where bf16 gains them nothing."""
    return {"smoke": smoke, "quick": quick}[budget](precision)


def smoke(precision: Precision) -> Plan:
    """The least that goes the whole way: two MLPs and a CNN of each depth, two seeds."""
    mlp, cnn = _mlp(6), _cnn(3, precision)
    return Plan(
        "smoke",
        (
            Candidate(name="mlp-512-256", varied="base", recipe=mlp),
            Candidate(name="mlp-128", varied="neurons", recipe=_with(mlp, hidden=(128,))),
            Candidate(name="cnn-32", varied="layers", recipe=_with(cnn, filters=(32,))),
            Candidate(name="cnn-32-64", varied="layers", recipe=_with(cnn, filters=(32, 64))),
            Candidate(name="cnn-32-64-128", varied="base", recipe=cnn),
        ),
        seeds=2,
    )


def quick(precision: Precision) -> Plan:
    """One factor at a time around a base of each family, and its widest network for longer; two seeds."""
    mlp, cnn = _mlp(MLP_EPOCHS), _cnn(CNN_EPOCHS, precision)
    mlps: list[tuple[str, Factor, Recipe]] = [
        ("512-256", "base", mlp),
        ("128", "neurons", _with(mlp, hidden=(128,))),
        ("256-128", "neurons", _with(mlp, hidden=(256, 128))),
        ("1024-512", "neurons", _with(mlp, hidden=(1024, 512))),
        ("512-256-128", "layers", _with(mlp, hidden=(512, 256, 128))),
        ("512-256-rate-0.0003", "learning rate", _with(mlp, learning_rate=3e-4)),
        ("512-256-rate-0.03", "learning rate", _with(mlp, learning_rate=3e-2)),
        ("512-256-batch-32", "batch size", _with(mlp, batch_size=32)),
        ("512-256-batch-512", "batch size", _with(mlp, batch_size=512)),
        ("512-256-sigmoid", "activation", _with(mlp, activation="sigmoid")),
        ("512-256-tanh", "activation", _with(mlp, activation="tanh")),
        ("512-256-gelu", "activation", _with(mlp, activation="gelu")),
        ("512-256-no-augmentation", "regularisation", _with(mlp, augmentation=no_augmentation())),
        ("512-256-no-dropout", "regularisation", _with(mlp, dropout=0.0)),
        (
            "512-256-unregularised",
            "regularisation",
            _with(
                mlp,
                augmentation=no_augmentation(),
                dropout=0.0,
                weight_decay=0.0,
                label_smoothing=0.0,
                normalisation="none",
                # Without BatchNorm the base's rate diverges; this one is of the usual size for Adam.
                learning_rate=1e-3,
            ),
        ),
        ("512-256-sgd", "optimiser", _with(mlp, name="sgd", learning_rate=0.1, weight_decay=5e-4)),
        ("1024-512-longer", "longer", _with(mlp, hidden=(1024, 512), epochs=2 * MLP_EPOCHS)),
    ]
    cnns: list[tuple[str, Factor, Recipe]] = [
        ("32-64-128", "base", cnn),
        ("32", "layers", _with(cnn, filters=(32,))),
        ("32-64", "layers", _with(cnn, filters=(32, 64))),
        ("16-32-64", "filters", _with(cnn, filters=(16, 32, 64))),
        ("48-96-192", "filters", _with(cnn, filters=(48, 96, 192))),
        ("32-64-128-kernel-5", "kernel", _with(cnn, kernel=5)),
        ("32-64-kernel-5", "kernel", _with(cnn, filters=(32, 64), kernel=5)),
        ("32-64-128-gelu", "activation", _with(cnn, activation="gelu")),
        ("32-64-128-unnormalised", "normalisation", _with(cnn, normalisation="none", learning_rate=1e-3)),
        ("32-64-128-no-augmentation", "regularisation", _with(cnn, augmentation=no_augmentation())),
        ("48-96-192-longer", "longer", _with(cnn, filters=(48, 96, 192), epochs=2 * CNN_EPOCHS)),
    ]
    return Plan(
        "quick",
        tuple(
            Candidate(name=f"{recipe.model.kind}-{name}", varied=factor, recipe=recipe)
            for name, factor, recipe in mlps + cnns
        ),
        seeds=2,
    )
