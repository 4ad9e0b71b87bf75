"""Multi-layer perceptrons."""

from itertools import pairwise

from torch import nn

from letterlab.alphabet import LETTERS
from letterlab.letterset import SIDE
from letterlab.models.layers import ACTIVATIONS, Dropout, normalisation
from letterlab.recipe import Mlp


def mlp(settings: Mlp, outputs: int = len(LETTERS)) -> nn.Sequential:
    """[B, 1, 28, 28] to [B, outputs] scores: linear layers, each with normalisation, activation and dropout."""
    layers: list[nn.Module] = [nn.Flatten()]  # [B, 784]
    widths = (SIDE * SIDE, *settings.hidden)
    for before, width in pairwise(widths):
        # A normalisation shifts by itself: a bias before it would do nothing.
        layers += [nn.Linear(before, width, bias=settings.normalisation == "none")]
        layers += normalisation(settings.normalisation, width, settings.group_size, nn.BatchNorm1d)
        layers += [ACTIVATIONS[settings.activation](), Dropout(settings.dropout)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))
