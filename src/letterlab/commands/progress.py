"""How far a study has come, for a progress bar."""

from contextlib import closing

from letterlab.recipe import Recipe
from letterlab.study.course import experiments
from letterlab.study.engine import Step
from letterlab.study.running import Begun


class Progress:
    """How far a study has come, in seconds of the work foreseen."""

    def __init__(self, begun: Begun) -> None:
        plan, foreseen = begun.study.plan, begun.study.foreseen
        self._costs, self._workers = begun.costs, begun.workers
        self._expected = {name: one.seconds / max(one.trainings, 1) for name, one in foreseen.items()}
        self.total = sum(one.seconds for one in foreseen.values()) / self._workers
        """Seconds foreseen."""
        self.trials = sum(one.trainings for one in foreseen.values())
        self._ended: set[str] = set()
        self._done: dict[str, float] = {}
        self._best: dict[str, float] = {}
        self._running: set[str] = set()
        self._elsewhere: set[str] = set()
        with closing(begun.open_store()) as store:
            stored = [trial for name in experiments(plan) for trial in store.trials(name)]
        # What may go better now is tried again.
        known = [trial for trial in stored if trial.ended and not trial.again]
        for trial in known:
            self._ended.add(trial.name)
            self._account(trial.name, trial.experiment, trial.candidate.recipe, 1.0)
            self._note(trial.experiment, trial.value)

    def _account(self, trial: str, experiment: str, recipe: Recipe | None, share: float) -> None:
        cost = self._costs(recipe) if recipe else 0.0
        if trial not in self._done:  # what it takes is known better than when it was foreseen
            self.total += (cost - self._expected[experiment]) / self._workers
        self._done[trial] = share * cost / self._workers

    def _note(self, experiment: str, value: float | None) -> None:
        family = experiment.partition("-")[0]
        self._best[family] = max(value or 0.0, self._best.get(family, 0.0))

    def take(self, step: Step) -> None:
        """Something happened."""
        trial, recipe = step.trial, step.trial.candidate.recipe
        name = trial.name
        if step.what == "begun":
            self._elsewhere.discard(name)  # it may have been another's, who is not heard of any more
            (self._elsewhere if step.elsewhere else self._running).add(name)
        if step.what == "epoch" and step.epoch and recipe:
            self._account(name, trial.experiment, recipe, step.epoch.number / recipe.epochs)
            if step.epoch.number == recipe.epochs:
                self._note(trial.experiment, step.epoch.validation.accuracy)
        if step.what in ("done", "given up", "failed"):
            self._running.discard(name)
            self._elsewhere.discard(name)
            self._ended.add(name)
            self._account(name, trial.experiment, recipe, 1.0)
            if step.elsewhere:
                self._note(trial.experiment, trial.value)

    @property
    def ended(self) -> int:
        """Trials that have ended."""
        return len(self._ended)

    @property
    def seconds(self) -> float:
        """Of the work foreseen, done."""
        return sum(self._done.values(), 0.0)

    def line(self) -> str:
        """Trials done, those that run here and elsewhere, and the best of each family."""
        best = ", ".join(f"{family} {value:.1%}" for family, value in self._best.items() if value)
        return (
            f"{self.ended}/{self.trials} done, {len(self._running)} running"
            + (f", {len(self._elsewhere)} elsewhere" if self._elsewhere else "")
            + (f"; best {best}" if best else "")
        )
