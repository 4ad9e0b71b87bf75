"""The real ImageNet weights and the real letters: what is taken over from the one is of use for the other."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from letterlab.letterset import Letters, LetterSet
from letterlab.models.pretrained import load_imagenet, torchvision_network
from letterlab.models.vision import load_torchvision
from letterlab.recipe import Optimiser, Recipe, Torchvision
from letterlab.sources.opening import open_letters
from letterlab.training import fit

HEAD = 4  # pooling, flattening, dropout, linear


def some(letters: LetterSet, count: int) -> LetterSet:
    """The first so many of each letter."""
    return letters.take(np.concatenate([np.flatnonzero(letters.labels == label)[:count] for label in range(26)]))


@pytest.fixture(scope="module")
def letters(real, tmp_path_factory) -> Letters:
    """100 of each letter to train on, 10 to test with."""
    letters = open_letters(real / "letters", cache=tmp_path_factory.mktemp("cache"))
    return replace(letters, train=some(letters.train, 100), test=some(letters.test, 10))


@pytest.fixture
def weights(real, monkeypatch):
    """torchvision's cache, with the weights of two networks."""
    folder = real.parent / "weights"
    if not folder.is_dir():
        pytest.skip(f"no ImageNet weights at {folder}")
    monkeypatch.setenv("TORCH_HOME", str(folder))


@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet1_1"])
def test_grey_letters_give_what_three_equal_channels_give_the_original(name, letters, weights):
    grey = torch.from_numpy(letters.test.images[::10]).float()[:, None] / 127.5 - 1  # [26, 1, 28, 28]
    whole = load_torchvision().models.get_model(name, weights="IMAGENET1K_V1").eval()
    settings = Torchvision(network=name, stem_stride=2)
    network = torchvision_network(settings)
    load_imagenet(network, settings)
    with torch.no_grad():
        theirs = whole.features(grey.expand(-1, 3, -1, -1))
        ours = network.eval()[:-HEAD](grey)
    assert float(theirs.abs().max()) > 0.5
    assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))


def test_with_imagenets_weights_a_few_letters_are_enough(letters, weights, tmp_path):
    reached = {}
    for begin in ("imagenet", "random"):
        recipe = Recipe(
            model=Torchvision(network="squeezenet1_1", weights=begin, stem_stride=2, head_epochs=0),
            optimiser=Optimiser(learning_rate=1e-3),
            letters_of_each=30,
            batch_size=16,
            epochs=4,
        )
        *_, last = fit(recipe, letters, tmp_path / begin)
        reached[begin] = last.validation.accuracy
    assert reached["imagenet"] > reached["random"] + 0.1
