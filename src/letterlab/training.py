"""Training: `fit` is the one loop. The letters live on the device as one tensor; there are no loader processes."""

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Generator, Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from letterlab.alphabet import LETTERS
from letterlab.augment import augment
from letterlab.checkpoint import NAME, Checkpoint, last_whole, read_checkpoint, write_checkpoint
from letterlab.errors import LetterlabError
from letterlab.history import Epoch, Record, Score, environment
from letterlab.letterset import SIDE, Letters, LetterSet, folds_stratified, split_stratified
from letterlab.models.build import build, count_parameters
from letterlab.models.pretrained import blocks, load_imagenet
from letterlab.prediction import SCORING_BATCH, Tensors, as_input, autocast, on_device, place, scores_of, torch_device
from letterlab.recipe import Precision, Recipe, Schedule, Torchvision
from letterlab.recognise.ink import prepare_letters
from letterlab.sources.scribbles import draw_scribbles
from letterlab.terminal import complaints

VALIDATION: Final = 0.1
"""Share of the training letters that is cut off to choose by."""
CURVES_OF_EACH: Final = 25
"""At most so many letters of each kind score a training that is shown only some, after each epoch."""
_SHOWN: Final = 1  # keeps the draw of the letters shown apart from what else the seed draws
_SPLIT_SEED: Final = 0  # the same cut for every recipe and seed, so that all are compared on the same letters


@dataclass(frozen=True)
class Parts:
    """The three parts that a training works with."""

    train: LetterSet
    validation: LetterSet
    test: LetterSet


class DivergedError(LetterlabError):
    """A training came apart: its loss is no longer a number. It always will."""


def parts(letters: Letters, fold: int | None = None) -> Parts:
    """Cuts validation from the training letters, stratified, the same every time: a tenth of them, or a fold.

    Raises:
        LetterlabError: there are too few letters to train, validate and test with.
    """
    if len(letters.train) < 2 or not len(letters.test):
        raise LetterlabError(
            f"{letters.source} has {len(letters.train)} letters to train on and {len(letters.test)} to test on: "
            "a training needs both parts."
        )
    if fold is None:
        train, validation = split_stratified(letters.train.labels, VALIDATION, _SPLIT_SEED)
    else:
        held_out = folds_stratified(letters.train.labels) == fold
        train, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if not len(validation):
        raise LetterlabError(
            f"{letters.source} has one training letter of each kind: give at least two, so that one can validate."
        )
    learned = letters.train.take(train)
    if letters.more is not None:
        learned = learned.joined(letters.more)
    return Parts(learned, letters.train.take(validation), letters.test)


def shown(train: LetterSet, recipe: Recipe) -> LetterSet:
    """The training letters that a recipe is trained on: all of them, or so many of each, drawn with its seed."""
    if recipe.letters_of_each == "all":
        return train
    order = np.random.default_rng([recipe.seed, _SHOWN]).permutation(len(train))
    chosen = [order[train.labels[order] == label][: recipe.letters_of_each] for label in range(len(LETTERS))]
    return train.take(np.sort(np.concatenate(chosen)))


def scribbles(n: int, seed: int, prepared: bool) -> UInt8[np.ndarray, "n 28 28"]:
    """Drawn things that are no letters, prepared if the letters beside them are."""
    drawn = draw_scribbles(n, seed)
    return prepare_letters(drawn) if prepared else drawn


def _with(letters: Tensors, nothing: UInt8[np.ndarray, "n 28 28"]) -> Tensors:
    """The letters and these pictures, which are none."""
    images = torch.cat([letters.images, torch.from_numpy(nothing).to(letters.images.device)])
    none = torch.full((len(nothing),), len(LETTERS), device=letters.labels.device)
    return Tensors(images, torch.cat([letters.labels, none]))


def _for_curves(letters: LetterSet, recipe: Recipe) -> LetterSet:
    """The letters on which a recipe is scored after each epoch: of one that is shown a few of each, as few."""
    if recipe.letters_of_each == "all":
        return letters
    most = min(recipe.letters_of_each, CURVES_OF_EACH) * len(LETTERS)
    if len(letters) <= most:
        return letters
    return letters.take(split_stratified(letters.labels, most / len(letters), _SPLIT_SEED)[1])


def fit(recipe: Recipe, letters: Letters, folder: Path) -> Iterator[Epoch]:
    """Trains a network and yields each epoch once its checkpoint is written; goes on where the folder's ended.

    Stopped at any moment, the same call goes on after the last whole epoch and ends with the same weights, byte for
    byte, given the same machine kind and thread count: an epoch's randomness depends only on the seed and its number.
    Where that epoch's checkpoint has been damaged since, it goes on from the one before, and says so.

    Args:
        recipe: what to train; equal to the folder's, if that holds a training.
        letters: from `open_letters`; validation is cut from their training part.
        folder: for the checkpoint; made where it is missing.

    Raises:
        LetterlabError: the folder holds another training, the device is not there, there are too few letters, the
            ImageNet weights are not to be had.
        DivergedError: the loss is no longer a number.
    """
    device = torch_device(recipe.device)
    cut = parts(letters, recipe.fold)
    learned = shown(cut.train, recipe)
    train = on_device(learned, device)
    if recipe.no_letter:
        train = _with(train, scribbles(recipe.no_letter, recipe.seed, letters.prepared))
    # As many training letters as validate, so that their scores are as certain.
    share = min(len(cut.validation) / len(learned), 1.0)
    seen = learned.take(split_stratified(learned.labels, share, _SPLIT_SEED)[1]) if share < 1 else learned
    scored = [on_device(_for_curves(part, recipe), device) for part in (seen, cut.validation, cut.test)]

    with _seeded(recipe.seed, 0, device):
        network = place(device, build(recipe.model, *_ink(learned), recipe.outputs))
    optimiser = _optimiser(recipe, network)
    versions = environment(torch.get_num_threads())
    record = Record(recipe, letters.fingerprint, count_parameters(network), (), versions, letters.prepared)
    path = folder / NAME
    last = last_whole(path)
    if last.loss:
        complaints.print(last.loss, markup=False)
    if last.file:
        record = _go_on(last.file, record, network, optimiser)
    elif isinstance(recipe.model, Torchvision) and recipe.model.weights == "imagenet":
        load_imagenet(network[1], recipe.model)

    steps = max(len(train.labels) // recipe.batch_size, 1)
    for number in range(len(record.epochs) + 1, recipe.epochs + 1):
        started = time.perf_counter()
        _choose_what_learns(recipe, network, number)
        with _seeded(recipe.seed, number, device) as generator:
            _one_epoch(recipe, network, optimiser, train, generator, range((number - 1) * steps, number * steps))
        seconds = time.perf_counter() - started
        on_train, on_validation, on_test = (_score(network, part, recipe.precision) for part in scored)
        if not math.isfinite(on_train.loss):
            raise DivergedError(
                f"The training came apart in epoch {number}: its loss is no longer a number. "
                f"Lower optimiser.learning_rate, which is {recipe.optimiser.learning_rate}."
            )
        epoch = Epoch(number, on_train, on_validation, on_test, optimiser.param_groups[-1]["lr"], seconds)
        record = replace(record, epochs=(*record.epochs, epoch))
        # The last epoch's optimiser is of no more use.
        state = {} if record.finished else _optimiser_tensors(optimiser)
        write_checkpoint(path, Checkpoint(network.state_dict(), state, record))
        yield epoch


def _shares(recipe: Recipe, network: nn.Sequential) -> list[tuple[float, nn.Module]]:
    """What learns at a rate of its own, from the first layer on, with its share of the learning rate.

    These are the blocks of a network of torchvision's; another network learns as one.
    """
    if not isinstance(recipe.model, Torchvision):
        return [(1.0, network)]
    learning = blocks(network[1])
    return [
        (recipe.model.stem_rate ** (1 - depth / (len(learning) - 1)), block) for depth, block in enumerate(learning)
    ]


def _choose_what_learns(recipe: Recipe, network: nn.Sequential, number: int) -> None:
    """Makes a network ready for an epoch: in the first ones of a network of torchvision's, its last layer alone.

    The others then stay entirely as they were given, the running statistics of their normalisation too.
    """
    network.train()
    everything = not isinstance(recipe.model, Torchvision) or number > recipe.model.head_epochs
    for _, block in _shares(recipe, network)[:-1]:
        block.train(everything).requires_grad_(everything)


def _one_epoch(
    recipe: Recipe, network: nn.Module, optimiser: Optimizer, train: Tensors, generator: Generator, steps: range
) -> None:
    """One pass over the training letters in a random order; the letters that fill no whole batch wait for the next."""
    order = torch.randperm(len(train.labels), generator=generator, device=train.labels.device)
    for number, step in enumerate(steps):
        batch = order[number * recipe.batch_size : (number + 1) * recipe.batch_size]  # [B]
        for group in optimiser.param_groups:
            share = group["share"] * rate_share(recipe.optimiser.schedule, step, recipe.epochs * len(steps))
            group["lr"] = recipe.peak_rate * share
        _step(recipe, network, optimiser, train.images[batch], train.labels[batch], generator)


def _step(
    recipe: Recipe,
    network: nn.Module,
    optimiser: Optimizer,
    images: UInt8[Tensor, "b 28 28"],
    labels: Int64[Tensor, "b"],
    generator: Generator,
) -> None:
    """Changes the weights once, by one batch."""
    changed = augment(as_input(images), recipe.augmentation, generator)
    with autocast(recipe.precision, images.device):
        scores = network(changed)  # [B, 26]
    loss = functional.cross_entropy(scores.float(), labels, label_smoothing=recipe.label_smoothing)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def rate_share(schedule: Schedule, step: int, steps: int) -> float:
    """The learning rate of step number `step` (from 0) of `steps`, as a share of the highest."""
    if schedule == "constant":
        return 1.0
    rise = steps // 4 if schedule == "one-cycle" else 0
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise)))


def _score(network: nn.Module, part: Tensors, precision: Precision) -> Score:
    scores = scores_of(network, part.images, precision)
    right = int((scores.argmax(dim=1) == part.labels).sum())
    return Score(functional.cross_entropy(scores, part.labels).item(), right / len(part.labels))


def _ink(letters: LetterSet) -> tuple[float, float]:
    """Mean and standard deviation of the pixels, 0..1."""
    counts = np.bincount(letters.images.reshape(-1), minlength=256) / letters.images.size  # [256]
    values = np.arange(256) / 255
    mean = float(counts @ values)
    return mean, float(np.sqrt(counts @ (values - mean) ** 2)) or 1.0


def seconds_of(recipe: Recipe, train: int, scored: int) -> tuple[float, float]:
    """Measured on this machine: about how long an epoch takes on this many letters, and how long scoring this many.

    The quickest of three steps and of three scorings, after one of each to warm up; of fewer, once that has taken a
    second. The letters are blank, and all layers learn.
    """
    device = torch_device(recipe.device)
    network = place(device, build(recipe.model, outputs=recipe.outputs))
    optimiser = _optimiser(recipe, network)
    size = min(recipe.batch_size, train)
    read = size if isinstance(recipe.model, Torchvision) else SCORING_BATCH
    images = torch.zeros(max(size, read), SIDE, SIDE, dtype=torch.uint8, device=device)
    labels = torch.zeros(size, dtype=torch.int64, device=device)
    step: list[float] = []
    scoring: list[float] = []
    with _seeded(0, 0, device) as generator:
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


@contextmanager
def _seeded(seed: int, epoch: int, device: torch.device) -> Iterator[Generator]:
    """A generator for this epoch of this seed, torch's own generators seeded alike; both as before afterwards."""
    state = int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    memory: Any = torch.utils.deterministic  # mypy does not see what it holds
    strict, filled = torch.are_deterministic_algorithms_enabled(), memory.fill_uninitialized_memory
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(state)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's sums differ from run to run
        torch.use_deterministic_algorithms(True)
        memory.fill_uninitialized_memory = False  # would take a fifth of a deep network's time, and nobody reads it
        try:
            yield Generator(device).manual_seed(state)
        finally:
            torch.use_deterministic_algorithms(strict)
            memory.fill_uninitialized_memory = filled


def _optimiser(recipe: Recipe, network: nn.Sequential) -> Optimizer:
    """Its groups of parameters carry their `share` of the learning rate."""
    settings = recipe.optimiser
    groups: list[dict[str, Any]] = []
    for share, block in _shares(recipe, network):
        weights = [parameter for parameter in block.parameters() if parameter.dim() > 1]
        others = [parameter for parameter in block.parameters() if parameter.dim() <= 1]  # biases and normalisation
        groups += [
            {"params": weights, "weight_decay": settings.weight_decay, "share": share},
            {"params": others, "weight_decay": 0.0, "share": share},
        ]
    if settings.name == "sgd":
        return torch.optim.SGD(groups, lr=recipe.peak_rate, momentum=0.9, nesterov=True, fused=True)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=recipe.peak_rate, fused=True)


def _optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {f"{number}.{what}": value for number, values in state.items() for what, value in values.items()}


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
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in stored.optimiser.items():
        number, _, what = name.partition(".")
        parameter = parameters[int(number)]
        # Fused optimisers walk weights and state side by side in memory, so both must be laid out alike.
        alike = torch.empty_like(parameter).copy_(tensor) if tensor.shape == parameter.shape else tensor
        state.setdefault(int(number), {})[what] = alike
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return stored.record
