"""What can be found out about why pictures of one letter are read as another: the pieces of evidence, as values."""

from dataclasses import dataclass

import numpy as np

from letterlab.evaluation import Rate
from letterlab.findings.lookalikes import LookAlike


@dataclass(frozen=True)
class Measured:
    """A measure of shape by which the misread pictures lie nearer to the other letter than those read rightly."""

    measure: str
    """Of findings/shapes.py."""
    more: bool
    """Whether the other letter has more of it."""
    misread: float
    """Usual value (median; mean of counts) in the misread pictures."""
    own: float
    """In the letter's pictures that are read rightly."""
    other: float
    """In the pictures of the letter they are read as."""
    strength: float
    """How often a misread picture is nearer the other letter's side than one read rightly: 0.5 is chance, 1 always
    (Vargha and Delaney 2000)."""
    p: float
    """Of a permutation test of the rank sum towards the other letter's side (Mann and Whitney 1947), corrected (Holm)
    over all that is tested of the direction."""


@dataclass(frozen=True)
class Leaning:
    """A measure with which the network's leaning to the other letter grows, over all pictures of the letter."""

    measure: str
    more: bool
    misread: float
    own: float
    other: float
    correlation: float
    """Spearman's, of the measure (towards the other letter) with the log-odds of the other letter against the own."""
    n: int
    """Pictures of the letter."""
    p: float
    """Corrected (Holm) over all that is tested of the direction."""

    @property
    def strength(self) -> float:
        """On the scale of the others: Kendall's tau of a normal pair with this correlation, as a probability."""
        return 0.5 + float(np.arcsin(self.correlation)) / np.pi


@dataclass(frozen=True)
class Meeting:
    """A written form of the letter that is misread more often than its other forms, and the form it is taken for."""

    medoid: int
    """Position of the picture that stands for the form."""
    share: Rate
    """Of the misread pictures, those of this form."""
    usual: Rate
    """Of the pictures read rightly, those of this form."""
    meets: int
    """Position of the picture that stands for the other letter's form to which most of these are nearest."""
    nearest: Rate
    """Of these misread pictures, those nearest to that form."""
    of_forms: int
    """Forms that the other letter has."""
    p: float
    """Fisher's exact test, one-sided, corrected (Holm) over all that is tested of the direction."""

    @property
    def strength(self) -> float:
        """On the scale of the others."""
        return 0.5 + (self.share.share - self.usual.share) / 2


@dataclass(frozen=True)
class Neighbours:
    """Whether the misread pictures look like the other letter without any network: by their pixels."""

    misread: Rate
    """Of the misread pictures, those most of whose five nearest pictures of the two letters are of the other one."""
    own: Rate
    """Of those read rightly."""
    p: float
    """Fisher's exact test, one-sided, corrected (Holm) over all that is tested of the direction."""

    @property
    def strength(self) -> float:
        """On the scale of the others."""
        return 0.5 + (self.misread.share - self.own.share) / 2


Evidence = Measured | Leaning | Meeting | Neighbours


@dataclass(frozen=True)
class Direction:
    """Why pictures of one letter are read as another."""

    letter: str
    read_as: str
    misread: int
    evidence: tuple[Evidence, ...]
    """What holds beyond chance (p below 0.05), strongest first; of a measure once."""
    tested: int
    """How many things were tested."""
    doubtful: Rate | None
    """Of the misread pictures, those whose label is itself in doubt; None where that was not looked into."""


@dataclass(frozen=True)
class Told:
    """The one measure that best tells two letters apart."""

    measure: str
    first: float
    """Usual value in the first letter."""
    second: float
    auc: float
    """How often it ranks a picture of each rightly, 0.5 to 1; 1 less this is how far the letters overlap in it."""


@dataclass(frozen=True)
class Explanation:
    """Why two letters are confused."""

    first: str
    second: str
    directions: tuple[Direction, ...]
    """Those with mistakes, more of them first."""
    told: Told | None
    """None where one of them does not occur, and is only an answer."""
    look_alikes: tuple[LookAlike, ...]
