"""Made-up results of a study, for tests of what is made from results: no network is trained for them."""

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions
from letterlab.history import Epoch, Record, Score
from letterlab.letterset import LetterSet, Orientation, SetAside
from letterlab.sources.drawn import draw_letters
from letterlab.study.plan import Candidate, smoke
from letterlab.study.results import Asked, Failure, FamilyResult, LettersRead, Results, Trial, Tried

ALIKE = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "HDGOCPQNLIXIWMDFGKZFVYVYXZ", strict=True)) | {"Z": "S", "Y": "V"}
"""What each letter is mostly mistaken for."""
ENVIRONMENT = {"letterlab": "0.1.0", "python": "3.11.2", "torch": "2.13.0", "processor": "A processor", "threads": "2"}


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


def epochs(count: int, share_right: float) -> tuple[Epoch, ...]:
    """Curves that rise to about the share."""
    far = [1 - 0.75 ** (number + 1) for number in range(count)]
    scores = [[Score(2.5 - 2.2 * x * y, share_right * x * y) for y in (1.02, 1.0, 0.99)] for x in far]
    return tuple(Epoch(i + 1, *each, learning_rate=1e-3, seconds=1.5) for i, each in enumerate(scores))


def tried(candidate: Candidate, share_right: float, seeds: int, each: int) -> Tried:
    """A candidate whose networks are right about so often, on `each` letters of every class."""
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    trials = []
    for seed in range(seeds):
        share = min(share_right + 0.002 * seed, 1.0)
        record = Record(
            candidate.with_seed(seed), "0123456789abcdef", 535_818, epochs(candidate.recipe.epochs, share), ENVIRONMENT
        )
        own = [1000 * part + sum(map(ord, candidate.name)) + seed for part in (1, 2)]
        validation, test = (answers_with(labels, share, number) for number in own)
        trials.append(Trial(candidate.trial_name(seed), record, validation, test))
    return Tried(candidate.name, candidate.family, candidate.varied, candidate.recipe, tuple(trials))


def results(
    shares: dict[str, float] | None = None,
    candidates: tuple[Candidate, ...] = smoke("fp32").candidates,
    seeds: int = 2,
    each: int = 6,
    letter: str = "K",
    surname: str | None = None,
    absent: str = "",
    drawn: bool = False,
    failed: tuple[Failure, ...] = (),
) -> Results:
    """A study of those candidates that have a share of right answers; `absent` letters do not occur in the test."""
    if shares is None:
        shares = {"mlp-512-256": 0.90, "mlp-128": 0.84, "cnn-32": 0.88, "cnn-32-64": 0.92, "cnn-32-64-128": 0.93}
    chosen = [tried(one, shares[one.name], seeds, each) for one in candidates if one.name in shares]
    labels = np.repeat(np.arange(26, dtype=np.uint8), each)
    test = LetterSet.of(draw_letters(labels, 0), labels, chosen[0].trials[0].test.names.tolist())
    if absent:
        keep = ~np.isin(labels, [LETTERS.index(letter) for letter in absent])
        test = test.take(keep)
        chosen = [_without(one, keep) for one in chosen]
    families = [FamilyResult.of(kind, [one for one in chosen if one.family == kind]) for kind in ("mlp", "cnn")]
    command = f"letterlab study letters --letter {letter}"
    return Results(
        asked=Asked("letters", "smoke", ("mlp", "cnn"), letter, surname, command),
        letters=LettersRead(
            fingerprint="0123456789abcdef",
            train=11_050,
            validation=1_950,
            test=len(test),
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
        families=tuple(family for family in families if family.ranked),
        test=test,
        failed=failed,
    )


def _without(one: Tried, keep: np.ndarray) -> Tried:
    trials = tuple(
        Trial(
            trial.name,
            trial.record,
            trial.validation,
            Predictions(trial.test.probabilities[keep], trial.test.labels[keep], trial.test.names[keep]),
        )
        for trial in one.trials
    )
    return Tried(one.name, one.family, one.varied, one.recipe, trials)


def one_epoch() -> Candidate:
    """A candidate that is trained for a single epoch."""
    candidate = smoke("fp32").candidates[0]
    return candidate.model_copy(update={"recipe": candidate.recipe.model_copy(update={"epochs": 1})})
