import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from letterlab import training
from letterlab.checkpoint import NAME, read_checkpoint, read_record
from letterlab.errors import LetterlabError
from letterlab.models.build import build
from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Recipe
from letterlab.training import fit, learning_rate, parts, seconds_of

SMALL = [
    Recipe(model=Mlp(hidden=(32,)), batch_size=52, epochs=3),
    Recipe(model=Mlp(hidden=(32,), normalisation="group"), optimiser=Optimiser(name="sgd"), batch_size=52, epochs=3),
    Recipe(
        model=Cnn(filters=(4, 8), activation="silu"),
        optimiser=Optimiser(name="adam", schedule="cosine"),
        augmentation=Augmentation(elastic=1),
        precision="bf16",
        batch_size=52,
        epochs=3,
    ),
]


def weights(folder):
    return {name: tensor.numpy().tobytes() for name, tensor in read_checkpoint(folder / NAME).weights.items()}


@pytest.mark.parametrize("recipe", SMALL)
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(recipe, letters, tmp_path):
    whole = list(fit(recipe, letters, tmp_path / "whole"))
    for stop in (1, 2):
        folder = tmp_path / f"stopped{stop}"
        started = fit(recipe, letters, folder)
        before = [next(started) for _ in range(stop)]
        started.close()
        torch.rand(3)  # whatever else draws random numbers in between
        after = list(fit(recipe, letters, folder))
        assert [epoch.number for epoch in before + after] == [1, 2, 3]
        assert weights(folder) == weights(tmp_path / "whole")
        assert [epoch.test for epoch in before + after] == [epoch.test for epoch in whole]


def test_a_finished_training_is_not_repeated(letters, tmp_path):
    list(fit(SMALL[0], letters, tmp_path))
    written = (tmp_path / NAME).stat().st_mtime_ns
    assert list(fit(SMALL[0], letters, tmp_path)) == []
    assert (tmp_path / NAME).stat().st_mtime_ns == written


def test_the_seed_decides(letters, tmp_path):
    other = SMALL[0].model_copy(update={"seed": 1})
    list(fit(SMALL[0], letters, tmp_path / "a"))
    list(fit(other, letters, tmp_path / "b"))
    assert weights(tmp_path / "a") != weights(tmp_path / "b")


def test_first_weights_and_every_epochs_order_are_chances_of_their_own(letters, tmp_path, monkeypatch):
    batches = []
    monkeypatch.setattr(training, "_step", lambda *given: batches.append(given[3].numpy().tobytes()))
    for seed in (0, 1):
        list(fit(SMALL[0].model_copy(update={"seed": seed}), letters, tmp_path / str(seed)))
    assert len(set(batches)) == len(batches) == 2 * 3 * 9  # 468 letters in batches of 52
    assert weights(tmp_path / "0") != weights(tmp_path / "1")  # no step changed them: these are the first


@pytest.mark.parametrize(
    "change",
    [
        {"label_smoothing": 0.3},
        {"augmentation": {"rotation": 20}},
        {"optimiser": {"weight_decay": 0.5}},
        {"optimiser": {"schedule": "constant"}},
        {"optimiser": {"name": "sgd"}},
        {"model": {"kind": "mlp", "hidden": [32], "dropout": 0.1}},
        {"model": {"kind": "mlp", "hidden": [32], "activation": "gelu"}},
        {"batch_size": 26},
        {"precision": "bf16"},
    ],
)
def test_every_setting_matters(change, letters, tmp_path):
    changed = Recipe.model_validate(SMALL[0].model_dump() | change).model_copy(update={"epochs": 1})
    list(fit(SMALL[0].model_copy(update={"epochs": 1}), letters, tmp_path / "plain"))
    list(fit(changed, letters, tmp_path / "changed"))
    assert weights(tmp_path / "plain") != weights(tmp_path / "changed")


def test_biases_and_normalisation_are_spared_weight_decay():
    network = build(Cnn(filters=(4,)))
    decays = {
        id(parameter): group["weight_decay"]
        for group in training._optimiser(Optimiser(weight_decay=0.5), network).param_groups
        for parameter in group["params"]
    }
    found = {name: decays[id(parameter)] for name, parameter in network.named_parameters()}
    assert sorted(found.values()) == [0, 0, 0, 0.5, 0.5]
    assert all(decay == (0.5 if name in ("1.0.weight", "1.6.weight") else 0) for name, decay in found.items())


def test_it_learns(letters, tmp_path):
    recipe = Recipe(model=Mlp(hidden=(64,)), augmentation=Augmentation(rotation=3), batch_size=26, epochs=12)
    *_, last = fit(recipe, letters, tmp_path)
    assert last.validation.accuracy > 0.9
    assert last.test.accuracy > 0.9
    assert last.train.loss < 1


def test_torchs_own_generator_and_strictness_are_left_alone(letters, tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    list(fit(SMALL[0], letters, tmp_path))
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_record_tells_what_was_done(letters, tmp_path):
    epochs = list(fit(SMALL[0], letters, tmp_path))
    record = read_record(tmp_path / NAME)
    assert record.epochs == tuple(epochs)
    assert record.finished
    assert record.letters == letters.fingerprint
    assert read_checkpoint(tmp_path / NAME).optimiser == {}


def test_validation_is_cut_from_training_the_same_every_time(letters):
    first, second = parts(letters), parts(letters)
    assert first.validation.names.tolist() == second.validation.names.tolist()
    assert first.validation.counts().tolist() == [2] * 26
    assert not set(first.train.names) & set(first.validation.names)
    assert first.test is letters.test


def test_a_folder_with_another_training_is_refused(letters, tmp_path):
    list(fit(SMALL[0], letters, tmp_path))
    with pytest.raises(LetterlabError, match="another recipe"):
        list(fit(SMALL[1], letters, tmp_path))
    with pytest.raises(LetterlabError, match="other letters"):
        list(fit(SMALL[0], letters.without_train(np.array([1])), tmp_path))


def test_a_training_that_comes_apart_says_so_and_keeps_its_last_good_epoch(letters, tmp_path):
    recipe = Recipe(
        model=Mlp(normalisation="none"),
        optimiser=Optimiser(name="sgd", learning_rate=1e30, schedule="constant"),
        batch_size=52,
        epochs=3,
    )
    with pytest.raises(LetterlabError, match=r"came apart in epoch 1.*learning_rate"):
        list(fit(recipe, letters, tmp_path))
    assert not (tmp_path / NAME).exists()


def test_too_few_letters_are_refused(letters, tmp_path):
    none = letters.test.take(np.array([], dtype=np.int64))
    with pytest.raises(LetterlabError, match="0 to test on"):
        next(fit(SMALL[0], replace(letters, test=none), tmp_path))
    one_each = replace(letters, train=letters.train.take(np.arange(0, 520, 20)))
    with pytest.raises(LetterlabError, match="at least two"):
        next(fit(SMALL[0], one_each, tmp_path))


def test_a_batch_larger_than_the_set_is_the_set(letters, tmp_path):
    recipe = SMALL[0].model_copy(update={"batch_size": 10_000, "epochs": 1})
    [epoch] = fit(recipe, letters, tmp_path)
    assert math.isfinite(epoch.train.loss)


def test_schedules():
    def rates(schedule):
        settings = Optimiser(learning_rate=1.0, schedule=schedule)
        return [learning_rate(settings, step, 100) for step in range(100)]

    assert set(rates("constant")) == {1.0}
    cosine = rates("cosine")
    assert cosine[0] == 1.0
    assert cosine[50] == pytest.approx(0.5)
    assert sorted(cosine, reverse=True) == cosine
    cycle = rates("one-cycle")
    assert cycle[24] == 1.0 == max(cycle)
    assert cycle[0] == pytest.approx(0.04)
    assert cycle[-1] < 0.001
    assert [learning_rate(Optimiser(), step, steps) > 0 for steps in (1, 2, 3) for step in range(steps)] == [True] * 6


def test_costs_are_measured():
    epoch, scoring = seconds_of(SMALL[0], 520, 1040)
    assert 0 < epoch < 60
    assert 0 < scoring < 60
