"""One training of a study, with all that is kept of it: checkpoint, TensorBoard events, predictions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import torch

from letterlab.checkpoint import NAME, last_whole, read_record
from letterlab.evaluation import Outputs
from letterlab.findings.confusion import confusion
from letterlab.findings.doubt import VIEWS, viewed
from letterlab.history import Epoch
from letterlab.letterset import Letters
from letterlab.parts import parts, scribbles
from letterlab.prediction import open_network, outputs_of, predict, torch_device
from letterlab.recipe import Recipe
from letterlab.study.folder import OUTPUTS_FILE, TEST_FILE, VALIDATION_FILE, in_view
from letterlab.tracking import Tracker
from letterlab.training import fit, without_file

UNSEEN_SCRIBBLES: Final = 2_000
"""Drawn things that are no letters, on which it is measured how surely a network says so."""


def run_trial(
    recipe: Recipe,
    letters: Letters,
    folder: Path,
    watch: Callable[[Epoch], None],
    medians: Mapping[int, float] | None = None,
) -> bool:
    """Trains until the recipe's last epoch, from where the folder's training ended, and writes its predictions.

    Of a network that knows what is no letter it also writes what it puts out for letters and for drawn things. With a
    fold it also writes what the network says of its validation and test letters turned and mirrored.

    Args:
        recipe: what to train.
        letters: to train, validate and test with.
        folder: of this trial; made where it is missing.
        watch: called with every epoch, those of an earlier call too.
        medians: by epoch, the validation accuracy that one of its epochs must have reached by then.

    Returns:
        Whether it ran to its end, and was not given up for falling below a median.

    Raises:
        LetterlabError: as `fit` does.
    """
    best = 0.0
    with Tracker(folder) as tracker:

        def goes_on(epoch: Epoch) -> bool:
            nonlocal best
            tracker.epoch(epoch)
            watch(epoch)
            best = max(best, epoch.validation.accuracy)
            return best >= (medians or {}).get(epoch.number, 0.0)

        last = last_whole(folder / NAME).file
        begun = read_record(last) if last else None
        if begun and (without_file(begun.recipe), begun.letters) == (without_file(recipe), letters.fingerprint):
            for epoch in begun.epochs:
                if not goes_on(epoch):
                    return False
        for epoch in fit(recipe, letters, folder):
            if not goes_on(epoch):
                return False
        network, record = open_network(folder)
        cut = parts(letters, recipe.fold)
        if recipe.fold is not None:
            for file, part in ((VALIDATION_FILE, cut.validation), (TEST_FILE, cut.test)):
                for view in VIEWS:
                    predict(network, viewed(part, view), recipe.precision).save(folder / in_view(file, view))
        predict(network, cut.validation, recipe.precision).save(folder / VALIDATION_FILE)
        if recipe.no_letter:
            device = torch_device(recipe.device)
            nothing = scribbles(UNSEEN_SCRIBBLES, 2**31 + recipe.seed, letters.prepared)  # a seed that no recipe has
            shown = cut.validation.images, nothing
            outputs = [outputs_of(network, torch.from_numpy(one).to(device), recipe.precision).cpu() for one in shown]
            Outputs(*(one.numpy() for one in outputs)).save(folder / OUTPUTS_FILE)
        on_test = predict(network, cut.test, recipe.precision)
        tracker.finished(record, confusion(on_test))
    on_test.save(folder / TEST_FILE)
    return True
