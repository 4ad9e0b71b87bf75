"""The assignment's experiments: multi-layer perceptrons, CNNs, normalisation as the batch grows, transfer learning."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from letterlab.letterset import FOLDS
from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Precision, Recipe, no_augmentation
from letterlab.study.plan import REREAD, Experiment, Factor, FamilyPlan, Finals, Level, Search

Shown = int | Literal["all"]
"""Training letters of each kind that a network is shown."""


@dataclass(frozen=True)
class Much:
    """How much is tried of MLPs, or of CNNs."""

    shown: Shown
    epochs: int
    seeds: int
    searched: int
    """Trials of the search."""
    final_epochs: int
    finals: int
    """Candidates that go into the finals."""
    final_seeds: int
    thin: bool = False
    """Few factors."""
    full: bool = False
    """More levels."""


def mlp(much: Much, precision: Precision) -> FamilyPlan:
    """Task 1.1."""
    base = Recipe(model=Mlp(hidden=(512, 256)), epochs=much.epochs, letters_of_each=much.shown, precision=precision)
    bare = Recipe(
        model=Mlp(hidden=(512, 256), dropout=0.0, normalisation="none"),
        optimiser=Optimiser(weight_decay=0.0, learning_rate=1e-3),
        augmentation=no_augmentation(),
        label_smoothing=0.0,
        epochs=much.epochs,
        letters_of_each=much.shown,
        precision=precision,
    )
    factors: tuple[Factor, ...] = (
        _factor("neurons", {"128": 0.25, "256": 0.5, "512": 1.0, "1024": 2.0}, "model.width"),
        _factor("layers", {str(n): n for n in (1, 2, 3, 4)}, "model.layers"),
        _factor("activation", {n: n for n in ("relu", "sigmoid", "tanh", "gelu", "silu")}, "model.activation"),
        _factor("dropout", {"0": 0.0, "0.3": 0.3, "0.5": 0.5}, "model.dropout"),
        _factor("weight decay", {"0": 0.0, "0.01": 0.01, "0.1": 0.1}, "optimiser.weight_decay"),
        _factor("label smoothing", {"0": 0.0, "0.1": 0.1}, "label_smoothing"),
        _levels(
            "normalisation",
            batch={},
            # Without BatchNorm the base's rate diverges.
            none={"model.normalisation": "none", "optimiser.learning_rate": 1e-3},
            layer={"model.normalisation": "group"},
        ),
        _levels("augmentation", full={}, none={"augmentation": no_augmentation().model_dump()}),
        _factor(
            "learning rate",
            {f"{rate:g}": rate for rate in (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)},
            "optimiser.learning_rate",
        ),
        _factor("batch size", {str(n): n for n in (32, 128, 512) + (2048,) * much.full}, "batch_size"),
        _levels(
            "optimiser",
            adamw={},
            adam={"optimiser.name": "adam", "optimiser.weight_decay": 1e-4},
            sgd={"optimiser.name": "sgd", "optimiser.learning_rate": 0.1, "optimiser.weight_decay": 5e-4},
        ),
    )
    if much.thin:
        factors = tuple(one for one in factors if one.name in ("neurons", "activation"))
    alone: dict[str, dict[str, Any]] = {
        "none": {},
        "dropout": {"model.dropout": 0.3},
        "weight-decay": {"optimiser.weight_decay": 0.1},
        "label-smoothing": {"label_smoothing": 0.1},
        "batchnorm": {"model.normalisation": "batch"},
        "augmentation": {"augmentation": Augmentation().model_dump()},
    }
    return FamilyPlan(
        name="mlp",
        experiments=(
            Experiment(
                name="factors",
                base=base,
                factors=factors,
                seeds=much.seeds,
                search=Search(trials=much.searched) if much.searched else None,
            ),
            Experiment(name="alone", base=bare, factors=(_levels("regularisation", **alone),), seeds=much.seeds),
        ),
        finals=Finals(
            take=much.finals,
            changes={"letters_of_each": "all", "epochs": much.final_epochs},
            seeds=much.final_seeds,
        ),
    )


def cnn(much: Much, precision: Precision) -> FamilyPlan:
    """Task 2.1: at equal epochs, and at roughly equal parameters."""
    base = Recipe(model=Cnn(), epochs=much.epochs, letters_of_each=much.shown, precision=precision)
    layers = _levels(
        "layers",
        **{
            "1-layer": {"model.layers": 1},
            "2-layers": {"model.layers": 2},
            "3-layers": {"model.layers": 3},
        },
    )
    widths = {"16": 0.5, "32": 1.0, "48": 1.5} | ({"8": 0.25, "64": 2.0} if much.full else {})
    activations = ("relu", "gelu", "tanh") + (("silu", "sigmoid") if much.full else ())
    factors = (
        _factor("filters", widths, "model.width"),
        _factor("kernel", {str(n): n for n in (3, 5, 7)}, "model.kernel"),
        _factor("halving", {n: n for n in ("pool", "stride")}, "model.halving"),
        _factor("padding", {n: n for n in ("same", "none")}, "model.padding"),
        _factor("activation", {n: n for n in activations}, "model.activation"),
    )
    equal = _levels(
        "layers",
        # About 123,000 parameters each.
        **{
            "3": {},
            "2": {"model.filters": [38, 76]},
            "1": {"model.filters": [24]},
        },
    )
    return FamilyPlan(
        name="cnn",
        experiments=(
            Experiment(
                name="factors",
                base=base,
                crossed=(layers,),
                factors=factors[1:2] if much.thin else factors,
                seeds=much.seeds,
                search=Search(trials=much.searched) if much.searched else None,
            ),
            Experiment(name="equal-size", base=base, factors=(equal,), seeds=much.seeds),
        ),
        finals=Finals(
            take=much.finals,
            changes={"letters_of_each": "all", "epochs": much.final_epochs},
            seeds=much.final_seeds,
        ),
    )


NORMALISATIONS: Final = ("bn", "gn-all", "gn-16", "gn-8", "gn-1", "none")
"""BatchNorm, GroupNorm with so many channels in each group, neither."""
REFERENCE_BATCH: Final = 128
"""At which the scaled learning rate is the fixed one."""


def norm(
    normalisations: tuple[str, ...],
    batches: tuple[int, ...],
    rates: tuple[str, ...],
    shown: Shown,
    epochs: int,
    seeds: int,
    precision: Precision,
) -> FamilyPlan:
    """Task 2.2: the best CNN with BatchNorm, GroupNorm and neither, as the batch grows."""
    known: dict[str, dict[str, Any]] = {
        "bn": {"model.normalisation": "batch"},
        "gn-all": {"model.normalisation": "group", "model.group_size": "all"},
        "gn-16": {"model.normalisation": "group", "model.group_size": 16},
        "gn-8": {"model.normalisation": "group", "model.group_size": 8},
        "gn-1": {"model.normalisation": "group", "model.group_size": 1},
        "none": {"model.normalisation": "none"},
    }
    rules: dict[str, dict[str, Any]] = {"fixed": {}, "scaled": {"optimiser.rate_for_batch": REFERENCE_BATCH}}
    # A rate that networks without normalisation, too, can learn with.
    settings = {"epochs": epochs, "letters_of_each": shown, "optimiser.learning_rate": 1e-3}
    return FamilyPlan(
        name="norm",
        experiments=(
            Experiment(
                name="batches",
                base=Recipe(
                    model=Cnn(),
                    optimiser=Optimiser(learning_rate=1e-3),
                    epochs=epochs,
                    letters_of_each=shown,
                    precision=precision,
                ),
                base_of="cnn",
                changes=settings,
                crossed=(
                    _levels("normalisation", **{name: known[name] for name in normalisations}),
                    _factor("batch size", {str(n): n for n in batches}, "batch_size"),
                    _levels("rate", **{name: rules[name] for name in rates}),
                ),
                seeds=seeds,
            ),
        ),
    )


def reread(epochs: int, precision: Precision) -> FamilyPlan:
    """The best CNN, once for each quarter of the training letters, which it does not learn: to doubt labels by."""
    return FamilyPlan(
        name=REREAD,
        experiments=(
            Experiment(
                name="folds",
                base=Recipe(model=Cnn(), epochs=epochs, precision=precision),
                base_of="cnn",
                changes={"epochs": epochs, "letters_of_each": "all"},
                crossed=(_factor("fold", {str(n): n for n in range(FOLDS)}, "fold"),),
                seeds=1,
            ),
        ),
    )


_FAIR: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    # From ImageNet weights, and from random ones, which want another optimiser or rate; chosen by validation accuracy
    # at 10 and 30 letters of each. Networks that are not here take those of mobilenet_v2.
    "mobilenet_v2": (
        {"optimiser": Optimiser(learning_rate=3e-3).model_dump(), "batch_size": 32},
        {"optimiser": Optimiser(name="sgd", learning_rate=0.02, weight_decay=5e-4).model_dump(), "batch_size": 16},
    ),
    "squeezenet1_1": (
        {"optimiser": Optimiser(learning_rate=1e-3).model_dump(), "batch_size": 16},
        {"optimiser": Optimiser(learning_rate=5e-4).model_dump(), "batch_size": 16},
    ),
}


def transfer(
    networks: dict[str, int],
    epochs: dict[Shown, int],
    seeds: int,
    stem_letters: int = 0,
) -> FamilyPlan:
    """Task 3: from ImageNet's weights and from random ones, by how many letters a network is shown.

    `networks` gives each network's stem stride; `stem_letters` is what the last network is shown in the experiment on
    stem, size and training, which there is none of for 0.
    """
    experiments = [_shown(network, stride, epochs, seeds) for network, stride in networks.items()]
    if stem_letters:
        experiments.append(_stem(list(networks)[-1], stem_letters, epochs[stem_letters], seeds))
    return FamilyPlan(name="transfer", experiments=tuple(experiments))


def _pretrained(network: str, stride: int) -> Recipe:
    """The last layer alone for an epoch, then all, those below at lower rates."""
    usual, _ = _FAIR.get(network, _FAIR["mobilenet_v2"])
    model = {
        "kind": "torchvision", "network": network, "stem_stride": stride, "head_epochs": 1, "stem_rate": 0.3,
    }  # fmt: skip
    return Recipe.model_validate({"model": model, **usual})


def _shown(network: str, stride: int, epochs: dict[Shown, int], seeds: int) -> Experiment:
    _, chance = _FAIR.get(network, _FAIR["mobilenet_v2"])
    return Experiment(
        name=network.replace("_", "-"),
        base=_pretrained(network, stride),
        crossed=(
            _levels("network", **{network: {}}),
            _levels(
                "weights",
                imagenet={},
                random={"model.weights": "random", "model.head_epochs": 0, "model.stem_rate": 1.0} | chance,
            ),
            _levels(
                "letters of each",
                **{str(each): {"letters_of_each": each, "epochs": count} for each, count in epochs.items()},
            ),
        ),
        seeds=seeds,
    )


def _stem(network: str, letters: int, epochs: int, seeds: int) -> Experiment:
    base = _pretrained(network, 2).model_copy(update={"letters_of_each": letters, "epochs": epochs})
    return Experiment(
        name="stem",
        base=base,
        factors=(
            _factor("stem stride", {"2": 2, "1": 1}, "model.stem_stride"),
            _factor("side", {"28": 28, "56": 56}, "model.side"),
            _levels(
                "training",
                **{
                    "head-then-lower-rates": {},
                    "head-only": {"model.head_epochs": epochs},
                    "head-then-one-rate": {"model.stem_rate": 1.0},
                    "all-at-once": {"model.head_epochs": 0, "model.stem_rate": 1.0},
                },
            ),
        ),
        seeds=seeds,
    )


def _factor(name: str, values: dict[str, Any], setting: str) -> Factor:
    """A factor that is one setting, its levels by name."""
    return Factor(name=name, levels=tuple(Level(name=level, changes={setting: v}) for level, v in values.items()))


def _levels(name: str, **levels: Any) -> Factor:
    """A factor of whose levels each has its own changes."""
    return Factor(name=name, levels=tuple(Level(name=level, changes=changes) for level, changes in levels.items()))
