"""TensorBoard: curves, hyper-parameters and the confusion matrix of one training."""

from pathlib import Path
from types import TracebackType
from typing import Final

import cv2
import numpy as np
from torch.utils.tensorboard.summary import hparams
from torch.utils.tensorboard.writer import SummaryWriter

from letterlab.alphabet import LETTERS
from letterlab.files import writing
from letterlab.history import Epoch, Record
from letterlab.shapes import Int, UInt8

EVENTS: Final = "events.out.tfevents.*"
"""What the files with a training's events are called."""
_CELL: Final = 20  # pixels of a cell of the confusion matrix


class Tracker:
    """Writes a training's events into its folder; TensorBoard shows them under the folder's name.

    Events already there are replaced: a training that goes on is told again from its first epoch, so that its curve
    has no gap and no epoch twice.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with writing(folder):
            for old in folder.glob(EVENTS):
                old.unlink()
            self._writer = SummaryWriter(str(folder))

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with writing(self._folder):
            self._writer.close()

    def epoch(self, epoch: Epoch) -> None:
        """Loss and accuracy on training, validation and test letters, and the learning rate."""
        with writing(self._folder):
            for part, score in (("train", epoch.train), ("validation", epoch.validation), ("test", epoch.test)):
                self._writer.add_scalar(f"loss/{part}", score.loss, epoch.number)
                self._writer.add_scalar(f"accuracy/{part}", score.accuracy, epoch.number)
            self._writer.add_scalar("training/learning rate", epoch.learning_rate, epoch.number)
            self._writer.add_scalar("training/seconds", epoch.seconds, epoch.number)
            self._writer.flush()

    def finished(self, record: Record, counts: Int[np.ndarray, "26 26"]) -> None:
        """Hyper-parameters with the final metrics, and the confusion matrix on the test letters as a picture."""
        last = record.epochs[-1]
        metrics = {
            f"final/{part} {name}": getattr(score, name)
            for part, score in (("train", last.train), ("validation", last.validation), ("test", last.test))
            for name in ("loss", "accuracy")
        }
        with writing(self._folder):
            for summary in hparams(_flat(record.recipe.model_dump(mode="json")), metrics):  # type: ignore[no-untyped-call]
                # add_hparams would write them to a folder of its own, a second row for the same training
                self._writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]
            for name, value in metrics.items():
                self._writer.add_scalar(name, value, last.number)
            picture = confusion_picture(counts)
            self._writer.add_image("confusion matrix of the test letters", picture, last.number, dataformats="HWC")


def _flat(settings: dict[str, object], prefix: str = "") -> dict[str, str | int | float | bool]:
    """Nested settings as `model.hidden`, with values that TensorBoard's table can show."""
    flat: dict[str, str | int | float | bool] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str | int | float | bool) else str(value)
    return flat


def confusion_picture(counts: Int[np.ndarray, "26 26"]) -> UInt8[np.ndarray, "h w 3"]:
    """The matrix as a picture: a row for what a letter is, a column for what it was read as, darker for a larger share.

    Shades follow the square root of the share, so that rare mistakes can be seen at all.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shades = (255 * (1 - np.sqrt(shares))).astype(np.uint8)
    cells = cv2.resize(shades, None, fx=_CELL, fy=_CELL, interpolation=cv2.INTER_NEAREST)
    picture = cv2.copyMakeBorder(cells, 2 * _CELL, 0, 2 * _CELL, 0, cv2.BORDER_CONSTANT, value=(255.0,))
    for i, letter in enumerate(LETTERS):
        along = 2 * _CELL + i * _CELL
        for place in ((along + 5, 2 * _CELL - 5), (_CELL + 5, along + 15)):  # above its column, before its row
            cv2.putText(picture, letter, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
    cv2.putText(picture, "read as", (2 * _CELL, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
    cv2.putText(picture, "is", (2, 2 * _CELL + 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
    return np.repeat(picture[:, :, None], 3, axis=2)
