"""Section 1.3: why the letters of a pair are confused, in words and pictures."""

import base64
from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from markupsafe import Markup

from letterlab.alphabet import LETTERS
from letterlab.findings.evidence import Direction, Evidence, Explanation, Leaning, Measured, Meeting, Neighbours
from letterlab.findings.explanation import explain
from letterlab.findings.shapes import GAPS
from letterlab.letterset import LetterSet
from letterlab.report.words import Words
from letterlab.study.results import FamilyResult, Results

OF_SHAPE: Final = 3
"""Measures of shape that are told of a direction; findings.json has them all."""
FEW: Final = 5
"""Mistakes below which only a very large difference could be told from chance."""
MORE_OF_FIRST: Final = (214, 143, 43)
"""Blue, in OpenCV's order: blue, green, red. It and the orange are seen on white and on black."""
MORE_OF_SECOND: Final = (32, 112, 224)


class Reason(NamedTuple):
    """One piece of evidence as it is told."""

    says: Markup
    figures: Markup | None
    """The values that it is made from, where the sentence does not hold them."""
    pictures: tuple[int, ...]
    """Positions of the test letters that it speaks of."""


@lru_cache(maxsize=8)
def explained(results: Results, family: FamilyResult) -> tuple[Explanation, ...]:
    """Why the letters of each pair that a family's best network confuses most are confused; worked out once."""
    trial = family.best_trial
    doubtful = results.reread.doubt.among("test") if results.reread else None
    return explain(family.findings.pairs, results.test, trial.test, trial.features, doubtful)


def reasons(words: Words, direction: Direction) -> list[Reason]:
    """What is told of a direction, written forms first, then the strongest; where nothing holds beyond chance, that."""
    evidence = direction.evidence
    of_shape = [one for one in evidence if isinstance(one, (Measured, Leaning))][:OF_SHAPE]
    told = [one for one in evidence if one in of_shape or isinstance(one, (Meeting, Neighbours))]
    told.sort(key=lambda one: not isinstance(one, Meeting))
    if told:
        return [_reason(words, direction, one) for one in told]
    key = "untested" if not direction.tested else "none_of_few" if direction.misread < FEW else "none"
    says = words(
        f"why.{key}", n=direction.misread, letter=direction.letter, read_as=direction.read_as, tested=direction.tested
    )
    return [Reason(says, None, ())]


def _reason(words: Words, direction: Direction, one: Evidence) -> Reason:
    letters: dict[str, object] = {"letter": direction.letter, "read_as": direction.read_as}
    if isinstance(one, Meeting):
        key = "form_meets" if one.of_forms > 1 else "form"
        says = words(
            f"why.{key}",
            hits=one.share.hits,
            n=one.share.n,
            usual=words.percent(one.usual.share, 0),
            nearest=one.nearest.hits,
            p=words.p(one.p),
            **letters,
        )
        return Reason(says, None, (one.medoid, one.meets) if one.of_forms > 1 else (one.medoid,))
    if isinstance(one, Neighbours):
        usual = words.percent(one.own.share, 0)
        says = words("why.neighbours", hits=one.misread.hits, n=one.misread.n, own=usual, p=words.p(one.p), **letters)
        return Reason(says, None, ())
    values = {name: measured(words, one.measure, getattr(one, name)) for name in ("misread", "own", "other")}
    name = words(f"measure.{one.measure}")
    if isinstance(one, Leaning):
        given = {"r": words.decimal(one.correlation, 2), "n": one.n, "p": words.p(one.p)}
        figures = words("why.leaning", name=name, **values, **given, **letters)
    else:
        figures = words(f"why.{effect(one.strength)}", name=name, p=words.p(one.p), **values, **letters)
    return Reason(words(f"shape.{one.measure}_{'more' if one.more else 'less'}", **letters), figures, ())


def effect(strength: float) -> str:
    """What a probability of superiority is called: large from 0.71 on, medium from 0.64 (Vargha and Delaney 2000)."""
    return "large" if strength >= 0.71 else "medium" if strength >= 0.64 else "small"


def measured(words: Words, measure: str, value: float) -> str:
    """A value of a measure with its unit."""
    match measure:
        case "head" | "foot" | "left" | "right" | "balance":
            return words.percent(value, 0)
        case "pieces" | "loops" | "ends" | "crossings":
            return words.decimal(value, 1)
        case "slant":
            return f"{words.decimal(value, 0)}°"
        case "gap" if value > GAPS:
            return str(words("measure.no_hollow"))
        case "thickness" | "gap":
            return str(words("measure.pixels", value=words.decimal(value, 1)))
        case _:
            return words.decimal(value, 2)


def difference(letters: LetterSet, first: str, second: str) -> str:
    """Where the mean pictures of two letters differ, as the `src` of an `img`: blue where the first has more ink,
    orange where the second has, the more the less transparent. Both letters occur."""
    means = [letters.images[letters.labels == LETTERS.index(letter)].mean(axis=0) for letter in (first, second)]
    less = means[0] - means[1]
    depth = np.abs(less) / max(float(np.abs(less).max()), 1)
    picture = np.empty((*less.shape, 4), dtype=np.uint8)
    picture[..., :3] = np.where(less[..., None] > 0, MORE_OF_FIRST, MORE_OF_SECOND)
    picture[..., 3] = np.round(depth * 15) * 17  # sixteen steps are enough, and a third of the bytes
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()
