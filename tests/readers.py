"""Every reader of the program with small whole files of its kind, and what must hold whatever bytes it is given."""

import gzip
import io
import json
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from starlette.exceptions import HTTPException

from letterlab.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from letterlab.errors import LetterlabError
from letterlab.evaluation import Outputs, Predictions
from letterlab.history import Epoch, Record, Score
from letterlab.models.pretrained import load_imagenet
from letterlab.recipe import Mlp, Recipe, Torchvision, read_recipe
from letterlab.recognise.model import open_model
from letterlab.recognise.recogniser import open_picture
from letterlab.report.doubtful_file import COLUMNS, read_verdicts
from letterlab.sources.emnist import read_emnist
from letterlab.sources.layout import read_pictures
from letterlab.study.folder import Study, stored_letters
from letterlab.study.plan import read_plan
from letterlab.web.body import pictures_in
from letterlab.web.limits import ServerLimits
from onnx_models import bars
from packed import emnist_pair, encoded, encrypted, letter_files, pictures, zipped

BOUNDARY = b"between"
RECIPE = """# a recipe
seed = 3
epochs = 2
[model]
kind = "cnn"
filters = [8, 16]
dropout = 0.25
[optimiser]
name = "adamw"
learning_rate = 1e-3
"""
PLAN = """name = "mine"
[[families]]
name = "mlp"
[[families.experiments]]
name = "rates"
seeds = 2
base = {epochs = 2, letters_of_each = 5, model = {kind = "mlp", hidden = [16]}}
[[families.experiments.factors]]
name = "learning rate"
setting = "optimiser.learning_rate"
values = [0.001, 0.01]
[[families.experiments.factors]]
name = "shape"
levels = [{name = "wide", changes = {"model.width" = 2.0, "model.layers" = 2}}]
[families.experiments.search]
trials = 4
[families.finals]
take = 1
changes = {letters_of_each = "all"}
"""
STUDY = {
    "asked": {"letters": "drawn", "only": [], "letter": "K", "surname": None, "command": "letterlab study drawn"},
    "letters": {
        "fingerprint": "0" * 16, "train": 9, "validation": 1, "test": 3, "leaks": ["a_1.png"],
        "orientation": {"stored": "upright", "certainty": 1.0, "reason": "So."},
        "set_aside": [{"file": "b.png", "reason": "damaged"}], "test_was_cut": False, "drawn": True, "notes": [],
    },
    "environment": {"torch": "2"},
    "whole_plan": {"name": "p", "families": [{"name": "mlp", "experiments": [{"name": "x"}]}]},
    "pace": {"{}": [0.1, 0.2, 0.3]},
    "foreseen": {"mlp-x": [3, 4.5]},
}  # fmt: skip


class Reader(NamedTuple):
    """One reader."""

    file: str
    """The name of its file."""
    read: Callable[[Path], object]
    valid: Callable[[], list[bytes]]
    """Small files that it reads; of the weights, which are large, one that it opens."""
    beside: tuple[tuple[str, bytes], ...] = ()
    """What must lie beside its file."""
    refuses: type[Exception] = LetterlabError


def _written(write: Callable[[Path], object], name: str) -> list[bytes]:
    """The file that this writes."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / name)
        return [(Path(folder) / name).read_bytes()]


def _zips() -> list[bytes]:
    letters = letter_files("abc")
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        for name, content in letters:
            archive.writestr(f"Test/{name}", content)
    odd = [("../a_1.png", b"?"), ("/b_1.png", b"?"), ("x\\c_1.png", b"?"), ("a_1.png", b""), ("a_1.png", b"")]
    return [
        zipped([(f"train/{name}", content) for name, content in letters]),
        stored.getvalue(),
        zipped([("train/images.zip", zipped(letters)), ("test/d_1.jpg", encoded(pictures(1)[0], ".jpg"))]),
        zipped([*letters, *odd]),
        zipped([("more.zip", encrypted(zipped(letters[:1]))), *letters]),
    ]


def _pictures(*others: str) -> list[bytes]:
    letter = pictures(1)[0]
    large = np.kron(letter, np.ones((2, 1), np.uint8))
    return [
        *(encoded(one, ending) for one in (letter, large) for ending in (".png", ".jpg", ".bmp", *others)),
        encoded(np.dstack([letter] * 4)),
        encoded(letter.astype(np.uint16) * 257),
    ]


def _predictions(path: Path) -> None:
    names = np.array(["a.png", "b.png"])
    Predictions(np.full((2, 26), 1 / 26, np.float32), np.array([0, 1], np.uint8), names).save(path)


def _outputs(path: Path) -> None:
    Outputs(np.zeros((2, 27), np.float32), np.ones((1, 27), np.float32)).save(path)


def _letters(path: Path) -> None:
    np.savez_compressed(path, images=pictures(2), labels=np.array([0, 1], np.uint8), names=np.array(["a.png", "b.png"]))


def _checkpoint(path: Path) -> None:
    score = Score(0.5, 0.9)
    record = Record(Recipe(model=Mlp()), "f" * 16, 6, (Epoch(1, score, score, score, 0.1, 2.0),), {"torch": "2"})
    write_checkpoint(path, Checkpoint({"w": torch.arange(6.0)}, {"0.step": torch.ones(1)}, record))


def _read_weights(path: Path) -> None:
    load_imagenet(torch.nn.Sequential(), Torchvision(network="squeezenet1_1", weights_file=str(path)))


def _read_body(kind: str, path: Path) -> object:
    return pictures_in(bytearray(path.read_bytes()), kind, {b"boundary": BOUNDARY}, ServerLimits())


def _multipart() -> list[bytes]:
    part = b'--between\r\nContent-Disposition: form-data; name="picture"; filename="%s"\r\n\r\n%s\r\n'
    return [b"".join(part % (name, content) for name, content in ((b"a.png", b"\x89PNG"), (b"b", b"")))
            + b"--between--\r\n"]  # fmt: skip


TRAIN = emnist_pair("train", pictures(2), np.array([1, 26], np.uint8))
IMAGES, LABELS = TRAIN

READERS = {
    "zip": Reader("letters.zip", partial(read_pictures, resize=True), _zips),
    "picture": Reader("a_1.jpg", lambda path: read_pictures(path.parent, resize=True), _pictures),
    "page": Reader("page.png", open_picture, partial(_pictures, ".webp")),
    "idx": Reader(IMAGES[0], lambda path: read_emnist(path.parent), lambda: [IMAGES[1]], (LABELS,)),
    "idx labels": Reader(LABELS[0], lambda path: read_emnist(path.parent), lambda: [LABELS[1]], (IMAGES,)),
    "idx.gz": Reader(
        f"{IMAGES[0]}.gz", lambda path: read_emnist(path.parent), lambda: [gzip.compress(IMAGES[1])], (LABELS,)
    ),
    "recipe": Reader("recipe.toml", read_recipe, lambda: [RECIPE.encode(), b"[model]\nkind='mlp'\nhidden=[4]\n"]),
    "plan": Reader("plan.toml", read_plan, lambda: [PLAN.encode()]),
    "study": Reader("study.json", lambda path: Study.open(path.parent), lambda: [json.dumps(STUDY).encode()]),
    "verdicts": Reader(
        "doubtful.csv",
        read_verdicts,
        lambda: [f"{','.join(COLUMNS)}\ntrain,7,a.png,A,label,B,0.9,0.1,0.5,yes\n".encode()],
    ),
    "predictions": Reader("test.npz", Predictions.open, partial(_written, _predictions, "test.npz")),
    "outputs": Reader("outputs.npz", Outputs.open, partial(_written, _outputs, "outputs.npz")),
    "letters": Reader("train.npz", stored_letters, partial(_written, _letters, "train.npz")),
    "checkpoint": Reader(
        "checkpoint.safetensors", read_checkpoint, partial(_written, _checkpoint, "checkpoint.safetensors")
    ),
    "network": Reader("letters.onnx", open_model, partial(_written, bars, "letters.onnx")),
    "weights": Reader(
        "weights.pth",
        _read_weights,
        partial(_written, lambda path: torch.save({"features.0.weight": torch.ones(2)}, path), "weights.pth"),
    ),
    "json body": Reader(
        "body",
        partial(_read_body, "application/json"),
        lambda: [b'{"pictures": [{"file": "a.png", "content": "iVBORw=="}, {"content": ""}]}'],
        refuses=HTTPException,
    ),
    "multipart body": Reader("body", partial(_read_body, "multipart/form-data"), _multipart, refuses=HTTPException),
}

_opened: list[Any] | None = None


def _watch(event: str, given: tuple[Any, ...]) -> None:
    if event == "open" and _opened is not None:
        _opened.append(given[0])


sys.addaudithook(_watch)


def examine(name: str, content: bytes, whole: bool = False) -> None:
    """A reader gives a value or refuses in one sentence, and Python opens nothing for it but its own files and modules.

    Args:
        name: of the reader in READERS.
        content: of its file.
        whole: then it may not refuse it.

    Raises:
        AssertionError: it does not; so does every other exception of the reader's.
    """
    global _opened
    reader = READERS[name]
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given).resolve()
        path = folder / reader.file
        for other, held in (*reader.beside, (reader.file, content)):
            (folder / other).write_bytes(held)
        _opened = []
        try:
            reader.read(path)
        except reader.refuses as error:
            assert not whole, f"a whole file was refused: {error}"
            said = str(getattr(error, "detail", error))
            assert said, "refused without a word"
            assert "\n" not in said, f"more than a sentence: {said}"
            assert reader.refuses is HTTPException or str(folder) in said, f"names no file: {said}"
        finally:
            opened, _opened = _opened, None
        assert {one.name for one in folder.iterdir()} == {reader.file, *(other for other, _ in reader.beside)}
    homes = (str(folder), sys.prefix, sys.base_prefix, str(Path(__file__).parents[1]))
    outside = [one for one in opened if isinstance(one, str) and not str(Path(one).absolute()).startswith(homes)]
    assert set(outside) <= {tempfile.gettempdir(), "/dev/null"}, f"opened {outside}"


LENGTHS = [struct.pack(form, value) for form in ("<I", ">I", "<H", ">H") for value in (0, 1, 0x7FFF, 0xFFFF)]
"""Numbers that files of all kinds count with, where a reader could fall for one."""
