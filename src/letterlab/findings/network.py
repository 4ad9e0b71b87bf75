"""All that is found out about one network from its predictions of the test letters."""

from dataclasses import dataclass

import numpy as np

from letterlab.evaluation import Predictions, Rate
from letterlab.findings.calibration import Calibration, Refusal, calibration, refusal
from letterlab.findings.confusion import confusion
from letterlab.findings.letters import Evenness, LetterScore, evenness, letter_scores
from letterlab.findings.pairs import Pair, confused_pairs
from letterlab.shapes import Int


@dataclass(frozen=True, eq=False)
class Findings:
    """One network's accuracy, confusions, letters, pairs, and how far its probabilities can be trusted."""

    accuracy: Rate
    loss: float
    counts: Int[np.ndarray, "26 26"]
    """The confusion matrix: rows are what a letter is, columns what it was read as."""
    letters: tuple[LetterScore, ...]
    """A to Z."""
    evenness: Evenness
    calibration: Calibration
    refusal: Refusal
    pairs: tuple[Pair, ...]
    """The ten most confused, or fewer where fewer were."""

    @classmethod
    def of(cls, predictions: Predictions) -> "Findings":
        """Counts everything from one set of predictions, of at least one letter."""
        counts = confusion(predictions)
        scores = letter_scores(counts)
        return cls(
            accuracy=predictions.accuracy,
            loss=predictions.loss,
            counts=counts,
            letters=scores,
            evenness=evenness(scores),
            calibration=calibration(predictions),
            refusal=refusal(predictions),
            pairs=confused_pairs(counts),
        )
