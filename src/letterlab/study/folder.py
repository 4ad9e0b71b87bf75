"""The folder of a study: what lies where in it, and its study.json.

A study's folder holds
    study.json                      what was asked, of which letters, on what machine, by which plan
    study.db                        every trial with its levels, recipe, state, validation accuracies (Optuna, SQLite)
    train.npz, test.npz             the letters, for pictures of mistakes and of those whose label is in doubt
    trials/EXPERIMENT/NAME.seedK/   one training each: checkpoint, TensorBoard events, predictions
                                    (validation.npz, then test.npz); of each family's best network also what its last
                                    layer is given for each test letter (features.npz); of one with a fold also what
                                    it says of its letters turned and mirrored (validation.turned.npz)
    report.html                     what is handed in; report.pdf and report.ipynb are the same, if asked for
    findings.json                   all that it states (docs/findings.schema.json says how)
    predictions.csv                 what the best network of each family said of every test letter
    figures/NAME.svg                the report's figures
    doubtful.csv                    letters whose label is in doubt, with room for a person's verdict
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from letterlab.errors import LetterlabError
from letterlab.files import read_arrays, write_text
from letterlab.findings.doubt import View
from letterlab.letterset import SIDE, LetterSet, Orientation, SetAside
from letterlab.study.plan import Plan

FORMAT: Final = 1
"""Number of the form of study.json; the first ones did not say it."""
STUDY_FILE: Final = "study.json"
LETTERS_FILE: Final = "test.npz"
TRAIN_LETTERS_FILE: Final = "train.npz"
TRIALS: Final = "trials"
VALIDATION_FILE: Final = "validation.npz"
TEST_FILE: Final = "test.npz"
"""Written last: with it a trial is done."""
OUTPUTS_FILE: Final = "outputs.npz"
"""Of a network that was shown what is no letter."""
FEATURES_FILE: Final = "features.npz"


def stored_letters(path: Path) -> LetterSet:
    """The letters in one of the two files of letters.

    Raises:
        LetterlabError: the file is missing, or damaged.
    """
    wanted = {"images": (np.uint8, ("n", SIDE, SIDE)), "labels": (np.uint8, ("n",)), "names": (np.str_, ("n",))}
    file = read_arrays(path, wanted)
    return LetterSet.of(file["images"], file["labels"], file["names"].tolist())


def in_view(file: str, view: View) -> str:
    """The file with what is said of the same letters in a view: validation.turned.npz beside validation.npz."""
    return f"{file.removesuffix('.npz')}.{view}.npz"


@dataclass(frozen=True)
class Asked:
    """What a study was asked to do."""

    letters: str
    """The source, as the user named it."""
    only: tuple[str, ...]
    """The families of the plan that were asked for; all of them where it is empty."""
    letter: str
    """The letter that gets a section of its own."""
    surname: str | None
    """The surname whose first letter that is, where one was given."""
    command: str
    """The command line that gives this study again."""


@dataclass(frozen=True)
class LettersRead:
    """What was read, and what of it was used for what."""

    fingerprint: str
    train: int
    """Letters that the networks learned from."""
    validation: int
    """Cut from the training letters, stratified; every choice was made on these."""
    test: int
    leaks: tuple[str, ...]
    """Names of training letters that also stand among the test letters and were left out of training."""
    orientation: Orientation
    set_aside: tuple[SetAside, ...]
    test_was_cut: bool
    drawn: bool
    notes: tuple[str, ...]


class Pace(NamedTuple):
    """How fast a network of some shape trains and reads, in seconds."""

    step: float
    """Of each step, whatever its batch."""
    letter: float
    """Of each letter in a step, beside that."""
    scored: float
    """Of reading a letter."""


class Foreseen(NamedTuple):
    """What an experiment is going to be."""

    trainings: int
    seconds: float
    """Of all its trainings together, one after another."""


@dataclass(frozen=True)
class Study:
    """What study.json holds: written before the first trial, and never changed by one."""

    asked: Asked
    letters: LettersRead
    environment: dict[str, str]
    whole_plan: Plan
    pace: dict[str, Pace]
    """By the shape of a network (a recipe in JSON), how fast this machine trained it when the study began."""
    foreseen: dict[str, Foreseen]
    """By experiment, what was to come when the study began."""
    format: Annotated[int, Field(le=FORMAT)] = FORMAT

    @property
    def plan(self) -> Plan:
        """The part of the plan that was asked for."""
        return self.whole_plan.only(self.asked.only) if self.asked.only else self.whole_plan

    def to_json(self) -> str:
        """As study.json holds it, for `read`."""
        return TypeAdapter(Study).dump_json(self, indent=1).decode() + "\n"

    def save(self, folder: Path) -> None:
        """Writes study.json."""
        write_text(folder / STUDY_FILE, self.to_json())

    @classmethod
    def open(cls, folder: Path) -> "Study":
        """Reads study.json.

        Raises:
            LetterlabError: the folder holds no study, or one that another version wrote.
        """
        path = folder / STUDY_FILE
        try:
            said = path.read_bytes()
        except FileNotFoundError:
            raise LetterlabError(
                f"There is no study in {folder}: give the folder that `letterlab study` wrote."
            ) from None
        except OSError as error:
            raise LetterlabError(f"{path} cannot be read ({error.strerror}): allow it to be read.") from None
        return cls.read(said, path, "another --out")

    @classmethod
    def read(cls, said: str | bytes, place: object, instead: str) -> "Study":
        """Reads what `to_json` gave.

        Args:
            said: the text.
            place: where it stands.
            instead: what the user can give where it is of no use.

        Raises:
            LetterlabError: another version wrote it, or it is damaged.
        """
        try:
            return TypeAdapter(Study).validate_json(said)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise LetterlabError(
                f"{place} is damaged, or a study of another version of letterlab ({where}: {first['msg']}): go on with "
                f"that version, or give {instead}."
            ) from None
