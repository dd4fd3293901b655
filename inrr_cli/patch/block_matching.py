"""Block matching: for each reference patch, the most similar patches of its surroundings.

Reference patches are put into square tiles; all of a tile share one window of candidates, so that their distances are
one matrix product. Only tiles with a reference are ever looked at: the cost follows the damage, not the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from inrr_cli.patch.rows import take_rows

TILE = 8  # side of a tile, in pixels
NEAR = 44  # pixels from the reference at which a candidate counts as twice as different, where nearness counts
CHUNK_NUMBERS = 4_000_000  # values handled at once, so that they stay in the caches


@dataclass(frozen=True)
class Chunk:
    """Some references and where they and their candidates lie.

    Attributes
    ----------
    across : int
        Candidates in each row of a window.
    window : (B, h, w) Tensor of int64
        Flat pixels of each tile's window.
    tile : (n,) Tensor of int64
        Tile of each reference, below B.
    slot : (n,) Tensor of int64
        Number of each reference within its tile.
    place : (n,) Tensor of int64
        Number of each reference among the N = (h - p + 1) (w - p + 1) candidates of its tile.
    pixels : (n, p^2) Tensor of int64
        Flat pixels of each reference.
    """

    across: int
    window: Tensor
    tile: Tensor
    slot: Tensor
    place: Tensor
    pixels: Tensor


class References:
    """Reference patches of ``size`` x ``size`` pixels and their windows.

    Parameters
    ----------
    rows, columns : (n,) Tensor of int64
        Top left pixel of each patch; every patch lies inside the picture.
    shape : (int, int)
        Rows and columns of the picture, none shorter than ``size``.
    size : int
        Side of a patch.
    radius : int
        How far a window reaches beyond its tile. At a border it is moved inside, so all are equally large.
    origin : (int, int)
        Where the picture lies in a larger one, whose tiles it has.
    tile : int
        Side of a tile.
    """

    def __init__(
        self,
        rows: Tensor,
        columns: Tensor,
        shape: tuple[int, int],
        size: int,
        radius: int,
        origin: tuple[int, int] = (0, 0),
        tile: int = TILE,
    ) -> None:
        self.shape, self.size = shape, size
        above, before = (first % tile for first in origin)
        across = (shape[1] + before) // tile + 1
        number, self.order = torch.sort(((rows + above) // tile) * across + (columns + before) // tile, stable=True)
        self.rows, self.columns = rows[self.order], columns[self.order]
        tiles, self.tile = torch.unique_consecutive(number, return_inverse=True)
        last = [length - size for length in shape]
        self.extent = [min(tile + 2 * radius, end + 1) for end in last]
        self.top = ((tiles // across) * tile - above - radius).clamp(min=0)
        self.left = ((tiles % across) * tile - before - radius).clamp(min=0)
        self.top = torch.minimum(self.top, self.top.new_tensor(last[0] + 1 - self.extent[0]))
        self.left = torch.minimum(self.left, self.left.new_tensor(last[1] + 1 - self.extent[1]))

    def chunks(self, channels: int, *, models: bool) -> list[slice]:
        """Slices of references, in this object's order, to handle at once: with a Gaussian model of each or without."""
        d = self.size**2 * channels
        offered = self.extent[0] * self.extent[1]
        numbers = d * (d + 100) if models else offered
        each = torch.arange(len(self.rows), device=self.tile.device)
        cost = numbers * each + offered * d * self.tile
        _, counts = torch.unique_consecutive(cost // CHUNK_NUMBERS, return_counts=True)
        return [slice(*ends) for ends in pairwise([0, *counts.cumsum(0).tolist()])]

    def chunk(self, references: slice) -> Chunk:
        """Look some references up."""
        device, width = self.top.device, self.shape[1]
        rows, columns, tile = self.rows[references], self.columns[references], self.tile[references]
        tiles = slice(int(tile[0]), int(tile[-1]) + 1)
        tile = tile - tiles.start
        top, left = self.top[tiles], self.left[tiles]
        counts = torch.bincount(tile)
        slot = torch.arange(len(tile), device=device) - (counts.cumsum(0) - counts)[tile]
        place = (rows - top[tile]) * self.extent[1] + columns - left[tile]
        high, wide = (extent + self.size - 1 for extent in self.extent)
        window = (top * width + left)[:, None, None] + _block(high, wide, width, device)
        pixels = (rows * width + columns)[:, None] + _block(self.size, self.size, width, device).reshape(-1)
        return Chunk(self.extent[1], window, tile, slot, place, pixels)


def candidates(chunk: Chunk, picture: Tensor, size: int) -> Tensor:
    """Cut every patch of every window out of a flat picture (H W, C): (B, N, p^2 C)."""
    patches = F.embedding(chunk.window, picture).unfold(1, size, 1).unfold(2, size, 1)
    return patches.permute(0, 1, 2, 4, 5, 3).reshape(len(chunk.window), -1, size * size * picture.shape[1])


def similar(
    chunk: Chunk, patches: Tensor, trust: Tensor, count: int, *, itself: bool, near: bool = False
) -> tuple[Tensor, Tensor]:
    """Find the ``count`` candidates nearest to each reference.

    The squared distance of a reference r and a candidate c is sum_j t_j (r_j - c_j)^2 / sum_j t_j, with the trust
    t_j in pixel j of the reference: one for known pixels, less for those that are still guesses. Where what is ``near``
    is likelier to be alike, it is taken times 1 + |offset|^2 / NEAR^2, so that far candidates have to be more similar.

    Parameters
    ----------
    chunk : Chunk
    patches : (B, N, d) Tensor
        From `candidates`.
    trust : (n, d) Tensor
        Weights > 0 of the references' pixels.
    count : int
        k; cut to what there is.
    itself : bool
        Whether a reference is among its own candidates.
    near : bool
        Whether nearness counts.

    Returns
    -------
    (n, k) Tensor, (n, k) Tensor of int64
        Squared distances, in no order, and numbers of the candidates within their tile.
    """
    tiles, offered, d = patches.shape
    reference = take_rows(patches, chunk.tile, chunk.place)
    left = patches.new_zeros(2, tiles, int(chunk.slot.max()) + 1, d)
    left[:, chunk.tile, chunk.slot] = torch.stack([trust, trust * reference])
    right = patches.transpose(1, 2)
    distance = torch.baddbmm(left[0] @ right.square(), left[1], right, alpha=-2)
    distance = take_rows(distance, chunk.tile, chunk.slot)
    distance = (distance + (trust * reference * reference).sum(1, keepdim=True)) / trust.sum(1, keepdim=True)
    distance = distance.clamp(min=0)
    if near:
        number = torch.arange(offered, device=distance.device)
        offsets = [(at - at[chunk.place, None]) / NEAR for at in (number // chunk.across, number % chunk.across)]
        distance *= 1 + offsets[0].square_() + offsets[1].square_()
    own = torch.arange(len(distance), device=distance.device), chunk.place
    distance[own] = 0.0 if itself else float("inf")
    nearest = torch.topk(distance, min(count, offered if itself else offered - 1), dim=1, largest=False, sorted=False)
    return nearest.values, nearest.indices


def _block(rows: int, columns: int, width: int, device: torch.device) -> Tensor:
    """Flat pixels of a block at the origin of a picture of that width: (rows, columns)."""
    return torch.arange(rows, device=device)[:, None] * width + torch.arange(columns, device=device)
