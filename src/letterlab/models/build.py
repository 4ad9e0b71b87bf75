"""From a recipe's model to a network."""

from torch import nn

from letterlab.alphabet import LETTERS
from letterlab.models.cnn import cnn
from letterlab.models.layers import Standardise
from letterlab.models.mlp import mlp
from letterlab.models.pretrained import torchvision_network
from letterlab.recipe import Cnn, Mlp, Torchvision


def build(
    settings: Mlp | Cnn | Torchvision, mean: float = 0.0, deviation: float = 1.0, outputs: int = len(LETTERS)
) -> nn.Sequential:
    """A network from pictures [B, 1, 28, 28] in 0..1 to scores [B, outputs], its weights from torch's global seed.

    Mean and deviation are those of the training letters' ink, 0..1; the network's file holds them.
    """
    if isinstance(settings, Mlp):
        network = mlp(settings, outputs)
    elif isinstance(settings, Cnn):
        network = cnn(settings, outputs)
    else:
        network = torchvision_network(settings, outputs)
    return nn.Sequential(Standardise(mean, deviation), network)


def count_parameters(network: nn.Module) -> int:
    """How many numbers training sets."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
