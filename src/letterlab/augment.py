"""Random changes of letters, for a whole batch at once and on its device."""

import math
from collections.abc import Callable
from typing import Final

import torch
from torch import Generator, Tensor
from torch.nn import functional

from letterlab.letterset import SIDE
from letterlab.ranks import Share
from letterlab.recipe import Augmentation
from letterlab.shapes import Float

_PIXEL: Final = 2 / SIDE  # grid_sample counts from -1 to 1 over the picture's width
_KNOTS: Final = 7  # an elastic displacement is drawn at 7 x 7 knots, four pixels apart, and smooth between them


def augment(
    images: Float[Tensor, "b 1 28 28"], settings: Augmentation, generator: Generator, share: Share | None = None
) -> Float[Tensor, "b 1 28 28"]:
    """Each letter turned, slanted, scaled, shifted, bent and blurred by random amounts of its own, within the limits.

    Uniform between the limits either way; the elastic field is normal. What comes in from outside is black.
    Letters that are a share of a batch are changed as they would be in the whole batch.
    """
    if not any(settings.model_dump().values()):
        return images
    count, device = len(images), images.device

    def drawn(draw: Callable[..., Tensor], *shape: int) -> Tensor:
        if share is None:
            return draw(count, *shape, generator=generator, device=device)
        return draw(share.of, *shape, generator=generator, device=device)[share.rows]

    def uniform(limit: float, *shape: int) -> Tensor:
        return (drawn(torch.rand, *shape) * 2 - 1) * limit

    angle = uniform(math.radians(settings.rotation))
    scale = 1 + uniform(settings.scale)
    slant = uniform(settings.slant)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    # Where each pixel of the new picture is taken from in the old: turn and scale after a slant along x.
    matrix = torch.empty(count, 2, 3, device=device)
    matrix[:, 0, 0], matrix[:, 0, 1] = cosine, slant * cosine - sine
    matrix[:, 1, 0], matrix[:, 1, 1] = sine, slant * sine + cosine
    matrix[:, :, 2] = uniform(settings.shift * _PIXEL, 2)
    grid = functional.affine_grid(matrix, [count, 1, SIDE, SIDE], align_corners=False)  # [B, 28, 28, 2]
    if settings.elastic:
        knots = drawn(torch.randn, 2, _KNOTS, _KNOTS)
        field = functional.interpolate(knots, size=(SIDE, SIDE), mode="bicubic", align_corners=True)
        grid = grid + field.permute(0, 2, 3, 1) * (settings.elastic * _PIXEL)
    changed = functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    if settings.blur:
        around = functional.avg_pool2d(changed, 3, stride=1, padding=1)
        changed = torch.lerp(changed, around, uniform(settings.blur, 1, 1, 1)).clamp(0, 1)
    return changed
