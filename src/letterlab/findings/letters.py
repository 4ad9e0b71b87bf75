"""How well each letter is read, and how evenly the network learned them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from scipy.stats import chi2

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Rate, rate


@dataclass(frozen=True)
class LetterScore:
    """One letter in the confusion matrix."""

    letter: str
    recall: Rate
    """Of the pictures of this letter, how many were read as it: the letter's accuracy."""
    precision: Rate
    """Of the pictures read as this letter, how many are it."""
    rank: int
    """1 is the letter of highest recall; equal recalls share a rank."""
    read_as: tuple[tuple[str, int], ...]
    """What its pictures were wrongly read as, most often first, with counts."""
    taken_for_it: tuple[tuple[str, int], ...]
    """Which letters were wrongly read as it, most often first, with counts."""


@dataclass(frozen=True)
class Evenness:
    """Whether the letters are read equally well, up to chance."""

    best: LetterScore
    worst: LetterScore
    chi_squared: float
    """Pearson's statistic of the 2 x letters table of right and wrong answers."""
    degrees: int
    p: float
    """Probability of a table at least as uneven if every letter were equally easy."""
    cramers_v: float
    """Effect size of that table, 0 (even) to 1."""
    expected_spread: float
    """Standard deviation of the letters' accuracies that chance alone would give, were all equally easy."""
    spread: float
    """Standard deviation of the letters' accuracies."""

    @property
    def even(self) -> bool:
        """No more uneven than chance allows, at the 5 % level."""
        return self.p >= 0.05


def letter_scores(counts: Int[np.ndarray, "26 26"]) -> tuple[LetterScore, ...]:
    """A score for each letter, A to Z, also for those that do not occur (their recall has n = 0)."""
    shares = [rate(int(counts[i, i]), int(counts[i].sum())) for i in range(len(LETTERS))]
    return tuple(
        LetterScore(
            letter=letter,
            recall=shares[i],
            precision=rate(int(counts[i, i]), int(counts[:, i].sum())),
            rank=1 + sum(other.share > shares[i].share for other in shares if other.n),
            read_as=_others(counts[i], i),
            taken_for_it=_others(counts[:, i], i),
        )
        for i, letter in enumerate(LETTERS)
    )


def _others(row: Int[np.ndarray, "26"], own: int) -> tuple[tuple[str, int], ...]:
    order = sorted((j for j in range(len(row)) if j != own and row[j]), key=lambda j: (-row[j], j))
    return tuple((LETTERS[j], int(row[j])) for j in order)


def evenness(scores: tuple[LetterScore, ...]) -> Evenness:
    """Compares the letters that occur with the null hypothesis that all are read equally well.

    Pearson's chi-squared test of homogeneity. With every answer right (or wrong) there is nothing to tell apart:
    the statistic is 0 and p is 1.
    """
    seen = [score for score in scores if score.recall.n]
    right = np.array([score.recall.hits for score in seen])
    n = np.array([score.recall.n for score in seen])
    overall = right.sum() / n.sum()
    variance = overall * (1 - overall)
    statistic = float((((right - n * overall) ** 2) / (n * variance)).sum()) if variance > 0 else 0.0
    degrees = len(seen) - 1
    return Evenness(
        best=max(seen, key=lambda score: (score.recall.share, score.recall.low)),
        worst=min(seen, key=lambda score: (score.recall.share, score.recall.high)),
        chi_squared=statistic,
        degrees=degrees,
        p=float(chi2.sf(statistic, degrees)) if degrees else 1.0,
        cramers_v=float(np.sqrt(statistic / n.sum())),
        expected_spread=float(np.sqrt(np.mean(variance / n))),
        spread=float(np.std(right / n)),
    )
