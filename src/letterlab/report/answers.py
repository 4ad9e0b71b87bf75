"""The first page: what the study answers to each task of the assignment, in sentences."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from typing import Final, NamedTuple

from markupsafe import Markup

from letterlab.findings.evidence import Measured
from letterlab.findings.letters import LetterScore
from letterlab.report import batches, effects, transfer
from letterlab.report.pairs import explained, reasons
from letterlab.report.settings import shape
from letterlab.report.words import Words
from letterlab.study.results import ExperimentResult, FamilyResult, Results, duel

_ANCHORS: Final = {"mlp": "s1-1", "cnn": "s2-1", "norm": "s2-2", "transfer": "s3"}
"""The sections of the families that come with the program; tasks 1.1, 2.1, 2.2 and 3."""


def anchor(family: str) -> str:
    """The section of a family."""
    return _ANCHORS.get(family, f"family-{family}")


def champion(results: Results) -> FamilyResult:
    """The family whose best candidate has the highest validation accuracy."""
    return max(results.families, key=lambda family: family.best.validation_mean)


def score_of_asked(results: Results, family: FamilyResult) -> LetterScore:
    """How well a family's network reads the letter that was asked about."""
    return next(score for score in family.findings.letters if score.letter == results.asked.letter)


REASONS: Final = 4
"""Reasons for confusions that the first page tells; section 1.3 has all."""


class Answer(NamedTuple):
    """What the study answers to one task of the assignment."""

    section: str
    """That tells more."""
    sentences: list[Markup]
    """The first is the answer; the others say how far it goes."""


def answers(words: Words, results: Results) -> list[Answer]:
    """For each task its answer."""
    tasks: dict[str, tuple[str, Callable[[Words, Results, FamilyResult], list[Markup]]]] = {
        "s1-1": ("mlp", _mlp),
        "s1-2": ("mlp", _evenness),
        "s1-3": ("mlp", _pairs),
        "s1-4": ("mlp", _letter),
        "s2-1": ("cnn", _cnn),
        "s2-2": ("norm", _norm),
        "s3": ("transfer", _transfer),
    }
    found = []
    for section, (name, told_of) in tasks.items():
        family = results.family(name)
        told = told_of(words, results, family) if family else [missing(words, results, name)]
        found.append(Answer(section, told))
    return [*found, Answer("s4", [words("answer.tensorboard"), words("answer.tensorboard_where")])]


def missing(words: Words, results: Results, name: str) -> Markup:
    """Why a study has nothing of a family: it was not part of it, it failed, or it is not finished."""
    plan = next((family for family in results.plan.families if family.name == name), None)
    if plan is None:
        return words(f"missing.{name}")
    experiments = {f"{name}-{experiment.name}" for experiment in plan.experiments}
    reasons = [one.reason for one in results.failed if one.trial.partition("/")[0] in experiments]
    if reasons:
        return words("missing.failed", family=words.known("family", name), reason=reasons[0])
    return words("missing.unfinished", family=words.known("family", name))


def _mlp(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    return [*_best(words, family), *_factors(words, family)]


def _best(words: Words, family: FamilyResult) -> list[Markup]:
    """Which candidate is best, and which others are not told apart from it."""
    best, others, tied = family.best, len(family.ranked) - 1, len(effects.tied(family))
    name, rate = f"{best.experiment}/{best.name}", words.rate(family.findings.accuracy)
    told = [words(f"answer.{family.family}", name=name, shape=shape(words, best.recipe), rate=rate)]
    if others:
        told.append(words("answer.ties" if tied else "answer.no_ties", n=tied, of=others))
    return told


def _factors(words: Words, family: FamilyResult) -> list[Markup]:
    """By how much each factor moves the accuracy at most, and for which none is shown to."""
    every = [(result, factor) for result in family.experiments for factor in effects.by_factor(result)]
    moved = [
        (one.comparison.seeds, effects.largest_change(words, result, one, _factor_name(words, family, result, factor)))
        for result, factor in every
        if (one := factor.largest)
    ]
    unclear = [_factor_name(words, family, result, factor) for result, factor in every if factor.largest is None]
    if not every:
        return []
    if not moved:
        return [words("answer.no_factor", of=len(every), factors=", ".join(unclear))]
    seeds, changes = min(seeds for seeds, _ in moved), Markup("; ").join(change for _, change in moved)
    told = [words("answer.factors", n=len(moved), of=len(every), seeds=seeds, changes=changes)]
    return [*told, words("answer.factors_unclear", factors=", ".join(unclear))] if unclear else told


def _factor_name(words: Words, family: FamilyResult, result: ExperimentResult, factor: effects.FactorEffects) -> str:
    """A factor's word; with that of its experiment where another of the family has a factor of this name."""
    there = chain.from_iterable((*one.experiment.crossed, *one.experiment.factors) for one in family.experiments)
    name = words.known("factor", factor.factor)
    if sum(one.name == factor.factor for one in there) == 1:
        return name
    return str(words("effect.factor_of", factor=name, experiment=effects.title(words, result)))


def _evenness(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    findings, even = family.findings, family.findings.evenness
    if findings.accuracy.hits == findings.accuracy.n:
        return [words("answer.perfect", n=findings.accuracy.n)]

    def alike(score: LetterScore) -> Markup:
        letters = [one.letter for one in findings.letters if one.recall.n and one.recall.share == score.recall.share]
        return Markup(", ").join(Markup("<b>{}</b>").format(letter) for letter in letters)

    return [
        words(
            "answer.even" if even.even else "answer.uneven",
            spread=words.decimal(100 * even.spread),
            expected=words.decimal(100 * even.expected_spread),
            p=words.p(even.p),
        ),
        words(
            "answer.extremes",
            best=alike(even.best),
            best_rate=words.rate(even.best.recall),
            worst=alike(even.worst),
            worst_rate=words.rate(even.worst.recall),
        ),
    ]


def _pairs(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    found = family.findings.pairs
    if not found:
        return [words("answer.no_pairs")]
    pairs = Markup("; ").join(
        words("answer.pair", first=pair.first, second=pair.second, hits=pair.both.hits, n=pair.both.n) for pair in found
    )
    told = []
    for one in chain.from_iterable(why.directions for why in explained(results, family)):
        if of_shape := [evidence for evidence in one.evidence if isinstance(evidence, Measured)]:
            reason = reasons(words, replace(one, evidence=(of_shape[0],)))[0].says
            told.append(words("answer.because", letter=one.letter, read_as=one.read_as, reason=reason))
    some = any(one.evidence for why in explained(results, family) for one in why.directions)
    key = "answer.why" if told else "answer.why_elsewhere" if some else "answer.why_none"
    return [words("answer.pairs", n=len(found), pairs=pairs), words(key), *told[:REASONS]]


def _letter(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    score, of = score_of_asked(results, family), family.findings.evenness.degrees + 1
    letter, recall = score.letter, score.recall
    told = [words("asked.absent", letter=letter)]
    if recall.n:
        told = [words("answer.letter", letter=letter, rate=words.rate(recall), n=recall.n, rank=score.rank, of=of)]
        key = "answer.read_as" if score.read_as else "asked.never_wrong"
        told.append(words(key, letter=letter, others=_counted(score.read_as)))
    key = "answer.taken" if score.taken_for_it else "asked.never_taken"
    return [*told, words(key, letter=letter, others=_counted(score.taken_for_it))]


def _counted(letters: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{letter} ({count})" for letter, count in letters[:3])


def _cnn(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    told = _best(words, family)
    if mlp := results.family("mlp"):
        told.append(_against(words, family, mlp))
    for result in family.experiments:
        told += _steps(words, result)
    return [*told, *_factors(words, family)]


def _against(words: Words, family: FamilyResult, other: FamilyResult) -> Markup:
    """The best networks of two families on the test letters."""
    fought = duel(family, other).comparison
    key = f"answer.{family.family}_{'apart' if fought.apart else 'tie'}"
    return words(key, difference=words.difference(fought), p=words.p(fought.p), n=fought.n)


def _steps(words: Words, result: ExperimentResult) -> list[Markup]:
    """The bases of a crossed factor (one, two, three layers), and which differ from the one before."""
    steps = effects.steps(result)
    if len(steps) < 2:
        return []
    factor, seeds = result.experiment.crossed[0].name, min(len(one.trials) for one, _ in steps)
    names = {one.name: effects.crossed_level(words, factor, one) for one, _ in steps}
    levels = Markup("; ").join(
        words("answer.level", level=names[one.name], told=effects.mean_validation(words, one)) for one, _ in steps
    )
    told = [words("answer.steps", experiment=effects.title(words, result), seeds=seeds, levels=levels)]
    ways: dict[str, list[Markup]] = {"better": [], "worse": [], "unclear": []}
    for one, step in steps[1:]:
        assert step is not None
        way = "unclear" if not step.apart else "better" if step.difference > 0 else "worse"
        ways[way].append(words("answer.level", level=names[one.name], told=words.difference(step)))
    return told + [words(f"answer.step_{way}", levels=Markup("; ").join(of)) for way, of in ways.items() if of]


def _norm(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    """BatchNorm against GroupNorm, at the scaled learning rate where there is one: the paper's is scaled too."""
    for sweep in filter(None, map(batches.batch_sweep, family.experiments)):
        told = [one for one in sweep.versus if one.second == sweep.group]
        if told:
            one = next((one for one in told if one.rate == "scaled"), told[0])
            chosen = batches.choice_sentence(words, sweep)
            return [batches.versus_sentence(words, sweep, one), *filter(None, [chosen])]
    return [words("answer.norm_none")]


def _transfer(words: Words, results: Results, family: FamilyResult) -> list[Markup]:
    """The best network, whether it beats the best CNN, and when each network gains by ImageNet weights."""
    told = _best(words, family)
    if cnn := results.family("cnn"):
        told.append(_against(words, family, cnn))
    sweeps = [one for result in family.experiments if (one := transfer.letter_sweep(result, results))]
    compared = [sentence for sweep in sweeps for sentence in transfer.network_sentences(words, sweep)]
    compared += dict.fromkeys(sentence for sweep in sweeps for sentence in sweep.differing(words))
    failed = [one for result in family.experiments for one in transfer.without_weights(results, result)]
    told += compared or [words("answer.transfer_none")]
    return told + [words("transfer.failed", network=network, reason=reason) for network, reason in failed]
