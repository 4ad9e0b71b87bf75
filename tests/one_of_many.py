"""A command that works on a small study with others: python tests/one_of_many.py FOLDER [URL]"""

import sys
from pathlib import Path

import letterlab
from blobs import blobs
from letterlab.letterset import Letters, Orientation
from letterlab.study import database, shared_store
from small_plan import mlp, plan

WHOLE = plan(mlp(search=2, finals=1, seeds=1))
LETTERS = Letters(blobs(20, 0), blobs(4, 1), "blobs", Orientation("upright", 1.0, "Made so."))


def main() -> None:
    shared_store.PAUSE = shared_store.SharedStore.pause = 0.2
    shared_store.SILENCE = 5.0
    database.AGAIN = 0.2
    folder, url = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    begun = letterlab.begin_study(LETTERS, WHOLE, folder, workers=1, keep_leaks=True, store=url, command="letterlab")
    begun.run(
        lambda step: print(step.what, step.trial.name, "elsewhere" if step.elsewhere else "here", flush=True),
        lambda sentence: print(sentence, flush=True),
    )


if __name__ == "__main__":
    main()
