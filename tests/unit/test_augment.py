import pytest
import torch

from letterlab.augment import augment
from letterlab.recipe import Augmentation, no_augmentation


def only(**settings):
    return Augmentation(**{**no_augmentation().model_dump(), **settings})


@pytest.fixture
def picture():
    """One letter in the middle: an L."""
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 8:20, 10] = 1
    image[0, 0, 19, 10:18] = 1
    return image


def test_nothing_asked_changes_nothing(picture):
    assert augment(picture, no_augmentation(), torch.Generator()) is picture


@pytest.mark.parametrize(
    "setting", [{"rotation": 20}, {"shift": 3}, {"scale": 0.3}, {"slant": 0.4}, {"elastic": 1.5}, {"blur": 0.8}]
)
def test_each_change_changes_every_letter_in_its_own_way_and_keeps_most_ink(picture, setting):
    picture = 0.6 * picture  # ink that can still become brighter
    batch = picture.expand(64, -1, -1, -1)
    changed = augment(batch, only(**setting), torch.Generator().manual_seed(0))
    assert changed.shape == batch.shape
    assert len({image.numpy().tobytes() for image in changed}) == 64
    assert ((changed >= 0) & (changed <= 1.0001)).all()
    ink = changed.sum(dim=(1, 2, 3)) / picture.sum()
    assert 0.85 < ink.mean() < 1.25


def test_the_same_generator_gives_the_same_changes(picture):
    batch = picture.expand(8, -1, -1, -1)
    first, second = (augment(batch, Augmentation(elastic=1), torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, second)


def test_a_shift_stays_within_its_limit(picture):
    changed = augment(picture.expand(200, -1, -1, -1), only(shift=2), torch.Generator().manual_seed(0))
    along = torch.arange(28.0)
    centres = (changed.sum(dim=(1, 2)) * along).sum(dim=1) / changed.sum(dim=(1, 2, 3))
    moved = centres - (picture.sum(dim=(1, 2)) * along).sum() / picture.sum()
    assert moved.abs().max() <= 2.001
    assert moved.min() < -1.5
    assert moved.max() > 1.5


def moments(pictures):
    """[B] each: ink times x squared, y squared, x times y, about the middle."""
    y, x = torch.meshgrid(torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij")
    return tuple((pictures[:, 0] * values).sum(dim=(1, 2)) for values in (x * x, y * y, x * y))


def test_a_rotation_turns_about_the_middle_by_at_most_its_degrees():
    bar = torch.zeros(1, 1, 28, 28)
    bar[0, 0, 4:24, 13:15] = 1
    changed = augment(bar.expand(200, -1, -1, -1), only(rotation=30), torch.Generator().manual_seed(0))
    xx, yy, xy = moments(changed)
    degrees = torch.rad2deg(0.5 * torch.atan2(2 * xy, yy - xx))
    assert degrees.abs().max() < 31
    assert degrees.min() < -25
    assert degrees.max() > 25


def test_a_rotation_neither_slants_nor_squeezes():
    plus = torch.zeros(1, 1, 28, 28)
    plus[0, 0, 4:24, 13:15] = plus[0, 0, 13:15, 4:24] = 1
    changed = augment(plus.expand(200, -1, -1, -1), only(rotation=40), torch.Generator().manual_seed(0))
    xx, yy, xy = moments(changed)
    narrow, wide = torch.linalg.eigvalsh(torch.stack([xx, xy, xy, yy], dim=1).reshape(-1, 2, 2)).T
    assert (wide / narrow).max() < 1.1


def test_blur_softens_some_letters_and_sharpens_others_within_its_limit():
    edge = torch.zeros(1, 1, 28, 28)
    edge[..., 14:] = 0.8
    changed = augment(edge.expand(200, -1, -1, -1), only(blur=0.6), torch.Generator().manual_seed(0))
    beside = changed[:, 0, 10, 13]  # a mean of 3 by 3 would bring a third of 0.8 there
    assert beside.max() == pytest.approx(0.6 * 0.8 / 3, rel=0.05)
    assert (beside == 0).float().mean() == pytest.approx(0.5, abs=0.1)
    within = changed[:, 0, 10, 14]
    assert within.max() == pytest.approx(0.8 + 0.6 * 0.8 / 3, rel=0.05)
    assert changed[:, 0, 10, 20] == pytest.approx(0.8)  # far from an edge nothing changes
