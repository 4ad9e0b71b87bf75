"""Training: `fit` is the one loop. The letters live on the device as one tensor; there are no loader processes.

Started by torchrun, several processes go through the loop side by side, each with its share of every batch, and the
letters stay in their memory-mapped file (docs/decisions/0022).
"""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from letterlab.alphabet import LETTERS
from letterlab.augment import augment
from letterlab.checkpoint import NAME, Checkpoint, LastWhole, last_whole, read_checkpoint, write_checkpoint
from letterlab.errors import LetterlabError
from letterlab.history import Epoch, Record, Score, environment
from letterlab.letterset import SIDE, Letters
from letterlab.lots import Lot
from letterlab.memory import keep_freed_memory
from letterlab.models.build import build, count_parameters
from letterlab.models.pretrained import load_imagenet
from letterlab.models.together import Together
from letterlab.optimising import choose_what_learns, load_optimiser, make_optimiser, optimiser_tensors, set_rates
from letterlab.parts import as_many, commonness, for_curves, parts, scribbles, shown
from letterlab.prediction import (
    SCORING_BATCH,
    Mapped,
    Tensors,
    as_input,
    autocast,
    on_device,
    place,
    scores_of,
    torch_device,
)
from letterlab.ranks import Ranks, Share
from letterlab.recipe import Precision, Recipe, Torchvision
from letterlab.seeding import seeded
from letterlab.shapes import Float32, Int64, UInt8
from letterlab.terminal import complaints


class DivergedError(LetterlabError):
    """A training came apart: its loss is no longer a number. It always will."""


def fit(recipe: Recipe, letters: Letters, folder: Path) -> Iterator[Epoch]:
    """Trains a network and yields each epoch once its checkpoint is written; goes on where the folder's ended.

    Stopped at any moment, the same call goes on after the last whole epoch and ends with the same weights, byte for
    byte, given the same machine kind and thread count: an epoch's randomness depends only on the seed and its number.
    Where that epoch's checkpoint has been damaged since, it goes on from the one before, and says so. Where several
    processes have `ranks.joined`, all call it; their number changes the weights by rounding alone, and only the first
    one's folder is read and written.

    Args:
        recipe: what to train; equal to the folder's, if that holds a training.
        letters: from `open_letters`; validation is cut from their training part.
        folder: for the checkpoint; made where it is missing.

    Raises:
        LetterlabError: the folder holds another training, the device is not there, there are too few letters, the
            ImageNet weights are not to be had.
        DivergedError: the loss is no longer a number.
    """
    keep_freed_memory()
    ranks = Ranks.here()
    device = torch_device(recipe.device)
    held = on_device if ranks.alone else Mapped
    cut, validation, test = parts(letters, recipe.fold).lots
    learned = shown(cut, recipe)
    batch_size = min(recipe.batch_size, len(learned) + recipe.no_letter)
    if min(batch_size, len(validation), len(test)) < ranks.count:
        raise LetterlabError(f"A batch or a part has fewer letters than the {ranks.count} processes that share it.")
    scored = [for_curves(part, recipe) for part in (as_many(learned, validation), validation, test)]
    curves = [(held(part.take(ranks.span(len(part))), device), len(part)) for part in scored]
    train = held(learned, device)
    if recipe.no_letter:
        nothing = scribbles(recipe.no_letter, recipe.seed, letters.prepared)
        train = held(learned.and_then(nothing, len(LETTERS)), device)

    shift = None
    if letters.more is not None:
        shift = torch.zeros(recipe.outputs, device=device)
        shift[: len(LETTERS)] = torch.from_numpy(commonness(learned.labels, letters.train.labels))

    with seeded(recipe.seed, 0, device):
        network = place(device, build(recipe.model, *_ink(learned, ranks), recipe.outputs))
    optimiser = make_optimiser(recipe, network)
    versions = environment(torch.get_num_threads()) | ({} if ranks.alone else {"processes": str(ranks.count)})
    record = Record(recipe, letters.fingerprint, count_parameters(network), (), versions, letters.prepared)
    path = folder / NAME
    last = last_whole(path) if ranks.first else LastWhole(None)
    if last.loss:
        complaints.print(last.loss, markup=False)
    with ranks.firsts(last.file) as begun:
        if begun:
            record = _go_on(begun, record, network, optimiser)
        elif isinstance(recipe.model, Torchvision) and recipe.model.weights == "imagenet" and ranks.first:
            load_imagenet(network[1], recipe.model)

    steps = max(train.size // recipe.batch_size, 1)
    for number in range(len(record.epochs) + 1, recipe.epochs + 1):
        started = time.perf_counter()
        choose_what_learns(recipe, network, number)
        learner = network if ranks.alone else Together(network, ranks)
        with seeded(recipe.seed, number, device) as generator:
            of_epoch = range((number - 1) * steps, number * steps)
            _one_epoch(recipe, learner, optimiser, train, generator, of_epoch, shift, ranks)
        seconds = time.perf_counter() - started
        on_train, on_validation, on_test = (_score(network, *part, recipe.precision, ranks) for part in curves)
        if not math.isfinite(on_train.loss):
            raise DivergedError(
                f"The training came apart in epoch {number}: its loss is no longer a number. "
                f"Lower optimiser.learning_rate, which is {recipe.optimiser.learning_rate}."
            )
        epoch = Epoch(number, on_train, on_validation, on_test, optimiser.param_groups[-1]["lr"], seconds)
        record = replace(record, epochs=(*record.epochs, epoch))
        if ranks.first:
            # The last epoch's optimiser is of no more use.
            state = {} if record.finished else optimiser_tensors(optimiser)
            write_checkpoint(path, Checkpoint(network.state_dict(), state, record))
        yield epoch


def _one_epoch(
    recipe: Recipe,
    learner: nn.Module,
    optimiser: Optimizer,
    train: Tensors | Mapped,
    generator: Generator,
    steps: range,
    shift: Float32[Tensor, "c"] | None,
    ranks: Ranks,
) -> None:
    """One pass over the training letters in a random order; the letters that fill no whole batch wait for the next."""
    order = torch.randperm(train.size, generator=generator, device=generator.device)
    for number, step in enumerate(steps):
        batch = order[number * recipe.batch_size : (number + 1) * recipe.batch_size]  # [B]
        set_rates(recipe, optimiser, step, recipe.epochs * len(steps))
        own, share = ranks.share(batch)
        _step(recipe, learner, optimiser, *train.at(own), generator, shift, share)


def _step(
    recipe: Recipe,
    learner: nn.Module,
    optimiser: Optimizer,
    images: UInt8[Tensor, "b 28 28"],
    labels: Int64[Tensor, "b"],
    generator: Generator,
    shift: Float32[Tensor, "c"] | None = None,
    share: Share | None = None,
) -> None:
    """Changes the weights once, by one batch, or by what this process has of it together with the others.

    With a shift of the scores while it learns, a network is right about letters that are as common without it (Menon
    et al. 2021, arXiv:2007.07314).
    """
    changed = augment(as_input(images), recipe.augmentation, generator, share)
    with autocast(recipe.precision, images.device):
        scores = learner(changed) if share is None else learner(changed, share)  # [B, 26]
    scores = scores.float() if shift is None else scores.float() + shift
    loss = functional.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
    if share is not None:
        loss = loss * share.weight
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def _score(network: nn.Module, part: Tensors | Mapped, of: int, precision: Precision, ranks: Ranks) -> Score:
    """On a part of which this process has a stretch, and all processes together `of` letters."""
    read = [(scores_of(network, batch.images, precision), batch.labels) for batch in part.batches()]
    scores, labels = (torch.cat(each) for each in zip(*read, strict=True))
    loss, right = functional.cross_entropy(scores, labels).item(), int((scores.argmax(dim=1) == labels).sum())
    sums = ranks.sum(torch.tensor([loss * (part.size / of), right], dtype=torch.float64)).tolist()
    return Score(sums[0], sums[1] / of)


def _ink(learned: Lot, ranks: Ranks) -> tuple[float, float]:
    """Mean and standard deviation of the pixels, 0..1."""
    counts = np.zeros(256, dtype=np.int64)
    own = learned.take(ranks.span(len(learned)))
    for start in range(0, len(own), SCORING_BATCH):
        counts += np.bincount(own.images(slice(start, start + SCORING_BATCH)).reshape(-1), minlength=256)
    shares = ranks.sum(torch.from_numpy(counts)).numpy() / (len(learned) * SIDE * SIDE)  # [256]
    values = np.arange(256) / 255
    mean = float(shares @ values)
    return mean, float(np.sqrt(shares @ (values - mean) ** 2)) or 1.0


def seconds_of(recipe: Recipe, train: int, scored: int) -> tuple[float, float]:
    """Measured on this machine: about how long an epoch takes on this many letters, and how long scoring this many.

    The quickest of three steps and of three scorings, after one of each to warm up; of fewer, once that has taken a
    second. The letters are blank, and all layers learn.
    """
    device = torch_device(recipe.device)
    network = place(device, build(recipe.model, outputs=recipe.outputs))
    optimiser = make_optimiser(recipe, network)
    size = min(recipe.batch_size, train)
    read = size if isinstance(recipe.model, Torchvision) else SCORING_BATCH
    images = torch.zeros(max(size, read), SIDE, SIDE, dtype=torch.uint8, device=device)
    labels = torch.zeros(size, dtype=torch.int64, device=device)
    step: list[float] = []
    scoring: list[float] = []
    with seeded(0, 0, device) as generator:
        while len(step) < 4 and sum(step) + sum(scoring) < 1:
            network.train()
            began = time.perf_counter()
            _step(recipe, network, optimiser, images[:size], labels, generator)
            trained = time.perf_counter()
            scores_of(network, images[:read], recipe.precision)
            step.append(trained - began)
            scoring.append(time.perf_counter() - trained)
    epoch = min(step[1:] or step) * max(train // size, 1)
    return epoch, min(scoring[1:] or scoring) * scored / read


def without_file(recipe: Recipe) -> Recipe:
    """The recipe, wherever ImageNet's weights were read from."""
    if not isinstance(recipe.model, Torchvision):
        return recipe
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"weights_file": None})})


def _go_on(path: Path, begun: Record, network: nn.Module, optimiser: Optimizer) -> Record:
    """Takes weights, optimiser and record from the checkpoint."""
    stored = read_checkpoint(path)
    if without_file(stored.record.recipe) != without_file(begun.recipe):
        raise LetterlabError(f"{path.parent} holds a training of another recipe: give another folder, or delete it.")
    if stored.record.letters != begun.letters:
        raise LetterlabError(f"{path.parent} holds a training on other letters: give another folder, or delete it.")
    network.load_state_dict(stored.weights)
    load_optimiser(optimiser, stored.optimiser)
    return stored.record
