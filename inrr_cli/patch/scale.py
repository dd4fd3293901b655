"""One scale of a picture: rounds of the patch graph and of the Gaussian patch model over its missing pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from inrr_cli.device import spread_work
from inrr_cli.patch import gaussian, graph
from inrr_cli.patch.matching import References, candidates, similar
from inrr_cli.patch.selection import shrink

BATCHES = 4
DEEP, SOLID, COUNT = 2, 13, 120
TRUST = 0.2  # in a guess, against a known pixel, when patches are compared
GRAPH_SIZE, GRAPH_NEIGHBOURS = 7, 20
GRAPH_CHUNK = 8_000  # missing pixels matched at once


@dataclass(frozen=True)
class PatchSettings:
    """What a round works with: side of the patches, patches in a group, reach of the search beyond a tile."""

    size: int
    similar: int
    radius: int


class Scale:
    """A picture at one scale, some of whose pixels are free.

    Parameters
    ----------
    image : (H, W, C) Tensor of float32
        Known pixels; the others are not used.
    known : (H, W) Tensor of bool
    guess : (H, W, C) Tensor
        Where to start; it must be ``image`` at known pixels.
    settings : PatchSettings
    everywhere : bool
        Estimate known pixels too, to remove their noise; otherwise only regions around missing pixels are worked on.

    Attributes
    ----------
    guess : (H W, C) Tensor
        The picture so far; known pixels never change.
    free : (n,) Tensor of int64
        Flat pixels that are estimated.
    estimate, variance : (n, C) Tensor
        Of the last Gaussian round, at free pixels.
    """

    def __init__(
        self, image: Tensor, known: Tensor, guess: Tensor, wanted: Tensor, settings: PatchSettings
    ) -> None:
        self.shape = (image.shape[0], image.shape[1])
        channels = image.shape[2]
        size = min(settings.size, *self.shape)
        self.settings = PatchSettings(size, settings.similar, settings.radius)
        self.values, self.known = image.reshape(-1, channels), known.reshape(-1)
        self.guess = guess.reshape(-1, channels).clone()
        self.free = wanted.reshape(-1).nonzero()[:, 0]
        self.missing = self.free[~self.known[self.free]]
        self.slot = torch.full((len(self.known),), len(self.free), dtype=torch.int64, device=image.device)
        self.slot[self.free] = torch.arange(len(self.free), device=image.device)
        core = shrink(~known, DEEP)
        solid = ~shrink(~core, DEEP) & wanted
        if SOLID > min(self.shape) or SOLID ** 2 * channels > 300 or DEEP > 50:
            solid = torch.zeros_like(solid)
        self.layers = [(wanted & ~solid, size, settings.similar), (solid, SOLID, COUNT)]
        self.estimate = self.guess[self.free]
        self.variance = torch.zeros_like(self.estimate)

    def graph_round(self) -> None:
        """Join each missing pixel to its most similar ones by the patch graph and minimise its energy."""
        size, width = min(GRAPH_SIZE, *self.shape), self.shape[1]
        half = size // 2
        rows = (torch.div(self.missing, width, rounding_mode="floor") - half).clamp(0, self.shape[0] - size)
        columns = (self.missing % width - half).clamp(0, width - size)
        references = References(rows, columns, self.shape, size, self.settings.radius)
        pixels = self.missing[references.order]

        def work(tiles: slice) -> tuple[Tensor, Tensor]:
            chunk = references.chunk(tiles)
            patches = candidates(chunk, self.guess, size)
            distance, nearest = similar(chunk, patches, self._trust(chunk.pixels), GRAPH_NEIGHBOURS, itself=False)
            across = references.extent[1]
            row = torch.div(nearest, across, rounding_mode="floor") - torch.div(
                chunk.place, across, rounding_mode="floor"
            ).unsqueeze(1)
            neighbour = pixels[references.span(tiles), None] + row * width
            return distance, neighbour + nearest % across - (chunk.place % across)[:, None]

        parts = list(spread_work(work, references.chunks(self.guess.shape[1]), self.guess.device))
        distance, neighbour = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
        weight = graph.weigh(distance, self.known[neighbour])
        self.guess[pixels] = graph.minimise(self.guess, pixels, neighbour, weight)

    def gaussian_round(self, noise: float, stride: int, tick: Callable[[int], None]) -> float:
        """Replace every reference patch by its expectation given its known pixels; average where patches overlap.

        Overlapping estimates are weighted by the inverse of their patch's mean variance there. The variance of a pixel
        is their mean variance plus the variance between them.

        Parameters
        ----------
        noise : float
            Standard deviation of the noise of known pixels, > 0.
        stride : int
            Pixels between reference patches.
        tick : callable
            Called with the number of tiles that are done, as they are.

        Returns
        -------
        float
            Root mean square of the change of missing pixels.
        """
        channels = self.guess.shape[1]
        guess = self.guess
        total = guess.new_zeros((len(self.free) + 1) * channels)
        square, weight = torch.zeros_like(total), torch.zeros_like(total)
        for where, size, count in self.layers:
            if not where.any():
                continue
            references = References(*_references(where, size, max(1, int(size / stride))), self.shape, size, self.settings.radius)

            def work(tiles: slice, references=references, size=size, count=count) -> tuple[Tensor, ...]:
                chunk = references.chunk(tiles)
                patches = candidates(chunk, guess, size)
                _, nearest = similar(chunk, patches, self._trust(chunk.pixels), count, itself=True)
                group = patches.flatten(0, 1)[nearest + (chunk.tile * patches.shape[1])[:, None]]
                mean, covariance = gaussian.learn(group, patches, chunk.tile)
                known = self.known[chunk.pixels].repeat_interleave(channels, 1)
                values = self.values[chunk.pixels].flatten(1)
                slots = self.slot[chunk.pixels][..., None] * channels + torch.arange(channels)
                slots = slots.flatten(1)
                wanted = slots < len(self.free) * channels
                out = []
                for part in _alike(known):
                    given, first = _first(known[part])
                    want, which = _first(wanted[part])
                    estimate, variance = gaussian.condition(
                        mean[part], covariance[part], values[part], given, first / noise, want
                    )
                    share = 1 / (variance + noise**2)
                    keep = which > 0
                    out.append([slots[part].gather(1, want)[keep], *(v[keep] for v in (share * estimate, share * (estimate.square() + variance), share))])
                return tuple(torch.cat(parts) for parts in zip(*out))

            for slots, *parts in spread_work(work, references.chunks(channels), guess.device):
                for sum_, part in zip((total, square, weight), parts, strict=True):
                    sum_.index_add_(0, slots, part)
        total, square, weight = (sum_[:-channels].unflatten(0, (-1, channels)) for sum_ in (total, square, weight))
        self.estimate = total / weight
        self.variance = (square / weight - self.estimate.square()).clamp(min=0)
        before = guess[self.missing]
        self.guess[self.missing] = self.estimate[self.slot[self.missing]]
        return float((self.guess[self.missing] - before).square().mean().sqrt())

    def _trust(self, pixels: Tensor) -> Tensor:
        trust = torch.where(self.known[pixels], 1.0, TRUST)
        return trust.repeat_interleave(self.guess.shape[1], 1)


def _alike(known: Tensor) -> list[Tensor]:
    """Split patches (n, d) into BATCHES lots of like numbers of known pixels."""
    order = known.sum(1).argsort()
    return [part for part in order.chunk(BATCHES) if len(part)]


def _first(chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of the chosen pixels of each patch (n, d), padded with others to (n, k), and 1 for a chosen one else 0."""
    most = max(1, int(chosen.sum(1).max()))
    sorted_, number = chosen.float().sort(dim=1, descending=True, stable=True)
    return number[:, :most], sorted_[:, :most]


def _references(needed: Tensor, size: int, stride: int) -> tuple[Tensor, Tensor]:
    """Top left pixels of the patches, every ``stride`` pixels and at the far borders, that touch a needed pixel (H, W)."""
    touched = F.max_pool2d(needed[None, None].float(), size, 1)[0, 0] > 0
    rows, columns = (_positions(length, stride, needed.device) for length in touched.shape)
    chosen = touched[rows][:, columns].nonzero()
    return rows[chosen[:, 0]], columns[chosen[:, 1]]


def _positions(length: int, stride: int, device: torch.device) -> Tensor:
    positions = torch.arange(0, length, stride, device=device)
    return positions if positions[-1] == length - 1 else torch.cat([positions, positions.new_tensor([length - 1])])
