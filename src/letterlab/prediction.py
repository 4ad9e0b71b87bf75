"""Running a network: letters as tensors on a device, and what the network says of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from letterlab.alphabet import LETTERS
from letterlab.checkpoint import NAME, Checkpoint, read_checkpoint
from letterlab.errors import LetterlabError
from letterlab.evaluation import Predictions
from letterlab.history import Record
from letterlab.letterset import LetterSet
from letterlab.lots import Lot
from letterlab.models.build import build
from letterlab.recipe import Device, Precision
from letterlab.shapes import Float32, Int64, UInt8

SCORING_BATCH: Final = 1024
"""Letters that are read at once."""


def torch_device(name: Device) -> torch.device:
    """The device, if this machine has it.

    Raises:
        LetterlabError: it does not.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[name]:
        raise LetterlabError(f"This machine has no device {name}: set device to cpu in the recipe.")
    return torch.device(name)


def place(device: torch.device, network: nn.Sequential) -> nn.Sequential:
    """The network on the device, its kernels laid out channels last: convolutions on a CPU run twice as fast so."""
    return network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class Tensors(NamedTuple):
    """A set of letters on a device."""

    images: UInt8[Tensor, "n 28 28"]
    labels: Int64[Tensor, "n"]

    @property
    def size(self) -> int:
        """How many letters."""
        return len(self.labels)

    def at(self, which: Int64[Tensor, "m"]) -> "Tensors":
        """Those at these positions."""
        return Tensors(self.images[which], self.labels[which])

    def batches(self) -> Iterator["Tensors"]:
        """All of them: the device has them already."""
        yield self


@dataclass(frozen=True, eq=False)
class Mapped:
    """A set of letters that stays where it is: of each batch its own pictures alone are brought to the device."""

    lot: Lot
    device: torch.device

    @property
    def size(self) -> int:
        """How many letters."""
        return len(self.lot)

    def at(self, which: Int64[Tensor, "m"]) -> Tensors:
        """Those at these positions."""
        return on_device(self.lot.take(which.cpu().numpy()), self.device)

    def batches(self) -> Iterator[Tensors]:
        """All of them, as many at a time as are read at once."""
        for start in range(0, len(self.lot), SCORING_BATCH):
            yield on_device(self.lot.take(slice(start, start + SCORING_BATCH)), self.device)


def on_device(lot: Lot, device: torch.device) -> Tensors:
    """The letters as one tensor on the device."""
    images, labels = torch.from_numpy(lot.images(slice(None))), torch.from_numpy(lot.labels.astype(np.int64))
    return Tensors(images.to(device), labels.to(device))


def as_input(images: UInt8[Tensor, "b 28 28"]) -> Float32[Tensor, "b 1 28 28"]:
    """Pictures as a network takes them: 0 to 1, with a channel."""
    return images[:, None].float().div_(255)


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """The context in which a network computes in this precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


@torch.inference_mode()
def outputs_of(network: nn.Module, images: UInt8[Tensor, "n 28 28"], precision: Precision) -> Float32[Tensor, "n c"]:
    """All that a network puts out, before softmax; leaves the network in evaluation mode."""
    network.eval()
    with autocast(precision, images.device):
        return torch.cat([network(as_input(batch)).float() for batch in torch.split(images, SCORING_BATCH)])


def scores_of(network: nn.Module, images: UInt8[Tensor, "n 28 28"], precision: Precision) -> Float32[Tensor, "n 26"]:
    """A network's scores of the 26 letters: without the output, if it has one, for what is no letter."""
    return outputs_of(network, images, precision)[:, : len(LETTERS)]


def predict(network: nn.Module, letters: LetterSet, precision: Precision) -> Predictions:
    """What a network says of each letter; on the network's device, in the precision that it was trained in."""
    device = next(network.parameters()).device
    batches = Mapped(Lot.of(letters), device).batches()
    scores = torch.cat([scores_of(network, batch.images, precision) for batch in batches])
    return Predictions(torch.softmax(scores, dim=1).cpu().numpy(), letters.labels, letters.names)


@torch.inference_mode()
def features(network: nn.Module, letters: LetterSet, precision: Precision) -> Float32[np.ndarray, "n d"]:
    """What a network's last layer is given for each letter: where letters that look alike to the network lie together.

    Of a last layer that is a convolution (SqueezeNet's) the mean over the picture is taken.
    """
    last = [one for one in network.modules() if isinstance(one, (nn.Linear, nn.Conv2d))][-1]
    given: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        given.append(inputs[0].float() if inputs[0].ndim == 2 else inputs[0].float().mean(dim=(2, 3)))

    hook = last.register_forward_pre_hook(keep)
    device = next(network.parameters()).device
    scores_of(network, on_device(Lot.of(letters), device).images, precision)
    hook.remove()
    return torch.cat(given).cpu().numpy()


def rebuilt(stored: Checkpoint, file: Path) -> nn.Sequential:
    """The network of a checkpoint, on the CPU.

    Raises:
        LetterlabError: its weights are not those of its recipe's network, which may be too large for any memory.
    """
    recipe = stored.record.recipe
    try:
        network = build(recipe.model, outputs=recipe.outputs)
        network.load_state_dict(stored.weights)
    except (RuntimeError, MemoryError):
        raise LetterlabError(f"The weights in {file} are not those of its recipe: give another training.") from None
    return network


def open_network(folder: Path) -> tuple[nn.Sequential, Record]:
    """The network that `fit` left in this folder, on its recipe's device and ready to predict, and its record.

    Raises:
        LetterlabError: there is no training in the folder, or it is damaged.
    """
    stored = read_checkpoint(folder / NAME)
    network = rebuilt(stored, folder / NAME)
    return place(torch_device(stored.record.recipe.device), network).eval(), stored.record


def evaluate(folder: Path, letters: LetterSet) -> Predictions:
    """What the network that `fit` left in this folder says of each letter, in the precision that it was trained in.

    Raises:
        LetterlabError: there is no training in the folder, or it is damaged.
    """
    network, record = open_network(folder)
    return predict(network, letters, record.recipe.precision)
