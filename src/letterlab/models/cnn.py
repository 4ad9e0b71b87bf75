"""Convolutional networks."""

from itertools import pairwise

from torch import nn

from letterlab.alphabet import LETTERS
from letterlab.models.layers import ACTIVATIONS, normalisation
from letterlab.recipe import Cnn


def cnn(settings: Cnn, outputs: int = len(LETTERS)) -> nn.Sequential:
    """[B, 1, 28, 28] to [B, outputs] scores: blocks that each halve the picture, then one linear layer.

    A block pools before it normalises and activates: with a rising activation the largest of four stays the largest,
    and what follows has a quarter of the numbers to work on.
    """
    pooled = settings.halving == "pool"
    layers: list[nn.Module] = []
    for before, filters in pairwise((1, *settings.filters)):
        for number in range(1, settings.convolutions + 1):
            halves = number == settings.convolutions
            layers += [
                nn.Conv2d(
                    before if number == 1 else filters,
                    filters,
                    settings.kernel,
                    stride=2 if halves and not pooled else 1,
                    padding=settings.kernel // 2 if settings.padding == "same" else 0,
                    # A normalisation shifts by itself: a bias before it would do nothing.
                    bias=settings.normalisation == "none",
                ),
                *([nn.MaxPool2d(2)] if halves and pooled else []),
                *normalisation(settings.normalisation, filters, settings.group_size, nn.BatchNorm2d),
                ACTIVATIONS[settings.activation](),
            ]
    features = settings.filters[-1] * settings.sides[-1] ** 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(settings.dropout), nn.Linear(features, outputs))
