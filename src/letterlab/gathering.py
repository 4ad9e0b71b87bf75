"""Letters from several sources, brought together for one training."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from letterlab.duplicates import find_duplicates
from letterlab.letterset import Letters, LetterSet
from letterlab.recognise.ink import prepare_letters


def gather(letters: Letters, more: Sequence[Letters]) -> tuple[Letters, int]:
    """The letters, and with them those of other sources to train on only.

    Of another source the training letters are taken, and all where it has no test part of its own. What stands among
    the test letters is left out of training, wherever it comes from.

    Returns:
        The letters together, and how many were left out.
    """
    others = [part for one in more for part in ((one.train, one.test) if one.test_was_cut else (one.train,))]
    everything = letters.train
    for part in others:
        everything = everything.joined(part)
    *_, leaks = find_duplicates(everything.images, letters.test.images)
    keep = np.ones(len(everything), dtype=bool)
    keep[leaks.first] = False
    own = len(letters.train)
    further = everything.take(np.flatnonzero(keep[own:]) + own) if others else None
    return replace(letters, train=everything.take(np.flatnonzero(keep[:own])), more=further), int(np.sum(~keep))


def prepared(letters: Letters) -> Letters:
    """The same letters as a recogniser sees them, instead of as they are stored."""

    def prepare(part: LetterSet) -> LetterSet:
        return LetterSet.of(prepare_letters(np.array(part.images)), part.labels, part.names.tolist())

    return replace(
        letters,
        train=prepare(letters.train),
        test=prepare(letters.test),
        more=None if letters.more is None else prepare(letters.more),
        prepared=True,
    )
