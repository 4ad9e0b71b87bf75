"""Whether one curve of accuracies crosses another, or stays on one side of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from letterlab.findings.compare import Comparison


@dataclass(frozen=True)
class Crossing:
    """How one curve lies to another, as far as their differences are more than chance."""

    kind: Literal["crosses", "always above", "always below", "not shown"]
    between: tuple[int, int] | None
    """Where it crosses: the last x at which the one is shown ahead and the first at which the other is.

    Between the two nothing is shown. None where the curves are not shown to cross.
    """


def crossing(xs: Sequence[int], differences: Sequence[Comparison]) -> Crossing:
    """Along rising x (batch sizes, say), one curve less another: at each x the two are compared.

    A place counts where the two are told apart. The curve crosses if it is ahead at one such place and behind at
    another; of several crossings the first is given. It is always above (below) if it is ahead (behind) at one at
    least and at none the other. Not shown where they are nowhere told apart.
    """
    shown = [(x, one.low > 0) for x, one in zip(xs, differences, strict=True) if one.apart]
    for (last, was_ahead), (first, is_ahead) in pairwise(shown):
        if was_ahead != is_ahead:
            return Crossing("crosses", (last, first))
    if not shown:
        return Crossing("not shown", None)
    return Crossing("always above" if shown[0][1] else "always below", None)
