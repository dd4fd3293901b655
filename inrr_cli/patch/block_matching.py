"""Block matching: find the patches around each reference patch that are most similar to it.

Reference patches are sorted into square tiles. All references of a tile share one window of candidates, so that their
distances are one matrix product. Only tiles with a reference are computed: the cost follows the missing pixels, not the
size of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

NEARNESS_RADIUS = 44  # pixels at which a candidate's distance counts twice, where nearness counts; empirical
CHUNK_NUMBERS = 4_000_000  # values in one chunk, so that they stay in the processor's caches; empirical
ESTIMATE_WEIGHT = 0.2  # weight of an estimated pixel over that of a known one in distances; empirical


@dataclass(frozen=True)
class Chunk:
    """Some references with their pixels, tiles and windows.

    Attributes
    ----------
    window_width : int
        Candidates in each row of a window.
    window : (B, h, w) Tensor of int64
        Flat pixels of each tile's window.
    tile : (n,) Tensor of int64
        Tile of each reference, in [0, B).
    slot : (n,) Tensor of int64
        Number of each reference within its tile.
    own : (n,) Tensor of int64
        Number of each reference among the N = (h - p + 1) (w - p + 1) candidates of its tile.
    pixels : (n, p^2) Tensor of int64
        Flat pixels of each reference.
    pixel_count : int
        H W, the pixels of the image.
    """

    window_width: int
    window: Tensor
    tile: Tensor
    slot: Tensor
    own: Tensor
    pixels: Tensor
    pixel_count: int

    def samples(self, planes: int) -> Tensor:
        """Return the flat samples of each reference in an image of that many channels: (n, planes p^2) int64."""
        if planes == 1:
            return self.pixels
        channel = torch.arange(planes, device=self.pixels.device)
        return (self.pixels[:, None] * planes + channel[:, None]).flatten(1)


class References:
    """Reference patches of ``size`` x ``size`` pixels and their windows.

    Parameters
    ----------
    rows, columns : (n,) Tensor of int64
        Top left pixel of each patch; every patch lies inside the image.
    shape : (int, int)
        Rows and columns of the image, none shorter than ``size``.
    size : int
        Side of a patch.
    radius : int
        How far a window reaches beyond its tile. At a border the window is moved inside, so all are equally large.
    origin : (int, int)
        Top left pixel of the image in a larger one, whose tiles are used.
    tile : int
        Side of a tile in pixels.
    """

    def __init__(
        self,
        rows: Tensor,
        columns: Tensor,
        shape: tuple[int, int],
        size: int,
        radius: int,
        origin: tuple[int, int] = (0, 0),
        tile: int = 8,
    ) -> None:
        self.shape, self.size = shape, size
        above, before = (first % tile for first in origin)
        tile_columns = (shape[1] + before) // tile + 1
        number = ((rows + above) // tile) * tile_columns + (columns + before) // tile
        number, self.order = torch.sort(number, stable=True)
        self.rows, self.columns = rows[self.order], columns[self.order]
        tiles, self.tile = torch.unique_consecutive(number, return_inverse=True)
        last = [length - size for length in shape]
        self.extent = [min(tile + 2 * radius, end + 1) for end in last]
        self.top = ((tiles // tile_columns) * tile - above - radius).clamp(min=0)
        self.left = ((tiles % tile_columns) * tile - before - radius).clamp(min=0)
        self.top = torch.minimum(self.top, self.top.new_tensor(last[0] + 1 - self.extent[0]))
        self.left = torch.minimum(self.left, self.left.new_tensor(last[1] + 1 - self.extent[1]))

    def __len__(self) -> int:
        return len(self.rows)

    def chunks(self, channels: int, modelled: int = 0) -> list[slice]:
        """Split the references, in the order of tiles, into slices of CHUNK_NUMBERS values.

        With those of a Gaussian model for each reference, if ``modelled`` of the channels are in one of its patches.
        """
        d = self.size**2 * channels
        candidates = self.extent[0] * self.extent[1]
        numbers = modelled * self.size**2 * (modelled * self.size**2 + 100) if modelled else candidates
        cost = numbers * torch.arange(len(self), device=self.tile.device) + candidates * d * self.tile
        _, counts = torch.unique_consecutive(cost // CHUNK_NUMBERS, return_counts=True)
        return [slice(*ends) for ends in pairwise([0, *counts.cumsum(0).tolist()])]

    def chunk(self, references: slice) -> Chunk:
        """Return the tiles, windows and pixels of some references."""
        device, width = self.top.device, self.shape[1]
        rows, columns, tile = self.rows[references], self.columns[references], self.tile[references]
        tiles = slice(int(tile[0]), int(tile[-1]) + 1)
        tile = tile - tiles.start
        top, left = self.top[tiles], self.left[tiles]
        counts = torch.bincount(tile)
        slot = torch.arange(len(tile), device=device) - (counts.cumsum(0) - counts)[tile]
        own = (rows - top[tile]) * self.extent[1] + columns - left[tile]
        high, wide = (extent + self.size - 1 for extent in self.extent)
        window = (top * width + left)[:, None, None] + _block(high, wide, width, device)
        pixels = (rows * width + columns)[:, None] + _block(self.size, self.size, width, device).reshape(-1)
        return Chunk(self.extent[1], window, tile, slot, own, pixels, self.shape[0] * self.shape[1])


def candidate_patches(chunk: Chunk, image: Tensor, size: int) -> Tensor:
    """Cut all patches out of the windows of a flat image (H W, C): (B, N, C p^2), one channel after the other."""
    patches = F.embedding(chunk.window, image).unfold(1, size, 1).unfold(2, size, 1)
    return patches.reshape(len(chunk.window), -1, image.shape[1] * size * size)


def matching_weights(chunk: Chunk, known: Tensor) -> Tensor:
    """Return the weights of the references' samples in distances, by a mask (H W Q,) of known ones: (n, Q p^2)."""
    return torch.where(known[chunk.samples(len(known) // chunk.pixel_count)], 1.0, ESTIMATE_WEIGHT)


def find_similar(
    chunk: Chunk, patches: Tensor, weights: Tensor, count: int, *, itself: bool, prefer_near: bool = False
) -> tuple[Tensor, Tensor]:
    """Find the ``count`` candidates nearest to each reference.

    The squared distance of a reference r and a candidate c is sum_j t_j (r_j - c_j)^2 / sum_j t_j, with the weights t_j
    of the reference's samples, which all channels share if Q is 1. ``prefer_near`` multiplies it by
    1 + |offset|^2 / NEARNESS_RADIUS^2, so that candidates farther away have to be more similar.

    Parameters
    ----------
    chunk : Chunk
    patches : (B, N, d) Tensor
        From `candidate_patches`.
    weights : (n, Q p^2) Tensor
        > 0, from `matching_weights`.
    count : int
        k; at most all candidates are found.
    itself : bool
        Whether a reference is among its own candidates.
    prefer_near : bool

    Returns
    -------
    (n, k) Tensor, (n, k) Tensor of int64
        Squared distances, in no order, and numbers of the candidates within their tile.
    """
    tiles, candidates, d = patches.shape
    components = d // weights.shape[1]
    reference = take_rows(patches, chunk.tile, chunk.own)
    weighted = weights.repeat(1, components) * reference
    slots = int(chunk.slot.max()) + 1
    each, cross = (patches.new_zeros(tiles, slots, values.shape[1]) for values in (weights, weighted))
    each[chunk.tile, chunk.slot], cross[chunk.tile, chunk.slot] = weights, weighted
    power = torch.unflatten(patches.square(), 2, (components, -1)).sum(2)
    distance = torch.baddbmm(each @ power.transpose(1, 2), cross, patches.transpose(1, 2), alpha=-2)
    distance = take_rows(distance, chunk.tile, chunk.slot).add_((weighted * reference).sum(1, keepdim=True))
    distance = (distance / (components * weights.sum(1, keepdim=True))).clamp_(min=0)
    if prefer_near:
        number = torch.arange(candidates, device=distance.device)
        coordinates = number // chunk.window_width, number % chunk.window_width
        offsets = [(along - along[chunk.own, None]) / NEARNESS_RADIUS for along in coordinates]
        distance *= 1 + offsets[0].square_() + offsets[1].square_()
    distance[torch.arange(len(distance), device=distance.device), chunk.own] = 0.0 if itself else float("inf")
    most = candidates if itself else candidates - 1
    nearest = torch.topk(distance, min(count, most), dim=1, largest=False, sorted=False)
    return nearest.values, nearest.indices


def grid_positions(count: int, stride: int, shift: int, device: torch.device) -> Tensor:
    """Return every ``stride``-th of ``count`` positions from ``shift`` on, the first and the last: (n,) int64."""
    positions = torch.arange(count, device=device)
    return positions[(positions % stride == shift % stride) | (positions == 0) | (positions == count - 1)]


def take_rows(tables: Tensor, table: Tensor, row: Tensor) -> Tensor:
    """Return ``tables[table, row]`` of tables (B, N, d), for indices (...) of int64 that broadcast: (..., d).

    Whole rows are copied, which is several times as fast as indexing or `torch.gather`.
    """
    return F.embedding(table * tables.shape[1] + row, tables.flatten(0, 1))


def _block(rows: int, columns: int, width: int, device: torch.device) -> Tensor:
    """Return the flat pixels of a block at the origin of an image of that width: (rows, columns)."""
    return torch.arange(rows, device=device)[:, None] * width + torch.arange(columns, device=device)
