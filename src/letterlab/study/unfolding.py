"""From a plan to trials: what can be known from the trials that have ended is added to the store, until all is there.

What is added depends on the plan and on ended trials alone, never on which of several ended first: so a study that was
stopped, however often, comes to the same trials as one that was not.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any, Final

import optuna
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState
from pydantic import ValidationError

from letterlab.errors import LetterlabError
from letterlab.recipe import Recipe, explained
from letterlab.study.plan import (
    FINALS,
    SEARCH,
    Candidate,
    Experiment,
    FamilyPlan,
    Finals,
    Plan,
    candidates,
    changed,
    proposed,
)
from letterlab.study.store import Planned, Store, Stored, distributions

FINAL_SEEDS: Final = 10
"""The first seed of the finals: other ones than those by which their candidates were chosen."""
_WARM_UP: Final = 3  # a training is not given up in the first third of its epochs, when the rate still rises
_TRIES: Final = 20  # so often a search is asked again when it proposes what has been tried


def unfold(plan: Plan, store: Store) -> bool:
    """Adds the trials that can be known by now; says whether that is all that there will be.

    Raises:
        LetterlabError: the store holds other trials than this plan comes to.
    """
    finished: set[str] = set()
    for family in plan.families:
        whole = True
        for experiment in family.experiments:
            name = f"{family.name}-{experiment.name}"
            needed = experiment.base_of if experiment.base_of in [one.name for one in plan.families] else None
            if needed and needed not in finished:
                whole = False
                continue
            base = experiment.base
            if needed and (best := best_recipe(_family(plan, needed), store)):
                base = _changed_best(name, best, experiment)
            whole &= _unfold_experiment(store, name, experiment, base)
        if whole and family.finals:
            whole = _unfold_finals(store, family, family.finals)
        if whole:
            finished.add(family.name)
    return len(finished) == len(plan.families)


def try_failed_again(plan: Plan, store: Store) -> None:
    """Adds anew the trials that failed for a reason that may be gone, unless others were chosen without them."""
    for family in plan.families:
        finals = f"{family.name}-{FINALS}"
        around = [
            f"{other.name}-{one.name}"
            for other in plan.families
            for one in other.experiments
            if one.base_of == family.name
        ]
        if any(store.trials(name) for name in around):
            continue
        names = [finals] if store.trials(finals) else [f"{family.name}-{one.name}" for one in family.experiments]
        for name in names:
            trials = store.trials(name)
            if not any(one.candidate.varied == SEARCH for one in trials) or name == finals:
                for trial in trials:
                    if trial.again:
                        store.try_again(trial)


def _changed_best(name: str, best: Recipe, experiment: Experiment) -> Recipe:
    try:
        return changed(best, experiment.changes)
    except ValidationError as error:
        raise LetterlabError(
            f"The changes of {name} do not go with the best recipe of {experiment.base_of}: {explained(error)}."
        ) from None


def _family(plan: Plan, name: str) -> FamilyPlan:
    return next(family for family in plan.families if family.name == name)


def _unfold_experiment(store: Store, name: str, experiment: Experiment, base: Recipe) -> bool:
    """Adds what can be; whether all of it is there and has ended."""
    around = candidates(experiment, base)
    levels = {
        factor.name: sorted({one.levels[factor.name] for one in around} | {level.name for level in factor.levels})
        for factor in (*experiment.crossed, *experiment.factors)
    }
    planned = [Planned(one, seed, {}) for seed in range(experiment.seeds) for one in around]
    _add(store, name, planned, levels)
    stored = store.trials(name)
    search = experiment.search
    while search and len(stored) < len(planned) + search.trials:
        known = stored[: len(stored) - (len(stored) - len(planned)) % search.at_once]  # all but a round half added
        if not all(one.ended for one in known):
            return False
        more = min(search.at_once, len(planned) + search.trials - len(known))
        asked = _Asked(experiment, base, levels, first=len(planned))
        for one in _proposals(asked, known, store.optuna_trials(name), more)[len(stored) - len(known) :]:
            store.add(name, one, levels)
        stored = store.trials(name)
    return all(one.ended for one in stored)


def _add(store: Store, name: str, planned: list[Planned], levels: dict[str, list[str]]) -> None:
    """Adds those that are not there yet."""
    there = store.trials(name)
    for one, other in zip(planned, there, strict=False):
        if one.candidate != other.candidate or one.seed != other.seed:
            raise LetterlabError(
                f"The study holds {other.name} where its plan now has {one.candidate.trial_name(one.seed)}: "
                "it was begun for other families (--only) or by another version; give another --out."
            )
    for one in planned[len(there) :]:
        store.add(name, one, levels)


@dataclass(frozen=True)
class _Asked:
    """What a search proposes levels for."""

    experiment: Experiment
    base: Recipe
    levels: dict[str, list[str]]
    first: int
    """The number of its first trial."""


def _proposals(asked: _Asked, known: list[Stored], trials: list[FrozenTrial], count: int) -> list[Planned]:
    """The next round of a search, from the trials that are known to it."""
    sampler = TPESampler(seed=len(known), constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    numbers = {one.number for one in known}
    study.add_trials([one for one in trials if one.number in numbers and one.state != TrialState.FAIL])
    tried = {_key(one.candidate) for one in known}
    medians = _medians(known)
    chance = random.Random(len(known))
    found: list[Planned] = []
    for number in range(len(known) - asked.first, len(known) - asked.first + count):
        for attempt in range(2 * _TRIES):
            chosen = {name: str(level) for name, level in study.ask(distributions(asked.levels)).params.items()}
            if attempt >= _TRIES:  # the sampler has nothing new to propose: chance may have
                chosen = {name: chance.choice(choices) for name, choices in asked.levels.items()}
            candidate = proposed(asked.experiment, asked.base, number, chosen)
            if candidate.recipe and _key(candidate) not in tried:
                break
        tried.add(_key(candidate))
        found.append(Planned(candidate, 0, medians))
    return found


def _key(candidate: Candidate) -> str:
    """Equal for candidates of equal recipes; levels that make none have themselves for a key."""
    return candidate.recipe.model_dump_json() if candidate.recipe else str(sorted(candidate.levels.items()))


def _medians(known: list[Stored]) -> dict[int, float]:
    """By epoch, the median validation accuracy of the trainings that ran to their end.

    As Optuna's MedianPruner has it, but fixed when a trial is proposed, so that it does not depend on which of several
    trials is ahead.
    """
    done = [one.epochs for one in known if one.state == "done"]
    last = max((max(epochs) for epochs in done), default=0)
    return {
        epoch: median(epochs[epoch] for epochs in done if epoch in epochs)
        for epoch in range(last // _WARM_UP + 1, last)
    }


def _unfold_finals(store: Store, family: FamilyPlan, finals: Finals) -> bool:
    """Adds the finals of a family whose experiments have ended; whether they have ended too."""
    chosen: list[Candidate] = []
    for experiment, one in _best_first(family, store):
        if len(chosen) == finals.take:
            break
        assert one.recipe is not None
        name = f"{experiment}-{one.name}"
        try:
            recipe = changed(one.recipe, finals.changes)
        except ValidationError as error:
            chosen.append(replace(one, name=name, recipe=None, wrong=explained(error)))
            continue
        if recipe not in [other.recipe for other in chosen]:
            chosen.append(replace(one, name=name, recipe=recipe))
    name = f"{family.name}-{FINALS}"
    planned = [Planned(one, seed, {}) for seed in range(FINAL_SEEDS, FINAL_SEEDS + finals.seeds) for one in chosen]
    _add(store, name, planned, {})
    return all(one.ended for one in store.trials(name))


def _best_first(family: FamilyPlan, store: Store) -> list[tuple[str, Candidate]]:
    """The candidates of a family's experiments by their mean validation accuracy, each with its experiment's name.

    Of equals the one with fewer parameters is first, then the one that comes first in the plan.
    """
    names = [experiment.name for experiment in family.experiments]
    found = [
        (experiment, *means) for experiment in names for means in _means(store.trials(f"{family.name}-{experiment}"))
    ]
    return [
        (experiment, one) for experiment, one, _, _ in sorted(found, key=lambda item: (-round(item[2], 9), item[3]))
    ]


def _means(trials: Iterable[Stored]) -> list[tuple[Candidate, float, int]]:
    """Of each candidate all of whose trials are done: mean validation accuracy, and parameters."""
    by_name: dict[str, list[Stored]] = {}
    for one in trials:
        by_name.setdefault(one.candidate.name, []).append(one)
    return [
        (group[0].candidate, fmean(one.value or 0.0 for one in group), group[0].parameters or 0)
        for group in by_name.values()
        if all(one.state == "done" for one in group)
    ]


def best_recipe(family: FamilyPlan, store: Store) -> Recipe | None:
    """The recipe of a family whose trials have ended that did best: in its finals, where it has them."""
    finals = sorted(_means(store.trials(f"{family.name}-{FINALS}")), key=lambda item: (-round(item[1], 9), item[2]))
    best = [one for one, _, _ in finals] or [one for _, one in _best_first(family, store)]
    return best[0].recipe if best else None


def foreseen(plan: Plan, cost: Callable[[Recipe], float]) -> dict[str, list[Recipe]]:
    """By experiment, the recipes of all trials that there will be, as far as that can be said before any has run.

    A search is reckoned as if it came to its base. What comes of choosing is reckoned as if the dearest were chosen,
    for large networks often do best: finals, and experiments around the best of a family.
    """
    found: dict[str, list[Recipe]] = {}
    best: dict[str, Recipe] = {}
    for family in plan.families:
        tried: list[Recipe] = []
        for experiment in family.experiments:
            base = experiment.base
            if experiment.base_of in best:
                base = _if_it_can_be(best[experiment.base_of], experiment.changes)
            around = [one.recipe for one in candidates(experiment, base) if one.recipe]
            searched = [base] * (experiment.search.trials if experiment.search else 0)
            found[f"{family.name}-{experiment.name}"] = around * experiment.seeds + searched
            tried += around
        best[family.name] = max(tried or [family.experiments[0].base], key=cost)
        if family.finals:
            best[family.name] = _if_it_can_be(best[family.name], family.finals.changes)
            found[f"{family.name}-{FINALS}"] = [best[family.name]] * (family.finals.take * family.finals.seeds)
    return found


def _if_it_can_be(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    try:
        return changed(recipe, changes)
    except ValidationError:
        return recipe
