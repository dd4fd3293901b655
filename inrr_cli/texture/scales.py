"""The image at one scale, its patches, and the pyramid of scales."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from inrr_cli.solvers.distance import any_in_window, chessboard_distance, dilate

PATCH = 7  # pixels a side: smaller ones miss structure, of larger ones too few fit; measured with 5, 9 and 11
HALF = PATCH // 2
SHALLOW = HALF + 1  # depth in pixels of a hole in which each patch sees a known pixel: no coarser scale is needed
COARSEST_SIDE = 60  # pixels: a coarser image than half of this shows no structure
FEWEST_PATCHES = 100  # to copy from, at the coarsest scale

FEATURE_WINDOW = 9  # pixels
# weight of the two texture features beside the values: with half of it flat patches win in places, with twice of it
# edges part; measured
FEATURE_WEIGHT = 8.0
FEATURES = 2


@dataclass(frozen=True)
class Scale:
    """The image at one scale.

    Attributes
    ----------
    values : (H, W, K) Tensor of float32
        Channels that patches are compared by; the last FEATURES are texture features.
    made : (H, W) Tensor of bool
        Pixels to make up.
    sources : (H, W) Tensor of bool
        Pixels that may be copied.
    """

    values: Tensor
    made: Tensor
    sources: Tensor


class Patches:
    """The patches of a scale: those to be found, and those that can be copied.

    A pixel is named by its index in the flattened image, a patch by that of its centre.

    Attributes
    ----------
    width, height : int
    values : (H W, K) Tensor of float32
        Those of the scale; the pixels that are made up change.
    made : (M,) Tensor of int64
        Pixels to make up.
    targets : (N,) Tensor of int64
        Patches with a pixel to make up.
    slot : (H W,) Tensor of int64
        Place of each patch in ``targets``, -1 for the others.
    whole, is_whole : (S,) Tensor of int64, (H W,) Tensor of bool
        Patches that can be copied: each of their pixels may be.
    block : (PATCH^2,) Tensor of int64
        From the centre of a patch to its pixels.
    """

    def __init__(self, scale: Scale) -> None:
        self.height, self.width, channels = scale.values.shape
        self.values = scale.values.reshape(-1, channels).clone()
        self.made = scale.made.flatten().nonzero()[:, 0]
        self.sources = scale.sources.flatten()
        self.is_whole = whole_patches(scale.sources).flatten()
        self.whole = self.is_whole.nonzero()[:, 0]
        self.targets = (dilate(scale.made, HALF) & _interior(scale.made)).flatten().nonzero()[:, 0]
        self.slot = torch.full_like(self.is_whole, -1, dtype=torch.int64)
        self.slot[self.targets] = torch.arange(len(self.targets), device=self.slot.device)
        side = torch.arange(-HALF, HALF + 1, device=self.slot.device)
        self.block = (side[:, None] * self.width + side).flatten()

    def rows_and_columns(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the row and the column of pixels."""
        return pixels // self.width, pixels % self.width

    def at(self, centres: Tensor) -> Tensor:
        """Return patches as rows: (N,) to (N, PATCH^2 K)."""
        return self.values[centres[:, None] + self.block].flatten(1)

    def nearest_centre(self, pixels: Tensor) -> Tensor:
        """Return the centre nearest to each pixel of a patch that lies in the image: (N,) int64."""
        rows, columns = self.rows_and_columns(pixels)
        return rows.clamp(HALF, self.height - 1 - HALF) * self.width + columns.clamp(HALF, self.width - 1 - HALF)

    def image(self) -> Tensor:
        """Return the values as (K, H, W)."""
        return self.values.T.reshape(-1, self.height, self.width)


def whole_patches(sources: Tensor) -> Tensor:
    """Mark the centres of patches all of whose pixels may be copied: (H, W) bool to (H, W) bool."""
    whole = torch.zeros_like(sources)
    if min(sources.shape) >= PATCH:
        whole[HALF:-HALF, HALF:-HALF] = ~any_in_window(~sources, PATCH)
    return whole


def make_pyramid(values: Tensor, made: Tensor, sources: Tensor) -> list[Scale]:
    """Return an image (H, W, C) with its texture features at each scale, the finest first; `Scale` says the rest."""
    scales = [Scale(torch.cat([values, FEATURE_WEIGHT * _texture_features(values, sources)], 2), made, sources)]
    while min(scales[-1].made.shape) >= COARSEST_SIDE and chessboard_distance(scales[-1].made).max() > SHALLOW:
        coarser = _halve(scales[-1])
        if whole_patches(coarser.sources).sum() < FEWEST_PATCHES or not coarser.made.any():
            break
        scales.append(coarser)
    return scales


def _texture_features(values: Tensor, sources: Tensor) -> Tensor:
    """Return the mean absolute differences along rows and along columns around each pixel: (H, W, FEATURES).

    Of pixels that may be copied, in a window (Newson et al. 2014, doi:10.1137/140954933). Voted on with the values,
    they keep a textured hole from being filled with flat patches, which are always near to a mean.
    """
    grey, features = values.mean(2), []
    for axis in (1, 0):
        difference = (grey - grey.roll(1, axis)).abs()
        counts = sources & sources.roll(1, axis)
        counts.select(axis, 0).fill_(False)
        weights = counts.float()
        total, weight = (box_mean(part[None], FEATURE_WINDOW)[0] for part in (difference * weights, weights))
        default = (difference * weights).sum() / weights.sum().clamp(min=1)
        features.append(torch.where(weight > 0, total / weight.clamp(min=FEATURE_WINDOW**-2 / 2), default))
    return torch.stack(features, 2)


def box_mean(images: Tensor, size: int) -> Tensor:
    """Return the means over squares of an odd ``size`` around each pixel of (K, H, W); beyond the border all is 0."""
    return F.avg_pool2d(images[None], size, 1, size // 2)[0]


def _halve(scale: Scale) -> Scale:
    """Average blocks of 2 x 2 pixels without those to make up; a block of these alone is to be made up."""
    rows, columns = (side // 2 * 2 for side in scale.made.shape)
    values, made, sources = (part[:rows, :columns] for part in (scale.values, scale.made, scale.sources))
    given = (~made).float()
    total = F.avg_pool2d((values * given[..., None]).permute(2, 0, 1)[None], 2)[0].permute(1, 2, 0)
    share = F.avg_pool2d(given[None, None], 2)[0, 0]
    every = F.avg_pool2d(sources.float()[None, None], 2)[0, 0] == 1
    return Scale(total / share.clamp(min=0.25)[..., None], share == 0, every)


def _interior(mask: Tensor) -> Tensor:
    """Mark the centres of all patches that lie in the image."""
    inside = torch.zeros_like(mask)
    inside[HALF : mask.shape[0] - HALF, HALF : mask.shape[1] - HALF] = True
    return inside
