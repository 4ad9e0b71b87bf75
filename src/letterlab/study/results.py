"""What a study came to: read from its folder, never from memory, so that a report can be made again at any time."""

from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from letterlab.checkpoint import NAME, read_record
from letterlab.errors import LetterlabError
from letterlab.findings.case import ByCase, Cases, by_case, tell_cases
from letterlab.findings.compare import Comparison, compare, compare_all
from letterlab.findings.importance import Importance, importances
from letterlab.findings.network import Findings
from letterlab.letterset import LetterSet
from letterlab.study.folder import LETTERS_FILE, TRIALS, Asked, LettersRead, Study, stored_letters
from letterlab.study.plan import BASE, FINALS, REREAD, SEARCH, Experiment, Plan
from letterlab.study.reread import Reread, whole
from letterlab.study.soundness import sound
from letterlab.study.store import STORE_FILE, Store, Stored
from letterlab.study.tried import Trial, Tried, ranked


@dataclass(frozen=True)
class Failure:
    """A trial that could not be finished, and why."""

    trial: str
    """`mlp-factors/activation-tanh.seed0`."""
    reason: str


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """What came of one experiment."""

    family: str
    experiment: Experiment
    tried: tuple[Tried, ...]
    """In the plan's order, a base before what varies it."""
    searched: tuple[Tried, ...]
    """Proposed by the search and trained to their end, one seed each."""
    given_up: int
    """Proposed by the search, and given up on the way: worse than the median of those that had run to their end."""

    @property
    def name(self) -> str:
        """`mlp-factors`."""
        return f"{self.family}-{self.experiment.name}"

    def base_of(self, tried: Tried) -> Tried | None:
        """The base from which a candidate differs in one factor; None of a base itself, or where it failed."""
        crossed = [factor.name for factor in self.experiment.crossed]
        return next(
            (
                one
                for one in self.tried
                if one.varied == BASE
                and one is not tried
                and tried.varied not in (BASE, SEARCH)
                and all(one.levels[name] == tried.levels[name] for name in crossed)
            ),
            None,
        )

    @cached_property
    def to_base(self) -> dict[Tried, Comparison]:
        """Each candidate's validation accuracy less its base's, corrected (Holm) over the experiment.

        Candidates that have no base are not in it.
        """
        pairs = [(one, base) for one in self.tried if (base := self.base_of(one)) is not None]
        compared = compare_all([(one.validation_correct, base.validation_correct) for one, base in pairs])
        return {one: comparison for (one, _), comparison in zip(pairs, compared, strict=True)}

    @cached_property
    def importances(self) -> tuple[Importance, ...]:
        """How much of the validation accuracies' variance each factor explains, over all trainings run to their end."""
        trials = [(one.levels, value) for one in (*self.tried, *self.searched) for value in one.validation_accuracies]
        return importances([levels for levels, _ in trials], [value for _, value in trials])


@dataclass(frozen=True, eq=False)
class FamilyResult:
    """All that was tried of one family of networks."""

    family: str
    experiments: tuple[ExperimentResult, ...]
    finals: tuple[Tried, ...]
    """Ranked; empty where the plan has none or they are not reached yet."""

    @cached_property
    def ranked(self) -> tuple[Tried, ...]:
        """The finalists; without finals all candidates of the family that had all their seeds. Ranked by validation."""
        if self.finals:
            return self.finals
        return ranked([one for result in self.experiments for one in (*result.tried, *result.searched)])

    @property
    def best(self) -> Tried:
        """The candidate of highest mean validation accuracy."""
        return self.ranked[0]

    @cached_property
    def best_trial(self) -> Trial:
        """Of the best candidate's seeds, the one of highest validation accuracy: the network the findings are about."""
        return max(self.best.trials, key=lambda trial: trial.on_validation.accuracy)

    @cached_property
    def findings(self) -> Findings:
        """What is found out about that network, on the test letters."""
        return Findings.of(self.best_trial.test)

    @cached_property
    def to_best(self) -> dict[Tried, Comparison]:
        """How far each other ranked candidate is from the best on validation, corrected over them (Holm)."""
        others = self.ranked[1:]
        compared = compare_all([(one.validation_correct, self.best.validation_correct) for one in others])
        return dict(zip(others, compared, strict=True))


@dataclass(frozen=True, eq=False)
class Results:
    """A whole study."""

    asked: Asked
    letters: LettersRead
    environment: dict[str, str]
    plan: Plan
    families: tuple[FamilyResult, ...]
    """In the plan's order; those of which a candidate succeeded, but for `reread`, which has none."""
    test: LetterSet
    failed: tuple[Failure, ...]
    """Trials that could not be finished; their candidates are not ranked."""
    waiting: int
    """Trials of the families asked for that are still to come: the study was stopped, or runs."""
    reread: Reread | None = None
    """What networks said of letters that they did not learn; None where not all of it is done."""

    @property
    def trials(self) -> list[Trial]:
        """Every training that ran to its end, those of `reread` with it."""
        return [trial for tried in self.tried for trial in tried.trials] + list(
            self.reread.trials if self.reread else ()
        )

    @property
    def seconds(self) -> float:
        """Training time of all of them together."""
        return sum(trial.record.seconds for trial in self.trials)

    @property
    def tried(self) -> list[Tried]:
        """Every candidate of every experiment and of the finals."""
        return [
            one
            for family in self.families
            for group in ([*(r.tried + r.searched for r in family.experiments), family.finals])
            for one in group
        ]

    def about(self, letter: str, surname: str | None = None) -> "Results":
        """The same results, with this letter as the one that gets a section of its own."""
        return replace(self, asked=replace(self.asked, letter=letter, surname=surname))

    @cached_property
    def cases(self) -> Cases:
        """Which test letters are capitals and which small, as far as their pictures tell."""
        return tell_cases(self.test)

    @cached_property
    def by_case(self) -> dict[str, ByCase | None]:
        """By family, how well its best network reads capitals and small letters."""
        return {family.family: by_case(family.best_trial.test, self.cases) for family in self.families}

    def family(self, name: str) -> FamilyResult | None:
        """The result of a family, if the study had it."""
        return next((result for result in self.families if result.family == name), None)


def open_results(folder: Path) -> Results:
    """The results of the study in this folder, as far as its trials are done.

    Raises:
        LetterlabError: the folder holds no study, none of its trials is done, or a file in it is damaged.
    """
    study = Study.open(folder)
    with sound(folder / STORE_FILE), closing(Store(folder)) as store:
        families, failed = _read(folder, study.whole_plan, store)
        waiting = _waiting(study, store)
    again = [
        trial
        for family in families
        if family.family == REREAD
        for result in family.experiments
        for one in result.tried
        for trial in one.trials
    ]
    families = [family for family in families if family.family != REREAD]
    if again and not families:
        raise LetterlabError(
            f"The study in {folder} has trained no candidates, only {REREAD}: give --only another family too."
        )
    if not families:
        why = f" The first failed so: {failed[0].reason}" if failed else " Run the same `letterlab study` again."
        raise LetterlabError(f"No training of the study in {folder} has been finished.{why}")
    test = stored_letters(folder / LETTERS_FILE)
    return Results(
        study.asked,
        study.letters,
        study.environment,
        study.plan,
        tuple(families),
        test,
        tuple(failed),
        waiting,
        whole(folder, test, again),
    )


def _read(folder: Path, plan: Plan, store: Store) -> tuple[list[FamilyResult], list[Failure]]:
    """What came of each family, and what failed."""
    families: list[FamilyResult] = []
    failed: list[Failure] = []
    for family in plan.families:
        experiments: list[ExperimentResult] = []
        for experiment in family.experiments:
            name = f"{family.name}-{experiment.name}"
            stored = store.trials(name)
            tried = _tried(folder, name, stored)
            experiments.append(
                ExperimentResult(
                    family.name,
                    experiment,
                    tuple(one for one in tried if one.varied != SEARCH),
                    tuple(one for one in tried if one.varied == SEARCH),
                    sum(one.state == "given up" for one in stored),
                )
            )
            failed += _failures(name, stored)
        name = f"{family.name}-{FINALS}"
        stored = store.trials(name)
        finals = ranked(_tried(folder, name, stored))
        failed += _failures(name, stored)
        if finals or any(one.tried or one.searched for one in experiments):
            families.append(FamilyResult(family.name, tuple(experiments), finals))
    return families, failed


def _waiting(study: Study, store: Store) -> int:
    """How many trials of the families asked for are still to come."""
    waiting = 0
    for family in study.plan.families:
        names = [f"{family.name}-{one.name}" for one in family.experiments]
        trials = {name: store.trials(name) for name in names}
        for name, stored in trials.items():
            waiting += max(study.foreseen[name].trainings - sum(one.ended for one in stored), 0)
        if family.finals:
            finals = store.trials(f"{family.name}-{FINALS}")
            # Finals may come to fewer than were foreseen: two finalists of equal recipes are one.
            could_be = {one.name for stored in trials.values() for one in stored if one.state != "failed"}
            expected = min(study.foreseen[f"{family.name}-{FINALS}"].trainings, len(could_be) * family.finals.seeds)
            waiting += sum(not one.ended for one in finals) if finals else expected
    return waiting


def _tried(folder: Path, experiment: str, stored: list[Stored]) -> list[Tried]:
    """The candidates of an experiment all of whose trials are done."""
    found = []
    by_name: dict[str, list[Stored]] = {}
    for one in stored:
        by_name.setdefault(one.candidate.name, []).append(one)
    for name, trials in by_name.items():
        if all(one.state == "done" for one in trials):
            places = [folder / TRIALS / experiment / one.candidate.trial_name(one.seed) for one in trials]
            candidate = trials[0].candidate
            assert candidate.recipe is not None
            found.append(
                Tried(
                    name,
                    experiment,
                    candidate.levels,
                    candidate.varied,
                    candidate.recipe,
                    tuple(Trial(f"{experiment}/{place.name}", read_record(place / NAME), place) for place in places),
                )
            )
    return found


def _failures(experiment: str, stored: list[Stored]) -> list[Failure]:
    return [
        Failure(f"{experiment}/{one.candidate.trial_name(one.seed)}", one.reason)
        for one in stored
        if one.state == "failed"
    ]


@dataclass(frozen=True)
class Duel:
    """The best networks of two families on the same test letters."""

    comparison: Comparison
    both: int
    """Letters that both read rightly."""
    only_first: int
    only_second: int
    neither: int


def duel(first: FamilyResult, second: FamilyResult) -> Duel:
    """Compares the two networks that the findings are about: accuracy of the first less that of the second."""
    one, other = first.best_trial.on_test.correct, second.best_trial.on_test.correct
    return Duel(
        compare(one[None], other[None]),
        int((one & other).sum()),
        int((one & ~other).sum()),
        int((~one & other).sum()),
        int((~one & ~other).sum()),
    )
