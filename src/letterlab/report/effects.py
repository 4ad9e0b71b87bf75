"""What the candidates of a family tell, once chance is allowed for."""

from dataclasses import dataclass

from letterlab.findings.compare import Comparison, compare
from letterlab.recipe import no_augmentation
from letterlab.report.words import Words
from letterlab.study.results import FamilyResult, Tried


@dataclass(frozen=True, eq=False)
class Effect:
    """What came of changing the base in one factor, on the validation letters."""

    tried: Tried
    comparison: Comparison
    """The candidate's accuracy less the base's."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What may be said of the candidates of a family."""

    tied: tuple[Tried, ...]
    """Not told apart from the best: the paired interval holds zero."""
    base: Tried | None
    """The candidate from which the others differ in one factor, if it was tried."""
    effects: tuple[Effect, ...]
    """Every other candidate against the base, the highest accuracy first; none without a base."""

    @property
    def better(self) -> list[Effect]:
        """Better than the base by more than chance."""
        return [effect for effect in self.effects if effect.comparison.low > 0]

    @property
    def worse(self) -> list[Effect]:
        """Worse than the base by more than chance."""
        return [effect for effect in self.effects if effect.comparison.high < 0]

    @property
    def unclear(self) -> list[Effect]:
        """Not told apart from the base."""
        return [effect for effect in self.effects if not effect.comparison.apart]

    def effect_of(self, tried: Tried) -> Effect | None:
        """The effect of one candidate; the base has none."""
        return next((effect for effect in self.effects if effect.tried is tried), None)


def verdicts(family: FamilyResult) -> Verdicts:
    """Compares the candidates with the best and with the base, seeds averaged, on the validation letters."""
    base = next((tried for tried in family.ranked if tried.varied == "base"), None)
    return Verdicts(
        tied=tuple(tried for tried in family.ranked[1:] if not family.against_best(tried).apart),
        base=base,
        effects=tuple(
            Effect(tried, compare(tried.validation_correct, base.validation_correct))
            for tried in family.ranked
            if base is not None and tried is not base
        ),
    )


@dataclass(frozen=True, eq=False)
class Depth:
    """A CNN among those that differ in nothing but the number of their convolutional layers."""

    layers: int
    tried: Tried
    to_shallower: Comparison | None
    """Its accuracy less that of the next shallower one; the shallowest has none."""


def depths(family: FamilyResult) -> list[Depth]:
    """The base and those that vary its layers, the shallowest first; one alone tells nothing of depth."""
    chosen = sorted(
        (
            (len(tried.recipe.model.filters), tried)
            for tried in family.ranked
            if tried.recipe.model.kind == "cnn" and tried.varied in ("base", "layers")
        ),
        key=lambda one: one[0],
    )
    return [
        Depth(
            layers,
            tried,
            compare(tried.validation_correct, chosen[i - 1][1].validation_correct) if i else None,
        )
        for i, (layers, tried) in enumerate(chosen)
    ]


def settings(words: Words, tried: Tried) -> dict[str, str]:
    """A candidate's settings as the columns of a table, by the names of their headings."""
    recipe = tried.recipe
    model, optimiser = recipe.model, recipe.optimiser
    if model.kind == "mlp":
        layers = "→".join(map(str, model.hidden)) or "–"
    else:
        layers = f"{'→'.join(map(str, model.filters))}, {model.kernel}×{model.kernel}"
    return {
        "layers_mlp" if model.kind == "mlp" else "layers_cnn": layers,
        "activation": words.known("settings", model.activation),
        "normalisation": words.known("settings", f"normalisation_{model.normalisation}"),
        "dropout": words.setting(model.dropout),
        "weight_decay": words.setting(optimiser.weight_decay),
        "label_smoothing": words.setting(recipe.label_smoothing),
        "augmentation": words.known("settings", "no" if recipe.augmentation == no_augmentation() else "yes"),
        "optimiser": words.known("settings", optimiser.name),
        "rate": words.setting(optimiser.learning_rate),
        "batch": words.integer(recipe.batch_size),
        "epochs": words.integer(recipe.epochs),
        "parameters": words.integer(tried.parameters),
    }
