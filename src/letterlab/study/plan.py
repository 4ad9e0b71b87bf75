"""What a study tries: for each family of networks, experiments that vary factors around a base recipe.

A plan is written in Python (`letterlab.study.budgets` holds those that come with the program) or in a TOML file.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError, field_validator, model_validator

from letterlab.errors import LetterlabError
from letterlab.recipe import Recipe, Settings, explained, read_settings

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
"""Fit for the name of a folder on any system."""
BASE: Final = "base"
"""The level of a factor that is as the base has it and has no name of its own."""

SEARCH: Final = "search"
"""What a candidate that a search proposed is said to vary."""
REREAD: Final = "reread"
"""The family that is no candidate: its networks tell whose label is in doubt."""
CANDIDATES_LIMIT: Final = 1000
"""Recipes of an experiment: a few crossed factors would otherwise come to more than can be written down."""
FINALS: Final = "finals"
"""The name of a family's finals among its experiments."""


class Level(Settings):
    """One level of a factor."""

    name: Name
    changes: dict[str, Any]
    """What it sets, by the way to it in the recipe: {"optimiser.learning_rate": 0.01}. Two more than a recipe has help
    to vary a network's shape one way at a time: model.layers cuts or continues the hidden layers or filters (each next
    hidden layer has half the neurons, each next convolution twice the filters), and model.width multiplies them."""


class Factor(Settings):
    """Something that is varied, and its levels."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9 _-]*$", max_length=40)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _levels_of_values(cls, given: Any) -> Any:
        """`setting` and `values` in place of `levels`: one level a value, named by it."""
        if not isinstance(given, dict) or not {"setting", "values"} <= given.keys():
            return given
        if not isinstance(given["setting"], str) or not isinstance(given["values"], (list, tuple)):
            raise ValueError("give a setting in quotes, and its values as a list")
        rest = {key: value for key, value in given.items() if key not in ("setting", "values")}
        return rest | {
            "levels": [{"name": _named(value), "changes": {given["setting"]: value}} for value in given["values"]]
        }

    @field_validator("levels")
    @classmethod
    def _names_differ(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        _check_names("levels", [level.name for level in levels])
        return levels


def _named(value: Any) -> str:
    """The name of a level that is a single value: 0.003, relu, 512-256, none."""
    if isinstance(value, (list, tuple)):
        return "-".join(map(_named, value))
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def _check_names(what: str, names: list[str]) -> None:
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two {what} are named {min(twice)}: give each a name of its own")


class Search(Settings):
    """A search over all combinations of an experiment's levels, after these have been tried one at a time.

    Optuna's tree-structured Parzen estimator (Bergstra et al. 2011) proposes; a training whose best validation accuracy
    falls below the median of the earlier trainings at the same epoch is given up.
    """

    trials: Annotated[int, Field(ge=1)]
    at_once: Annotated[int, Field(ge=1)] = 4
    """Proposed together, from all that is known before: so that what is proposed does not depend on which of several
    trainings ends first."""


class Experiment(Settings):
    """Recipes that are compared with one another.

    For every combination of the crossed factors: the base, and from it each level of the other factors, one at a time.
    """

    name: Name
    base: Recipe = Recipe()
    base_of: Name | None = None
    """A family above, whose best recipe takes the base's place. Without that family in the study (`--only`) the base
    stays, without `changes`."""
    changes: dict[str, Any] = Field(default_factory=dict)
    """Made to that best recipe, as a level's changes are."""
    crossed: tuple[Factor, ...] = ()
    factors: tuple[Factor, ...] = ()
    seeds: Annotated[int, Field(ge=1)] = 3
    search: Search | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> "Experiment":
        names = [factor.name for factor in (*self.crossed, *self.factors)]
        _check_names("factors", [*names, BASE, SEARCH])
        around = math.prod(len(factor.levels) for factor in self.crossed)
        count = around * (1 + sum(len(factor.levels) for factor in self.factors))
        if count > CANDIDATES_LIMIT:
            raise ValueError(
                f"this comes to {count:,} recipes, more than {CANDIDATES_LIMIT:,}: cross or vary fewer levels"
            )
        _check_names("candidates", [one.name for one in candidates(self, self.base)])
        return self


class Finals(Settings):
    """The candidates that did best in a family's experiments, trained anew with other seeds and usually all letters."""

    take: Annotated[int, Field(ge=1)] = 3
    changes: dict[str, Any] = Field(default={"letters_of_each": "all"})
    """Made to their recipes, as a level's changes are."""
    seeds: Annotated[int, Field(ge=1)] = 3


class FamilyPlan(Settings):
    """What is tried of one family of networks."""

    name: Name
    """mlp, cnn, norm and transfer have their sections in the report, reread has that on doubtful labels; others get one
    of their own."""
    experiments: Annotated[tuple[Experiment, ...], Field(min_length=1)]
    finals: Finals | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> "FamilyPlan":
        _check_names("experiments", [one.name for one in self.experiments] + [FINALS])
        return self

    @model_validator(mode="after")
    def _folds_are_for_rereading(self) -> "FamilyPlan":
        """Trainings with different folds choose by different letters, so they cannot be candidates."""
        for one in self.experiments:
            base = one.base.model_copy(update={way: value for way, value in one.changes.items() if way == "fold"})
            folded = {recipe.fold is not None for each in candidates(one, base) if (recipe := each.recipe)}
            if folded - {self.name == REREAD}:
                raise ValueError(
                    f"{self.name}.{one.name}: all recipes of {REREAD}, and none of another family, have a fold"
                )
        return self


class Plan(Settings):
    """What a study tries."""

    name: Name
    """The budget's, or the user's own."""
    families: Annotated[tuple[FamilyPlan, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> "Plan":
        _check_names("families", [family.name for family in self.families])
        experiments = [f"{family.name}-{one.name}" for family in self.families for one in family.experiments]
        _check_names("experiments", experiments + [f"{family.name}-{FINALS}" for family in self.families])
        for number, family in enumerate(self.families):
            above = [one.name for one in self.families[:number]]
            for experiment in family.experiments:
                if experiment.base_of not in (None, *above):
                    raise ValueError(
                        f"base_of of {family.name}.{experiment.name} is {experiment.base_of}, which is no family above "
                        "it: give the name of one that is"
                    )
        return self

    def only(self, names: tuple[str, ...]) -> "Plan":
        """The part of the plan that is about these families.

        Raises:
            LetterlabError: the plan has no family of one of these names.
        """
        known = [family.name for family in self.families]
        if unknown := [name for name in names if name not in known]:
            raise LetterlabError(f"--only {unknown[0]!r} is not in the plan {self.name}: give {', '.join(known)}.")
        return self.model_copy(update={"families": tuple(one for one in self.families if one.name in names)})


@dataclass(frozen=True)
class Candidate:
    """One recipe of an experiment; its seed is set anew for each of its trials."""

    name: str
    """Fit for a folder's name: `activation-sigmoid`."""
    levels: dict[str, str]
    """The level of every factor of its experiment."""
    varied: str
    """The factor in which it differs from its base; `base` for that itself, `search` for one that a search proposed."""
    recipe: Recipe | None
    """None where the levels together make no recipe."""
    wrong: str = ""
    """Why they do not."""

    def trial_name(self, seed: int) -> str:
        """Name of its trial with this seed, of its folder and of its curve in TensorBoard."""
        return f"{self.name}.seed{seed}"


def candidates(experiment: Experiment, base: Recipe) -> list[Candidate]:
    """The recipes of an experiment around this base, without those that a search proposes; none stands twice."""
    found: list[Candidate] = []
    for combination in itertools.product(*(factor.levels for factor in experiment.crossed)):
        crossed = dict(zip((factor.name for factor in experiment.crossed), combination, strict=True))
        prefix = "-".join(level.name for level in combination)
        found.append(_candidate(experiment, base, prefix or BASE, crossed, BASE))
        for factor in experiment.factors:
            for level in factor.levels:
                name = "-".join(filter(None, (prefix, factor.name.replace(" ", "-"), level.name)))
                one = _candidate(experiment, base, name, {**crossed, factor.name: level}, factor.name)
                if one.recipe is None or one.recipe not in [other.recipe for other in found]:
                    found.append(one)
    return found


def proposed(experiment: Experiment, base: Recipe, number: int, levels: Mapping[str, str]) -> Candidate:
    """The recipe with a level of each factor, as a search proposes it."""
    chosen = {
        factor.name: level
        for factor in (*experiment.crossed, *experiment.factors)
        for level in factor.levels
        if level.name == levels[factor.name]
    }
    return _candidate(experiment, base, f"{SEARCH}-{number + 1:02}", chosen, SEARCH)


def _candidate(experiment: Experiment, base: Recipe, name: str, chosen: dict[str, Level], varied: str) -> Candidate:
    recipe, around, wrong = base, base, ""
    for factor, level in chosen.items():
        try:
            recipe = changed(recipe, level.changes)
            if factor in [one.name for one in experiment.crossed]:
                around = recipe
        except ValidationError as error:
            wrong = wrong or explained(error)
    levels = {
        factor.name: chosen[factor.name].name if factor.name in chosen else base_level(factor, around)
        for factor in (*experiment.crossed, *experiment.factors)
    }
    return Candidate(name, levels, varied, None if wrong else recipe, wrong)


def base_level(factor: Factor, base: Recipe) -> str:
    """The name of the factor's level that changes nothing of the base; `base` where none is such."""
    for level in factor.levels:
        try:
            if changed(base, level.changes) == base:
                return level.name
        except ValidationError:
            continue
    return BASE


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with these changes, which are described at `Level`.

    Raises:
        ValidationError: it is then no recipe.
    """
    settings = recipe.model_dump(mode="json")
    for way, value in changes.items():
        place: dict[str, Any] = settings
        *before, last = way.split(".")
        for step in before:
            if not isinstance(place.get(step), dict):
                place[step] = {}
            place = place[step]
        place[last] = value
    shape = {}
    if isinstance(settings["model"], dict) and settings["model"].get("kind") in _SIZES:
        shape = {name: settings["model"].pop(name) for name in ("layers", "width") if name in settings["model"]}
    found = Recipe.model_validate(settings)
    return _reshaped(found, _Shape.model_validate(shape)) if shape else found


class _Shape(Settings):
    """What changes a network's shape one way at a time."""

    layers: Annotated[int, Field(ge=1, le=100)] | None = None
    width: Annotated[float, Field(gt=0, le=1000)] = 1.0


_SIZES: Final = {"mlp": ("hidden", 0.5), "cnn": ("filters", 2.0)}
"""By the kind of a network: the setting that holds the sizes of its layers, and how they go on."""


def _reshaped(recipe: Recipe, shape: _Shape) -> Recipe:
    name, times = _SIZES[recipe.model.kind]
    sizes = list(getattr(recipe.model, name))
    if shape.layers is not None:
        sizes = sizes[: shape.layers]
        while sizes and len(sizes) < shape.layers:
            sizes.append(max(round(sizes[-1] * times), 1))
    settings = recipe.model_dump(mode="json")
    settings["model"][name] = [max(round(size * shape.width), 1) for size in sizes]
    return Recipe.model_validate(settings)


def read_plan(path: Path) -> Plan:
    """A plan from a TOML file, whose keys are the fields of `Plan`.

    Raises:
        LetterlabError: there is no such file, it is not TOML, or a key or value is not known; names all that is wrong.
    """
    plan = read_settings(path, Plan, "plan")
    for name, what, wrong in _wrong(plan):
        raise LetterlabError(f"{path}: {what} in {name} is no recipe: {wrong}.")
    return plan


def _wrong(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """What of a plan makes no recipe: where, what, and why."""
    for family in plan.families:
        for experiment in family.experiments:
            name = f"{family.name}.{experiment.name}"
            yield from ((name, one.name, one.wrong) for one in candidates(experiment, experiment.base) if one.wrong)
            if wrong := _wrong_changes(experiment.base, experiment.changes):
                yield name, "changes", wrong
        if family.finals and (wrong := _wrong_changes(family.experiments[0].base, family.finals.changes)):
            yield f"{family.name}.{FINALS}", "changes", wrong


def _wrong_changes(base: Recipe, changes: Mapping[str, Any]) -> str:
    try:
        changed(base, changes)
    except ValidationError as error:
        return explained(error)
    return ""
