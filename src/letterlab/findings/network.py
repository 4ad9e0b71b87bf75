"""All that is found out about one network from its predictions of the test letters."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from letterlab.evaluation import Predictions, Rate
from letterlab.findings.confusion import confusion
from letterlab.findings.letters import Evenness, LetterScore, evenness, letter_scores
from letterlab.findings.pairs import Pair, confused_pairs


@dataclass(frozen=True, eq=False)
class Findings:
    """One network's accuracy, confusions, letters and pairs."""

    accuracy: Rate
    loss: float
    counts: Int[np.ndarray, "26 26"]
    """The confusion matrix: rows are what a letter is, columns what it was read as."""
    letters: tuple[LetterScore, ...]
    """A to Z."""
    evenness: Evenness
    pairs: tuple[Pair, ...]
    """The ten most confused, or fewer where fewer were."""

    @classmethod
    def of(cls, predictions: Predictions) -> "Findings":
        """Counts everything from one set of predictions, of at least one letter."""
        counts = confusion(predictions)
        scores = letter_scores(counts)
        return cls(predictions.accuracy, predictions.loss, counts, scores, evenness(scores), confused_pairs(counts))
