"""Networks of torchvision's, and the weights that they learned on ImageNet."""

from pathlib import Path

import torch
from torch import nn

from letterlab.alphabet import LETTERS
from letterlab.errors import LetterlabError
from letterlab.letterset import SIDE
from letterlab.models.vision import load_torchvision
from letterlab.recipe import Torchvision

_WEIGHTS = "IMAGENET1K_V1"


def torchvision_network(settings: Torchvision, outputs: int = len(LETTERS)) -> nn.Sequential:
    """[B, 1, 28, 28] standardised to [B, 26] scores: torchvision's blocks in order, pooling, one linear layer.

    The first weights are torchvision's own initialisation from torch's global seed; ImageNet's are for `load_imagenet`.
    """
    body = _body(load_torchvision().models.get_model(settings.network), settings)
    with torch.no_grad():
        features = nn.Sequential(*body).eval()(torch.zeros(1, 1, SIDE, SIDE)).shape[1]
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(settings.dropout), nn.Linear(features, outputs)
    return nn.Sequential(*body, *head).train()


def blocks(network: nn.Module) -> list[nn.Module]:
    """The parts of such a network that learn, from the first layer to the linear one."""
    return [part for part in network.children() if next(part.parameters(), None) is not None]


def load_imagenet(network: nn.Module, settings: Torchvision) -> None:
    """Gives a network from `torchvision_network` its ImageNet weights; the linear layer keeps its own.

    They come from the settings' file, else from torchvision's cache under TORCH_HOME, else from its site.

    Raises:
        LetterlabError: there is no such file, it cannot be fetched, or it holds other weights.
    """
    models = load_torchvision().models
    weights = models.get_model_weights(settings.network)[_WEIGHTS]
    cached = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
    file = cached if settings.weights_file is None else Path(settings.weights_file)
    try:
        if settings.weights_file is None:
            state = weights.get_state_dict(progress=False, check_hash=True, map_location="cpu", weights_only=True)
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
        with torch.device("meta"):
            whole = models.get_model(settings.network)
        whole.load_state_dict(state, assign=True)
    except OSError as error:
        if settings.weights_file is not None:
            raise LetterlabError(f"The ImageNet weights {file} cannot be read ({error}): give their file.") from None
        raise LetterlabError(
            f"ImageNet's weights of {settings.network} are not at {file} and cannot be fetched from {weights.url} "
            f"({error}): give their file with --weights FILE, or name the folder of torchvision's cache in TORCH_HOME."
        ) from None
    except Exception:  # torch stumbles over a file of something else in a dozen ways
        raise LetterlabError(
            f"{file} does not hold torchvision's {_WEIGHTS} weights of {settings.network}: give the file that comes "
            f"from {weights.url}."
        ) from None
    for part, learned in zip(network.children(), _body(whole, settings), strict=False):  # the head is left over
        part.load_state_dict(learned.state_dict())


def _body(whole: nn.Module, settings: Torchvision) -> list[nn.Module]:
    """[B, 1, 28, 28] to feature maps, in parts: the enlargement, then the network's blocks up to its classifier."""
    stem = next(layer for layer in whole.modules() if isinstance(layer, nn.Conv2d))
    stem.in_channels = 1
    stem.weight = nn.Parameter(stem.weight.detach().sum(dim=1, keepdim=True))  # [C, 3, k, k] to [C, 1, k, k]
    stem.stride = (settings.stem_stride, settings.stem_stride)
    if settings.network == "resnet18":
        convolution, normalisation, activation, pool, *layers = list(whole.children())[:-2]
        residual = [block for layer in layers for block in layer.children()]
        parts = [nn.Sequential(convolution, normalisation, activation), pool, *residual]
    else:
        parts = list(whole.get_submodule("features").children())
    if settings.side > SIDE:
        return [nn.Upsample(size=(settings.side, settings.side), mode="bilinear", align_corners=False), *parts]
    return parts
