"""What findings.json holds, as types: the schema that is published (docs/findings.schema.json) is made from them."""

from dataclasses import dataclass
from typing import Literal

from letterlab.evaluation import Rate
from letterlab.findings.case import ByCase
from letterlab.findings.compare import Comparison
from letterlab.findings.crossing import Crossing
from letterlab.findings.doubt import Part
from letterlab.findings.evidence import Explanation
from letterlab.findings.importance import Importance
from letterlab.findings.network import Findings
from letterlab.recipe import Recipe
from letterlab.report.batches import Rise
from letterlab.report.doubt import Without
from letterlab.report.pareto import Cost
from letterlab.study.folder import Asked, LettersRead
from letterlab.study.results import Duel, Failure

Schema = Literal["urn:letterlab:findings:1"]
"""Its number grows when something is taken away or comes to mean something else; not for what is added."""


@dataclass(frozen=True)
class CandidateFound:
    """What was tried: a recipe, trained once a seed."""

    name: str
    varied: str
    """The factor in which it differs from its base; `base` for that itself, `search` for one that a search proposed."""
    levels: dict[str, str]
    """Its level of every factor of its experiment."""
    recipe: Recipe
    """With the seed of no trial in particular."""
    parameters: int
    seconds: float
    """Mean training time of a trial."""
    seeds: tuple[int, ...]
    """One a trial; the lists below are in their order."""
    validation: tuple[Rate, ...]
    validation_loss: tuple[float, ...]
    """Mean cross-entropy in nats."""
    validation_mean: float
    """Mean share over the seeds: what ranks candidates."""
    test: tuple[Rate, ...]
    test_mean: float


@dataclass(frozen=True)
class VariedFound(CandidateFound):
    """A candidate of an experiment."""

    less_base: Comparison | None
    """Validation accuracy less its base's, corrected over the experiment (Holm); null where it has no base."""


@dataclass(frozen=True)
class FinalistFound(CandidateFound):
    """A candidate of the finals."""

    less_best: Comparison | None
    """Validation accuracy less the best's, corrected over the finals (Holm); null of the best itself."""


@dataclass(frozen=True)
class BestOfSearch:
    """The searched candidate of highest validation accuracy."""

    name: str
    less_base: Comparison
    """Less the base, of several the best. It is the best of many, which flatters it."""


@dataclass(frozen=True)
class VersusFound:
    """Two normalisations over the batch sizes, at one kind of learning rate."""

    rate: str
    first: str
    second: str
    crossing: Crossing
    by_batch_size: dict[str, Comparison]
    """The first less the second."""


@dataclass(frozen=True)
class BatchSizesFound:
    """Normalisation over batch sizes (task 2.2)."""

    group_norm: str | None
    """The GroupNorm that is compared, the one of highest validation accuracy over the cells that all share."""
    versus: tuple[VersusFound, ...]
    error_rises: tuple[Rise, ...]


@dataclass(frozen=True)
class WeightsFound:
    """A network of torchvision's from ImageNet weights less the same from random ones (task 3)."""

    network: str
    letters_of_each: int
    comparison: Comparison


@dataclass(frozen=True)
class ExperimentFound:
    """What came of one experiment."""

    crossed: tuple[str, ...]
    factors: tuple[str, ...]
    candidates: tuple[VariedFound, ...]
    """In the plan's order, a base before what varies it."""
    importances: tuple[Importance, ...]
    """Empty where there are too few trainings, or their accuracies are all the same."""
    less_one_before: dict[str, Comparison | None]
    """The bases of one crossed factor by name, each less the one before it; null of the first."""
    searched: tuple[CandidateFound, ...]
    given_up: int
    """Proposed by the search and not trained to the end."""
    best_of_search: BestOfSearch | None
    batch_sizes: BatchSizesFound | None
    """Null of an experiment that does not cross normalisation, batch size and learning rate."""
    imagenet_less_random: tuple[WeightsFound, ...]
    """Empty of an experiment that does not cross network, weights and letters of each."""
    without_weights: dict[str, str]
    """Networks of which no training from ImageNet weights came to its end, with the reason."""


@dataclass(frozen=True)
class FamilyFound:
    """What came of one family of networks."""

    experiments: dict[str, ExperimentFound]
    finals: tuple[FinalistFound, ...]
    """Ranked by validation accuracy; empty where there are none."""
    best: str
    """The candidate of highest mean validation accuracy: `mlp-finals/dropout-0.3`."""
    network: str
    """Its trial of highest validation accuracy, which the findings are about."""
    findings: Findings
    """On the test letters."""
    explanations: tuple[Explanation, ...]
    """Why the letters of each confused pair are confused, in the pairs' order."""
    by_case: ByCase | None
    """Capitals against small letters among them; None where there are not both of any letter."""


@dataclass(frozen=True)
class DoubtFound:
    """Letters whose label is in doubt; doubtful.csv lists them."""

    by_kind: dict[str, dict[Part, Rate]]
    """For each kind of doubt that there is, then for `all`: its share of the training and of the test letters."""
    networks: dict[str, Without]
    """By family, its best network's accuracy with them and without."""


@dataclass(frozen=True)
class OnFrontier:
    """A candidate that none beats at its cost."""

    experiment: str
    name: str
    parameters: int
    seconds: float
    validation_mean: float


@dataclass(frozen=True)
class StudyFound:
    """All that the report of a study states.

    Accuracies and rates are shares, 0 to 1, each with its 95 % interval (Wilson), hits and n; what is not known is
    null. A comparison is of the accuracy of the one named first, less that of the other. Confusion matrices hold
    counts; rows are what a letter is, columns what it was read as, A to Z.
    """

    schema: Schema
    """The identity of the schema that this file keeps."""
    asked: Asked
    letters: LettersRead
    environment: dict[str, str]
    plan: str
    """Name of the plan or budget."""
    seconds: float
    """Training time of all trials together."""
    waiting: int
    """Trials that are still to come; 0 of a study that is finished."""
    failed: tuple[Failure, ...]
    alphabet: str
    """The order of rows, columns and probabilities."""
    champion: str
    """The family whose best candidate has the highest validation accuracy."""
    families: dict[str, FamilyFound]
    cnn_less_mlp: Duel | None
    """The best networks of the two, on the same test letters."""
    transfer_less_cnn: Duel | None
    doubt: DoubtFound | None
    """Null where the letters were not read again by networks that had not learned them."""
    pareto: dict[Cost, tuple[OnFrontier, ...]]
    """By cost, parameters or seconds of training, what none beats at it, by rising cost."""
