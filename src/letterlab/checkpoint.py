"""A training on disk: one safetensors file with the weights, the optimiser's state and the record, written whole.

safetensors and JSON hold numbers and words only: reading one runs no code. A checksum of the whole file stands in its
header, and while the training is under way the epoch before the last has a file of its own.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError
from safetensors import SafetensorError, deserialize

from letterlab.checksum import UNSEALED, is_whole, sealed
from letterlab.errors import LetterlabError
from letterlab.files import replace_whole
from letterlab.history import Record
from letterlab.recipe import explained

if TYPE_CHECKING:  # the report reads records, and does without torch
    from torch import Tensor

FORMAT: Final = 2
"""Number of the form of the file. Those of the first have no checksum, and are read too."""
NAME: Final = "checkpoint.safetensors"
"""Its name in a trial's folder."""
BEFORE: Final = "checkpoint.before.safetensors"
"""Beside it, the checkpoint of the epoch before; not where the training is finished."""
_FORMATS: Final = "letterlab training "


class DamagedError(LetterlabError):
    """A checkpoint is not as it was written."""


class Checkpoint(NamedTuple):
    """A training as far as it has come."""

    weights: "dict[str, Tensor]"
    """The network's state_dict."""
    optimiser: "dict[str, Tensor]"
    """Per parameter, as `<number>.<what>`; empty once the training is finished."""
    record: Record


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replaces the file by this one, or leaves it as it was; the one that stood there is kept under the name `BEFORE`.

    Raises:
        UnwritableError: the disk is full, or the folder may not be written.
    """
    from safetensors.torch import save

    tensors = {f"weights.{name}": tensor.contiguous().cpu() for name, tensor in checkpoint.weights.items()}
    tensors |= {f"optimiser.{name}": tensor.contiguous().cpu() for name, tensor in checkpoint.optimiser.items()}
    record = json.dumps(checkpoint.record.to_json())
    content = sealed(save(tensors, {"format": f"{_FORMATS}{FORMAT}", "checksum": UNSEALED, "record": record}))
    before = path.with_name(BEFORE)
    with replace_whole(path) as file:
        file.write(content)
        file.flush()
        last = last_whole(path).file
        if last != before:  # a damaged one must not take the place of the good one before it
            before.unlink(missing_ok=True)
        if last == path:
            with suppress(OSError):  # some file systems cannot give a file two names: then none is kept
                os.link(path, before)
    if checkpoint.record.finished:
        before.unlink(missing_ok=True)


class LastWhole(NamedTuple):
    """Where a training can go on from."""

    file: Path | None
    """The newest whole checkpoint; None where the training begins."""
    loss: str = ""
    """A sentence on what was lost; empty where nothing was."""


def last_whole(path: Path) -> LastWhole:
    """Where the training whose checkpoint is at `path` goes on: there, or where that is damaged at the one before it.

    Raises:
        LetterlabError: what is there is somebody else's, or a newer letterlab's.
    """
    if not path.exists():
        return LastWhole(None)
    try:
        _read(path)
    except DamagedError:
        with suppress(DamagedError, FileNotFoundError):
            before = path.with_name(BEFORE)
            epochs = len(_read(before)[1].epochs)
            return LastWhole(before, f"{path} is damaged: the training goes on from the end of epoch {epochs}.")
        return LastWhole(None, f"{path} is damaged: the training begins anew.")
    return LastWhole(path)


def read_checkpoint(path: Path) -> Checkpoint:
    """The training in this file, on the CPU.

    Raises:
        LetterlabError: there is no such file, or it is not as `write_checkpoint` wrote it.
    """
    import safetensors.torch

    content, record = _whole(path)
    parts: dict[str, dict[str, Tensor]] = {"weights": {}, "optimiser": {}}
    for name, tensor in safetensors.torch.load(content).items():
        part, _, rest = name.partition(".")
        if part not in parts:
            raise DamagedError(f"{path} is damaged ({name} is not known): give the command that trained it again.")
        parts[part][rest] = tensor
    return Checkpoint(parts["weights"], parts["optimiser"], record)


def read_record(path: Path) -> Record:
    """Only the record of a training: torch is not needed for it.

    Raises:
        LetterlabError: there is no such file, or it is not as `write_checkpoint` wrote it.
    """
    return _whole(path)[1]


def _whole(path: Path) -> tuple[bytes, Record]:
    """The file's content and its record, or a sentence."""
    try:
        return _read(path)
    except FileNotFoundError:
        raise LetterlabError(f"There is no training at {path}: give a folder that a training wrote.") from None
    except OSError as error:
        raise LetterlabError(f"{path} cannot be read ({error.strerror}): allow it.") from None


def _read(path: Path) -> tuple[bytes, Record]:
    """The file's content and its record.

    Raises:
        DamagedError: it is not as it was written.
        LetterlabError: it is somebody else's, or a newer letterlab's.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    try:
        length = int.from_bytes(content[:8], "little")
        metadata = dict(dict(json.loads(content[8 : 8 + length])).get("__metadata__", {}))
        whole = is_whole(content)
        if whole:
            number = int(metadata["format"].removeprefix(_FORMATS))
        elif whole is None and metadata.get("format") == f"{_FORMATS}1" and "checksum" not in metadata:
            deserialize(content)  # type: ignore[no-untyped-call]  # which looks at least whether it is all there
            number = 1
        elif whole is None and not metadata.keys() & {"checksum", "record"}:
            raise LetterlabError(f"{path} is not a training of letterlab's: give a folder that a training wrote.")
        else:
            raise ValueError("its checksum is another")
        if number > FORMAT:
            raise LetterlabError(
                f"{path} is of format {number}, and this letterlab knows none above {FORMAT}: update letterlab, or "
                "give another folder."
            )
        return content, Record.from_json(json.loads(metadata["record"]))
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        said = explained(error) if isinstance(error, ValidationError) else error
        raise DamagedError(f"{path} is damaged ({said}): give the command that trained it again.") from None
