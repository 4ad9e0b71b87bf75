import math
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
import torch

from blobs import blobs
from letterlab import training
from letterlab.checkpoint import BEFORE, NAME, read_checkpoint, read_record
from letterlab.errors import LetterlabError
from letterlab.evaluation import Outputs, Predictions
from letterlab.letterset import LetterSet
from letterlab.models.vision import load_torchvision
from letterlab.optimising import rate_share
from letterlab.parts import parts, scribbles, shown
from letterlab.prediction import evaluate, open_network
from letterlab.recipe import Augmentation, Cnn, Mlp, Optimiser, Recipe, Torchvision, no_augmentation
from letterlab.study.folder import OUTPUTS_FILE, VALIDATION_FILE
from letterlab.study.trial import UNSEEN_SCRIBBLES, run_trial
from letterlab.training import fit, seconds_of

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


PRETRAINED = Recipe(
    model=Torchvision(network="mobilenet_v2", stem_stride=2, head_epochs=2, stem_rate=0.1),
    letters_of_each=2,
    batch_size=13,
    epochs=4,
)


@pytest.fixture(scope="session")
def imagenet(tmp_path_factory):
    """A file that passes for ImageNet's weights of MobileNetV2."""
    file = tmp_path_factory.mktemp("weights") / "mobilenet_v2.pth"
    with torch.random.fork_rng():
        torch.manual_seed(5)
        torch.save(load_torchvision().models.mobilenet_v2().state_dict(), file)
    return file


@pytest.fixture
def pretrained(imagenet):
    return PRETRAINED.model_copy(update={"model": PRETRAINED.model.model_copy(update={"weights_file": str(imagenet)})})


@pytest.fixture
def no_weights(monkeypatch, tmp_path):
    """torchvision's cache is empty, and there is no internet."""

    def refuse(*given):
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))


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


@pytest.mark.parametrize(("recipe", "stop"), [(SMALL[0], 2), (SMALL[2], 2), (SMALL[0], 1)])
def test_from_the_checkpoint_before_a_damaged_one_it_goes_on_to_the_same_bytes(recipe, stop, letters, tmp_path, capsys):
    list(fit(recipe, letters, tmp_path / "whole"))
    folder = tmp_path / "damaged"
    started = fit(recipe, letters, folder)
    for _ in range(stop):
        next(started)
    started.close()
    content = bytearray((folder / NAME).read_bytes())
    content[-5] ^= 2
    (folder / NAME).write_bytes(content)
    assert [epoch.number for epoch in fit(recipe, letters, folder)] == list(range(stop, 4))
    how = "goes on from the end of epoch 1" if stop == 2 else "begins anew"
    assert capsys.readouterr().err == f"{folder / NAME} is damaged: the training {how}.\n"
    assert weights(folder) == weights(tmp_path / "whole")
    assert not (folder / BEFORE).exists()


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_with_pretrained_weights_too_and_inside_the_epochs_of_the_last_layer_alone(
    optimiser, pretrained, letters, tmp_path
):
    recipe = pretrained.model_copy(update={"optimiser": Optimiser(name=optimiser, learning_rate=0.01)})
    list(fit(recipe, letters, tmp_path / "whole"))
    for stop in (1, 2, 3):
        folder = tmp_path / f"stopped{stop}"
        started = fit(recipe, letters, folder)
        for _ in range(stop):
            next(started)
        started.close()
        list(fit(recipe, letters, folder))
        assert weights(folder) == weights(tmp_path / "whole")


def test_the_pretrained_layers_wait_for_the_last_one(pretrained, imagenet, letters, tmp_path):
    given = torch.load(imagenet, weights_only=True)
    first = given["features.0.0.weight"].sum(dim=1, keepdim=True)
    known = {f"1.{name.removeprefix('features.')}": one for name, one in given.items() if name.startswith("features.")}
    known["1.0.0.weight"] = first
    states = [read_checkpoint(tmp_path / NAME) for _ in fit(pretrained, letters, tmp_path)]
    for state in states[:2]:  # running statistics too
        assert {name for name in known if not torch.equal(state.weights[name], known[name])} == set()
        assert {name.partition(".")[2] for name in state.optimiser} == {"step", "exp_avg", "exp_avg_sq"}
        assert len(state.optimiser) == 2 * 3  # the last layer's weights and biases
    assert not torch.equal(states[0].weights["1.22.weight"], states[1].weights["1.22.weight"])
    changed = {name for name in known if not torch.equal(states[2].weights[name], known[name])}
    assert changed == set(known)
    steps = {name: float(value) for name, value in states[2].optimiser.items() if name.endswith("step")}
    assert sorted(set(steps.values())) == [4, 12]  # those that waited have taken an epoch's steps, of four


def test_while_the_last_layer_learns_alone_only_its_dropout_is_at_work(pretrained, letters, tmp_path, monkeypatch):
    seen = []

    def look(recipe, network, *given):
        seen.append(
            {type(layer).__name__ for layer in network.modules() if not list(layer.children()) and layer.training}
        )

    monkeypatch.setattr(training, "_step", look)
    list(fit(pretrained, letters, tmp_path))
    alone, together = seen[0], seen[-1]
    assert seen == [alone] * 8 + [together] * 8
    assert not alone & {"Conv2d", "BatchNorm2d"}
    assert {"Dropout", "Linear"} <= alone
    assert {"Dropout", "Linear", "Conv2d", "BatchNorm2d"} <= together


def test_learning_rates_rise_geometrically_from_the_first_layer_to_the_last(pretrained, letters, tmp_path, monkeypatch):
    rates = []

    def look(recipe, network, optimiser, *given):
        owner = {id(weight): group["lr"] for group in optimiser.param_groups for weight in group["params"]}
        rates.append([owner[id(weight)] for weight in network.parameters()])

    monkeypatch.setattr(training, "_step", look)
    constant = pretrained.optimiser.model_copy(update={"learning_rate": 0.02, "schedule": "cosine"})
    epochs = list(fit(pretrained.model_copy(update={"optimiser": constant}), letters, tmp_path))
    assert rates[0][0] == pytest.approx(0.002)
    assert rates[0][-2:] == [0.02, 0.02]
    of_blocks = sorted(set(rates[0]))
    assert of_blocks == list(dict.fromkeys(rates[0]))  # they never fall on the way
    assert len(of_blocks) == 20
    assert [b / a for a, b in pairwise(of_blocks)] == pytest.approx([10 ** (1 / 19)] * 19)
    assert np.array(rates[8]) / np.array(rates[0]) == pytest.approx(0.5)  # half way of a cosine
    assert [epoch.learning_rate for epoch in epochs] == [step[-1] for step in rates[3::4]]


def test_weights_are_asked_for_once_and_only_by_who_begins_with_them(pretrained, letters, tmp_path, no_weights):
    from_chance = Torchvision(network="mobilenet_v2", stem_stride=2, weights="random", head_epochs=0)
    short = Recipe(model=from_chance, letters_of_each=1, batch_size=26, epochs=1)
    list(fit(short, letters, tmp_path / "random"))
    next(fit(pretrained, letters, tmp_path / "imagenet"))
    gone = pretrained.model_copy(update={"model": pretrained.model.model_copy(update={"weights_file": "/nowhere.pth"})})
    with pytest.raises(LetterlabError, match=r"nowhere\.pth"):
        next(fit(gone, letters, tmp_path / "gone"))
    with pytest.raises(LetterlabError, match="TORCH_HOME"):
        next(fit(PRETRAINED, letters, tmp_path / "gone"))
    assert not (tmp_path / "gone").exists()


def test_a_begun_training_needs_no_pretrained_weights(pretrained, imagenet, letters, tmp_path):
    file = tmp_path / "mine.pth"
    file.write_bytes(imagenet.read_bytes())
    mine = pretrained.model_copy(update={"model": pretrained.model.model_copy(update={"weights_file": str(file)})})
    started = fit(mine, letters, tmp_path / "begun")
    next(started)
    started.close()
    file.unlink()
    assert len(list(fit(mine, letters, tmp_path / "begun"))) == 3


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
        {"letters_of_each": 10},
        {"optimiser": {"rate_for_batch": 26}},
        {"precision": "bf16"},
    ],
)
def test_every_setting_matters(change, letters, tmp_path):
    changed = Recipe.model_validate(SMALL[0].model_dump() | change).model_copy(update={"epochs": 1})
    list(fit(SMALL[0].model_copy(update={"epochs": 1}), letters, tmp_path / "plain"))
    list(fit(changed, letters, tmp_path / "changed"))
    assert weights(tmp_path / "plain") != weights(tmp_path / "changed")


def test_it_learns(letters, tmp_path):
    recipe = Recipe(model=Mlp(hidden=(64,)), augmentation=Augmentation(rotation=3), batch_size=26, epochs=12)
    *_, last = fit(recipe, letters, tmp_path)
    assert last.validation.accuracy > 0.9
    assert last.test.accuracy > 0.9
    assert last.train.loss < 1


def test_letters_of_other_sources_make_none_of_them_likelier(letters, tmp_path):
    """A and B look the same here; another source brings five times as many of A."""
    alike = letters.train.images.copy()
    alike[letters.train.labels < 2] = alike[0]
    train = LetterSet.of(alike, letters.train.labels, letters.train.names.tolist())
    more = train.take(np.tile(np.flatnonzero(train.labels == 0), 5))
    recipe = Recipe(
        model=Mlp(hidden=(), dropout=0),
        augmentation=no_augmentation(),
        optimiser=Optimiser(learning_rate=0.03),
        label_smoothing=0,
        batch_size=52,
        epochs=12,
    )
    list(fit(recipe, replace(letters, train=train, more=more), tmp_path))
    a, b = evaluate(tmp_path, train.take(np.array([0]))).probabilities[0, :2]
    assert a + b > 0.9
    assert 0.8 < a / b < 1.25


def test_torchs_own_generator_and_strictness_are_left_alone(letters, tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    list(fit(SMALL[0], letters, tmp_path))
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory


def test_the_record_tells_what_was_done(letters, tmp_path):
    epochs = list(fit(SMALL[0], letters, tmp_path))
    record = read_record(tmp_path / NAME)
    assert record.epochs == tuple(epochs)
    assert record.finished
    assert record.letters == letters.fingerprint
    assert read_checkpoint(tmp_path / NAME).optimiser == {}


def test_a_training_that_is_shown_a_few_learns_from_them_alone(letters, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "_step", lambda *given: seen.extend(image.numpy().tobytes() for image in given[3]))
    recipe = SMALL[0].model_copy(update={"letters_of_each": 3, "epochs": 2})
    list(fit(recipe, letters, tmp_path))
    of_recipe = {image.tobytes() for image in shown(parts(letters).lots[0], recipe).images(slice(None))}
    assert len(seen) == 2 * 52  # one batch of 52 in each epoch; the other 26 wait
    assert set(seen) <= of_recipe


@pytest.mark.parametrize(
    ("letters_of_each", "expected"), [("all", [2600, 2600, 1560]), (10, [260, 260, 260]), (100, [650, 650, 650])]
)
def test_curves_of_a_few_letters_are_of_a_few(letters_of_each, expected, letters, tmp_path, monkeypatch):
    scored = []

    def look(network, part, *given):
        scored.append(part.labels.bincount().tolist())
        return training.Score(1.0, 0.5)

    monkeypatch.setattr(training, "_score", look)
    monkeypatch.setattr(training, "_step", lambda *given: None)
    many = replace(letters, train=blobs(1000, 0), test=blobs(60, 1))
    list(fit(Recipe(model=Mlp(hidden=()), letters_of_each=letters_of_each, epochs=1), many, tmp_path))
    assert scored == [[count // 26] * 26 for count in expected]


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


def test_the_rate_follows_the_schedule_to_the_batchs_height(letters, tmp_path, monkeypatch):
    rates = []
    monkeypatch.setattr(training, "_step", lambda *given: rates.append(given[2].param_groups[0]["lr"]))
    optimiser = Optimiser(name="sgd", learning_rate=0.1, rate_for_batch=26)
    recipe = SMALL[0].model_copy(update={"optimiser": optimiser})
    epochs = list(fit(recipe, letters, tmp_path))
    assert rates == [pytest.approx(0.2 * rate_share("one-cycle", step, 27)) for step in range(27)]
    assert [epoch.learning_rate for epoch in epochs] == rates[8::9]


def test_costs_are_measured():
    epoch, scoring = seconds_of(SMALL[0], 520, 1040)
    assert 0 < epoch < 60
    assert 0 < scoring < 60


def test_pretrained_costs_are_measured_without_weights_and_on_few_letters(no_weights, monkeypatch):
    read = []
    monkeypatch.setattr(training, "scores_of", lambda network, images, precision: read.append(len(images)))
    epoch, _ = seconds_of(PRETRAINED, 52, 104)
    assert 0 < epoch < 60
    assert set(read) == {13}


@pytest.mark.parametrize(("tick", "rounds"), [(0.01, 4), (0.2, 3), (2.0, 1)])
def test_costs_are_measured_for_about_a_second(tick, rounds, monkeypatch):
    times = iter(np.arange(0, 100, tick).tolist())
    steps = []
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: next(times)))
    monkeypatch.setattr(training, "_step", lambda *given: steps.append(given[3]))
    epoch, scoring = seconds_of(SMALL[0], 520, 2048)
    assert len(steps) == rounds
    assert epoch == pytest.approx(10 * tick)  # steps of 52 letters
    assert scoring == pytest.approx(2 * tick)  # of 1024


def test_a_network_that_is_shown_what_is_no_letter_tells_it_from_letters(letters, tmp_path):
    recipe = Recipe(model=Mlp(hidden=(64,)), augmentation=no_augmentation(), no_letter=300, batch_size=52, epochs=8)
    folder = tmp_path / "run"
    run_trial(recipe, letters, folder, lambda epoch: None)
    outputs = Outputs.open(folder / OUTPUTS_FILE)
    cut = parts(letters)
    assert outputs.letters.shape == (len(cut.validation), 27)
    assert np.mean(outputs.letters.argmax(axis=1) == 26) < 0.05
    assert np.mean(outputs.others.argmax(axis=1) == 26) > 0.95
    # The accuracies are of the 26 letters alone.
    said = Predictions.open(folder / VALIDATION_FILE)
    assert np.array_equal(said.answers, outputs.letters[:, :26].argmax(axis=1))
    assert said.accuracy.share > 0.9
    network, record = open_network(folder)
    assert record.recipe == recipe
    assert network(torch.zeros(1, 1, 28, 28)).shape == (1, 27)
    # It was measured on others than those it learned from.
    learned = {one.tobytes() for one in scribbles(300, recipe.seed, prepared=False)}
    measured = {one.tobytes() for one in scribbles(UNSEEN_SCRIBBLES, 2**31 + recipe.seed, prepared=False)}
    assert len(measured) == UNSEEN_SCRIBBLES
    assert not learned & measured


def test_without_it_no_such_outputs_are_kept(letters, tmp_path):
    run_trial(SMALL[0], letters, tmp_path, lambda epoch: None)
    assert not (tmp_path / OUTPUTS_FILE).exists()
