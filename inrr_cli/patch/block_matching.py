"""Block matching: find the patches around each reference patch that are most similar to it.

Reference patches are sorted into square tiles. All references of a tile share one window of candidates, so that their
distances are one matrix product. Only tiles with a reference are computed: the cost follows the missing pixels, not the
size of the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

NEARNESS_RADIUS = 44  # pixels at which a candidate's distance counts twice, where nearness counts; empirical
CHUNK_NUMBERS = 2_000_000  # values in one chunk: 8 MB, so that its tensors come from the heap (`inrr_cli.device`)
ESTIMATE_WEIGHT = 0.2  # weight of an estimated pixel over that of a known one in distances; empirical


@dataclass(frozen=True)
class Chunk:
    """Some references with their pixels, tiles and windows.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the image.
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
    """

    shape: tuple[int, int]
    window_width: int
    window: Tensor
    tile: Tensor
    slot: Tensor
    own: Tensor
    pixels: Tensor

    def corners(self, tile: Tensor, candidates: Tensor) -> Tensor:
        """Return the flat top left pixels of candidates of some tiles, by numbers that broadcast."""
        rows, columns = candidates // self.window_width, candidates % self.window_width
        return self.window[tile, 0, 0] + rows * self.shape[1] + columns

    def offsets(self, planes: int) -> Tensor:
        """Return how far each sample of a patch is from its corner, in images of one plane after the other."""
        plane = torch.arange(planes, device=self.pixels.device) * (self.shape[0] * self.shape[1])
        return (plane[:, None] + self.pixels[0] - self.pixels[0, 0]).flatten()

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

    @property
    def candidates(self) -> int:
        """The number of candidates in a window."""
        return self.extent[0] * self.extent[1]

    def chunks(self, channels: int, numbers: int = 0) -> list[slice]:
        """Split the references, in the order of tiles, into slices of CHUNK_NUMBERS values.

        Each reference has its distances and other ``numbers``; each tile its patches of that many ``channels``.
        """
        cost = (self.candidates + numbers) * torch.arange(len(self), device=self.tile.device)
        cost += 2 * self.candidates * channels * self.size * self.tile
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
        return Chunk(self.shape, self.extent[1], window, tile, slot, own, pixels)


def matching_weights(chunk: Chunk, known: Tensor) -> Tensor:
    """Return the weights of the references' samples in distances, by a mask (H W Q,) of known ones: (n, Q p^2)."""
    return torch.where(known[chunk.samples(len(known) // (chunk.shape[0] * chunk.shape[1]))], 1.0, ESTIMATE_WEIGHT)


def find_similar(
    chunk: Chunk, image: Tensor, weights: Tensor, count: int, *, itself: bool, prefer_near: bool = False
) -> tuple[Tensor, Tensor]:
    """Find the ``count`` candidates nearest to each reference.

    The squared distance of a reference r and a candidate c is sum_j t_j (r_j - c_j)^2 / sum_j t_j, with the weights t_j
    of the reference's samples, which all channels share if Q is 1. ``prefer_near`` multiplies it by
    1 + |offset|^2 / NEARNESS_RADIUS^2, so that candidates farther away have to be more similar.

    Parameters
    ----------
    chunk : Chunk
    image : (H W, C) Tensor of float32
        Flat image, whose patches of p x p pixels are compared in all channels.
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
    width, side = chunk.window_width, math.isqrt(chunk.pixels.shape[1])
    reference = image[chunk.pixels].transpose(1, 2).flatten(1)
    components = reference.shape[1] // weights.shape[1]
    weights = weights / (components * weights.sum(1, keepdim=True))
    weighted = weights.repeat(1, components) * reference
    window = F.embedding(chunk.window, image).permute(0, 3, 1, 2)
    power = torch.unflatten(window.square(), 1, (components, -1)).sum(1)
    height = window.shape[2] - side + 1
    # each row of the patches is one product, so that only shifts along rows are copied
    strips = torch.cat([power, window], 1).unfold(3, width, 1).transpose(2, 3).flatten(3).flatten(1, 2)
    factors = torch.unflatten(torch.cat([weights, -2 * weighted], 1), 1, (-1, side, side)).permute(2, 0, 1, 3)
    table = strips.new_zeros(side, len(window), int(chunk.slot.max()) + 1, strips.shape[1])
    table[:, chunk.tile, chunk.slot] = factors.flatten(2)
    product = table[0] @ strips[..., : height * width]
    for row in range(1, side):
        product.baddbmm_(table[row], strips[..., row * width : (row + height) * width])
    distance = take_rows(product, chunk.tile, chunk.slot)
    distance.add_((weighted * reference).sum(1, keepdim=True)).clamp_(min=0)
    if prefer_near:
        rows, columns = (
            ((torch.arange(length, device=distance.device) - own[:, None]) / NEARNESS_RADIUS).square_()
            for length, own in ((height, chunk.own // width), (width, chunk.own % width))
        )
        distance.view(-1, height, width).mul_((1 + rows)[:, :, None] + columns[:, None])
    distance[torch.arange(len(distance), device=distance.device), chunk.own] = 0.0 if itself else float("inf")
    return smallest(distance, min(count, distance.shape[1] - (not itself)))


def smallest(distance: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the ``count`` smallest of each row of numbers >= 0 (n, N), in no order, and their columns; overwrites.

    The bits of such numbers are in their order. The last bits of each, as many as a column needs, are made those of its
    column, so that only numbers are partitioned: several times as fast as `torch.topk`. With 5,000 columns a number is
    off by 0.1 % at most.
    """
    columns = torch.arange(distance.shape[1], dtype=torch.int32, device=distance.device)
    low = 2 ** int(distance.shape[1] - 1).bit_length() - 1
    numbers = distance.view(torch.int32).bitwise_and_(~low).bitwise_or_(columns)
    if numbers.device.type == "cpu":
        numbers.numpy().partition(count - 1, axis=1)
        numbers = numbers[:, :count]
    else:
        numbers = torch.topk(numbers, count, dim=1, largest=False, sorted=False).values
    return (numbers & ~low).view(torch.float32), (numbers & low).long()


def grid_positions(count: int, stride: int, shift: int, device: torch.device) -> Tensor:
    """Return every ``stride``-th of ``count`` positions from ``shift`` on, the first and the last: (n,) int64."""
    positions = torch.arange(count, device=device)
    return positions[(positions % stride == shift % stride) | (positions == 0) | (positions == count - 1)]


def take_samples(planes: Tensor, corners: Tensor, offsets: Tensor) -> Tensor:
    """Return samples of patches from the flat planes of an image (v,), at ``corners`` + ``offsets`` that broadcast."""
    dtype = torch.int32 if len(planes) < 2**31 else torch.int64  # half the memory
    index = corners.to(dtype) + offsets.to(dtype)
    return planes.index_select(0, index.flatten()).view(index.shape)


def take_rows(tables: Tensor, table: Tensor, row: Tensor) -> Tensor:
    """Return ``tables[table, row]`` of tables (B, N, d), for indices (...) of int64 that broadcast: (..., d).

    Whole rows are copied, which is several times as fast as indexing or `torch.gather`.
    """
    return F.embedding(table * tables.shape[1] + row, tables.flatten(0, 1))


def _block(rows: int, columns: int, width: int, device: torch.device) -> Tensor:
    """Return the flat pixels of a block at the origin of an image of that width: (rows, columns)."""
    return torch.arange(rows, device=device)[:, None] * width + torch.arange(columns, device=device)
