import numpy as np
import pytest
import torch

from letterlab.checkpoint import NAME, Checkpoint, write_checkpoint
from letterlab.errors import LetterlabError
from letterlab.history import Record
from letterlab.models.vision import load_torchvision
from letterlab.prediction import as_input, evaluate, features, open_network, predict, torch_device
from letterlab.recipe import Cnn, Mlp, Recipe, Torchvision
from letterlab.training import fit


def test_evaluating_gives_the_last_epochs_score(letters, tmp_path):
    *_, last = fit(Recipe(model=Cnn(filters=(4, 8)), precision="bf16", batch_size=52, epochs=2), letters, tmp_path)
    said = evaluate(tmp_path, letters.test)
    assert said.accuracy.share == pytest.approx(last.test.accuracy)
    assert said.loss == pytest.approx(last.test.loss, rel=1e-4)
    assert said.probabilities.sum(axis=1) == pytest.approx(1)
    assert said.names.tolist() == letters.test.names.tolist()


def test_each_letter_is_read_by_itself(letters, tmp_path):
    list(fit(Recipe(model=Mlp(hidden=(32,)), batch_size=52, epochs=1), letters, tmp_path))
    network, _ = open_network(tmp_path)
    order = np.arange(len(letters.test))[::-1]
    forwards, backwards = (predict(network, part, "fp32") for part in (letters.test, letters.test.take(order)))
    assert np.allclose(forwards.probabilities[order], backwards.probabilities, atol=1e-6)


def test_features_are_what_the_last_layer_is_given(letters, tmp_path):
    list(fit(Recipe(model=Mlp(hidden=(32,)), batch_size=52, epochs=1), letters, tmp_path))
    network, _ = open_network(tmp_path)
    found = features(network, letters.test, "fp32")
    assert found.shape == (len(letters.test), 32)
    last = [one for one in network.modules() if isinstance(one, torch.nn.Linear)][-1]
    scores = last(torch.from_numpy(found))
    said = predict(network, letters.test, "fp32").probabilities
    assert np.allclose(torch.softmax(scores, dim=1).detach().numpy(), said, atol=1e-5)


def test_features_of_a_last_convolution_are_its_means(letters):
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 5), torch.nn.Conv2d(3, 26, 1), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    )
    with torch.inference_mode():
        given = network[0](as_input(torch.from_numpy(np.array(letters.test.images))))
    assert np.allclose(features(network, letters.test, "fp32"), given.mean(dim=(2, 3)), atol=1e-5)


def test_a_network_that_began_with_imagenets_weights_is_opened_without_them(letters, tmp_path):
    file = tmp_path / "weights.pth"
    torch.save(load_torchvision().models.squeezenet1_1().state_dict(), file)
    model = Torchvision(network="squeezenet1_1", stem_stride=2, weights_file=str(file))
    *_, last = fit(Recipe(model=model, letters_of_each=25, batch_size=104, epochs=2), letters, tmp_path)
    file.unlink()
    assert evaluate(tmp_path, letters.test).accuracy.share == pytest.approx(last.test.accuracy)


@pytest.mark.parametrize("hidden", [(8,), (2**20, 2**20)], ids=["other weights", "4 TB of them"])
def test_weights_that_do_not_fit_the_recipe_are_refused(tmp_path, hidden):
    record = Record(Recipe(model=Mlp(hidden=hidden)), "f" * 16, 10, (), {})
    write_checkpoint(tmp_path / NAME, Checkpoint({"w": torch.zeros(3)}, {}, record))
    with pytest.raises(LetterlabError, match=r"The weights in .*checkpoint\.safetensors are not those of its recipe"):
        open_network(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device that must be missing")
def test_a_missing_device_is_named():
    with pytest.raises(LetterlabError, match="no device cuda"):
        torch_device("cuda")


def test_a_folder_without_a_training_is_named(letters, tmp_path):
    with pytest.raises(LetterlabError, match="no training at"):
        evaluate(tmp_path, letters.test)
