"""A training on disk: one safetensors file with the weights, the optimiser's state and the record, written whole.

safetensors and JSON hold numbers and words only: reading one runs no code.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.history import Record
from letterlab.recipe import explained

if TYPE_CHECKING:  # the report reads records, and does without torch
    from torch import Tensor

FORMAT: Final = "letterlab training 1"
NAME: Final = "checkpoint.safetensors"
"""Its name in a trial's folder."""


class Checkpoint(NamedTuple):
    """A training as far as it has come."""

    weights: "dict[str, Tensor]"
    """The network's state_dict."""
    optimiser: "dict[str, Tensor]"
    """Per parameter, as `<number>.<what>`; empty once the training is finished."""
    record: Record


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replaces the file by this one, or leaves it as it was."""
    from safetensors.torch import save

    tensors = {f"weights.{name}": tensor.contiguous().cpu() for name, tensor in checkpoint.weights.items()}
    tensors |= {f"optimiser.{name}": tensor.contiguous().cpu() for name, tensor in checkpoint.optimiser.items()}
    metadata = {"format": FORMAT, "record": json.dumps(checkpoint.record.to_json())}
    with replace_whole(path) as file:
        file.write(save(tensors, metadata))


def read_checkpoint(path: Path) -> Checkpoint:
    """The training in this file, on the CPU.

    Raises:
        LetterlabError: there is no such file, or it is not one that `write_checkpoint` wrote.
    """
    from safetensors.torch import load_file

    record = read_record(path)
    parts: dict[str, dict[str, Tensor]] = {"weights": {}, "optimiser": {}}
    for name, tensor in load_file(path).items():
        part, _, rest = name.partition(".")
        if part not in parts:
            raise LetterlabError(f"{path} is damaged ({name} is not known): delete it, and the training begins anew.")
        parts[part][rest] = tensor
    return Checkpoint(parts["weights"], parts["optimiser"], record)


def read_record(path: Path) -> Record:
    """Only the record of a training: torch is not needed for it.

    Raises:
        LetterlabError: there is no such file, or it is not one that `write_checkpoint` wrote.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise LetterlabError(f"{path} is not a training of letterlab's: give a folder that a training wrote.")
        return Record.from_json(json.loads(metadata["record"]))
    except FileNotFoundError:
        raise LetterlabError(f"There is no training at {path}: give a folder that a training wrote.") from None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        said = explained(error) if isinstance(error, ValidationError) else error
        raise LetterlabError(f"{path} is damaged ({said}): delete it, and the training begins anew.") from None
