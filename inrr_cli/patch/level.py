"""One level of the pyramid: iterations of the patch graph and of the Gaussian patch model over its missing pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from inrr_cli.device import map_in_threads
from inrr_cli.holdout.sampling import SOLID_DISTANCE
from inrr_cli.patch import gaussian_model, patch_graph
from inrr_cli.patch.block_matching import (
    Chunk,
    References,
    find_similar,
    grid_positions,
    matching_weights,
    smallest,
    take_samples,
)
from inrr_cli.patch.pyramid import LevelProblem
from inrr_cli.solvers.distance import any_in_window, dilate, erode

GRAPH_PATCH_SIZE = 7  # pixels; empirical
DENSITY_SIDES = 7, 11  # pixels, of the squares around a pixel that tell how many are known there
KNOWN_MINIMUM = 16  # known samples in a patch, at least: some 25 are in most; empirical
# of the known samples of a patch, as many for each pixel of its side tell the wanted ones: those nearest to them. More
# take time, and tell less than the noise of a covariance of 80 patches; empirical
GIVEN_BY_SIDE = 3.5
MATCHED_POWER = 0.98  # of the variance of all components that the compared ones have; the rest takes time; empirical
GRAPH_NEIGHBOURS, GRAPH_RADIUS = 10, 8  # edges of each pixel and their reach in pixels: few and near ones; empirical
# of a patch's mean variance, times the share of its samples that is missing: what similar patches, which are estimated
# there too, cannot tell of one another; empirical
RIDGE = 0.03


@dataclass(frozen=True)
class PatchSettings:
    """Patches and groups of the Gaussian model.

    Attributes
    ----------
    sides : (int, int, int)
        Sides of patches in pixels: where many samples are known, where fewer are, and elsewhere.
    similar : int
        Patches in a group.
    radius : int
        Radius of the search beyond a tile, in pixels.
    """

    sides: tuple[int, ...]
    similar: int
    radius: int


class Level:
    """The estimate of the wanted samples of one level; only regions around these are computed.

    The S = H W Q samples of an image of C channels are C of each pixel, or one of C values: see `LevelProblem`. R = C /
    Q is the number of values of a sample.

    Parameters
    ----------
    problem : LevelProblem
    start : (H, W, C) Tensor
        Start of the estimate, equal to the image at known samples.
    settings : PatchSettings
    noise : float
        Standard deviation of the noise of known samples, > 0.

    Attributes
    ----------
    estimate : (S, R) Tensor
        Estimate of the image; only wanted samples that are missing change.
    wanted, missing : (n,) Tensor of int64, (m,) Tensor of int64
        Flat samples that are wanted, and those of them that are missing.
    index : (S,) Tensor of int64
        Index of each sample in ``wanted``, n for the others.
    mean, variance : (n, R) Tensor
        Of the wanted samples, by the last Gaussian iteration.
    """

    def __init__(
        self,
        problem: LevelProblem,
        start: Tensor,
        settings: PatchSettings,
        noise: float,
    ) -> None:
        (rows, columns, self.channels), self.planes = problem.image.shape, problem.known.shape[2]
        self.shape, self.settings, self.noise = (rows, columns), settings, noise
        self.components = self.channels // self.planes
        self.values, self.known = problem.image.reshape(-1, self.components), problem.known.reshape(-1)
        self.estimate = start.reshape(-1, self.components).clone()
        self.wanted = problem.wanted.reshape(-1).nonzero()[:, 0]
        self.missing = self.wanted[~self.known[self.wanted]]
        self.index = torch.full_like(self.known, len(self.wanted), dtype=torch.int64)
        self.index[self.wanted] = torch.arange(len(self.wanted), device=start.device)
        self.layers = _layers(problem, settings.sides)
        self.mean = self.estimate[self.wanted]
        self.variance = torch.full_like(self.mean, gaussian_model.NOISE_FLOOR**2)
        self.iteration, self.matched = -1, 1
        if self.components > 1:
            power = self.values[self.known].var(0, correction=0).cumsum(0)
            self.matched = min(self.components, int((power < MATCHED_POWER * power[-1]).sum()) + 1)

    @property
    def image(self) -> Tensor:
        """The estimate as an image (H, W, C)."""
        return self.estimate.reshape(*self.shape, -1)

    @property
    def pixels(self) -> Tensor:
        """The estimate as flat pixels (H W, C)."""
        return self.estimate.reshape(-1, self.channels)

    def values_of(self, image: Tensor) -> Tensor:
        """Return an image (H, W, C) as the values of its flat samples: (S, R)."""
        return image.reshape(-1, self.components)

    def iterate_graph(self) -> None:
        """Join each missing pixel to its most similar ones by the patch graph and minimise the energy of the graph.

        A pixel should rise above one that it is joined to as the known samples of its patch do above those of the
        other's patch, by their share of the weights: hardly where little is known. So slopes do not turn into steps.
        Known samples of a pixel that misses others are kept. Every side of
        the image must be longer than GRAPH_PATCH_SIZE.
        """
        size, width, channels = GRAPH_PATCH_SIZE, self.shape[1], self.channels
        pixels, missing = self.pixels, torch.unique_consecutive(self.missing // self.planes)
        rows = (missing // width - size // 2).clamp(0, self.shape[0] - size)
        columns = (missing % width - size // 2).clamp(0, width - size)
        references = References(rows, columns, self.shape, size, min(GRAPH_RADIUS, self.settings.radius))
        missing = missing[references.order]
        compared, flat = pixels[:, : self.matched * self.planes], pixels.T.flatten()

        def work(part: slice) -> tuple[Tensor, Tensor, Tensor]:
            chunk = references.chunk(part)
            weights = matching_weights(chunk, self.known)
            distance, nearest = find_similar(chunk, compared, weights, GRAPH_NEIGHBOURS, itself=False)
            neighbour = chunk.corners(chunk.tile[:, None], nearest)
            own = chunk.pixels[:, :1]
            own, other = (take_samples(flat, c[..., None], chunk.offsets(channels)) for c in (own, neighbour))
            share = torch.where(weights == 1, 1 / weights.sum(1, keepdim=True), 0).repeat(1, self.components)
            rise = self.planes * torch.unflatten(share[:, None] * (own - other), 2, (channels, -1)).sum(3)
            return distance, rise, missing[part, None] + neighbour - chunk.pixels[:, :1]

        parts = map_in_threads(work, references.chunks(self.matched * self.planes), self.estimate.device)
        distance, rise, neighbour = (torch.cat(column) for column in zip(*parts, strict=True))
        known = self.known.reshape(-1, self.planes).all(1)
        weight = patch_graph.edge_weights(distance, known[neighbour])
        new = self.pixels.clone()
        new[missing] = patch_graph.minimise(pixels, missing, neighbour, weight, rise)
        self.estimate[self.missing] = new.reshape(self.estimate.shape)[self.missing]

    def iterate_gaussian(self, caution: float, overlap: int, tick: Callable[[float], None] | None = None) -> float:
        """Replace every reference patch by its expectation given its known samples; average where patches overlap.

        Overlapping estimates are weighted by the inverse of their variance and noise. The variance of a sample is their
        mean variance, plus the variance between them, plus the square of NOISE_FLOOR.

        Parameters
        ----------
        caution : float
            Factor of the noise, > 1 for groups that were found in a poor estimate.
        overlap : int
            Patches over each pixel along an axis.
        tick : callable, optional
            Called with the fraction that is done.

        Returns
        -------
        float
            Root mean square of the change of missing samples.
        """
        self.iteration += 1
        sums = self.estimate.new_zeros(3, len(self.wanted) + 1, self.components)
        for number, (where, size, tile) in enumerate(self.layers):
            corners = _reference_corners(where, size, max(min(2, size), size // overlap), self.iteration)
            references = References(*corners, self.shape, size, self.settings.radius, tile=tile)
            estimate, guide, similar = partial(self._estimate_patches, caution), self.pixels, self.settings.similar
            for done in gaussian_model.add_estimates(
                sums, estimate, references, guide, self.known, similar, prefer_near=True, matched=self.matched
            ):
                if tick is not None:
                    tick((number + done) / len(self.layers))
        share, first, second = sums[:, :-1]
        self.mean = first / share
        self.variance = (second / share - self.mean.square()).clamp(min=0) + gaussian_model.NOISE_FLOOR**2
        before = self.estimate[self.missing]
        self.estimate[self.missing] = self.mean[self.index[self.missing]]
        return float((self.estimate[self.missing] - before).square().mean().sqrt()) if len(before) else 0.0

    def _estimate_patches(
        self, caution: float, chunk: Chunk, groups: gaussian_model.Groups
    ) -> tuple[Tensor, list[Tensor]]:
        """Estimate the wanted samples of patches, as `add_estimates` needs.

        Returns indices (v,) of wanted samples, and of each value (v, R) its share 1 / (variance + noise**2), its share
        times its mean, and its share times its second moment.
        """
        samples = chunk.samples(self.planes)
        known, index = self.known[samples], self.index[samples]
        wanted, noise = index < len(self.wanted), self._noise_in_groups(chunk)
        side = math.isqrt(chunk.pixels.shape[1])
        denoise = len(self.wanted) > len(self.missing)
        limit = samples.shape[1] if denoise else round(GIVEN_BY_SIDE * side) * self.planes
        farness = 1 / (wanted.float() @ _closeness(side, self.planes, wanted.device))
        out = []
        # two batches, of patches with fewer and with more known samples, waste less padding
        for batch in known.sum(1).argsort().chunk(2):
            given, given_mask = _pad_chosen(known[batch], farness[batch], limit)
            want, want_mask = _pad_chosen(wanted[batch], farness[batch], samples.shape[1])
            gaussians = gaussian_model.learn(groups.select(batch), given, given_mask, want, want_mask)
            white = RIDGE * (1 - known[batch].float().mean(1)) * gaussians.mean_variance
            same = given_mask[..., None] * (given[..., None] == want[:, None]) if denoise else None
            gaussians.add_white(white if noise is None else white - noise[batch], same)
            values = self.values[samples[batch].gather(1, given)]
            innovation = (values - gaussians.mean[:, : given.shape[1]]) * given_mask[..., None]
            estimate, total = gaussian_model.condition(gaussians, innovation, caution * self.noise)
            kept = want_mask > 0
            estimate, variance = estimate[kept], (total[..., None] * gaussians.power[:, None])[kept]
            share = 1 / (variance + self.noise**2)
            moments = share * estimate, share * (estimate.square() + variance)
            out.append((index[batch].gather(1, want)[kept], share, *moments))
        where, *parts = (torch.cat(column) for column in zip(*out, strict=True))
        return where, parts

    def _noise_in_groups(self, chunk: Chunk) -> Tensor | None:
        """Return the variance of the noise that groups hold where they are known: (n,); None if it is negligible."""
        excess = self.noise**2 - gaussian_model.NOISE_FLOOR**2
        if excess <= 0:
            return None
        known = self.known.reshape(-1, self.planes).float().mean(1)
        return excess * known[chunk.window].flatten(1).mean(1)[chunk.tile]


def _layers(problem: LevelProblem, sides: tuple[int, ...]) -> list[tuple[Tensor, int, int]]:
    """Return masks (H, W) of wanted pixels with the side of the patches there and the side of a tile of the search.

    It is the first of three sides where the first square of DENSITY_SIDES around the pixel has KNOWN_MINIMUM known
    samples, the second where the second has; the third elsewhere, and in solid holes.
    """
    wanted, known = problem.wanted.any(2), problem.known.float().mean(2)
    solid = dilate(erode(~problem.known.any(2), SOLID_DISTANCE), SOLID_DISTANCE) & (known < 1)
    most = min(known.shape)
    layers = []
    left = wanted & ~solid
    for side, density_side in zip(sides[:-1], DENSITY_SIDES, strict=True):
        density = F.avg_pool2d(known[None], density_side, 1, density_side // 2, count_include_pad=False)[0]
        dense = left & (density * density_side**2 >= KNOWN_MINIMUM)
        layers.append((dense, min(side, most), 16))
        left = left & ~dense
    layers.append((left, min(sides[-1], most), 16))
    # a large tile lets the search reach farther, to the surroundings of a solid hole
    layers.append((wanted & solid, min(sides[-1], most), 48))
    return [layer for layer in layers if layer[0].any()]


def _closeness(side: int, planes: int, device: torch.device) -> Tensor:
    """Return how close the samples of a patch are to each other: (planes side^2, planes side^2).

    High powers of the distance, so that the nearest of several wanted samples counts most.
    """
    row, column = torch.meshgrid(*[torch.arange(side, dtype=torch.float32, device=device)] * 2, indexing="ij")
    place = torch.stack([row.flatten(), column.flatten()], 1).repeat(planes, 1)
    return (0.5 + (place[:, None] - place).square().sum(2)) ** -2


def _pad_chosen(chosen: Tensor, farness: Tensor, limit: int) -> tuple[Tensor, Tensor]:
    """Return the numbers of the chosen samples of patches (n, d), padded to (n, k), and 1, or 0 for padding.

    Of more than ``limit``, those of the least ``farness`` (n, d) >= 0.
    """
    most = min(limit, max(1, int(chosen.sum(1).max())))
    value, number = smallest(torch.where(chosen, farness, torch.inf), most)
    return number, value.isfinite().float()


def _reference_corners(needed: Tensor, size: int, stride: int, shift: int) -> tuple[Tensor, Tensor]:
    """Return the top left pixels of the patches on a grid that touch a needed pixel of a mask (H, W)."""
    touched = any_in_window(needed, size)
    rows, columns = (grid_positions(length, stride, shift, needed.device) for length in touched.shape)
    chosen = touched[rows][:, columns].nonzero()
    return rows[chosen[:, 0]], columns[chosen[:, 1]]
