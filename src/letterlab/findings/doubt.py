"""Letters whose label is in doubt: mislabelled, upside down, mirrored, or not to be read at all.

By confident learning (Northcutt, Jiang and Chuang 2021) on what networks that never learned a letter say of it, and by
what they say of the same picture turned and mirrored. What is found is in doubt, not shown to be wrong: a network errs
too, and a person has to look.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.evaluation import Rate, rate
from letterlab.letterset import LetterSet
from letterlab.shapes import Bool, Float32, Int, UInt8

Part = Literal["train", "test"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
View = Literal["turned", "mirrored"]
Kind = Literal["mislabelled", "turned", "mirrored", "mislabelled or turned", "mislabelled or mirrored", "unreadable"]
"""What may be wrong with a letter. A W that is labelled M is mislabelled or upside down: its picture says not which."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_EITHER: Final[dict[View, Kind]] = {"turned": "mislabelled or turned", "mirrored": "mislabelled or mirrored"}
VIEWS: Final[Mapping[View, Callable[[UInt8[np.ndarray, "n 28 28"]], UInt8[np.ndarray, "n 28 28"]]]] = {
    "turned": lambda images: images[:, ::-1, ::-1],
    "mirrored": lambda images: images[:, :, ::-1],
}
"""How letters are looked at beside upright: turned by 180 degrees, and with left and right exchanged."""
SAME: Final = 0.5
"""Of a letter of which this share or more is read the same in a view, as H is turned, that view says nothing."""
ALIKE: Final = 0.02
"""Where surely more than this share of a letter's pictures is read as another letter, the two are written alike (I, L):
that puts no label in doubt. In sets that are well kept all wrong labels together are some 3 % (Northcutt, Athalye and
Mueller 2021), so those of a single pair are fewer."""
FAINT: Final = 0.3
"""A picture counts as unreadable where no letter has, in any view, this share of the mean probability that pictures of
its label have of being it. At 0.6 that was 3 % of real letters, and a person read most of them; at 0.3 it was 11 of
16,639, of which a person read 7."""


def viewed(letters: LetterSet, view: View) -> LetterSet:
    """The same letters turned or mirrored."""
    return LetterSet.of(np.ascontiguousarray(VIEWS[view](letters.images)), letters.labels, letters.names.tolist())


@dataclass(frozen=True, eq=False)
class Reading:
    """What networks that did not learn some letters say of them: probabilities of the 26 letters."""

    letters: LetterSet
    upright: Float32[np.ndarray, "n 26"]
    views: Mapping[View, Float32[np.ndarray, "n 26"]]


@dataclass(frozen=True)
class Doubtful:
    """A letter whose label is in doubt."""

    part: Part
    position: int
    """In its part."""
    name: str
    label: str
    kind: Kind
    suggested: str | None
    """The letter that it rather is: its label where only the picture is turned or mirrored, None if unreadable."""
    of_label: float
    """Probability of its label, upright."""
    of_suggested: float
    """Probability of what is suggested, in the view in which it is; NaN if unreadable."""
    score: float
    """How sure the doubt is, 0 to 1: `of_suggested` less `of_label`; of an unreadable picture, by what share the
    likeliest letter falls short of counting as read."""


@dataclass(frozen=True, eq=False)
class Doubt:
    """All letters whose label is in doubt."""

    letters: tuple[Doubtful, ...]
    """The surest first."""
    sizes: Mapping[Part, int]
    """How many letters each part has."""
    read: Rate
    """Of the training letters, those that networks which did not learn them read as their label."""

    def among(self, part: Part) -> Bool[np.ndarray, "n"]:
        """Which letters of a part are in doubt."""
        found = np.zeros(self.sizes[part], dtype=bool)
        found[[one.position for one in self.letters if one.part == part]] = True
        return found


def doubt(train: Reading, test: Reading) -> Doubt:
    """The letters of both parts whose label is in doubt.

    Which letters are alike is known from both parts together, what is enough of a probability from each by itself.
    """
    alike = _alike(
        np.concatenate([train.letters.labels, test.letters.labels]), np.concatenate([train.upright, test.upright])
    )
    found = _doubtful("train", train, alike) + _doubtful("test", test, alike)
    sizes: dict[Part, int] = {"train": len(train.letters), "test": len(test.letters)}
    right = int((train.upright.argmax(axis=1) == train.letters.labels).sum())
    return Doubt(tuple(sorted(found, key=lambda one: -one.score)), sizes, rate(right, len(train.letters)))


def _doubtful(part: Part, reading: Reading, alike: Bool[np.ndarray, "26 26"]) -> list[Doubtful]:
    from cleanlab.count import get_confident_thresholds  # loads pandas, which only who asks for doubts should wait for
    from cleanlab.filter import find_label_issues

    letters, upright = reading.letters, reading.upright
    if len(np.unique(letters.labels)) < 2:  # what is usual of a letter is known beside others alone
        return []
    labels, answers = letters.labels.astype(np.int64), upright.argmax(axis=1)
    of_label = _of(labels, upright)
    misread = (answers != labels) & ~alike[labels, answers]
    # Another letter is said, and with no less than the mean probability that its own pictures have of being it.
    another = misread & find_label_issues(labels, upright, filter_by="confident_learning", n_jobs=1)
    enough = get_confident_thresholds(labels, upright)[labels]  # [n]
    views: list[View] = list(reading.views)
    of_views = np.stack([_of(labels, seen) * _tells(labels, upright, seen) for seen in reading.views.values()])
    seen_best, of_view = of_views.argmax(axis=0), of_views.max(axis=0)
    in_view = misread & (of_view >= enough)
    likeliest = np.max([upright, *reading.views.values()], axis=(0, 2)) / (FAINT * enough)  # [n]
    found = []
    for i in np.flatnonzero(another | in_view | (likeliest < 1)):
        label, view = LETTERS[labels[i]], views[seen_best[i]]
        kind: Kind
        suggested: str | None
        if another[i]:
            kind, suggested = _EITHER[view] if in_view[i] else "mislabelled", LETTERS[answers[i]]
            of_suggested = upright[i, answers[i]]
        elif in_view[i]:
            kind, suggested, of_suggested = view, label, of_view[i]
        else:
            kind, suggested, of_suggested = "unreadable", None, np.nan
        score = of_suggested - of_label[i] if suggested else 1 - likeliest[i]
        numbers = (float(of_label[i]), float(of_suggested), float(score))
        found.append(Doubtful(part, int(i), str(letters.names[i]), label, kind, suggested, *numbers))
    return found


def _alike(labels: UInt8[np.ndarray, "n"], upright: Float32[np.ndarray, "n 26"]) -> Bool[np.ndarray, "26 26"]:
    """Whether so many of the pictures of one letter (row) are read as another (column) that the two are alike."""
    counts = np.zeros((len(LETTERS), len(LETTERS)), dtype=np.int64)
    np.add.at(counts, (labels, upright.argmax(axis=1)), 1)
    return np.array([[rate(int(n), int(row.sum())).low > ALIKE for n in row] for row in counts])


def _of(labels: Int[np.ndarray, "n"], probabilities: Float32[np.ndarray, "n 26"]) -> Float32[np.ndarray, "n"]:
    """The probability of each letter's label."""
    return probabilities[np.arange(len(labels)), labels]


def _tells(
    labels: Int[np.ndarray, "n"], upright: Float32[np.ndarray, "n 26"], seen: Float32[np.ndarray, "n 26"]
) -> Bool[np.ndarray, "n"]:
    """Whether a view tells anything of each letter: of those read as it upright, less than `SAME` still are."""
    right = upright.argmax(axis=1) == labels
    still = right & (seen.argmax(axis=1) == labels)
    of_each = [np.bincount(labels[which], minlength=len(LETTERS)) for which in (still, right)]
    return (of_each[0] < SAME * of_each[1])[labels]
