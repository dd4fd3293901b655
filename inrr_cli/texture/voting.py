"""What each pixel becomes: a vote of the patches that overlap on it."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.texture.scales import FEATURES, HALF, PATCH, Patches, box_mean
from inrr_cli.texture.search import in_chunks, shifted

LIKELY = 0.75  # quantile of the distances that is the variance of the vote's weights (Newson et al. 2014)
SHIFT_LIMIT = 0.15  # of a patch's mean, in standard deviations of the image: more is another thing, not another light
OFFERED = 2**22  # values that are held at once, for each thread


def vote(
    patches: Patches,
    source: Tensor,
    distance: Tensor | None = None,
    values: Tensor | None = None,
    limit: float = SHIFT_LIMIT,
) -> Tensor:
    """Return the values that matching patches give the pixels to make up: (M, K).

    A weighted mean, taken again with weights that fall with the distance from the first mean: a step towards the
    nearest mode, for a mean of unlike patches is a blur (Wexler et al. 2007, doi:10.1109/TPAMI.2007.60). The mean of
    each patch is moved towards that of its target.

    Parameters
    ----------
    patches : Patches
    source : (N,) Tensor of int64
        Patch that is copied to each target.
    distance : (N,) Tensor, optional
        Its squared distance; by default all count alike.
    values : (H W, C) Tensor, optional
        Values to vote on; those of ``patches`` by default, the features without a shift.
    limit : float
        By how much the mean of a patch is moved at most.
    """
    is_own = values is None
    values = patches.values if values is None else values
    means = box_mean(values.T.reshape(-1, patches.height, patches.width), PATCH).flatten(1).T
    shift = (means[patches.targets] - means[source]).clamp(-limit, limit)
    if is_own:
        shift[:, -FEATURES:] = 0
    weight = torch.ones(len(source), device=values.device)
    if distance is not None:
        spread = _quantile(distance, LIKELY)
        weight = torch.exp(-distance / (2 * spread + 1e-8))

    def elect(pixels: Tensor) -> Tensor:
        offered, weights = _offers(patches, pixels, source, shift, weight, values)
        mean = (offered * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)
        compared = values.shape[1] - FEATURES * is_own
        away = (offered[..., :compared] - mean[:, None, :compared]).square().sum(2)
        scale = (away * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)
        weights = weights * torch.exp(-away / (scale + 1e-8))
        return (offered * weights[..., None]).sum(1) / weights.sum(1, keepdim=True)

    size = max(1, OFFERED // (PATCH * PATCH * values.shape[1]))
    return torch.cat(list(in_chunks(elect, patches.made, size)))


def _offers(
    patches: Patches, pixels: Tensor, source: Tensor, shift: Tensor, weight: Tensor, values: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what the patches over pixels offer them and the weights, 0 for none: (M, PATCH^2, K), (M, PATCH^2)."""
    side = torch.arange(-HALF, HALF + 1, device=pixels.device)
    down, right = side.repeat_interleave(PATCH), side.repeat(PATCH)
    centre, inside = shifted(patches, pixels[:, None], -down, -right)
    slot = torch.where(inside, patches.slot[centre], -1)
    valid, slot = slot >= 0, slot.clamp(min=0)
    weights = torch.where(valid, weight[slot].clamp(min=1e-12), 0)  # none vanishes: all offers may be poor
    return values[source[slot] + patches.block] + shift[slot], weights


def _quantile(values: Tensor, fraction: float) -> float:
    """Return a quantile; `torch.quantile` refuses more than 16 million values."""
    return float(values.kthvalue(max(1, round(fraction * len(values)))).values)
