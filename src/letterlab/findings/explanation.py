"""Why two letters are confused: what the misread pictures have in common with the letter that they are read as.

All of it is measured on the pictures and on what the network said of them. Everything that is tested of one direction
(G read as C) is one family of tests, corrected together (Holm), and a direction of which nothing holds says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import fisher_exact, norm, rankdata, spearmanr

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Predictions, Rate, rate
from letterlab.findings.compare import holm
from letterlab.findings.evidence import Direction, Evidence, Explanation, Leaning, Measured, Meeting, Neighbours, Told
from letterlab.findings.forms import forms, pixel_space
from letterlab.findings.lookalikes import look_alikes
from letterlab.findings.pairs import Pair, mistakes
from letterlab.findings.shapes import MEASURES, shapes_of
from letterlab.letterset import LetterSet
from letterlab.shapes import Bool, Float, Float32, Int

COUNTS: Final = ("pieces", "loops", "ends", "crossings")
"""Measures whose usual value is the mean: their median is mostly the same whole number."""
TELLS: Final = 0.6
"""How often a measure must be greater in the one letter than in the other to be asked what it has to do with them."""
NEIGHBOURS: Final = 5


DIVISIONS: Final = 9999
"""Random choices of as many pictures as are misread, with which these are compared."""
CORRELATED: Final = 0.3
"""Least rank correlation that counts as evidence: a medium effect (Cohen 1988)."""


def explain(
    pairs: Sequence[Pair],
    letters: LetterSet,
    predictions: Predictions,
    features: Float32[np.ndarray, "n k"] | None,
    doubtful: Bool[np.ndarray, "n"] | None,
) -> tuple[Explanation, ...]:
    """The explanation of each pair.

    Args:
        pairs: of letters that this network confuses.
        letters: the test letters.
        predictions: what the network said of them.
        features: what its last layer is given for them; without them pixels stand in.
        doubtful: which of their labels are in doubt, if that is known.
    """
    seen = _Seen(letters, predictions, pixel_space(letters) if features is None else features, doubtful)
    return tuple(_explained(seen, pair) for pair in pairs)


class _Seen:
    """The pictures and all that is known of them; the forms of a letter are worked out when first asked for."""

    def __init__(
        self,
        letters: LetterSet,
        predictions: Predictions,
        space: Float32[np.ndarray, "n k"],
        doubtful: Bool[np.ndarray, "n"] | None,
    ) -> None:
        self.predictions, self.space, self.doubtful = predictions, space, doubtful
        self.pixels = pixel_space(letters)
        shapes = shapes_of(letters)
        self.measures = np.stack([shapes[measure] for measure in MEASURES], axis=1)
        self.log = np.log(np.maximum(predictions.probabilities, np.finfo(np.float32).tiny))
        self.forms = lru_cache(maxsize=None)(lambda letter: forms(space, predictions, letter))

    def of(self, letter: str) -> Int[np.ndarray, "m"]:
        """Positions of a letter's pictures."""
        return np.flatnonzero(self.predictions.labels == LETTERS.index(letter))


def _explained(seen: _Seen, pair: Pair) -> Explanation:
    ways = [(pair.first, pair.second, pair.forth.hits), (pair.second, pair.first, pair.back.hits)]
    ways.sort(key=lambda way: -way[2])
    return Explanation(
        pair.first,
        pair.second,
        tuple(_direction(seen, letter, read_as) for letter, read_as, hits in ways if hits),
        _told(seen.measures[seen.of(pair.first)], seen.measures[seen.of(pair.second)]),
        look_alikes(seen.space, seen.predictions.labels, pair.first, pair.second),
    )


def _told(first: Float[np.ndarray, "n k"], second: Float[np.ndarray, "m k"]) -> Told | None:
    if not len(first) or not len(second):
        return None
    above = _above(second, first)
    best = int(np.abs(above - 0.5).argmax())
    return Told(MEASURES[best], _usual(best, first), _usual(best, second), float(max(above[best], 1 - above[best])))


def _direction(seen: _Seen, letter: str, read_as: str) -> Direction:
    wrong, every, other = mistakes(seen.predictions, letter, read_as), seen.of(letter), seen.of(read_as)
    right = every[seen.predictions.correct[every]]
    tested: list[Evidence] = []
    if len(right) and len(other):
        tested = [
            *_of_shape(seen, letter, read_as, wrong, right, other),
            *_of_forms(seen, letter, read_as, wrong, right),
            _of_neighbours(seen, wrong, right, other),
        ]
    corrected = holm([one.p for one in tested])
    held = [replace(one, p=p) for one, p in zip(tested, corrected, strict=True) if p < 0.05]
    measured = {one.measure for one in held if isinstance(one, Measured)}
    nearer = {one.measure for one in tested if isinstance(one, Measured) and one.strength > 0.5}
    held = [
        one
        for one in held
        if not isinstance(one, Leaning)
        or (one.correlation >= CORRELATED and one.measure in nearer and one.measure not in measured)
    ]
    return Direction(
        letter,
        read_as,
        len(wrong),
        tuple(sorted(held, key=lambda one: -one.strength)),
        len(tested),
        None if seen.doubtful is None else rate(int(seen.doubtful[wrong].sum()), len(wrong)),
    )


def _of_shape(
    seen: _Seen,
    letter: str,
    read_as: str,
    wrong: Int[np.ndarray, "m"],
    right: Int[np.ndarray, "r"],
    other: Int[np.ndarray, "o"],
) -> list[Evidence]:
    """The measures in which the two letters differ, each asked twice: of the misread, and of the leaning of all."""
    above = _above(seen.measures[other], seen.measures[right])
    every = seen.of(letter)
    leaning = seen.log[every, LETTERS.index(read_as)] - seen.log[every, LETTERS.index(letter)]
    divisions = _divisions(len(wrong), len(wrong) + len(right))
    found: list[Evidence] = []
    for k, measure in enumerate(MEASURES):
        if max(above[k], 1 - above[k]) < TELLS:
            continue
        more = bool(above[k] > 0.5)
        values = seen.measures[:, k] * (1 if more else -1)  # greater is nearer to the other letter
        misread, own, theirs = (_usual(k, seen.measures[which]) for which in (wrong, right, other))
        if len(np.unique(values[every])) == 1:
            continue
        pooled = rankdata(values[np.concatenate([wrong, right])])
        total = pooled[: len(wrong)].sum()
        extreme = int((pooled[divisions].sum(axis=1) >= total).sum())
        strength = float(total - len(wrong) * (len(wrong) + 1) / 2) / (len(wrong) * len(right))
        found.append(Measured(measure, more, misread, own, theirs, strength, (1 + extreme) / (1 + DIVISIONS)))
        correlation = float(spearmanr(values[every], leaning).statistic)
        # The usual p, by t, is 0 for three pictures in order; that by the normal distribution is fair for few, too.
        p = float(norm.sf(correlation * np.sqrt(len(every) - 1)))
        found.append(Leaning(measure, more, misread, own, theirs, correlation, len(every), p))
    return found


def _divisions(m: int, n: int) -> Int[np.ndarray, "divisions {m}"]:
    """Random choices of m of n, each equally likely, the same every time (Floyd's algorithm; Bentley 1987)."""
    generator = np.random.default_rng([m, n])
    found = np.empty((DIVISIONS, m), dtype=np.int64)
    for i, last in enumerate(range(n - m, n)):
        drawn = generator.integers(0, last + 1, DIVISIONS)
        found[:, i] = np.where((found[:, :i] == drawn[:, None]).any(axis=1), last, drawn)
    return found


def _of_forms(
    seen: _Seen, letter: str, read_as: str, wrong: Int[np.ndarray, "m"], right: Int[np.ndarray, "r"]
) -> list[Evidence]:
    own, theirs = seen.forms(letter), seen.forms(read_as)
    found: list[Evidence] = []
    for form in own if len(own) > 1 else ():
        of_form = wrong[np.isin(wrong, form.positions)]
        share, usual = rate(len(of_form), len(wrong)), rate(int(np.isin(right, form.positions).sum()), len(right))
        if share.hits:
            apart = cdist(seen.space[of_form], seen.space[[one.medoid for one in theirs]])
            nearest = np.bincount(apart.argmin(axis=1), minlength=len(theirs))
            meets = int(nearest.argmax())
            found.append(
                Meeting(
                    form.medoid,
                    share,
                    usual,
                    theirs[meets].medoid,
                    rate(int(nearest[meets]), len(of_form)),
                    len(theirs),
                    _more(share, usual),
                )
            )
    return found


def _of_neighbours(
    seen: _Seen, wrong: Int[np.ndarray, "m"], right: Int[np.ndarray, "r"], other: Int[np.ndarray, "o"]
) -> Neighbours:
    among = np.concatenate([wrong, right, other])
    apart = cdist(seen.pixels[among[: len(wrong) + len(right)]], seen.pixels[among])
    np.fill_diagonal(apart, np.inf)
    nearest = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS] if len(among) > NEIGHBOURS else apart.argsort()
    theirs = (nearest >= len(wrong) + len(right)).mean(axis=1) > 0.5
    misread = rate(int(theirs[: len(wrong)].sum()), len(wrong))
    own = rate(int(theirs[len(wrong) :].sum()), len(right))
    return Neighbours(misread, own, _more(misread, own))


def _more(share: Rate, usual: Rate) -> float:
    """One-sided p of Fisher's exact test that the first share is not the greater."""
    table = [[one.hits, one.n - one.hits] for one in (share, usual)]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _above(first: Float[np.ndarray, "n k"], second: Float[np.ndarray, "m k"]) -> Float[np.ndarray, "k"]:
    """How often a value of the first is above one of the second, equal ones counting half; of each at least one."""
    n, m = len(first), len(second)
    ranks = rankdata(np.concatenate([first, second]), axis=0)[:n].sum(axis=0)
    return np.asarray((ranks - n * (n + 1) / 2) / (n * m))


def _usual(k: int, measures: Float[np.ndarray, "n k"]) -> float:
    """The mean of a count, the median of any other measure, of at least one picture."""
    return float((np.mean if MEASURES[k] in COUNTS else np.median)(measures[:, k]))
