"""The final image: each pixel a copy, with the seams between copies moved and blended so that they do not show."""

from __future__ import annotations

import torch
from torch import Tensor

from inrr_cli.solvers.conjugate_gradient import conjugate_gradient
from inrr_cli.texture.scales import Patches
from inrr_cli.texture.search import NEIGHBOURS, in_chunks, shifted

SWEEPS = (1, 1, 2, 1, 4, 1, 1, 1, 2, 1, 4, 1)  # pixels to the neighbours whose copies are tried; more change nothing
SEAM = 2.0  # of each seam, in variances of the image: small copies are taken up by large ones
VOTED_WEIGHT = 0.2  # of the distance from the vote, beside the seams: with none of it a seam may cut through a thing
BORDER_WEIGHT = 4.0  # of the gradients across the border of the hole: a step there shows most
UNLIKE = 4.0  # mean square in variances of the image at which a difference counts half: without, specks and glows show
SCREENING = 0.005  # of the vote in the blend: a seam's step fades over 14 pixels, and light does not drift
ITERATIONS, TOLERANCE = 200, 1e-6  # of the blend; mean square over that of the image


def choose_copies(patches: Patches, source: Tensor, colours: Tensor, voted: Tensor) -> Tensor:
    """Return the pixel that is copied to each pixel: (H W,) int64; those outside the hole are copied to themselves.

    At first that is the pixel's own in the patch around it. Then each pixel takes the copies of its neighbours further
    where that makes the seams between copies less visible: iterated conditional modes for the energy of Kwatra et al.
    2003 (doi:10.1145/882262.882264).

    Parameters
    ----------
    patches : Patches
        Of the finest scale.
    source : (N,) Tensor of int64
        Patch that is copied to each target.
    colours : (H W, C) Tensor
        Values that seams are seen in.
    voted : (M, C) Tensor
        Vote on the pixels to make up.
    """
    made = patches.made
    copied = torch.arange(len(patches.slot), device=made.device)
    centre = patches.nearest_centre(made)
    copied[made] = source[patches.slot[centre]] + made - centre
    wish = torch.zeros_like(colours)
    wish[made] = voted
    rows, columns = patches.rows_and_columns(made)
    halves = [made[(rows + columns) % 2 == parity] for parity in (0, 1)]
    for step in SWEEPS:
        for half in halves:  # of a chessboard, so that no two neighbours change at once

            def improve(pixels: Tensor, step: int = step) -> Tensor:
                best = copied[pixels]
                least = _visibility(patches, pixels, best, copied, colours, wish)
                for down, right in NEIGHBOURS:
                    neighbour, inside = shifted(patches, pixels, step * down, step * right)
                    tried, valid = shifted(patches, copied[neighbour], -step * down, -step * right)
                    tried = torch.where(valid & inside & patches.sources[tried], tried, best)
                    cost = _visibility(patches, pixels, tried, copied, colours, wish)
                    best, least = torch.where(cost < least, tried, best), torch.minimum(cost, least)
                return best

            copied[half] = torch.cat(list(in_chunks(improve, half))) if len(half) else copied[half]
    return copied


def _visibility(
    patches: Patches, pixels: Tensor, tried: Tensor, copied: Tensor, colours: Tensor, wish: Tensor
) -> Tensor:
    """Return how visible the seams around pixels are if ``tried`` are copied to them, and how far the vote is: (M,)."""
    own = colours[tried]
    cost = VOTED_WEIGHT * (own - wish[pixels]).square().sum(1)
    for down, right in NEIGHBOURS:
        beside, inside = shifted(patches, pixels, down, right)
        theirs = copied[beside]
        further, has_further = shifted(patches, tried, down, right)  # beside what is tried
        before, has_before = shifted(patches, theirs, -down, -right)  # beside what is copied there
        has_further, has_before = has_further & patches.sources[further], has_before & patches.sources[before]
        seen = torch.where(has_further, (colours[further] - colours[theirs]).square().sum(1), 0)
        seen = seen + torch.where(has_before, (own - colours[before]).square().sum(1), 0)
        # with one of the two known to compare with, that counts twice; with none the seam is taken for free
        seen = seen * (2 / (has_further.float() + has_before.float()).clamp(min=1))
        cost = cost + torch.where(inside & (further != theirs), seen + SEAM, 0)
    return cost


def blend(patches: Patches, copied: Tensor, colours: Tensor, voted: Tensor) -> Tensor:
    """Return the values (M, C) whose differences between neighbours are those of the copies (H W,), as far as may be.

    The equation is that of Poisson image editing (Pérez et al. 2003, doi:10.1145/882262.882269), screened: least
    squares of f_p - f_q - g_pq over neighbours p and q, and of f_p - v_p with a small weight, where g is the difference
    between the copies, v the vote, and f outside the hole is the image.

    Parameters
    ----------
    patches, copied, voted
        As in `choose_copies`.
    colours : (H W, C) Tensor
        The image.
    """
    made = patches.made
    slot = torch.full_like(copied, -1)
    slot[made] = torch.arange(len(made), device=made.device)
    diagonal = torch.full((len(made), 1), SCREENING, device=made.device)
    right_side, links = SCREENING * voted, []
    for down, right in NEIGHBOURS:
        beside, inside = shifted(patches, made, down, right)
        difference, weight = _difference(patches, copied[made], copied[beside], down, right, colours)
        neighbour = torch.where(inside, slot[beside], -1)
        is_border = inside & (neighbour < 0)
        weight = weight * (inside + (BORDER_WEIGHT - 1) * is_border.float())[:, None]
        right_side = right_side + weight * difference + weight * is_border[:, None] * colours[beside]
        diagonal = diagonal + weight
        links.append((neighbour.clamp(min=0), weight * (neighbour >= 0)[:, None]))

    def apply(values: Tensor) -> Tensor:
        result = diagonal * values
        for neighbour, weight in links:
            result -= values[neighbour] * weight
        return result

    values = colours[copied[made]]
    tolerance = TOLERANCE * len(made) * float(colours[patches.sources].var(0).sum())
    residual = right_side - apply(values)
    return conjugate_gradient(
        apply, values, residual, iterations=ITERATIONS, tolerance=tolerance, diagonal=diagonal, dim=(0,)
    )


def _difference(
    patches: Patches, own: Tensor, theirs: Tensor, down: int, right: int, colours: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the difference of two neighbours by what is copied to them, the mean over the two copies, and its weight.

    (M, C) and (M, 1). The less the copies agree, the smaller the weight: a step between unlike things would become a
    glow around both.
    """
    further, has_further = shifted(patches, own, down, right)
    before, has_before = shifted(patches, theirs, -down, -right)
    ahead = (has_further & patches.sources[further]).float()[:, None]
    behind = (has_before & patches.sources[before]).float()[:, None]
    beyond, back = colours[further] - colours[theirs], colours[own] - colours[before]
    unlike = ahead * beyond.square().mean(1, keepdim=True) + behind * back.square().mean(1, keepdim=True)
    known = (ahead + behind).clamp(min=1)
    own_difference = colours[own] - colours[theirs]
    difference = own_difference - (ahead * beyond + behind * back) / known
    return difference, 1 / (1 + unlike / known / UNLIKE)
