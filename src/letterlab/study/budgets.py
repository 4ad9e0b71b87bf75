"""The plans that come with the program: the assignment's experiments, in as much time as there is."""

from typing import Final, Literal

from letterlab.recipe import Precision
from letterlab.study.assignment import NORMALISATIONS, Much, cnn, mlp, norm, reread, transfer
from letterlab.study.plan import Plan

Budget = Literal["smoke", "quick", "full"]
FAMILIES: Final = ("mlp", "cnn", "norm", "transfer", "reread")
"""In the assignment's order: tasks 1.1, 2.1, 2.2 and 3; then what tells whose label is in doubt."""


def plan(budget: Budget, precision: Precision, train: int) -> Plan:
    """The plan of a budget for so many training letters.

    MLPs and own CNNs compute in the given precision; torchvision's networks in fp32, for bf16 gains them nothing.
    In all budgets but `full` perceptrons and CNNs are screened on a part of the letters; finals see all.
    """
    return {"smoke": _smoke, "quick": _quick, "full": _full}[budget](precision, train)


def _smoke(precision: Precision, train: int) -> Plan:
    """The least that goes the whole way."""
    return Plan(
        name="smoke",
        families=(
            mlp(
                Much(
                    shown=20,
                    epochs=6,
                    seeds=2,
                    searched=4,
                    final_epochs=_epochs(train, 60_000, 4, 8),
                    finals=1,
                    final_seeds=2,
                    thin=True,
                ),
                precision,
            ),
            cnn(
                Much(
                    shown=20,
                    epochs=3,
                    seeds=1,
                    searched=0,
                    final_epochs=_epochs(train, 40_000, 2, 4),
                    finals=1,
                    final_seeds=2,
                    thin=True,
                ),
                precision,
            ),
            norm(
                normalisations=("bn", "gn-16", "none"),
                batches=(8, 64, 512),
                rates=("fixed",),
                shown=20,
                epochs=3,
                seeds=2,
                precision=precision,
            ),
            transfer({"squeezenet1_1": 2}, {10: 12}, 2),
            reread(_epochs(train, 20_000, 1, 2), precision),
        ),
    )


def _quick(precision: Precision, train: int) -> Plan:
    """Every factor that the assignment names, with a few levels of each."""
    return Plan(
        name="quick",
        families=(
            mlp(
                Much(
                    shown=200,
                    epochs=12,
                    seeds=3,
                    searched=24,
                    final_epochs=_epochs(train, 350_000, 8, 30),
                    finals=3,
                    final_seeds=3,
                ),
                precision,
            ),
            cnn(
                Much(
                    shown=200,
                    epochs=6,
                    seeds=3,
                    searched=8,
                    final_epochs=_epochs(train, 140_000, 4, 12),
                    finals=2,
                    final_seeds=3,
                ),
                precision,
            ),
            norm(
                normalisations=NORMALISATIONS,
                batches=(2, 8, 32, 256, 2048),
                rates=("fixed", "scaled"),
                shown=50,
                epochs=4,
                seeds=2,
                precision=precision,
            ),
            transfer(
                # A step of 1 reads better; mobilenet_v2 takes a step of 2 because that takes half the time.
                {"mobilenet_v2": 2, "squeezenet1_1": 1},
                {10: 10, 30: 7, 100: 4, "all": _epochs(train, 23_400, 1, 2)},
                2,
                stem_letters=30,
            ),
            reread(_epochs(train, 60_000, 2, 5), precision),
        ),
    )


def _full(precision: Precision, train: int) -> Plan:
    """Whole grids on all letters, five seeds: for a machine with many cores."""
    return Plan(
        name="full",
        families=(
            mlp(
                Much(
                    shown="all",
                    epochs=20,
                    seeds=5,
                    searched=60,
                    final_epochs=_epochs(train, 700_000, 20, 60),
                    finals=5,
                    final_seeds=5,
                    full=True,
                ),
                precision,
            ),
            cnn(
                Much(
                    shown="all",
                    epochs=12,
                    seeds=5,
                    searched=40,
                    final_epochs=_epochs(train, 470_000, 16, 40),
                    finals=5,
                    final_seeds=5,
                    full=True,
                ),
                precision,
            ),
            norm(NORMALISATIONS, tuple(2**i for i in range(1, 12)), ("fixed", "scaled"), "all", 8, 5, precision),
            transfer(
                dict.fromkeys(
                    ("mobilenet_v3_small", "resnet18", "efficientnet_b0", "squeezenet1_1", "mobilenet_v2"), 1
                ),
                {10: 30, 30: 20, 100: 12, "all": _epochs(train, 100_000, 3, 8)},
                5,
                stem_letters=100,
            ),
            reread(_epochs(train, 190_000, 6, 16), precision),
        ),
    )


def _epochs(train: int, seen: int, least: int, most: int) -> int:
    """So many that about `seen` letters pass through the network: of more letters, each passes less often."""
    return min(max(round(seen / train), least), most)
