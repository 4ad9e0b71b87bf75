"""Transfer learning (task 3): ImageNet weights against random ones, by how many letters of each were shown."""

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from markupsafe import Markup

from letterlab.alphabet import LETTERS
from letterlab.findings.compare import Comparison, compare_all
from letterlab.recipe import Torchvision
from letterlab.report.sweeps import Curve, sweep_figure
from letterlab.report.words import Words
from letterlab.study.results import ExperimentResult, Results
from letterlab.study.tried import Tried


def _own(tried: Tried) -> tuple[object, ...]:
    """What of a recipe is not a matter of the weights it begins with."""
    recipe = tried.recipe
    return recipe.optimiser, recipe.batch_size, recipe.augmentation, recipe.label_smoothing


FACTORS: Final = {"network", "weights", "letters of each"}


@dataclass(frozen=True, eq=False)
class Pair:
    """One network from ImageNet weights and from random ones, shown equally many letters."""

    network: str
    letters: int
    """Of each that were shown."""
    imagenet: Tried
    random: Tried
    comparison: Comparison
    """Accuracy from ImageNet weights less that from random ones; p corrected (Holm) over all pairs."""


@dataclass(frozen=True, eq=False)
class LetterSweep:
    """An experiment that crosses network, weights and letters of each."""

    result: ExperimentResult
    all_of_each: int
    """How many of each letter the training part holds, on average."""

    @cached_property
    def cells(self) -> dict[tuple[str, str], dict[int, Tried]]:
        """By network and weights: the candidates by how many letters of each they were shown, rising."""
        found: dict[tuple[str, str], dict[int, Tried]] = {}
        for one in sorted(self.result.tried, key=self.shown):
            found.setdefault((one.levels["network"], one.levels["weights"]), {})[self.shown(one)] = one
        networks = [one.levels["network"] for one in self.result.tried]
        return dict(sorted(found.items(), key=lambda cell: (networks.index(cell[0][0]), cell[0][1])))

    def shown(self, one: Tried) -> int:
        """How many letters of each a candidate was shown."""
        letters = one.recipe.letters_of_each
        return self.all_of_each if letters == "all" else letters

    @cached_property
    def letters(self) -> list[int]:
        """The numbers of letters, rising."""
        return sorted({self.shown(one) for one in self.result.tried})

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every network and number of letters that was trained both ways."""
        both = []
        for (network, weights), imagenet in self.cells.items():
            random = self.cells.get((network, "random"), {})
            if weights == "imagenet":
                both += [(network, n, one, random[n]) for n, one in imagenet.items() if n in random]
        compared = compare_all([(one.validation_correct, other.validation_correct) for *_, one, other in both])
        return [Pair(*cell, comparison) for cell, comparison in zip(both, compared, strict=True)]

    def differing(self, words: Words) -> list[Markup]:
        """In what the trainings that are compared differ beside weights and letters, a sentence for each."""
        said = []
        if any(_own(pair.imagenet) != _own(pair.random) for pair in self.pairs):
            said.append(words("transfer.own_recipes"))
        epochs = {self.shown(one): one.recipe.epochs for one in self.result.tried}
        if len(set(epochs.values())) > 1:
            told = "; ".join(
                str(words("transfer.epochs", n=self.name_of(words, n), epochs=epochs[n])) for n in self.letters
            )
            said.append(words("transfer.epochs_vary", epochs=told))
        return said

    def name_of(self, words: Words, letters: int) -> str:
        """30, or all (425)."""
        every = any(one.recipe.letters_of_each == "all" and self.shown(one) == letters for one in self.result.tried)
        return str(words("transfer.all", n=letters)) if every else words.integer(letters)


def letter_sweep(result: ExperimentResult, results: Results) -> LetterSweep | None:
    """The experiment as a sweep over numbers of letters, if it is one and anything of it is done."""
    crossed = {factor.name for factor in result.experiment.crossed}
    fits = crossed == FACTORS and not result.experiment.factors and result.tried
    if not fits or not all(isinstance(one.recipe.model, Torchvision) for one in result.tried):
        return None
    return LetterSweep(result, round(results.letters.train / len(LETTERS)))


def letters_figure(words: Words, sweep: LetterSweep) -> Markup:
    """A curve for each network and kind of weights: solid from ImageNet, dashed from random weights."""
    networks = list(dict.fromkeys(network for network, _ in sweep.cells))
    curves = [
        Curve(
            network if weights == "imagenet" else str(words("transfer.curve_random", network=network)),
            tuple(cells.items()),
            networks.index(network),
            dashed=weights != "imagenet",
        )
        for (network, weights), cells in sweep.cells.items()
    ]
    names = {n: sweep.name_of(words, n) for n in sweep.letters}
    axis, label = str(words("transfer.axis")), str(words("transfer.alt"))
    return sweep_figure(words, curves, "accuracy", curves, axis, names, label, width=760, room=210)


def transfer_sentences(words: Words, sweep: LetterSweep) -> list[Markup]:
    """For each number of letters: the networks that ImageNet weights are shown to help, to harm, or neither."""
    told = []
    for n in sweep.letters:
        for way, pairs in _by_way([pair for pair in sweep.pairs if pair.letters == n]):
            networks = Markup("; ").join(
                words("transfer.network", network=pair.network, difference=words.difference(pair.comparison))
                for pair in pairs
            )
            told.append(words(f"transfer.{way}", n=sweep.name_of(words, n), networks=networks))
    return told


def network_sentences(words: Words, sweep: LetterSweep) -> list[Markup]:
    """For each network: with how many letters ImageNet weights are shown to help it, to harm it, or neither."""
    told = []
    for network in dict.fromkeys(pair.network for pair in sweep.pairs):
        for way, pairs in _by_way([pair for pair in sweep.pairs if pair.network == network]):
            where = "; ".join(
                f"{sweep.name_of(words, pair.letters)}: {words.difference(pair.comparison)}" for pair in pairs
            )
            told.append(words(f"transfer.network_{way}", network=network, where=where))
    return told


def _by_way(pairs: list[Pair]) -> list[tuple[str, list[Pair]]]:
    """Those shown to be better from ImageNet weights, those worse, those not told apart: each where there are any."""
    apart = [pair for pair in pairs if pair.comparison.apart]
    ways = {
        "better": [pair for pair in apart if pair.comparison.difference > 0],
        "worse": [pair for pair in apart if pair.comparison.difference < 0],
        "unclear": [pair for pair in pairs if not pair.comparison.apart],
    }
    return [(way, of) for way, of in ways.items() if of]


def without_weights(results: Results, result: ExperimentResult) -> list[tuple[str, str]]:
    """Networks of which no candidate from ImageNet weights came to its end, each with the reason of the first failure.

    Empty for an experiment that does not cross network, weights and letters of each.
    """
    factors = result.experiment.crossed
    if {factor.name for factor in factors} != FACTORS:
        return []
    done = {one.levels["network"] for one in result.tried if one.levels["weights"] == "imagenet"}
    found: dict[str, str] = {}
    for combination in itertools.product(*(factor.levels for factor in factors)):
        levels = {factor.name: level.name for factor, level in zip(factors, combination, strict=True)}
        trial = f"{result.name}/{'-'.join(level.name for level in combination)}.seed"
        reasons = [one.reason for one in results.failed if one.trial.startswith(trial)]
        if reasons and levels["weights"] == "imagenet" and levels["network"] not in done:
            found.setdefault(levels["network"], reasons[0])
    return list(found.items())
