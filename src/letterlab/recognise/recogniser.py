"""Letters in pictures, read by a trained network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from letterlab.alphabet import LETTERS, index_of
from letterlab.errors import LetterlabError
from letterlab.machine import cores
from letterlab.recognise.decoding import Limits, PictureError, decode
from letterlab.recognise.grouping import read_line
from letterlab.recognise.ink import EDGE, find_ink, prepare
from letterlab.recognise.model import SHIPPED, Metadata, open_model
from letterlab.recognise.raster import bounding_box
from letterlab.recognise.saliency import occlusion
from letterlab.recognise.segment import find_lines
from letterlab.shapes import Float32, UInt8

Box = tuple[int, int, int, int]
"""x, y, width and height in pixels of the picture, upright."""

ONE_LETTER: Final = 64
"""A picture smaller than this in height and width is one letter."""
CANDIDATES: Final = 3
"""Letters that are named for each letter read."""
BATCH: Final = 64
"""Pictures that the network sees at a time. It is no faster with more, and takes about 1 MB for each."""


@dataclass(frozen=True)
class Candidate:
    """A letter that it may be."""

    letter: str
    probability: float


@dataclass(frozen=True, eq=False)
class ReadLetter:
    """One letter of a picture, or what stands in a letter's place."""

    letter: str | None
    """A to Z, a capital for either case; none for what is no letter."""
    probability: float
    """Of the letter; of the likeliest candidate where it is none. Calibrated: of the letters read with 0.9, nine in
    ten are right."""
    candidates: tuple[Candidate, ...]
    """The three likeliest letters, best first; with probability 0 where there is no ink."""
    box: Box
    picture: UInt8[np.ndarray, "28 28"]
    """What the network saw: bright ink on black."""

    def as_json(self) -> dict[str, Any]:
        """The letter as JSON has it: probabilities with six decimals, without the picture."""
        return {
            "letter": self.letter,
            "probability": round(self.probability, 6),
            "candidates": [{"letter": one.letter, "probability": round(one.probability, 6)} for one in self.candidates],
            "box": list(self.box),
        }


@dataclass(frozen=True, eq=False)
class Reading:
    """What a picture says."""

    text: str
    """Its letters, "?" for what is none, a space between words, a new line between lines."""
    letters: tuple[ReadLetter, ...]
    """In reading order."""

    def as_json(self, file: str) -> dict[str, Any]:
        """The reading as JSON has it."""
        return {"file": file, "text": self.text, "letters": [letter.as_json() for letter in self.letters]}


class Recogniser:
    """Reads letters with a network that is kept in memory. Several threads may use one.

    recogniser = letterlab.Recogniser()
    print(recogniser.read("page.png").text)
    """

    def __init__(self, model: Path | str | bytes | None = None, *, threads: int = 1) -> None:
        """Opens the network.

        Args:
            model: an ONNX file that `letterlab export` wrote, or its bytes; the network that comes with the program
                when not given.
            threads: cores that the network may use for one picture; with one, several pictures are best read at a time
                by threads of the caller's.

        Raises:
            LetterlabError: the file is no network of letterlab's.
        """
        opened = open_model(model if isinstance(model, bytes) else Path(model or SHIPPED), threads)
        self._session = opened.session
        self.metadata: Final[Metadata] = opened.metadata
        self.fingerprint: Final[str] = opened.fingerprint
        """Which network it is: the beginning of the SHA-256 of its file."""

    @property
    def at_once(self) -> int:
        """Pictures that it is best asked to read at a time."""
        return cores()

    def probabilities(self, pictures: UInt8[np.ndarray, "n 28 28"]) -> Float32[np.ndarray, "n c"]:
        """What the network says of prepared pictures: of A to Z and, where `metadata.no_letter`, of no letter."""
        said = [np.empty((0, len(LETTERS) + self.metadata.no_letter), np.float32)]
        for start in range(0, len(pictures), BATCH):
            said += self._session.run(["probabilities"], {"pictures": pictures[start : start + BATCH]})
        return np.concatenate(said)

    def read(
        self,
        picture: Path | str | bytes | UInt8[np.ndarray, "h w"],
        *,
        single: bool = False,
        limits: Limits = Limits(),  # noqa: B008
    ) -> Reading:
        """The letters of a picture.

        Args:
            picture: a file, a file's bytes, or grey pixels; dark on light or light on dark.
            single: the whole picture is one letter. One of fewer than 64 pixels in height and width always is.
            limits: what a file may come to.

        Raises:
            PictureError: the file is refused (`problem` says why).
            LetterlabError: the file cannot be read.
        """
        grey = open_picture(picture, limits)
        ink, shrink = find_ink(grey)
        if single or max(grey.shape) < ONE_LETTER:
            return self._one_letter(ink, shrink, grey.shape)
        text: list[str] = []
        letters: list[ReadLetter] = []
        for line in find_lines(ink):
            said = ""
            for group in read_line(line, self.probabilities):
                box = _enlarged(group.mark.box, shrink, grey.shape)
                letter = self._letter(group.probabilities, group.picture, box)
                said += (" " if group.space_before else "") + (letter.letter or "?")
                letters.append(letter)
            if said:  # a line of specks alone says nothing
                text.append(said)
        return Reading("\n".join(text), tuple(letters))

    def saliency(self, picture: UInt8[np.ndarray, "28 28"], letter: str) -> Float32[np.ndarray, "28 28"]:
        """Which places of a prepared picture decided for a letter: see `recognise.saliency.occlusion`.

        Raises:
            LetterlabError: it is not a letter from A to Z.
        """
        index = index_of(letter)
        return occlusion(picture, lambda pictures: self.probabilities(pictures)[:, index])

    def _one_letter(self, ink: UInt8[np.ndarray, "h w"], shrink: int, shape: Sequence[int]) -> Reading:
        prepared = prepare(ink)
        box = bounding_box(ink >= EDGE)
        if any(box):
            probabilities = self.probabilities(prepared[None])[0]
            letter = self._letter(probabilities, prepared, _enlarged(box, shrink, shape))
        else:
            nothing = tuple(Candidate(letter, 0.0) for letter in LETTERS[:CANDIDATES])
            letter = ReadLetter(None, 0.0, nothing, (0, 0, shape[1], shape[0]), prepared)
        return Reading(letter.letter or "?", (letter,))

    def _letter(
        self, probabilities: Float32[np.ndarray, "c"], picture: UInt8[np.ndarray, "28 28"], box: Box
    ) -> ReadLetter:
        of_letters = probabilities[: len(LETTERS)]
        best = np.argsort(-of_letters, kind="stable")[:CANDIDATES]
        candidates = tuple(Candidate(LETTERS[index], float(of_letters[index])) for index in best)
        refused = self.metadata.no_letter and float(probabilities[-1]) > self.metadata.refusal
        return ReadLetter(
            None if refused else candidates[0].letter, candidates[0].probability, candidates, box, picture
        )


def open_picture(
    picture: Path | str | bytes | UInt8[np.ndarray, "h w"],
    limits: Limits = Limits(),  # noqa: B008
) -> UInt8[np.ndarray, "h w"]:
    """Grey pixels, upright, of a file, of a file's bytes, or as they are.

    Raises:
        PictureError: the file is refused; of a file with a name the message is a sentence that begins with it.
        LetterlabError: the file cannot be read.
    """
    if isinstance(picture, np.ndarray):
        return picture
    if isinstance(picture, bytes):
        return decode(picture, limits)
    try:
        with Path(picture).open("rb") as file:
            content = file.read(limits.bytes + 1)  # enough to be refused
    except OSError as error:
        raise LetterlabError(f"{picture} cannot be read ({error.strerror}).") from None
    try:
        return decode(content, limits)
    except PictureError as error:
        raise PictureError(error.problem, f"{picture}: {error}.") from None


def _enlarged(box: Box, shrink: int, shape: Sequence[int]) -> Box:
    """A box in pixels of the ink, in pixels of the picture, which may be thinner than one pixel of its ink."""
    left, top, width, height = (length * shrink for length in box)
    return left, top, min(width, shape[1] - left), min(height, shape[0] - top)
