"""Convolutional networks."""

from itertools import pairwise

from torch import nn

from letterlab.alphabet import LETTERS
from letterlab.letterset import SIDE
from letterlab.models.layers import ACTIVATIONS, normalisation
from letterlab.recipe import Cnn


def cnn(settings: Cnn) -> nn.Sequential:
    """[B, 1, 28, 28] to [B, 26] scores: blocks that each halve the picture, then one linear layer.

    A block pools before it normalises and activates: with a rising activation the largest of four stays the largest,
    and what follows has a quarter of the numbers to work on.
    """
    layers: list[nn.Module] = []
    side = SIDE
    for before, filters in pairwise((1, *settings.filters)):
        layers += [
            # A normalisation shifts by itself: a bias before it would do nothing.
            nn.Conv2d(
                before,
                filters,
                settings.kernel,
                padding=settings.kernel // 2,
                bias=settings.normalisation == "none",
            ),
            nn.MaxPool2d(2),
            *normalisation(settings.normalisation, filters, settings.groups, nn.BatchNorm2d),
            ACTIVATIONS[settings.activation](),
        ]
        side //= 2
    features = settings.filters[-1] * side * side
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(settings.dropout), nn.Linear(features, len(LETTERS)))
