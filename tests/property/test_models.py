"""Convolutional networks: those that can be made have the sizes that their settings say, and the others are refused."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from letterlab.models.build import build
from letterlab.recipe import Cnn

CNNS = st.fixed_dictionaries(
    {
        "filters": st.lists(st.integers(1, 6), min_size=1, max_size=4),
        "kernel": st.sampled_from([1, 3, 5, 7, 9, 11]),
        "halving": st.sampled_from(["pool", "stride"]),
        "padding": st.sampled_from(["same", "none"]),
        "normalisation": st.sampled_from(["none", "batch", "group"]),
        "group_size": st.sampled_from([1, "all"]),
    }
)


def last_side(filters, kernel, halving, padding, **_):
    """What torch's own layers leave of a picture; 0 where they refuse it."""
    picture = torch.zeros(1, 1, 28, 28)
    for _ in filters:
        margin = kernel // 2 if padding == "same" else 0
        layer = nn.Conv2d(1, 1, kernel, 2 if halving == "stride" else 1, margin)
        try:
            picture = layer(picture)
            picture = nn.functional.max_pool2d(picture, 2) if halving == "pool" else picture
        except RuntimeError:
            return 0
    return picture.shape[-1]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CNNS)
def test_a_network_is_as_large_as_its_settings_say_or_refused(chosen):
    side = last_side(**chosen)
    if side == 0:
        with pytest.raises(ValidationError, match="leaves nothing of the picture"):
            Cnn(**chosen)
        return
    model = Cnn(**chosen)
    network = build(model)
    features = network[:1](torch.rand(2, 1, 28, 28))
    for layer in network[1]:
        if isinstance(layer, nn.Linear):
            break
        features = layer(features)
    assert features.shape[1] == layer.in_features == model.filters[-1] * model.sides[-1] ** 2
    assert model.sides[-1] == side
    assert layer(features).shape == (2, 26)
