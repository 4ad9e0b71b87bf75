"""letterlab.fit until it reads as well as the plain script: python accuracy_ours.py LETTERS RECIPE

The recipe is one of benchmarks/recipes. The clock is letterlab's own, of training; it stops after the epoch whose
validation accuracy is at least the best that the plain script had with this seed. Where a training ends below that, its
time is none.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from protocol import serve

from letterlab import fit, open_letters
from letterlab.recipe import read_recipe

RECIPES = Path(__file__).parents[1] / "recipes"


def main() -> None:
    source, name = sys.argv[1:]
    letters = open_letters(source)
    recipe = read_recipe(RECIPES / f"{name}.toml")

    def train(seed: int, wanted: float) -> dict[str, Any]:
        clock, best, count = 0.0, 0.0, 0
        with TemporaryDirectory() as folder:
            for epoch in fit(recipe.model_copy(update={"seed": seed}), letters, Path(folder)):
                clock, best, count = clock + epoch.seconds, max(best, epoch.validation.accuracy), epoch.number
                if best >= wanted:
                    break
        return {"seconds": clock if best >= wanted else None, "accuracy": best, "epochs": count}

    train(0, 0.0)
    serve(lambda given: train(given["number"], given["earlier"]["plain PyTorch script"]["accuracy"]))


if __name__ == "__main__":
    main()
