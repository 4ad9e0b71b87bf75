"""Reading a checkpoint: any change of its bytes gives the training as it was, or one sentence."""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from letterlab.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from letterlab.errors import LetterlabError
from letterlab.history import Record
from letterlab.recipe import Mlp, Recipe

WHOLE = Checkpoint({"w": torch.arange(6.0)}, {}, Record(Recipe(model=Mlp()), "f" * 16, 6, (), {"torch": "1"}))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_cut_or_changed_it_is_read_or_refused(data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        write_checkpoint(path, WHOLE)
        content = bytearray(path.read_bytes())
        if data.draw(st.booleans()):
            content = content[: data.draw(st.integers(0, len(content) - 1))]
        else:
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        try:
            assert isinstance(read_checkpoint(path).record, Record)
        except LetterlabError as error:
            assert "checkpoint.safetensors" in str(error)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_one_sentence(content):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        path.write_bytes(content)
        try:
            read_checkpoint(path)
        except LetterlabError as error:
            assert "checkpoint.safetensors" in str(error)
