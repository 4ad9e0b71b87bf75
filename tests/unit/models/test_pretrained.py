import pickle
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import nn
from torch.nn import functional

from letterlab.errors import LetterlabError
from letterlab.models.pretrained import blocks, load_imagenet, torchvision_network
from letterlab.models.vision import load_torchvision
from letterlab.prediction import place
from letterlab.recipe import Torchvision

FEATURES = {
    "mobilenet_v2": 1280,
    "mobilenet_v3_small": 576,
    "squeezenet1_1": 512,
    "resnet18": 512,
    "efficientnet_b0": 1280,
}
BLOCKS = {"mobilenet_v2": 19, "mobilenet_v3_small": 13, "squeezenet1_1": 9, "resnet18": 9, "efficientnet_b0": 9}
HEAD = 4  # pooling, flattening, dropout, linear
SMALL = Torchvision(network="squeezenet1_1", stem_stride=2)


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    """No weights in torchvision's cache, and no internet."""

    def refuse(*given):
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))


class Trap:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def original(name, seed):
    torch.manual_seed(seed)
    return load_torchvision().models.get_model(name).eval()


def features_of(whole, pictures):
    """[B, C, h, w] of an original network, by its own code up to the classifier."""
    if hasattr(whole, "features"):
        return whole.features(pictures)
    for name, part in whole.named_children():
        if name == "avgpool":
            break
        pictures = part(pictures)
    return pictures


@pytest.mark.parametrize("name", FEATURES)
def test_grey_pictures_give_what_three_equal_channels_give_the_original(name):
    whole = original(name, seed=1)
    torch.manual_seed(1)
    network = torchvision_network(Torchvision(network=name, stem_stride=2)).eval()
    grey = torch.randn(2, 1, 28, 28)
    with torch.no_grad():
        theirs = features_of(whole, grey.expand(-1, 3, -1, -1))
        ours = network[:-HEAD](grey)
        assert ours.shape == (2, FEATURES[name], 1, 1)
        assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))
        assert torch.allclose(network(grey), network[-1](theirs.mean(dim=(2, 3))), atol=1e-4)


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_every_network_learns_from_two_letters_the_same_each_time(name, precision):
    pictures, labels = torch.randn(2, 1, 28, 28), torch.tensor([3, 4])

    def gradients(stride):
        torch.manual_seed(2)
        network = place(torch.device("cpu"), torchvision_network(Torchvision(network=name, stem_stride=stride)))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            scores = network(pictures)
        assert scores.shape == (2, 26)
        functional.cross_entropy(scores.float(), labels).backward()
        return [parameter.grad.numpy().tobytes() for parameter in network.parameters()]

    torch.use_deterministic_algorithms(True)
    try:
        first, again, finer = gradients(2), gradients(2), gradients(1)
    finally:
        torch.use_deterministic_algorithms(False)
    assert first == again
    assert first != finer


@pytest.mark.parametrize("name", FEATURES)
def test_the_blocks_are_all_that_learns_from_the_first_layer_to_the_last(name):
    network = torchvision_network(Torchvision(network=name))
    found = blocks(network)
    assert len(found) == BLOCKS[name] + 1
    assert isinstance(found[-1], nn.Linear)
    in_blocks = [id(parameter) for block in found for parameter in block.parameters()]
    assert in_blocks == [id(parameter) for parameter in network.parameters()]
    stem = next(layer for layer in found[0].modules() if isinstance(layer, nn.Conv2d))
    assert (stem.in_channels, stem.weight.shape[1], stem.stride) == (1, 1, (1, 1))


def test_pictures_are_enlarged_before_the_first_layer():
    torch.manual_seed(3)
    large = torchvision_network(Torchvision(network="squeezenet1_1", side=56)).eval()
    torch.manual_seed(3)
    plain = torchvision_network(Torchvision(network="squeezenet1_1")).eval()
    pictures = torch.rand(2, 1, 28, 28)
    enlarged = functional.interpolate(pictures, size=(56, 56), mode="bilinear", align_corners=False)
    assert torch.equal(large[0](pictures), enlarged)
    assert torch.allclose(large(pictures), plain(enlarged), atol=1e-5)


def test_dropout_comes_before_the_last_layer():
    network = torchvision_network(Torchvision(network="squeezenet1_1", dropout=0.4))
    assert network[-2].p == 0.4
    assert network.training


def test_imagenets_weights_are_taken_and_the_last_layer_keeps_its_own(tmp_path):
    for name, side in (("squeezenet1_1", 28), ("mobilenet_v2", 28), ("resnet18", 28), ("squeezenet1_1", 56)):
        whole = original(name, seed=4)
        file = tmp_path / f"{name}.pth"
        torch.save(whole.state_dict(), file)
        settings = Torchvision(network=name, stem_stride=2, side=side, weights_file=str(file))
        network = place(torch.device("cpu"), torchvision_network(settings)).eval()
        head = network[-1].weight.clone()
        load_imagenet(network, settings)
        grey = torch.randn(1, 1, 28, 28)
        enlarged = functional.interpolate(grey, (side, side), mode="bilinear")
        with torch.no_grad():
            theirs = features_of(whole, enlarged.expand(-1, 3, -1, -1))
            ours = network[:-HEAD](grey)
        assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))
        assert torch.equal(network[-1].weight, head)


def test_they_are_found_in_torchvisions_cache(tmp_path):
    cached = tmp_path / "home/hub/checkpoints/squeezenet1_1-b8a52dc0.pth"
    cached.parent.mkdir(parents=True)
    state = original("squeezenet1_1", seed=4).state_dict()
    torch.save(state, cached)
    network = torchvision_network(SMALL)
    load_imagenet(network, SMALL)
    assert torch.equal(network[0].weight, state["features.0.weight"].sum(dim=1, keepdim=True))


def test_what_stands_in_the_cache_runs_no_code_either(tmp_path):
    cached = tmp_path / "home/hub/checkpoints/squeezenet1_1-b8a52dc0.pth"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(pickle.dumps(Trap(tmp_path / "sprung"), protocol=2))
    with pytest.raises(LetterlabError, match=r"b8a52dc0\.pth does not hold"):
        load_imagenet(torchvision_network(SMALL), SMALL)
    assert not (tmp_path / "sprung").exists()


def test_without_cache_and_internet_it_is_said_where_they_may_lie(tmp_path):
    network = torchvision_network(SMALL)  # which needs no weights itself
    with pytest.raises(LetterlabError, match="no route to host") as raised:
        load_imagenet(network, SMALL)
    for word in (str(tmp_path / "home/hub/checkpoints/squeezenet1_1-b8a52dc0.pth"), "--weights FILE", "TORCH_HOME"):
        assert word in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    settings = SMALL.model_copy(update={"weights_file": str(tmp_path / "nowhere.pth")})
    with pytest.raises(LetterlabError, match=r"nowhere\.pth"):
        load_imagenet(torchvision_network(SMALL), settings)


@pytest.mark.parametrize(
    "content",
    ["another network", "words", "half a pickle", "nothing", "cut short", "a list", "a trap", "a trap in a zip"],
)
def test_a_file_with_something_else_is_refused(content, tmp_path):
    file = tmp_path / "some.pth"
    if content == "another network":
        torch.save(original("mobilenet_v2", seed=0).state_dict(), file)
    elif content == "a list":
        torch.save([1, 2], file)
    elif content == "a trap":
        file.write_bytes(pickle.dumps(Trap(tmp_path / "sprung"), protocol=2))
    elif content == "a trap in a zip":
        torch.save({"features.0.weight": Trap(tmp_path / "sprung")}, file)
    elif content == "cut short":
        torch.save(original("squeezenet1_1", seed=0).state_dict(), file)
        file.write_bytes(file.read_bytes()[:100_000])
    else:
        file.write_bytes({"words": b"words", "half a pickle": b"\x80\x02}q\x00K", "nothing": b""}[content])
    settings = SMALL.model_copy(update={"weights_file": str(file)})
    network = torchvision_network(SMALL)
    before = [parameter.clone() for parameter in network.parameters()]
    with pytest.raises(LetterlabError, match=r"some\.pth does not hold .*squeezenet1_1"):
        load_imagenet(network, settings)
    assert all(torch.equal(*pair) for pair in zip(before, network.parameters(), strict=True))
    assert not (tmp_path / "sprung").exists()
