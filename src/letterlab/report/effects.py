"""What the tests of an experiment tell, as sentences: which levels are better or worse, and where none is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from letterlab.findings.compare import Comparison, compare, compare_all
from letterlab.report.words import Words
from letterlab.study.plan import BASE
from letterlab.study.results import ExperimentResult, FamilyResult, Results
from letterlab.study.tried import Tried


@dataclass(frozen=True, eq=False)
class Effect:
    """What came of a change, on the validation letters."""

    tried: Tried
    reference: Tried
    """The candidate that it is compared with."""
    comparison: Comparison
    """Its accuracy less that of the reference."""


@dataclass(frozen=True, eq=False)
class FactorEffects:
    """The levels of one factor against the base, those of the largest effect first."""

    factor: str
    better: list[Effect] = field(default_factory=list)
    worse: list[Effect] = field(default_factory=list)
    unclear: list[Effect] = field(default_factory=list)
    """Not told apart from the base."""

    @property
    def largest(self) -> Effect | None:
        """The largest of the effects that are shown, up or down; None where none is."""
        return max((*self.better, *self.worse), key=lambda effect: abs(effect.comparison.difference), default=None)


def by_factor(result: ExperimentResult) -> list[FactorEffects]:
    """Every factor of which a level could be compared with its base, in the plan's order."""
    found: dict[str, FactorEffects] = {}
    compared = [
        Effect(one, base, result.to_base[one]) for one in result.tried if (base := result.base_of(one)) is not None
    ]
    for effect in sorted(compared, key=lambda effect: -abs(effect.comparison.difference)):
        factor = found.setdefault(effect.tried.varied, FactorEffects(effect.tried.varied))
        if not effect.comparison.apart:
            factor.unclear.append(effect)
        elif effect.comparison.difference > 0:
            factor.better.append(effect)
        else:
            factor.worse.append(effect)
    return [found[factor.name] for factor in result.experiment.factors if factor.name in found]


def effect_sentences(words: Words, result: ExperimentResult) -> list[tuple[str, Markup]]:
    """For each factor its name and what is shown of its levels."""
    told = []
    for factor in by_factor(result):
        base = _base_level(words, result, factor)
        sentences = [
            words(f"effect.{key}", base=base, changes=_changes(words, result, effects))
            for key, effects in (("better", factor.better), ("worse", factor.worse))
            if effects
        ]
        if factor.unclear:
            key = "others_unclear" if sentences else "unclear"
            changes = _changes(words, result, factor.unclear, with_difference=False)
            sentences.append(words(f"effect.{key}", n=len(factor.unclear), base=base, changes=changes))
        told.append((words.known("factor", factor.factor), Markup(" ").join(sentences)))
    return told


def _base_level(words: Words, result: ExperimentResult, effects: FactorEffects) -> str:
    """The level that the base has of a factor; `base` where it has no name, or not the same in every combination."""
    levels = {one.levels[effects.factor] for one in result.tried if one.varied == BASE}
    return words.known("factor", levels.pop() if len(levels) == 1 else BASE)


def _changes(words: Words, result: ExperimentResult, effects: list[Effect], with_difference: bool = True) -> Markup:
    parts = []
    for effect in effects:
        tried = effect.tried
        at = combination(words, result, tried)
        key = f"effect.{'change' if with_difference else 'level'}{'_at' if at else ''}"
        difference = words.difference(effect.comparison)
        parts.append(words(key, level=tried.levels[tried.varied], at=at, difference=difference))
    return Markup("; ").join(parts)


def largest_change(words: Words, result: ExperimentResult, effect: Effect, factor: str) -> Markup:
    """A change as an item of a list: which factor, which level in place of which, and the difference.

    `factor` is the name that it is told by.
    """
    at = combination(words, result, effect.tried)
    varied = effect.tried.varied
    return words(
        f"effect.largest{'_at' if at else ''}",
        factor=factor,
        level=words.known("factor", effect.tried.levels[varied]),
        base=words.known("factor", effect.reference.levels[varied]),
        at=at,
        difference=words.difference(effect.comparison),
    )


def mean_validation(words: Words, tried: Tried) -> str:
    """94.6 % (93.8 to 95.3): the mean validation accuracy with its interval over letters and seeds."""
    low, high = (words.decimal(100 * end) for end in tried.validation_interval)
    return str(words("number.interval", share=words.percent(tried.validation_mean), low=low, high=high))


def combination(words: Words, result: ExperimentResult, tried: Tried) -> str:
    """A candidate's levels of the crossed factors; empty where none is crossed."""
    return ", ".join(crossed_level(words, factor.name, tried) for factor in result.experiment.crossed)


def crossed_level(words: Words, factor: str, tried: Tried) -> str:
    """A candidate's level of a factor: `2-layers`; a mere number with the factor's name, `batch size 32`."""
    level = tried.levels[factor]
    return level if any(map(str.isalpha, level)) else f"{words.known('factor', factor)} {level}"


def steps(result: ExperimentResult) -> list[tuple[Tried, Comparison | None]]:
    """The bases of an experiment with one crossed factor, each less the one before it; none for another experiment.

    The p are corrected (Holm) over these comparisons.
    """
    if len(result.experiment.crossed) != 1:
        return []
    bases = [one for one in result.tried if one.varied == BASE]
    pairs = list(zip(bases[1:], bases, strict=False))
    compared = compare_all([(one.validation_correct, other.validation_correct) for one, other in pairs])
    return list(zip(bases, [None, *compared], strict=False))


def best_of_search(result: ExperimentResult) -> Effect | None:
    """The searched candidate of highest validation accuracy against the base (the best, of several).

    Where nothing is varied one at a time, every candidate of the plan counts as a base.
    """
    bases = [one for one in result.tried if one.varied == BASE]
    if not (result.searched and bases):
        return None
    best = max(result.searched, key=lambda one: one.validation_mean)
    base = max(bases, key=lambda one: one.validation_mean)
    return Effect(best, base, compare(best.validation_correct, base.validation_correct))


def tied(family: FamilyResult) -> list[Tried]:
    """The ranked candidates that are not told apart from the best."""
    return [one for one in family.ranked[1:] if not family.to_best[one].apart]


def title(words: Words, result: ExperimentResult) -> str:
    """The heading of an experiment; of one about a single network of torchvision's, with that network's name."""
    network = next((one for one in result.experiment.crossed if one.name == "network"), None)
    if network is None or len(network.levels) > 1:
        return words.known("experiment", result.name)
    return f"{network.levels[0].name}: {words.known('experiment', 'transfer-letters')}"


def counted(words: Words, result: ExperimentResult) -> Markup:
    """How many changes of the base are shown better, worse, or neither."""
    factors = by_factor(result)
    better, worse, unclear = (
        sum(len(each) for each in all_of)
        for all_of in (
            [one.better for one in factors],
            [one.worse for one in factors],
            [one.unclear for one in factors],
        )
    )
    key = "counted" if better or worse else "counted_none"
    return words(f"effect.{key}", n=better + worse + unclear, better=better, worse=worse, unclear=unclear)


def is_screening(results: Results, result: ExperimentResult) -> bool:
    """Whether the best of an experiment are to be trained again in finals, or were."""
    planned = any(family.name == result.family and family.finals for family in results.plan.families)
    return planned or any(family.family == result.family and family.finals for family in results.families)


def conditions(words: Words, tried: Sequence[Tried], screening: bool = False) -> list[Markup]:
    """Which letters the numbers of candidates come from, how long each network learned, and with how many seeds.

    It is a screening where the best of them are to be trained again in finals.
    """
    shown = {one.recipe.letters_of_each for one in tried}
    epochs = [one.recipe.epochs for one in tried]
    seeds = max(len(one.trials) for one in tried)
    told = []
    if len(shown) > 1:
        told.append(words("experiment.letters_vary"))
    elif shown == {"all"}:
        told.append(words("experiment.letters_all"))
    else:
        told.append(words("experiment.letters_screening" if screening else "experiment.letters_some", n=shown.pop()))
    if min(epochs) == max(epochs):
        told.append(words("experiment.epochs", n=epochs[0]))
    else:
        told.append(words("experiment.epochs_vary", low=min(epochs), high=max(epochs)))
    told.append(words("experiment.one_seed" if seeds == 1 else "experiment.seeds", seeds=seeds))
    if 1 < seeds < 5:
        told.append(words("experiment.few_seeds"))
    return told
