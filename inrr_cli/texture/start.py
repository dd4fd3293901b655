"""A first guess at the coarsest scale, from the border of the hole inwards."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.solvers.distance import erode
from inrr_cli.texture.scales import Patches
from inrr_cli.texture.search import COMPARED

UNEQUAL = 0.5  # a patch's distance is multiplied by 1 to 1.5, by chance: seeds differ in where they copy from
SAMPLES = 10_000  # patches that are compared; at the coarsest scale there are seldom more


def fill_from_border(patches: Patches, generator: torch.Generator) -> None:
    """Fill the pixels to make up ring by ring: each gets its pixel of the patch that best fits what its own shows.

    ``patches.values`` changes; ``generator`` is on the cpu.
    """
    values, channels = patches.values, patches.values.shape[1]
    sampled = patches.whole
    if len(sampled) > SAMPLES:
        sampled = sampled[torch.randperm(len(sampled), generator=generator)[:SAMPLES].to(sampled.device)]
    sample = patches.at(sampled)
    squares = sample.square()
    chance = 1 + UNEQUAL * torch.rand(len(sample), generator=generator).to(values.device)
    left = torch.zeros_like(patches.is_whole)
    left[patches.made] = True
    while left.any():
        image = left.reshape(patches.height, patches.width)
        ring = (image & ~erode(image)).flatten().nonzero()[:, 0]
        centres, found = patches.nearest_centre(ring), []
        for part in torch.split(centres, max(1, COMPARED // len(sample))):
            there = (~left)[part[:, None] + patches.block].float().repeat_interleave(channels, 1)
            own = patches.at(part) * there
            distance = there @ squares.T - 2 * own @ sample.T + own.square().sum(1, keepdim=True)
            found.append((distance.clamp_(min=0) * chance).argmin(1))
        source = sampled[torch.cat(found)]
        values[ring] = values[source + ring - centres]
        left[ring] = False


def carry_over(coarse: Patches, source: Tensor, fine: Patches, generator: torch.Generator) -> Tensor:
    """Return the patches that are copied at the next finer scale, from those at a coarser one: (N,) int64.

    Where such a patch cannot be copied, a random one is taken.
    """
    rows, columns = fine.rows_and_columns(fine.targets)
    halves = (rows // 2).clamp(max=coarse.height - 1) * coarse.width + (columns // 2).clamp(max=coarse.width - 1)
    centre = coarse.nearest_centre(halves)
    slot = coarse.slot[centre]
    found = source[slot.clamp(min=0)]
    down, right = ((a - b) * 2 for a, b in zip(*map(coarse.rows_and_columns, (found, centre)), strict=True))
    place = (rows + down).clamp(0, fine.height - 1) * fine.width + (columns + right).clamp(0, fine.width - 1)
    chance = torch.randint(len(fine.whole), (len(place),), generator=generator).to(place.device)
    return torch.where(fine.is_whole[place] & (slot >= 0), place, fine.whole[chance])
