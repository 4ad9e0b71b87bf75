"""Training: one epoch, and the time until a network reads as well as the plain script's.

Of 13,000 and 65,000 letters a tenth validates and is not trained on, in every job. At "its best batch" each job takes
the size among 64 to 2048 that was quickest when it set itself up.
"""

from rows import Job, Row

NETWORKS = {"mlp": "MLP", "cnn": "CNN of 3 layers"}
LEAST = {("mlp", "64"): 10, ("mlp", "best"): 15, ("cnn", "64"): 3, ("cnn", "best"): 5}
LETTERS = {"13000": ("letters", "tree"), "65000": ("drawn", "drawn_tree")}


def epoch(kind: str, count: str, batch: str) -> Row:
    letters, tree = LETTERS[count]
    given = (f"{{{tree}}}", kind, batch)
    return Row(
        name=f"{kind}-{count}-{batch}",
        what=f"one epoch, {NETWORKS[kind]}, {int(count):,} letters, "
        + ("batch 64" if batch == "64" else "each at its best batch"),
        least=LEAST[kind, batch],
        ours=Job("letterlab.fit", "epoch_ours", (f"{{{letters}}}", kind, batch)),
        theirs=(
            Job("plain PyTorch script", "epoch_plain", given),
            Job("fastai", "epoch_fastai", given),
            Job("Keras, tf.data", "epoch_keras", (*given, "disk")),
            Job("Keras, tf.data with cache()", "epoch_keras", (*given, "cache")),
            Job("Lightning", "epoch_lightning", given),
        ),
    )


def accuracy(kind: str, cycle: int) -> Row:
    return Row(
        name=f"{kind}-accuracy",
        what=f"until validation accuracy equals the plain script's best of 20 epochs, {NETWORKS[kind]}",
        least=5,
        ours=Job("letterlab.fit", "accuracy_ours", ("{letters}", kind)),
        theirs=(
            Job("plain PyTorch script", "accuracy_plain", ("{tree}", kind)),
            Job(f"fastai, fit_one_cycle({cycle})", "accuracy_fastai", ("{tree}", kind, str(cycle))),
        ),
        alternations=5,
    )


ROWS = (
    *(epoch(kind, count, batch) for kind in NETWORKS for count in LETTERS for batch in ("64", "best")),
    accuracy("mlp", 20),
    accuracy("cnn", 10),
)
