import errno
import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save

from letterlab import checkpoint
from letterlab.checkpoint import (
    BEFORE,
    NAME,
    Checkpoint,
    DamagedError,
    last_whole,
    read_checkpoint,
    read_record,
    write_checkpoint,
)
from letterlab.checksum import UNSEALED, sealed
from letterlab.errors import LetterlabError
from letterlab.history import Epoch, Record, Score, environment
from letterlab.recipe import Mlp, Recipe


@pytest.fixture
def record():
    score = Score(0.5, 0.9)
    return Record(
        Recipe(model=Mlp(), epochs=2), "f" * 16, 10, (Epoch(1, score, score, score, 0.1, 2.0),), {"torch": "1"}
    )


def test_a_training_comes_back_as_it_was_written(tmp_path, record):
    path = tmp_path / "deep" / "checkpoint.safetensors"
    weights = {"0.mean": torch.tensor(0.25), "1.weight": torch.randn(3, 4, 2, 2).to(memory_format=torch.channels_last)}
    optimiser = {"0.exp_avg": torch.randn(3)}
    write_checkpoint(path, Checkpoint(weights, optimiser, record))
    stored = read_checkpoint(path)
    assert stored.record == record == read_record(path)
    assert all(torch.equal(stored.weights[name], tensor) for name, tensor in weights.items())
    assert torch.equal(stored.optimiser["0.exp_avg"], optimiser["0.exp_avg"])


def test_a_full_disk_leaves_the_training_before_as_it_was(tmp_path, record, monkeypatch):
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, Checkpoint({"w": torch.zeros(3)}, {}, record))

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("letterlab.files.os.fsync", full)
    with pytest.raises(LetterlabError, match=r"checkpoint\.safetensors cannot be written, for the disk is full"):
        write_checkpoint(path, Checkpoint({"w": torch.ones(3)}, {}, record))
    assert read_checkpoint(path).weights["w"].tolist() == [0, 0, 0]
    assert set(tmp_path.iterdir()) == {path, tmp_path / BEFORE}


def test_a_record_is_finished_with_its_last_epoch(record):
    assert not record.finished
    assert replace(record, epochs=record.epochs * 2).finished
    assert replace(record, epochs=record.epochs * 2).seconds == 4.0


def test_a_missing_training_is_named(tmp_path):
    with pytest.raises(LetterlabError, match=r"no training at .*nothing"):
        read_record(tmp_path / "nothing")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 100,
        save({"a": torch.zeros(1)}, {"format": "letterlab training 1"}),
        save({"a": torch.zeros(1)}, {"format": "letterlab training 1", "record": "{"}),
        save({"a": torch.zeros(1)}, {"format": "letterlab training 1", "record": '{"recipe": {"epochs": 0}}'}),
        save({"a": torch.zeros(1)}, {"format": "letterlab training 2", "record": "{}", "checksum": UNSEALED}),
    ],
)
def test_a_damaged_training_is_named(tmp_path, content):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(LetterlabError, match="is damaged"):
        read_record(path)


def test_a_training_of_the_first_format_is_read_and_of_a_later_one_is_refused(tmp_path, record):
    path, tensors = tmp_path / NAME, {"weights.w": torch.ones(3)}
    stored = {name: value for name, value in record.to_json().items() if name != "prepared"}  # came later
    said = {"format": "letterlab training 1", "record": json.dumps(stored)}
    path.write_bytes(save(tensors, said))
    assert read_checkpoint(path).weights["w"].tolist() == [1, 1, 1]
    assert read_record(path) == record
    assert last_whole(path) == (path, "")
    path.write_bytes(save(tensors, said)[:-1])
    assert last_whole(path) == (None, f"{path} is damaged: the training begins anew.")
    path.write_bytes(sealed(save(tensors, {**said, "format": "letterlab training 3", "checksum": UNSEALED})))
    for read in (read_checkpoint, last_whole):
        with pytest.raises(LetterlabError, match="is of format 3, and this letterlab knows none above 2: update"):
            read(path)


def test_every_bit_that_changes_and_every_byte_that_is_missing_is_found(tmp_path, record):
    path = tmp_path / NAME
    write_checkpoint(path, Checkpoint({"w": torch.rand(4)}, {}, record))
    content = path.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(DamagedError):
                checkpoint._read(path)
        path.write_bytes(content[:place])
        with pytest.raises(DamagedError):
            checkpoint._read(path)


def after(record, epochs):
    """The checkpoint of a training that has come so far; its weights are the number of the epoch."""
    return Checkpoint({"w": torch.full((3,), float(epochs))}, {}, replace(record, epochs=record.epochs * epochs))


def test_the_checkpoint_before_stands_by_until_the_training_is_finished(tmp_path, record):
    path, before = tmp_path / NAME, tmp_path / BEFORE
    record = replace(record, recipe=Recipe(model=Mlp(), epochs=4))
    for epochs in (1, 2, 3):
        write_checkpoint(path, after(record, epochs))
        assert before.exists() == (epochs > 1)
    assert len(read_record(before).epochs) == 2
    write_checkpoint(path, after(record, 4))
    assert list(tmp_path.iterdir()) == [path]


def test_in_place_of_a_damaged_checkpoint_the_one_before_is_taken(tmp_path, record):
    path, before = tmp_path / NAME, tmp_path / BEFORE
    record = replace(record, recipe=Recipe(model=Mlp(), epochs=4))
    assert last_whole(path) == (None, "")
    for epochs in (1, 2):
        write_checkpoint(path, after(record, epochs))
    assert last_whole(path) == (path, "")
    path.write_bytes(path.read_bytes()[:-1])
    assert last_whole(path) == (before, f"{path} is damaged: the training goes on from the end of epoch 1.")
    # The good one is not given up for the damaged one, whenever the process dies.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint.os, "link", lambda *_: pytest.fail("the damaged one was kept"))
        write_checkpoint(path, after(record, 2))
    assert read_checkpoint(before).weights["w"].tolist() == [1, 1, 1]
    assert read_checkpoint(path).weights["w"].tolist() == [2, 2, 2]
    for file in (path, before):
        os.truncate(file, 9)
    assert last_whole(path) == (None, f"{path} is damaged: the training begins anew.")
    write_checkpoint(path, after(record, 1))
    assert list(tmp_path.iterdir()) == [path]


def test_of_a_training_that_was_deleted_nothing_stands_by(tmp_path, record):
    path = tmp_path / NAME
    record = replace(record, recipe=Recipe(model=Mlp(), epochs=4))
    for epochs in (1, 2):
        write_checkpoint(path, after(record, epochs))
    path.unlink()
    assert last_whole(path) == (None, "")
    write_checkpoint(path, after(record, 1))
    assert list(tmp_path.iterdir()) == [path]


def test_where_files_have_one_name_only_a_training_is_kept_without_the_one_before(tmp_path, record, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(checkpoint.os, "link", refuse)
    record = replace(record, recipe=Recipe(model=Mlp(), epochs=4))
    for epochs in (1, 2):
        write_checkpoint(tmp_path / NAME, after(record, epochs))
    assert list(tmp_path.iterdir()) == [tmp_path / NAME]


def test_somebody_elses_file_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    path.write_bytes(save({"a": torch.zeros(1)}))
    with pytest.raises(LetterlabError, match="not a training of letterlab"):
        read_checkpoint(path)


def test_environment_names_what_decides_the_weights():
    found = environment(2)
    assert found["threads"] == "2"
    assert found["torch"] == torch.__version__
    assert all(found.values())


@pytest.mark.parametrize(
    ("metadata", "tensor"),
    [
        ({"record": "[" * 100_000}, "weights.w"),
        ({"record": '{"epochs": [], "recipe": {"seed": -1, "epoch": 3}}'}, "weights.w"),
        ({}, "other.w"),
    ],
    ids=["nested", "no recipe", "another tensor"],
)
def test_what_no_training_writes_is_refused(tmp_path, record, metadata, tensor):
    path = tmp_path / "checkpoint.safetensors"
    written = {
        "format": "letterlab training 2",
        "checksum": UNSEALED,
        "record": json.dumps(record.to_json()),
    } | metadata
    path.write_bytes(sealed(save({tensor: torch.zeros(1)}, written)))
    with pytest.raises(LetterlabError, match=r"checkpoint\.safetensors is damaged") as raised:
        read_checkpoint(path)
    assert "\n" not in str(raised.value)
