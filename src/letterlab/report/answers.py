"""The first page: one sentence for each task of the assignment."""

from markupsafe import Markup

from letterlab.findings.letters import LetterScore
from letterlab.report.batches import batch_sweep, versus_sentence
from letterlab.report.effects import by_factor
from letterlab.report.settings import shape
from letterlab.report.transfer import letter_sweep
from letterlab.report.words import Words
from letterlab.study.results import FamilyResult, Results, duel

_ANCHORS = {"mlp": "s1-1", "cnn": "s2-1", "norm": "s2-2", "transfer": "s3"}
"""The sections of the families that come with the program; tasks 1, 2.1, 2.2 and 3."""


def anchor(family: str) -> str:
    """The section of a family."""
    return _ANCHORS.get(family, f"family-{family}")


def champion(results: Results) -> FamilyResult:
    """The family whose best candidate has the highest validation accuracy."""
    return max(results.families, key=lambda family: family.best.validation_mean)


def score_of_asked(results: Results, family: FamilyResult) -> LetterScore:
    """How well a family's network reads the letter that was asked about."""
    return next(score for score in family.findings.letters if score.letter == results.asked.letter)


def answers(words: Words, results: Results) -> list[tuple[str, Markup]]:
    """For each task the section that tells more, and its sentence."""
    by_task = {"mlp": _mlp, "cnn": _cnn, "norm": _norm, "transfer": _transfer}
    found = []
    for name, sentence_of in by_task.items():
        family = results.family(name)
        told = sentence_of(words, results, family) if family else None
        found.append((anchor(name), told or words(f"missing.{name}")))
    return found


def _best(words: Words, family: FamilyResult) -> dict[str, str]:
    return {
        "name": f"{family.best.experiment}/{family.best.name}",
        "shape": shape(words, family.best.recipe),
        "rate": words.rate(family.findings.accuracy),
    }


def _mlp(words: Words, results: Results, family: FamilyResult) -> Markup:
    factors = [one for result in family.experiments for one in by_factor(result)]
    moved = dict.fromkeys(words.known("factor", one.factor) for one in factors if one.better or one.worse)
    names = {one.factor for one in factors}
    key = "mlp" if not factors else "mlp_factors" if moved else "mlp_no_factor"
    return words(f"answer.{key}", **_best(words, family), n=len(moved), of=len(names), factors=", ".join(moved))


def _cnn(words: Words, results: Results, family: FamilyResult) -> Markup:
    mlp = results.family("mlp")
    if mlp is None:
        return words("answer.cnn", **_best(words, family))
    fought = duel(family, mlp).comparison
    key = "cnn_apart" if fought.apart else "cnn_tie"
    difference = words.difference(fought)
    return words(f"answer.{key}", **_best(words, family), difference=difference, p=words.p(fought.p))


def _norm(words: Words, results: Results, family: FamilyResult) -> Markup | None:
    """BatchNorm against GroupNorm, at the scaled learning rate where there is one: the paper's is scaled too."""
    for sweep in filter(None, map(batch_sweep, family.experiments)):
        told = [one for one in sweep.versus if one.second == sweep.group]
        if told:
            return versus_sentence(words, sweep, next((one for one in told if one.rate == "scaled"), told[0]))
    return None


def _transfer(words: Words, results: Results, family: FamilyResult) -> Markup:
    """Of the networks shown the fewest letters, the one that is best from ImageNet weights."""
    sweeps = filter(None, (letter_sweep(result, results) for result in family.experiments))
    pairs = [(pair, sweep) for sweep in sweeps for pair in sweep.pairs]
    if not pairs:
        return words("answer.transfer", **_best(words, family))
    pair, sweep = max(pairs, key=lambda one: (-one[0].letters, one[0].imagenet.validation_mean))
    compared = pair.comparison
    way = "unclear" if not compared.apart else "better" if compared.difference > 0 else "worse"
    return words(
        f"answer.transfer_{way}",
        n=sweep.name_of(words, pair.letters),
        network=pair.network,
        difference=words.difference(compared),
        p=words.p(compared.p),
    )
