"""What is left to do of a study: for this process, and for others that work on it too."""

from collections.abc import Callable, Collection

from letterlab.recipe import Recipe
from letterlab.study.plan import FINALS, Plan
from letterlab.study.store import Store, Stored
from letterlab.study.unfolding import try_failed_again, unfold


def experiments(plan: Plan) -> list[str]:
    """The names of a plan's experiments and finals, in order."""
    return [
        f"{family.name}-{name}"
        for family in plan.families
        for name in [one.name for one in family.experiments] + [FINALS] * (family.finals is not None)
    ]


class Course:
    """The trials of a plan, as they stood when they were last looked at."""

    def __init__(self, plan: Plan, store: Store, cost: Callable[[Recipe], float]) -> None:
        """Adds what can be known by now, and those that failed and may do better.

        Args:
            plan: what to try.
            store: of the trials.
            cost: seconds that a training may take: of an experiment the longest trials are first, so that none of them
                is left running alone at the end.
        """
        self._plan, self._store, self._cost = plan, store, cost
        self._mine: set[str] = set()
        self._waiting: list[Stored] = []
        self.elsewhere: set[str] = set()
        """Names of trials that others work on."""
        store.alone(lambda: try_failed_again(plan, store))
        trials = self._read(())
        self._told = {(one.name, one.state) for one in trials if one.ended}

    @property
    def finished(self) -> bool:
        """Nothing is left to begin, and others work on nothing."""
        return not self._waiting and not self.elsewhere

    def next(self) -> Stored | None:
        """A trial that is this process's from now on, experiment by experiment; None if none is to be had."""
        while self._waiting:
            trial = self._waiting.pop(0)
            if self._store.claim(trial):
                self._mine.add(trial.name)
                return trial
            self.elsewhere.add(trial.name)
        return None

    def look(self, running: Collection[str]) -> list[Stored]:
        """Adds what can be known by now, and finds what is to be begun.

        Args:
            running: names of what this process works on.

        Returns:
            Trials that others have begun or ended since the last look.
        """
        trials = self._read(running)
        found = [
            one
            for one in trials
            if ((one.ended and one.name not in self._mine) or (one.state == "running" and one.name in self.elsewhere))
            and (one.name, one.state) not in self._told
        ]
        self._told.update((one.name, one.state) for one in found)
        return found

    def _read(self, running: Collection[str]) -> list[Stored]:
        """All trials of the plan; what of them is to be begun here, and what others work on, is noted."""
        ended: set[str] | None = None
        while True:
            self._store.alone(lambda: unfold(self._plan, self._store))
            trials = [one for name in experiments(self._plan) for one in self._store.trials(name)]
            now = {one.name for one in trials if one.ended}
            # What others ended since it was unfolded may have more follow from it.
            if len(now) < len(trials) or now == ended:
                break
            ended = now
        unended = [one for one in trials if not one.ended and one.name not in running]
        places = {name: place for place, name in enumerate(experiments(self._plan))}
        self._waiting = sorted(
            self._store.free(unended), key=lambda one: (places[one.experiment], -self._length(one), one.number)
        )
        self.elsewhere = {one.name for one in unended} - {one.name for one in self._waiting}
        return trials

    def _length(self, trial: Stored) -> float:
        return self._cost(trial.candidate.recipe) if trial.candidate.recipe else 0.0
