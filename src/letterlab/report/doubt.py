"""Letters whose label is in doubt: how many of each kind, and what becomes of an accuracy without them."""

from dataclasses import dataclass
from typing import Final

from letterlab.evaluation import Predictions, Rate, rate
from letterlab.findings.doubt import KINDS, PARTS, Doubt

PICTURES: Final = 60
"""Letters that are shown; the rest stand in doubtful.csv."""


@dataclass(frozen=True)
class Without:
    """How a network reads the test letters, by whether their label is in doubt."""

    every: Rate
    sound: Rate
    """Of those whose label is not."""
    doubtful: Rate
    mistakes: Rate
    """The share of its mistakes whose label is."""


def without(doubt: Doubt, test: Predictions) -> Without:
    """A network's accuracy on all test letters, and on those whose label is and is not in doubt."""
    doubted, correct = doubt.among("test"), test.correct
    return Without(
        test.accuracy,
        rate(int(correct[~doubted].sum()), int((~doubted).sum())),
        rate(int(correct[doubted].sum()), int(doubted.sum())),
        rate(int(doubted[~correct].sum()), int((~correct).sum())),
    )


def by_kind(doubt: Doubt) -> list[tuple[str, list[Rate]]]:
    """For each kind of doubt that there is, then for `all`: its share of the training and of the test letters."""
    kinds = [(one.kind, one.part) for one in doubt.letters]
    counts = {kind: [kinds.count((kind, part)) for part in PARTS] for kind in KINDS}
    found: dict[str, list[int]] = {kind: each for kind, each in counts.items() if sum(each)}
    found["all"] = [sum(each) for each in zip(*counts.values(), strict=True)]
    sizes = [doubt.sizes[part] for part in PARTS]
    return [(kind, list(map(rate, each, sizes))) for kind, each in found.items()]
