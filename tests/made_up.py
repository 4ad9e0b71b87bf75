"""Made-up results of a study, for tests of what is made from results: no network is trained for them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions, rate
from letterlab.findings.doubt import Doubt, Doubtful, Kind
from letterlab.history import Epoch, Record, Score
from letterlab.letterset import LetterSet, Orientation, SetAside
from letterlab.recipe import Cnn, Mlp, Recipe, Torchvision
from letterlab.sources.drawn import draw_letters
from letterlab.study.folder import Asked, LettersRead
from letterlab.study.plan import (
    Candidate,
    Experiment,
    Factor,
    FamilyPlan,
    Finals,
    Level,
    Plan,
    Search,
    candidates,
    changed,
    proposed,
)
from letterlab.study.reread import Reread
from letterlab.study.results import ExperimentResult, Failure, FamilyResult, Results
from letterlab.study.tried import Trial, Tried, ranked

ALIKE = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "HDGOCPQNLIXIWMDFGKZFVYVYXZ", strict=True)) | {"Z": "S", "Y": "V"}
"""What each letter is mostly mistaken for."""
ENVIRONMENT = {"letterlab": "0.1.0", "python": "3.11.2", "torch": "2.13.0", "processor": "A processor", "threads": "2"}
TRAIN = 11_050
"""Letters to train on: 425 of each."""

Share = Callable[[str, Candidate], float | None]
"""How often a candidate of an experiment (`mlp-factors`) is right; None where it is not trained to the end."""


def answers_with(labels: np.ndarray, share_right: float, seed: int) -> Predictions:
    """Predictions that are right about so often; which letters are hard is the same for every network."""
    shared, own = np.random.default_rng(1), np.random.default_rng(seed)
    hard = 0.6 * shared.random(len(labels)) + 0.4 * own.random(len(labels))
    hard += 0.15 * np.isin(labels, [LETTERS.index(letter) for letter in "ILGQ"])
    wrong = hard >= np.quantile(hard, share_right) if share_right < 1 else np.zeros(len(labels), dtype=bool)
    answers = labels.astype(np.int64)
    for i in np.flatnonzero(wrong):
        alike = ALIKE[LETTERS[labels[i]]]
        answers[i] = LETTERS.index(alike) if own.random() < 0.7 else (labels[i] + own.integers(1, 26)) % 26
    sure = np.where(wrong, 0.4 + 0.5 * own.random(len(labels)), 0.7 + 0.29 * own.random(len(labels)))
    probabilities = np.repeat(((1 - sure) / 25)[:, None], 26, axis=1).astype(np.float32)
    probabilities[np.arange(len(labels)), answers] = sure
    return Predictions(
        probabilities, labels, np.array([f"{LETTERS[k].lower()}_{i:05}.jpg" for i, k in enumerate(labels)])
    )


@dataclass(frozen=True, eq=False)
class MadeUp(Trial):
    """A training that never was: what it says is made up when it is asked."""

    share: float
    labels: np.ndarray
    """Of the validation letters."""
    test_labels: np.ndarray
    test_share: float | None = None
    """Where the test letters are read as nothing before would make one think."""

    @cached_property
    def validation(self) -> Predictions:
        return answers_with(self.labels, self.share, 1000 + sum(map(ord, self.name)))

    @cached_property
    def test(self) -> Predictions:
        share = self.share if self.test_share is None else self.test_share
        return answers_with(self.test_labels, share, 2000 + sum(map(ord, self.name)))

    @cached_property
    def features(self) -> np.ndarray:
        """Near the letter it answers with; each letter has two forms, by its position."""
        generator = np.random.default_rng(3)
        of_letter, of_form = 4 * generator.normal(size=(26, 8)), 2 * generator.normal(size=(2, 8))
        answers, n = self.test.answers, len(self.test)
        towards = 0.5 * of_letter[answers] + 0.5 * of_letter[self.test_labels]
        noise = 0.3 * generator.normal(size=(n, 8))
        return (towards + of_form[np.arange(n) % 2] + noise).astype(np.float32)


def epochs(count: int, share_right: float, seconds: float) -> tuple[Epoch, ...]:
    """Curves that rise to about the share."""
    far = [1 - 0.75 ** (number + 1) for number in range(count)]
    scores = [[Score(2.5 - 2.2 * x * y, share_right * x * y) for y in (1.02, 1.0, 0.99)] for x in far]
    return tuple(Epoch(i + 1, *each, learning_rate=1e-3, seconds=seconds) for i, each in enumerate(scores))


def parameters_of(recipe: Recipe) -> int:
    """About as many as the network would have."""
    model = recipe.model
    if isinstance(model, Torchvision):
        return {"squeezenet1_1": 736_000, "resnet18": 11_190_000}.get(model.network, 2_257_000)
    if isinstance(model, Mlp):
        sizes = (784, *model.hidden, 26)
        return sum((a + 1) * b for a, b in pairwise(sizes))
    sizes = (1, *model.filters)
    inner = sum((model.kernel**2 * a + 1) * b for a, b in pairwise(sizes))
    return inner + 26 * sizes[-1] * model.sides[-1] ** 2


def labels_of(each: int, absent: str) -> np.ndarray:
    """[n] `each` of every letter, but for those absent."""
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    return labels[~np.isin(labels, [LETTERS.index(letter) for letter in absent])]


def tried(experiment: str, candidate: Candidate, share: float, seeds: range, each: int, absent: str = "") -> Tried:
    """A candidate whose networks are right about so often, on `each` letters of every class."""
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    test = labels_of(each, absent)
    trials = []
    for seed in seeds:
        recipe = candidate.recipe.model_copy(update={"seed": seed})
        right = min(share + 0.002 * (seed % 10), 1.0)
        letters = TRAIN if recipe.letters_of_each == "all" else 26 * recipe.letters_of_each
        seconds = (1 + 30 / recipe.batch_size) * (parameters_of(recipe) ** 0.5) * letters / 3e6 * (1 + 0.05 * seed)
        record = Record(
            recipe,
            "0123456789abcdef",
            parameters_of(recipe),
            epochs(recipe.epochs, right, float(seconds)),
            ENVIRONMENT,
        )
        name = f"{experiment}/{candidate.trial_name(seed)}"
        trials.append(MadeUp(name, record, Path("nowhere"), float(right), labels, test))
    return Tried(candidate.name, experiment, candidate.levels, candidate.varied, candidate.recipe, tuple(trials))


def shares(given: dict[str, float], usual: float | None = 0.9) -> Share:
    """So often right by name, of an experiment (`mlp-factors/base`) or in any (`base`); as usual all others."""
    return lambda experiment, candidate: given.get(f"{experiment}/{candidate.name}", given.get(candidate.name, usual))


def results(
    plan: Plan | None = None,
    share: Share | None = None,
    each: int = 6,
    letter: str = "K",
    surname: str | None = None,
    absent: str = "",
    drawn: bool = False,
    failed: tuple[Failure, ...] = (),
    waiting: int = 0,
) -> Results:
    """A study of this plan; a family of which nothing is done is left out, `absent` letters are not in the test."""
    plan, share = plan or small(), share or likely
    families = [_family(family, share, each, absent) for family in plan.families]
    labels = labels_of(each, absent)
    names = answers_with(labels, 1.0, 0).names.tolist()
    return Results(
        asked=Asked(
            letters="letters",
            only=tuple(family.name for family in plan.families),
            letter=letter,
            surname=surname,
            command=f"letterlab study letters --letter {letter}",
        ),
        letters=LettersRead(
            fingerprint="0123456789abcdef",
            train=TRAIN,
            validation=26 * each,
            test=len(labels),
            leaks=("a_00007.jpg", "q_00123.jpg"),
            orientation=Orientation("stored-transposed", 0.999, "Transposed, the letters look more like those drawn."),
            set_aside=tuple(
                [SetAside(f"train/x_{i:05}.jpg", "The JPEG is damaged or cut short.") for i in range(7)]
                + [SetAside("train/<b>.jpg", "The name does not begin with a letter & a line.")]
            ),
            test_was_cut=drawn,
            drawn=drawn,
            notes=("The labels of 3 letters are doubtful.",),
        ),
        environment=ENVIRONMENT,
        plan=plan,
        families=tuple(family for family in families if family.ranked),
        test=LetterSet.of(pictures_of(each, absent), labels, names),
        failed=failed,
        waiting=waiting,
    )


@cache
def pictures_of(each: int, absent: str) -> np.ndarray:
    """[n, 28, 28] The test letters' pictures, drawn once."""
    return draw_letters(labels_of(each, absent), 0)


@dataclass(frozen=True, eq=False)
class MadeUpReread(Reread):
    """Letters that were never read again: what is in doubt is made up."""

    given: Doubt

    @property
    def doubt(self) -> Doubt:
        return self.given

    @cached_property
    def train(self) -> LetterSet:
        labels = np.repeat(np.arange(26, dtype=np.uint8), 10)
        return LetterSet.of(draw_letters(labels, 1), labels, [f"train_{i}.jpg" for i in range(len(labels))])


def doubt() -> Doubt:
    """Of 260 training letters 50 are in doubt and of 156 test letters 20; of each kind some, of the unreadable one."""
    kinds = get_args(Kind)
    found = []
    for i in range(70):
        part, position = ("test", 7 * (i // 3)) if i % 3 == 1 and i < 60 else ("train", 3 * i)
        label = LETTERS[position // (6 if part == "test" else 10)]
        kind = "unreadable" if i == 6 else kinds[i % 5]
        suggested = None if kind == "unreadable" else label if kind in ("turned", "mirrored") else ALIKE[label]
        of_suggested = float("nan") if suggested is None else 0.99 - i / 200
        name = "<b>.jpg" if i in (3, 4) else f"{label.lower()}_{1000 * (part == 'test') + position:05}.jpg"
        numbers = (0.01, of_suggested, 0.98 - i / 200)
        found.append(Doubtful(part, position, name, label, kind, suggested, *numbers))
    return Doubt(tuple(found), {"train": 260, "test": 156}, rate(231, 260))


def reread(given: Doubt | None = None) -> Reread:
    """What goes with `results`, whose test letters are six of each."""
    return MadeUpReread(Path("nowhere"), results().test, (), given or doubt())


def _family(family: FamilyPlan, share: Share, each: int, absent: str) -> FamilyResult:
    experiments = []
    for experiment in family.experiments:
        name = f"{family.name}-{experiment.name}"
        found = [
            tried(name, one, right, range(experiment.seeds), each, absent)
            for one in candidates(experiment, experiment.base)
            if (right := share(name, one)) is not None
        ]
        searched = []
        for number in range(experiment.search.trials if experiment.search else 0):
            chosen = np.random.default_rng(number)
            factors = (*experiment.crossed, *experiment.factors)
            levels = {one.name: str(chosen.choice([level.name for level in one.levels])) for one in factors}
            candidate = proposed(experiment, experiment.base, number, levels)
            if candidate.recipe and (right := share(name, candidate)) is not None:
                searched.append(tried(name, candidate, right, range(1), each, absent))
        given_up = 3 if searched else 0
        experiments.append(ExperimentResult(family.name, experiment, tuple(found), tuple(searched), given_up))
    return FamilyResult(family.name, tuple(experiments), _finals(family, experiments, share, each, absent))


def _finals(
    family: FamilyPlan, experiments: list[ExperimentResult], share: Share, each: int, absent: str
) -> tuple[Tried, ...]:
    if family.finals is None:
        return ()
    name = f"{family.name}-finals"
    best = ranked([one for result in experiments for one in (*result.tried, *result.searched)])[: family.finals.take]
    found = []
    for one in best:
        candidate = Candidate(one.name, one.levels, one.varied, changed(one.recipe, family.finals.changes))
        right = share(name, candidate)
        if right is not None:
            found.append(tried(name, candidate, right, range(100, 100 + family.finals.seeds), each, absent))
    return ranked(found)


def likely(experiment: str, candidate: Candidate) -> float:
    """Shares that look like those of real networks: what matters in life matters here."""
    levels, recipe = candidate.levels, candidate.recipe
    right = {"mlp": 0.86, "cnn": 0.92, "norm": 0.92, "transfer": 0.9}.get(experiment.split("-")[0], 0.88)
    right += 0.04 if experiment.endswith("finals") else 0.0
    right += {"1": -0.06, "2": -0.02}.get(levels.get("layers", ""), 0.0)
    right += {"sigmoid": -0.05, "tanh": -0.02}.get(levels.get("activation", ""), 0.0)
    right += {"sgd": -0.02}.get(levels.get("optimiser", ""), 0.0) + {"5": 0.012}.get(levels.get("kernel", ""), 0.0)
    if "rate" in levels:
        small = np.log2(32 / recipe.batch_size)
        norm = recipe.model.normalisation
        right -= 0.02 * max(small, 0) if norm == "batch" else 0.004
        right -= 0.03 if norm == "none" else 0.0
        right -= 0.012 * max(-small, 0) * (1.0 if levels["rate"] == "fixed" else 0.5)
        right -= 0.7 if (norm, levels["rate"], recipe.batch_size) == ("none", "scaled", 2048) else 0.0
        right -= 0.01 if recipe.model.group_size == "all" and norm == "group" else 0.0
    if "weights" in levels:
        shown = TRAIN / 26 if recipe.letters_of_each == "all" else recipe.letters_of_each
        right -= (0.16 if levels["weights"] == "imagenet" else 0.4) * (1 - np.log10(shown / 10) / 1.63) - 0.03
        right -= 0.02 if levels["network"] == "squeezenet1_1" else 0.0
    return float(np.clip(right, 0.04, 0.99))


def factor(name: str, setting: str, *values: Any) -> Factor:
    """A factor whose levels are the values of one setting."""
    return Factor(name=name, setting=setting, values=values)


def mlp(search: int = 3, **given: Any) -> FamilyPlan:
    """Task 1.1, small."""
    factors = (
        factor("activation", "model.activation", "relu", "sigmoid", "tanh"),
        factor("dropout", "model.dropout", 0.0, 0.3),
        factor("layers", "model.layers", 1, 2, 3),
    )
    experiment = Experiment(
        name="factors",
        base=Recipe(model=Mlp(), epochs=4, letters_of_each=200),
        factors=factors,
        seeds=2,
        search=Search(trials=search) if search else None,
    )
    return FamilyPlan(name="mlp", experiments=(experiment.model_copy(update=given),), finals=Finals(take=3, seeds=2))


def cnn() -> FamilyPlan:
    """Task 2.1, small."""
    base = Recipe(model=Cnn(), epochs=4, letters_of_each=200)
    layers = factor("layers", "model.layers", 1, 2, 3)
    sizes = Factor(
        name="layers",
        levels=tuple(
            Level(name=str(len(filters)), changes={"model.filters": filters})
            for filters in ((160,), (64, 110), (32, 64, 128))
        ),
    )
    return FamilyPlan(
        name="cnn",
        experiments=(
            Experiment(
                name="factors",
                base=base,
                crossed=(layers,),
                factors=(
                    factor("kernel", "model.kernel", 3, 5),
                    factor("activation", "model.activation", "relu", "sigmoid"),
                ),
                seeds=2,
            ),
            Experiment(name="equal-size", base=base, factors=(sizes,), seeds=2),
        ),
        finals=Finals(take=2, seeds=2),
    )


def norm(
    batches: tuple[int, ...] = (2, 8, 32, 256), seeds: int = 2, sizes: tuple[Any, ...] = (16, "all")
) -> FamilyPlan:
    """Task 2.2."""
    kinds = (
        Level(name="bn", changes={"model.normalisation": "batch"}),
        *(
            Level(name=f"gn-{size}", changes={"model.normalisation": "group", "model.group_size": size})
            for size in sizes
        ),
        Level(name="none", changes={"model.normalisation": "none"}),
    )
    rates = (
        Level(name="fixed", changes={}),
        Level(name="scaled", changes={"optimiser.rate_for_batch": 128}),
    )
    experiment = Experiment(
        name="batches",
        base=Recipe(model=Cnn(), epochs=3, letters_of_each=200),
        crossed=(
            Factor(name="normalisation", levels=kinds),
            factor("batch size", "batch_size", *batches),
            Factor(name="rate", levels=rates),
        ),
        seeds=seeds,
    )
    return FamilyPlan(name="norm", experiments=(experiment,))


def transfer(
    networks: tuple[str, ...] = ("mobilenet_v2", "squeezenet1_1"), shown: tuple[Any, ...] = (10, 100, "all")
) -> FamilyPlan:
    """Task 3."""
    base = Recipe(model=Torchvision(), epochs=4)
    return FamilyPlan(
        name="transfer",
        experiments=(
            Experiment(
                name="letters",
                base=base,
                crossed=(
                    factor("network", "model.network", *networks),
                    factor("weights", "model.weights", "imagenet", "random"),
                    factor("letters of each", "letters_of_each", *shown),
                ),
                seeds=2,
            ),
            Experiment(
                name="stem",
                base=base.model_copy(update={"letters_of_each": 100}),
                factors=(
                    factor("stem stride", "model.stem_stride", 1, 2),
                    factor("side", "model.side", 28, 56),
                    Factor(
                        name="training",
                        levels=(
                            Level(name="all-layers", changes={}),
                            Level(name="head-only", changes={"model.head_epochs": 4}),
                        ),
                    ),
                ),
                seeds=2,
            ),
        ),
    )


def own() -> FamilyPlan:
    """A user's family of another name."""
    experiment = Experiment(
        name="precision",
        base=Recipe(model=Cnn(filters=(8,)), epochs=2),
        crossed=(factor("precision", "precision", "fp32", "bf16"),),
        seeds=1,
    )
    return FamilyPlan(name="my-nets", experiments=(experiment,))


def small(*families: FamilyPlan) -> Plan:
    """A plan of these families, or of the four that come with the program."""
    return Plan(name="small", families=families or (mlp(), cnn(), norm(), transfer()))


def large() -> Plan:
    """As much as a real study tries."""
    base = Recipe(model=Mlp(), epochs=12, letters_of_each=200)
    factors = (
        Factor(
            name="neurons",
            levels=tuple(
                Level(name="-".join(map(str, hidden)), changes={"model.hidden": hidden})
                for hidden in ((128, 64), (256, 128), (512, 256), (1024, 512))
            ),
        ),
        factor("layers", "model.layers", 1, 2, 3),
        factor("learning rate", "optimiser.learning_rate", 0.0003, 0.001, 0.003, 0.01, 0.03),
        factor("batch size", "batch_size", 32, 64, 128, 256),
        factor("activation", "model.activation", "sigmoid", "tanh", "relu", "gelu", "silu"),
        factor("dropout", "model.dropout", 0.0, 0.2, 0.3, 0.5),
        factor("weight decay", "optimiser.weight_decay", 0.0, 0.01, 0.1),
        factor("label smoothing", "label_smoothing", 0.0, 0.1),
        factor("normalisation", "model.normalisation", "none", "batch", "group"),
        factor("optimiser", "optimiser.name", "sgd", "adam", "adamw"),
    )
    alone = Factor(
        name="regularisation",
        levels=(
            Level(name="dropout", changes={"model.dropout": 0.3}),
            Level(name="weight-decay", changes={"optimiser.weight_decay": 0.1}),
            Level(name="batch-norm", changes={"model.normalisation": "batch"}),
        ),
    )
    plain = Recipe(model=Mlp(dropout=0, normalisation="none"), epochs=12, letters_of_each=200)
    mlps = FamilyPlan(
        name="mlp",
        experiments=(
            Experiment(name="factors", base=base, factors=factors, seeds=3, search=Search(trials=16)),
            Experiment(name="alone", base=plain, factors=(alone,), seeds=3),
        ),
        finals=Finals(),
    )
    few = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
    return Plan(
        name="large",
        families=(
            mlps,
            cnn(),
            norm(few, 3, ("all", 16, 8, 1)),
            transfer(("mobilenet_v2", "squeezenet1_1", "resnet18"), (10, 30, 100, "all")),
            own(),
        ),
    )
