"""Training: one epoch, and the time until a network reads as well as the plain script's."""

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


ROWS = tuple(epoch(kind, count, batch) for kind in NETWORKS for count in LETTERS for batch in ("64", "best"))
