"""findings.json: all that the report states, for programs and for those who write their own text."""

import json
from pathlib import Path
from typing import Any, get_args

from letterlab.alphabet import LETTERS
from letterlab.evaluation import rate
from letterlab.files import write_text
from letterlab.findings.doubt import PARTS
from letterlab.report.answers import champion
from letterlab.report.batches import BatchSweep, batch_sweep
from letterlab.report.doubt import by_kind, without
from letterlab.report.effects import best_of_search, steps
from letterlab.report.found import (
    BatchSizesFound,
    BestOfSearch,
    CandidateFound,
    DoubtFound,
    ExperimentFound,
    FamilyFound,
    FinalistFound,
    OnFrontier,
    Schema,
    StudyFound,
    VariedFound,
    VersusFound,
    WeightsFound,
)
from letterlab.report.pairs import explained
from letterlab.report.pareto import COSTS, best_at_cost
from letterlab.report.schema import plain, schema_of
from letterlab.report.transfer import letter_sweep, without_weights
from letterlab.study.results import ExperimentResult, FamilyResult, Results, duel
from letterlab.study.tried import Tried


def schema() -> str:
    """The schema of findings.json, as docs/findings.schema.json holds it."""
    return json.dumps(schema_of(StudyFound, *get_args(Schema)), ensure_ascii=False, indent=1) + "\n"


def write_findings(results: Results, path: Path) -> None:
    """Writes the findings of a study as JSON, whole or not at all: a `StudyFound`."""
    text = json.dumps(plain(study_found(results)), ensure_ascii=False, indent=1, allow_nan=False)
    write_text(path, text + "\n")


def study_found(results: Results) -> StudyFound:
    """All that the report of a study states."""
    mlp, cnn, transferred = (results.family(name) for name in ("mlp", "cnn", "transfer"))
    return StudyFound(
        schema="urn:letterlab:findings:1",
        asked=results.asked,
        letters=results.letters,
        environment=results.environment,
        plan=results.plan.name,
        seconds=results.seconds,
        waiting=results.waiting,
        failed=results.failed,
        alphabet=LETTERS,
        champion=champion(results).family,
        families={family.family: _family(results, family) for family in results.families},
        cnn_less_mlp=duel(cnn, mlp) if mlp and cnn else None,
        transfer_less_cnn=duel(transferred, cnn) if transferred and cnn else None,
        doubt=_doubt(results),
        pareto={
            cost: tuple(
                OnFrontier(one.experiment, one.name, one.parameters, one.seconds, one.validation_mean)
                for one in (spot.tried for spot in best_at_cost(results, cost))
            )
            for cost in COSTS
        },
    )


def _family(results: Results, family: FamilyResult) -> FamilyFound:
    to_best = family.to_best if family.finals else {}
    return FamilyFound(
        experiments={result.experiment.name: _experiment(results, result) for result in family.experiments},
        finals=tuple(FinalistFound(**_candidate(one), less_best=to_best.get(one)) for one in family.finals),
        best=f"{family.best.experiment}/{family.best.name}",
        network=family.best_trial.name,
        findings=family.findings,
        explanations=explained(results, family),
        by_case=results.by_case[family.family],
    )


def _experiment(results: Results, result: ExperimentResult) -> ExperimentFound:
    best = best_of_search(result)
    by_batch, by_letters = batch_sweep(result), letter_sweep(result, results)
    return ExperimentFound(
        crossed=tuple(factor.name for factor in result.experiment.crossed),
        factors=tuple(factor.name for factor in result.experiment.factors),
        candidates=tuple(VariedFound(**_candidate(one), less_base=result.to_base.get(one)) for one in result.tried),
        importances=result.importances,
        less_one_before={one.name: step for one, step in steps(result)},
        searched=tuple(CandidateFound(**_candidate(one)) for one in result.searched),
        given_up=result.given_up,
        best_of_search=BestOfSearch(best.tried.name, best.comparison) if best else None,
        batch_sizes=_batch_sizes(by_batch) if by_batch else None,
        imagenet_less_random=tuple(
            WeightsFound(pair.network, pair.letters, pair.comparison)
            for pair in (by_letters.pairs if by_letters else ())
        ),
        without_weights=dict(without_weights(results, result)) if by_letters else {},
    )


def _batch_sizes(sweep: BatchSweep) -> BatchSizesFound:
    return BatchSizesFound(
        sweep.group,
        tuple(
            VersusFound(
                one.rate,
                one.first,
                one.second,
                one.crossing,
                dict(zip(map(str, one.batches), one.comparisons, strict=True)),
            )
            for one in sweep.versus
        ),
        tuple(sweep.rises),
    )


def _doubt(results: Results) -> DoubtFound | None:
    if results.reread is None:
        return None
    doubt = results.reread.doubt
    return DoubtFound(
        {kind: dict(zip(PARTS, shares, strict=True)) for kind, shares in by_kind(doubt)},
        {family.family: without(doubt, family.best_trial.test) for family in results.families},
    )


def _candidate(tried: Tried) -> dict[str, Any]:
    """What every CandidateFound has."""
    return {
        "name": tried.name,
        "varied": tried.varied,
        "levels": tried.levels,
        "recipe": tried.recipe,
        "parameters": tried.parameters,
        "seconds": tried.seconds,
        "seeds": tuple(trial.record.recipe.seed for trial in tried.trials),
        "validation": tuple(rate(int(correct.sum()), len(correct)) for correct in tried.validation_correct),
        "validation_loss": tuple(trial.on_validation.loss for trial in tried.trials),
        "validation_mean": tried.validation_mean,
        "test": tuple(rate(int(correct.sum()), len(correct)) for correct in tried.test_correct),
        "test_mean": tried.test_mean,
    }
