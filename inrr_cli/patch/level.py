"""One scale of a picture: rounds of the patch graph and of the Gaussian patch model over its missing pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from inrr_cli.device import spread_work
from inrr_cli.holdout.sampling import SOLID
from inrr_cli.patch import gaussian_model, patch_graph
from inrr_cli.patch.block_matching import References, candidates, similar
from inrr_cli.patch.rows import take_rows
from inrr_cli.solvers.distance import any_in_window, dilate, erode

TRUST = 0.2  # in a guess, against a known pixel, when patches are compared
GROUP_TILE, LARGE_TILE = 16, 48  # sides of tiles: over a solid hole the search goes farther
GRAPH_SIZE, GRAPH_NEIGHBOURS, GRAPH_RADIUS = 7, 5, 8
BATCHES = 4  # sorts of patches by their number of known pixels


@dataclass(frozen=True)
class PatchSettings:
    """What a round works with.

    Attributes
    ----------
    size, similar : int
        Side of a patch and patches in a group.
    large, many : int
        The same over solid holes, which only a patch that reaches across can fill.
    radius : int
        Reach of the search beyond a tile.
    """

    size: int
    similar: int
    large: int
    many: int
    radius: int


class Scale:
    """A picture at one scale, some of whose pixels are to be estimated.

    Parameters
    ----------
    image : (H, W, C) Tensor of float32
        Known pixels; the others are not used.
    known : (H, W) Tensor of bool
    guess : (H, W, C) Tensor
        Where to start; it must be ``image`` at known pixels.
    wanted : (H, W) Tensor of bool
        Pixels to estimate. Only regions around them are worked on.
    settings : PatchSettings
    noise : float
        Standard deviation of the noise of known pixels, > 0.

    Attributes
    ----------
    guess : (H W, C) Tensor
        The picture so far; only wanted pixels that are missing change.
    free, missing : (n,) Tensor of int64, (m,) Tensor of int64
        Flat pixels that are wanted, and those of them that are missing.
    slot : (H W,) Tensor of int64
        Place of each pixel in ``free``, n if it is not there.
    estimate, variance : (n, C) Tensor
        Of the last Gaussian round, at free pixels.
    """

    def __init__(
        self, image: Tensor, known: Tensor, guess: Tensor, wanted: Tensor, settings: PatchSettings, noise: float
    ) -> None:
        self.shape = (image.shape[0], image.shape[1])
        channels = image.shape[2]
        self.settings, self.noise = settings, noise
        self.values, self.known = image.reshape(-1, channels), known.reshape(-1)
        self.guess = guess.reshape(-1, channels).clone()
        self.unknown = wanted.reshape(-1).nonzero()[:, 0]
        self.missing = self.unknown[~self.known[self.unknown]]
        self.slot = torch.full((len(self.known),), len(self.unknown), dtype=torch.int64, device=image.device)
        self.slot[self.unknown] = torch.arange(len(self.unknown), device=image.device)
        size, large = (min(side, *self.shape) for side in (settings.size, settings.large))
        # only a large patch reaches across a solid hole
        solid = dilate(erode(~known, SOLID), SOLID) & wanted
        layers = (wanted & ~solid, size, settings.similar, GROUP_TILE), (solid, large, settings.many, LARGE_TILE)
        self.layers = [layer for layer in layers if layer[0].any()]
        self.estimate = self.guess[self.unknown]
        self.variance = torch.full_like(self.estimate, gaussian_model.LEAST_NOISE**2)
        self.turn = -1

    def graph_round(self, hold: float = patch_graph.HOLD) -> None:
        """Join each missing pixel to its most similar ones by the patch graph and minimise its energy.

        A pixel should rise above one it is joined to as the known pixels of its patch do above those of the other's,
        over all pixels, by their trust: where little is known, hardly. So slopes are not made steps.
        ``hold`` is as in `patch_graph.minimise`. Every side of the picture must be longer than GRAPH_SIZE.
        """
        size, width, channels, missing = GRAPH_SIZE, self.shape[1], self.guess.shape[1], self.missing
        rows = (missing // width - size // 2).clamp(0, self.shape[0] - size)
        columns = (missing % width - size // 2).clamp(0, width - size)
        references = References(rows, columns, self.shape, size, min(GRAPH_RADIUS, self.settings.radius))
        missing = missing[references.order]

        def work(some: slice) -> tuple[Tensor, Tensor, Tensor]:
            chunk = references.chunk(some)
            patches = candidates(chunk, self.guess, size)
            trust = self._trust(chunk.pixels)
            distance, nearest = similar(chunk, patches, trust, GRAPH_NEIGHBOURS, itself=False)
            down = nearest // chunk.across - (chunk.place // chunk.across)[:, None]
            right = nearest % chunk.across - (chunk.place % chunk.across)[:, None]
            reference, alike = (take_rows(patches, chunk.tile[:, None], at) for at in (chunk.place[:, None], nearest))
            share = torch.where(trust == 1, 1 / trust.sum(1, keepdim=True), 0)[:, None]
            rise = channels * (share * (reference - alike)).reshape(*nearest.shape, -1, channels).sum(2)
            return distance, rise, missing[some, None] + down * width + right

        parts = spread_work(work, references.chunks(channels, models=False), self.guess.device)
        distance, rise, neighbour = (torch.cat(column) for column in zip(*parts, strict=True))
        weight = patch_graph.weigh(distance, self.known[neighbour])
        self.guess[missing] = patch_graph.minimise(self.guess, missing, neighbour, weight, rise, hold)

    def gaussian_round(self, caution: float, overlap: int, tick: Callable[[float], None] | None = None) -> float:
        """Replace every reference patch by its expectation given its known pixels; average where patches overlap.

        Overlapping estimates are weighted by the inverse of their variance. The variance of a pixel is their mean
        variance, plus the variance between them, plus the square of LEAST_NOISE.

        Parameters
        ----------
        caution : float
            Factor of the noise, for groups that are not to be trusted yet.
        overlap : int
            Patches over each pixel along an axis.
        tick : callable, optional
            Called with the part of the round that is done.

        Returns
        -------
        float
            Root mean square of the change of missing pixels.
        """
        channels, device = self.guess.shape[1], self.guess.device
        sums = self.guess.new_zeros(3, (len(self.unknown) + 1) * channels)
        self.turn += 1
        for number, (where, size, count, tile) in enumerate(self.layers):
            corners = _reference_corners(where, size, max(min(2, size), size // overlap), self.turn)
            references = References(*corners, self.shape, size, self.settings.radius, tile=tile)
            work = partial(self._estimate, references, count, caution)
            for some, places, parts in spread_work(work, references.chunks(channels, models=True), device):
                for total, part in zip(sums, parts, strict=True):
                    total.index_add_(0, places, part)
                if tick is not None:
                    tick((number + some.stop / len(references.rows)) / len(self.layers))
        share, first, second = sums[:, :-channels].reshape(3, -1, channels)
        self.estimate = first / share
        self.variance = (second / share - self.estimate.square()).clamp(min=0) + gaussian_model.LEAST_NOISE**2
        before = self.guess[self.missing]
        self.guess[self.missing] = self.estimate[self.slot[self.missing]]
        return float((self.guess[self.missing] - before).square().mean().sqrt()) if len(before) else 0.0

    def _estimate(
        self, references: References, count: int, caution: float, some: slice
    ) -> tuple[slice, Tensor, list[Tensor]]:
        """Estimate the wanted pixels of some patches.

        Returns
        -------
        slice, (v,) Tensor of int64, list of three (v,) Tensor
            The patches, places of values in (free pixels x channels), and of each value its share 1 / variance, its
            share times its mean, and its share times its second moment.
        """
        channels = self.guess.shape[1]
        chunk = references.chunk(some)
        patches = candidates(chunk, self.guess, references.size)
        _, nearest = similar(chunk, patches, self._trust(chunk.pixels), count, itself=True, near=True)
        group = take_rows(patches, chunk.tile[:, None], nearest)
        mean, covariance = gaussian_model.learn(group, patches, chunk.tile)
        excess = self.noise**2 - gaussian_model.LEAST_NOISE**2
        if excess > 0:
            noisy = self.known[chunk.window].flatten(1).float().mean(1)[chunk.tile]
            covariance.diagonal(dim1=1, dim2=2).sub_(excess * noisy[:, None])
        known = self.known[chunk.pixels].repeat_interleave(channels, 1)
        values = self.values[chunk.pixels].flatten(1)
        channel = torch.arange(channels, device=values.device)
        places = (self.slot[chunk.pixels][..., None] * channels + channel).flatten(1)
        wanted = places < len(self.unknown) * channels
        out = []
        for lot in known.sum(1).argsort().chunk(BATCHES):
            given, trust = _first(known[lot])
            want, counts = _first(wanted[lot])
            estimate, variance = gaussian_model.condition(
                mean[lot], covariance[lot], values[lot], given, trust / (caution * self.noise), want
            )
            keep = counts > 0
            estimate, variance = estimate[keep], variance[keep]
            share = 1 / (variance + self.noise**2)
            moments = share * estimate, share * (estimate.square() + variance)
            out.append((places[lot].gather(1, want)[keep], share, *moments))
        where, *parts = (torch.cat(lots) for lots in zip(*out, strict=True))
        return some, where, parts

    def _trust(self, pixels: Tensor) -> Tensor:
        trust = torch.where(self.known[pixels], 1.0, TRUST)
        return trust.repeat_interleave(self.guess.shape[1], 1)


def _first(chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of the chosen pixels of patches (n, d), padded with others to (n, k), and 1 for a chosen one else 0."""
    most = max(1, int(chosen.sum(1).max()))
    ones, number = chosen.float().sort(dim=1, descending=True, stable=True)
    return number[:, :most], ones[:, :most]


def _reference_corners(needed: Tensor, size: int, stride: int, shift: int) -> tuple[Tensor, Tensor]:
    """Top left pixels of patches that touch a needed pixel (H, W), every ``stride`` pixels and at the borders."""
    touched = any_in_window(needed, size)
    rows, columns = (_positions(length, stride, shift % stride, needed.device) for length in touched.shape)
    chosen = touched[rows][:, columns].nonzero()
    return rows[chosen[:, 0]], columns[chosen[:, 1]]


def _positions(length: int, stride: int, shift: int, device: torch.device) -> Tensor:
    """From ``shift`` on every ``stride``, and the first and the last: (n,) int64, ascending."""
    positions = torch.arange(length, device=device)
    return positions[(positions % stride == shift) | (positions == 0) | (positions == length - 1)]
