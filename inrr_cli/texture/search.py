"""The nearest patch that can be copied, for each patch with a pixel to make up: the nearest-neighbour field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from inrr_cli.device import map_in_threads
from inrr_cli.texture.scales import FEATURES, PATCH, Patches, box_mean

COMPONENTS = 32  # of a patch: they hold 95 % and more of its variance; with 16 texture loses a tenth of its energy
SAMPLES = 6000  # patches that the components are learned from
MEAN_WEIGHT = 0.3  # of a patch's mean in its distance: `vote` moves the mean, so that light may change over the image
EXHAUSTIVE = 2e9  # operations up to which all patches are compared
REUSE = 2.0  # how much farther a patch counts for each copy of it beyond the first: repetition shows
FAR = 1.0  # how much farther a patch counts at the other side of the image: focus, light and things change over it
# power of the variance of the image's patches over that of a patch, by which its distance counts more: a flat patch is
# near to every blurred one; from 0.1 to 0.4 all do about as well, and without it photographs are filled with blur
FLAT = 0.25
FLATTEST = 0.05  # variance over that of the image's patches that is added to both: a flat place stays flat
NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # rows down and columns to the right
STEPS = (8, 4, 2, 1)  # pixels to the neighbours whose matches are tried
# how much farther a patch counts that is copied without any of its four neighbours: few large copies look sharper than
# many small ones; of 1 to 8 all do about as well
ALONE = 2.0
CHUNK = 8192  # patches or pixels of a piece of work for a thread
COMPARED = 2**25  # distances that are held at once

Output = TypeVar("Output")


class Matcher:
    """Compares the patches of a scale by their principal components.

    Parameters
    ----------
    patches : Patches
        Those that can be copied do not change.
    generator : torch.Generator
        On the cpu.
    """

    def __init__(self, patches: Patches, generator: torch.Generator) -> None:
        self.patches, self.generator = patches, generator
        self.basis, self._flatness = self._learn(), self._measure_flatness()
        image = patches.image()
        kernels = self.basis.reshape(len(self.basis), PATCH, PATCH, len(image)).permute(0, 3, 1, 2)
        rows, columns = patches.rows_and_columns(torch.arange(len(patches.slot), device=image.device))
        self.positions = torch.stack([rows, columns], 1) * (FAR**0.5 / max(patches.height, patches.width))
        self.components = F.conv2d(image[None], kernels, padding=PATCH // 2)[0].flatten(1).T.contiguous()

    def find(self, source: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the patch that is nearest to each target, and its squared distance: (N,) int64, (N,).

        The targets are those of the current values; ``source`` (N,) is where the search starts, by chance if None.
        All patches are compared where they are few; `PatchMatch` compares some.
        """
        patches = self.patches
        wanted = torch.cat(list(in_chunks(lambda part: patches.at(part) @ self.basis.T, patches.targets)))
        penalty = self._flatness * (1 + REUSE * (self._copies(source) - 1).clamp(min=0))
        operations = 2.0 * wanted.numel() * len(patches.whole)
        if operations < EXHAUSTIVE:
            return self.compare_all(wanted, penalty)
        if source is None:
            chance = torch.randint(len(patches.whole), (len(wanted),), generator=self.generator)
            source = patches.whole[chance.to(wanted.device)]
        return PatchMatch(self, wanted, source, penalty).run()

    def _learn(self) -> Tensor:
        """Return the principal axes of the patches that can be copied, with means that count less: (D, PATCH^2 K)."""
        patches, channels = self.patches, self.patches.values.shape[1]
        order = torch.randperm(len(patches.whole), generator=self.generator)[:SAMPLES]
        sample = patches.at(patches.whole[order.to(patches.whole.device)]).cpu()  # mps has no float64
        pixels = PATCH * PATCH
        counts_less = (1 - MEAN_WEIGHT**0.5) / pixels
        transform = torch.eye(pixels * channels).reshape(pixels, channels, pixels, channels)
        for channel in range(channels - FEATURES):
            transform[:, channel, :, channel] -= counts_less
        transform = transform.reshape(pixels * channels, pixels * channels)
        sample = (sample @ transform.T).double()  # in float32 the axes of a constant image are not found
        sample -= sample.mean(0)
        axes = torch.linalg.eigh(sample.T @ sample)[1].flip(1)[:, :COMPONENTS].float()
        basis: Tensor = axes.T @ transform
        return basis.contiguous().to(patches.values.device)

    def _measure_flatness(self) -> Tensor:
        """Return how much more the distance of each patch counts for its little variance: (H W,)."""
        image = self.patches.image()[:-FEATURES]
        variance = (box_mean(image.square(), PATCH) - box_mean(image, PATCH).square()).sum(0).flatten().clamp(min=0)
        usual = variance[self.patches.whole].mean()
        flatness: Tensor = usual * (1 + FLATTEST) / (variance + usual * FLATTEST + 1e-12)
        return flatness**FLAT

    def _copies(self, source: Tensor | None) -> Tensor:
        """Return how often the pixels of each patch are copied: (H W,)."""
        patches = self.patches
        copies = torch.zeros(len(patches.slot), device=patches.slot.device)
        if source is not None:
            copies.index_add_(0, source, torch.ones_like(source, dtype=torch.float32))
        return box_mean(copies.reshape(1, patches.height, patches.width), PATCH).flatten()

    def compare_all(self, wanted: Tensor, penalty: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nearest of all patches to each target with components ``wanted`` (N, D), and its distance."""
        components, penalty = self.components[self.patches.whole], penalty[self.patches.whole]
        positions = self.positions[self.patches.whole]
        own = torch.cat([wanted, self.positions[self.patches.targets]], 1)

        def nearest(part: Tensor) -> tuple[Tensor, Tensor]:
            distance = _square_distances(part[:, :-2], components).mul_(penalty)
            distance *= _square_distances(part[:, -2:], positions).add_(1)
            least, place = distance.min(1)
            return self.patches.whole[place], least

        parts = list(in_chunks(nearest, own, max(1, COMPARED // len(components))))
        return torch.cat([found for found, _ in parts]), torch.cat([least for _, least in parts])


class PatchMatch:
    """Improves matches by those of neighbours, and by random places ever nearer.

    See Barnes et al. 2009, doi:10.1145/1531326.1531330. A patch that is copied without its neighbours counts farther.

    Parameters
    ----------
    matcher : Matcher
    wanted : (N, D) Tensor
        Components of the targets.
    source : (N,) Tensor of int64
        Patch that is copied to each target so far.
    penalty : (H W,) Tensor
        Factor of the distances from each patch.
    """

    def __init__(self, matcher: Matcher, wanted: Tensor, source: Tensor, penalty: Tensor) -> None:
        self.matcher, self.patches, self.wanted, self.penalty = matcher, matcher.patches, wanted, penalty
        self.start, self.source = source, source.clone()
        self.every = torch.arange(len(source), device=source.device)
        self.distance = torch.cat(list(in_chunks(lambda part: self._distances(part, source[part]), self.every)))

    def run(self) -> tuple[Tensor, Tensor]:
        """Return the patch to copy to each target, and its distance: (N,) int64, (N,)."""
        for step in STEPS:
            self._propagate(step)
        radius = max(self.patches.height, self.patches.width) / 2
        while radius >= 1:
            self._jump(radius)
            radius /= 2
        return self.source, self.distance

    def _propagate(self, step: int) -> None:
        before = self.source.clone()  # so that the order of the pieces of work does not count

        def work(part: Tensor) -> None:
            for down, right in ((step * down, step * right) for down, right in NEIGHBOURS):
                place, inside = shifted(self.patches, self.patches.targets[part], -down, -right)
                neighbour = torch.where(inside, self.patches.slot[place], -1)
                self._offer(part, before[neighbour.clamp(min=0)], down, right, neighbour >= 0)

        list(in_chunks(work, self.every))

    def _jump(self, radius: float) -> None:
        shifts = ((torch.rand(2, len(self.every), generator=self.matcher.generator) * 2 - 1) * radius).round().long()
        shifts = shifts.to(self.every.device)

        def work(part: Tensor) -> None:
            down, right = shifts[:, part]
            self._offer(part, self.source[part], down, right, torch.ones_like(part, dtype=torch.bool))

        list(in_chunks(work, self.every))

    def _offer(self, part: Tensor, found: Tensor, down: Tensor | int, right: Tensor | int, valid: Tensor) -> None:
        """Take the patches ``found``, shifted, for the targets of a part where they are nearer."""
        place, inside = shifted(self.patches, found, down, right)
        tried = (valid & inside & self.patches.is_whole[place] & (place != self.source[part])).nonzero()[:, 0]
        place, part = place[tried], part[tried]
        offered = self._distances(part, place)
        nearer = offered < self.distance[part]
        self.distance[part[nearer]], self.source[part[nearer]] = offered[nearer], place[nearer]

    def _distances(self, part: Tensor, place: Tensor) -> Tensor:
        """Return the distances of the targets of a part from patches."""
        matcher, targets = self.matcher, self.patches.targets[part]
        unlike = (matcher.components[place] - self.wanted[part]).square_().sum(1)
        apart = (matcher.positions[targets] - matcher.positions[place]).square_().sum(1)
        alone = torch.zeros_like(unlike)
        for down, right in NEIGHBOURS:
            beside, inside = shifted(self.patches, targets, down, right)
            neighbour = torch.where(inside, self.patches.slot[beside], -1)
            is_apart = self.start[neighbour.clamp(min=0)] - beside != place - targets
            alone += (neighbour >= 0) & is_apart
        distance: Tensor = unlike * self.penalty[place] * (1 + apart) * (1 + ALONE / 4 * alone)
        return distance


def _square_distances(one: Tensor, other: Tensor) -> Tensor:
    """Return the squared distances of each row from each other row: (N, D) and (S, D) to (N, S)."""
    square = one.square().sum(1, keepdim=True)
    return torch.addmm(other.square().sum(1), one, other.T, alpha=-2).add_(square).clamp_(min=0)


def shifted(patches: Patches, pixels: Tensor, down: Tensor | int, right: Tensor | int) -> tuple[Tensor, Tensor]:
    """Return pixels that are shifted, and whether they are in the image; where they are not, the first pixel."""
    rows, columns = patches.rows_and_columns(pixels)
    rows, columns = rows + down, columns + right
    inside = (rows >= 0) & (rows < patches.height) & (columns >= 0) & (columns < patches.width)
    return torch.where(inside, rows * patches.width + columns, 0), inside


def in_chunks(function: Callable[[Tensor], Output], rows: Tensor, size: int = CHUNK) -> Iterator[Output]:
    """Yield ``function`` of pieces of ``size`` rows, each computed by one thread."""
    return map_in_threads(function, torch.split(rows, size), rows.device)
