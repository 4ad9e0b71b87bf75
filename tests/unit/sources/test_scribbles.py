"""Drawn things that are no letters."""

import numpy as np
import pytest

from letterlab.sources import scribbles
from letterlab.sources.drawn import CANVAS
from letterlab.sources.scribbles import draw_scribbles


def test_a_picture_depends_on_the_seed_and_its_number_alone():
    few, many = draw_scribbles(30, 4), draw_scribbles(60, 4)
    assert np.array_equal(few, many[:30])
    assert not np.array_equal(few, draw_scribbles(30, 5))


def test_each_fills_its_picture_as_emnists_letters_do():
    pictures = draw_scribbles(120, 0)
    assert pictures.shape == (120, 28, 28)
    assert np.all(pictures.max(axis=(1, 2)) == 255)
    border = np.ones((28, 28), dtype=bool)
    border[2:-2, 2:-2] = False
    assert not pictures[:, border].any()
    assert len(np.unique(pictures.reshape(120, -1), axis=0)) == 120


@pytest.mark.parametrize("draw", scribbles._KINDS)
def test_every_kind_leaves_ink_and_differs_from_one_to_the_next(draw):
    letters = np.zeros((3, 28, 28), dtype=np.uint8)
    letters[:, 4:24, 10:14] = 255
    pictures = [draw(letters, np.random.default_rng(seed)) for seed in range(12)]
    assert all(picture.shape == (CANVAS, CANVAS) and picture.any() for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) > 8


def test_no_letters_are_drawn_for_none():
    assert draw_scribbles(0, 0).shape == (0, 28, 28)
