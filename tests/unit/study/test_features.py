"""What is kept of how a network sees letters."""

import numpy as np

from letterlab.study.features import MOST, principal


def test_distances_are_those_between_the_values_where_few_directions_hold_them():
    chance = np.random.default_rng(0)
    values = (chance.normal(size=(50, 5)) @ chance.normal(size=(5, 300)) + 7).astype(np.float32)
    found = principal(values).astype(np.float64)
    assert found.shape == (50, MOST)
    assert abs(found[:, 0].std() - 1) < 1e-3
    before = np.linalg.norm(values[:, None] - values, axis=2)
    after = np.linalg.norm(found[:, None] - found, axis=2)
    off = np.triu_indices(50, 1)
    ratio = after[off] / before[off]
    assert ratio.std() / ratio.mean() < 0.01


def test_equal_values_are_no_nonsense():
    assert not principal(np.ones((4, 8), np.float32)).any()
