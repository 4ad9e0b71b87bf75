"""Which letters a training learns from, and which score it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.letterset import Letters, LetterSet, folds_stratified, split_stratified
from letterlab.lots import Lot
from letterlab.recipe import Recipe
from letterlab.recognise.ink import prepare_letters
from letterlab.shapes import Float32, Int, UInt8
from letterlab.sources.scribbles import draw_scribbles

VALIDATION: Final = 0.1
"""Share of the training letters that is cut off to choose by."""
CURVES_OF_EACH: Final = 25
"""At most so many letters of each kind score a training that is shown only some, after each epoch."""
_SHOWN: Final = 1  # keeps the draw of the letters shown apart from what else the seed draws
_SPLIT_SEED: Final = 0  # the same cut for every recipe and seed, so that all are compared on the same letters


@dataclass(frozen=True, eq=False)
class Parts:
    """The three parts that a training works with: as positions, and as sets of their own where they are asked for."""

    letters: Letters
    kept: Int[np.ndarray, "k"]
    """Positions, among the source's training letters, of those that train."""
    held_out: Int[np.ndarray, "v"]
    """Of those that validate."""

    @cached_property
    def train(self) -> LetterSet:
        """What there is to learn from, with the letters of other sources."""
        learned = self.letters.train.take(self.kept)
        return learned if self.letters.more is None else learned.joined(self.letters.more)

    @cached_property
    def validation(self) -> LetterSet:
        """What is chosen by."""
        return self.letters.train.take(self.held_out)

    @property
    def test(self) -> LetterSet:
        """What chooses nothing."""
        return self.letters.test

    @property
    def lots(self) -> tuple[Lot, Lot, Lot]:
        """The same letters without a copy of their pictures: to learn from, to validate, to test."""
        letters = self.letters
        more = () if letters.more is None else (letters.more,)
        trained = Lot.of(letters.train, *more)
        further = len(letters.train) + np.arange(len(trained) - len(letters.train))
        learned = trained.take(np.concatenate([self.kept, further]))
        return learned, Lot.of(letters.train).take(self.held_out), Lot.of(letters.test)


def parts(letters: Letters, fold: int | None = None) -> Parts:
    """Cuts validation from the training letters, stratified, the same every time: a tenth of them, or a fold.

    Raises:
        LetterlabError: there are too few letters to train, validate and test with.
    """
    if len(letters.train) < 2 or not len(letters.test):
        raise LetterlabError(
            f"{letters.source} has {len(letters.train)} letters to train on and {len(letters.test)} to test on: "
            "a training needs both parts."
        )
    if fold is None:
        train, validation = split_stratified(letters.train.labels, VALIDATION, _SPLIT_SEED)
    else:
        held_out = folds_stratified(letters.train.labels) == fold
        train, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if not len(validation):
        raise LetterlabError(
            f"{letters.source} has one training letter of each kind: give at least two, so that one can validate."
        )
    return Parts(letters, train, validation)


def shown(learned: Lot, recipe: Recipe) -> Lot:
    """What a recipe is trained on: all of these letters, or so many of each, drawn with its seed."""
    if recipe.letters_of_each == "all":
        return learned
    order = np.random.default_rng([recipe.seed, _SHOWN]).permutation(len(learned))
    labels = learned.labels[order]
    chosen = [order[labels == label][: recipe.letters_of_each] for label in range(len(LETTERS))]
    return learned.take(np.sort(np.concatenate(chosen)))


def commonness(learned: UInt8[np.ndarray, "n"], meant: UInt8[np.ndarray, "m"]) -> Float32[np.ndarray, "26"]:
    """The logarithm of how much commoner each letter is among the labels learned than among those that are meant.

    0 for a letter that stands in neither or in one of them alone.
    """
    often, wanted = (np.bincount(labels, minlength=len(LETTERS)) / len(labels) for labels in (learned, meant))
    ratio = np.divide(often, wanted, out=np.ones(len(LETTERS)), where=(often > 0) & (wanted > 0))
    return np.log(ratio).astype(np.float32)


def as_many(learned: Lot, validation: Lot) -> Lot:
    """As many of the letters learned as validate, so that their scores are as certain."""
    share = min(len(validation) / len(learned), 1.0)
    return learned.take(split_stratified(learned.labels, share, _SPLIT_SEED)[1]) if share < 1 else learned


def for_curves(letters: Lot, recipe: Recipe) -> Lot:
    """The letters on which a recipe is scored after each epoch: of one that is shown a few of each, as few."""
    if recipe.letters_of_each == "all":
        return letters
    most = min(recipe.letters_of_each, CURVES_OF_EACH) * len(LETTERS)
    if len(letters) <= most:
        return letters
    return letters.take(split_stratified(letters.labels, most / len(letters), _SPLIT_SEED)[1])


def scribbles(n: int, seed: int, prepared: bool) -> UInt8[np.ndarray, "n 28 28"]:
    """Drawn things that are no letters, prepared if the letters beside them are."""
    drawn = draw_scribbles(n, seed)
    return prepare_letters(drawn) if prepared else drawn
