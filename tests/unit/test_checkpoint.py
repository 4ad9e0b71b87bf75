import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save

from letterlab.checkpoint import FORMAT, Checkpoint, read_checkpoint, read_record, write_checkpoint
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
        raise OSError("No space left on device")

    monkeypatch.setattr("letterlab.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(path, Checkpoint({"w": torch.ones(3)}, {}, record))
    assert read_checkpoint(path).weights["w"].tolist() == [0, 0, 0]
    assert list(tmp_path.iterdir()) == [path]


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
        save({"a": torch.zeros(1)}, {"format": FORMAT}),
        save({"a": torch.zeros(1)}, {"format": FORMAT, "record": "{"}),
        save({"a": torch.zeros(1)}, {"format": FORMAT, "record": json.dumps({"recipe": {"epochs": 0}, "epochs": []})}),
    ],
)
def test_a_damaged_training_is_named(tmp_path, content):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(LetterlabError, match="is damaged"):
        read_record(path)


def test_a_cut_off_training_is_damaged(tmp_path, record):
    path = tmp_path / "checkpoint.safetensors"
    write_checkpoint(path, Checkpoint({"w": torch.zeros(100)}, {}, record))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(LetterlabError, match="is damaged"):
        read_checkpoint(path)


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
    written = {"format": FORMAT, "record": json.dumps(record.to_json())} | metadata
    path.write_bytes(save({tensor: torch.zeros(1)}, written))
    with pytest.raises(LetterlabError, match=r"checkpoint\.safetensors is damaged") as raised:
        read_checkpoint(path)
    assert "\n" not in str(raised.value)
