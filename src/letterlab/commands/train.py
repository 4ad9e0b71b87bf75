"""`letterlab train`: one network, in this process or, started by torchrun, in several."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from letterlab.commands.options import Orientation, Resize, Source, read
from letterlab.errors import LetterlabError
from letterlab.terminal import bar, console, program

if TYPE_CHECKING:  # torch and OpenCV are loaded when the command runs
    from contextlib import AbstractContextManager

    from letterlab.history import Epoch
    from letterlab.letterset import Letters
    from letterlab.ranks import Ranks
    from letterlab.recipe import Recipe


def train(
    recipe: Annotated[Path, Parameter(help="TOML file whose keys are those of letterlab.Recipe.")],
    letters: Source = "drawn",
    /,
    *,
    more: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="Another source of letters, to train on only; may be given several times. Letters that also stand "
            "among the test letters are then left out of training.",
        ),
    ] = None,
    prepare: Annotated[
        bool,
        Parameter(negative="", help="Bring each letter to the form that letterlab read sees, and train on that."),
    ] = False,
    out: Annotated[Path | None, Parameter(help="Folder to write; a training begun there goes on.")] = None,
    orientation: Orientation = "auto",
    resize: Resize = False,
) -> None:
    """Train one network by a recipe.

    Stopped with Ctrl-C, it keeps the last whole epoch, and the same command goes on from there to the same result.
    It writes runs/<recipe> when --out is not given. Several processes or GPUs train one network together when torchrun
    starts them: torchrun --nproc-per-node 2 -m letterlab train RECIPE LETTERS.
    """
    from letterlab.recipe import read_recipe
    from letterlab.study.holding import held

    settings = read_recipe(recipe)
    folder = out or Path("runs") / recipe.stem
    with _processes(settings) as ranks:
        alone_or_first = not ranks or ranks.first
        console.quiet = not alone_or_first
        with held(folder, shlex.join(["letterlab", *sys.argv[1:]])) if alone_or_first else nullcontext():
            with ranks.one_before_others() if ranks else nullcontext():  # the others then find the letters in the cache
                opened = read(letters, orientation, resize)
                others = [read(source, "auto", resize) for source in more or []]
            if others:
                from letterlab.gathering import gather

                with console.status("Looking for letters that stand twice"):
                    opened, left_out = gather(opened, others)
                added = 0 if opened.more is None else len(opened.more)
                console.print(f"{added:,} letters more to train on; left out, for they stand in test too: {left_out:,}")
            if prepare:
                from letterlab.gathering import prepared

                with console.status("Preparing the letters"):
                    opened = prepared(opened)
            with _enough_memory(recipe, settings):
                if alone_or_first:
                    _train(settings, opened, folder)
                    return
                from letterlab.training import fit

                for _ in fit(settings, opened, folder):
                    pass


@contextmanager
def _enough_memory(file: Path, settings: "Recipe") -> Iterator[None]:
    """Says what to do where there is not.

    Raises:
        LetterlabError: there is not enough memory within the block.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):  # torch has no class for it
            raise
        raise LetterlabError(
            f"There is not enough memory for this training: lower batch_size in {file}, now {settings.batch_size}, or "
            "make the network smaller."
        ) from None


def _processes(settings: "Recipe") -> "AbstractContextManager[Ranks | None]":
    """Those that torchrun started with this one; none if it started none."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return nullcontext()
    with console.status("Loading torch"):
        from letterlab.ranks import joined
    return joined(settings.device)


def _train(settings: "Recipe", opened: "Letters", folder: Path) -> None:
    """Trains with a progress bar, and says what came of it."""
    with console.status("Loading torch"):
        from letterlab.evaluation import Predictions
        from letterlab.study.folder import TEST_FILE
        from letterlab.study.trial import run_trial
    with bar("Training") as advance:

        def watch(epoch: "Epoch") -> None:
            advance(
                epoch.number,
                settings.epochs,
                f"epoch {epoch.number}/{settings.epochs} loss {epoch.train.loss:.3f} "
                f"validation {epoch.validation.accuracy:.1%}",
            )

        run_trial(settings, opened, folder, watch)
    test = Predictions.open(folder / TEST_FILE).accuracy
    console.print(f"{test.share:.1%} of {test.n:,} test letters read rightly ({test.low:.1%} to {test.high:.1%})")
    console.print(f"Network: {folder}; {program('tensorboard')} --logdir {folder}")
