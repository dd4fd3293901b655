"""The texture engine: large holes filled with patches of the same image, so that they look like the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from inrr_cli.engine import FEW_CHANNELS, Control, WorkMeter
from inrr_cli.errors import InputError
from inrr_cli.patch.spectrum import principal_axes
from inrr_cli.solvers.distance import dilate
from inrr_cli.texture.scales import FEATURES, PATCH, Patches, make_pyramid, whole_patches
from inrr_cli.texture.seams import blend, choose_copies
from inrr_cli.texture.search import Matcher
from inrr_cli.texture.start import carry_over, fill_from_border
from inrr_cli.texture.voting import SHIFT_LIMIT, vote

ITERATIONS = (6, 8, 10, 12)  # of search and vote at each scale, the finest first; coarser ones take as many as the last
COLOURS = 3  # principal components by which pixels of many channels are compared
MARGIN = 64  # pixels around a hole that are looked at, at least; and as many as the hole is long
APART = 64  # pixels between holes that are filled one by one
ENOUGH = 2  # patches to copy for each pixel to make up, if the image has so many: fewer repeat

Window = tuple[slice, slice]


@torch.no_grad()
def fill_texture(values: Tensor, made: Tensor, sources: Tensor, seed: int, control: Control) -> Tensor:
    """Make up pixels of an image, of copies of its patches.

    Patches of the hole are matched with patches of the image around it and vote on its pixels, by turns, from the
    coarsest scale to the finest (Wexler et al. 2007, doi:10.1109/TPAMI.2007.60; Newson et al. 2014,
    doi:10.1137/140954933). At last each pixel is copied from one place, and the seams are blended.

    Parameters
    ----------
    values : (H, W, C) Tensor of float32
        The image, in any unit. Every pixel that is not made up has a value.
    made : (H, W) Tensor of bool
        Pixels to make up.
    sources : (H, W) Tensor of bool
        Pixels that may be copied.
    seed : int
        Another seed gives another fill.
    control : Control
        The measure of the progress is the mean squared distance of the last matches.

    Returns
    -------
    (H, W, C) Tensor of float32
        The image; pixels that are not made up are as they were.

    Raises
    ------
    InputError
        If there is no patch to copy from.
    """
    if not whole_patches(sources).any():
        raise InputError(f"there is nothing to copy from: no square of {PATCH} x {PATCH} pixels is known")
    holes = list(_holes(made, sources))
    meter = WorkMeter(control, sum(int(hole.sum()) for hole, _ in holes))
    generator = torch.Generator().manual_seed(seed)
    filled = values.clone()
    for own, window in holes:
        report, part, hole = meter.part(int(own.sum())), filled[window], made[window]
        # other holes in the window are filled too and forgotten, for nothing is known of them either
        part[own] = _Hole(part, hole, sources[window], generator).fill(meter, report)[own[hole]]
    return filled


def _holes(made: Tensor, sources: Tensor) -> Iterator[tuple[Tensor, Window]]:
    """Yield each hole, or holes that are near to each other, as a mask of its window, and the window to look at."""
    numbers = ndimage.label(dilate(made, APART // 2).cpu().numpy())[0]
    labels = torch.from_numpy(numbers).to(made.device)
    for number, box in enumerate(ndimage.find_objects(numbers), 1):
        margin = max(MARGIN, *(side.stop - side.start for side in box))
        count = int((made[box] & (labels[box] == number)).sum())
        while True:
            window = tuple(
                slice(max(0, side.start - margin), min(length, side.stop + margin))
                for side, length in zip(box, made.shape, strict=True)
            )
            if whole_patches(sources[window]).sum() >= ENOUGH * count or margin > max(made.shape):
                break
            margin *= 2
        yield made[window] & (labels[window] == number), (window[0], window[1])


class _Hole:
    """A hole and the window around it, in units of a standard deviation of what may be copied.

    Parameters
    ----------
    values : (H, W, C) Tensor
    made, sources : (H, W) Tensor of bool
    generator : torch.Generator
        On the cpu.
    """

    def __init__(self, values: Tensor, made: Tensor, sources: Tensor, generator: torch.Generator) -> None:
        self.generator, known = generator, values[sources]
        self.mean, self.deviation = known.mean(0), float(known.std(0, correction=0).square().mean().sqrt()) or 1.0
        standard = torch.where(made[..., None], 0, (values - self.mean) / self.deviation)
        self.values = standard.flatten(0, 1)
        self.scales = make_pyramid(_compared(standard, sources), made, sources)

    def fill(self, meter: WorkMeter, report: Callable[[float], None]) -> Tensor:
        """Return the values of the pixels that are made up: (M, C)."""
        turns = [ITERATIONS[min(number, len(ITERATIONS) - 1)] for number in range(len(self.scales))]
        work = [count * float(scale.made.sum()) for count, scale in zip(turns, self.scales, strict=True)]
        done, patches, source, distance = 0.0, None, None, None
        for number in reversed(range(len(self.scales))):
            finer = Patches(self.scales[number])
            if patches is None or source is None:
                fill_from_border(finer, self.generator)
            else:
                source = carry_over(patches, source, finer, self.generator)
                self._enlarge(patches, finer)
                finer.values[finer.made] = vote(finer, source)
            patches, matcher = finer, Matcher(finer, self.generator)
            for turn in range(turns[number]):
                source, distance = matcher.find(source)
                patches.values[patches.made] = vote(patches, source, distance)
                meter.measure = float(distance.mean())
                report((done + work[number] * (turn + 1) / turns[number]) / sum(work))
            done += work[number]
        assert patches is not None
        assert source is not None
        assert distance is not None
        return self._finish(patches, source, distance)

    def _enlarge(self, coarse: Patches, fine: Patches) -> None:
        """Start a scale with what was made up at the coarser one."""
        image = F.interpolate(coarse.image()[None], scale_factor=2, mode="bilinear", align_corners=False)
        odd = fine.height - image.shape[2], fine.width - image.shape[3]
        image = F.pad(image, (0, odd[1], 0, odd[0]), mode="replicate")[0]
        fine.values[fine.made] = image.flatten(1).T[fine.made]

    def _finish(self, patches: Patches, source: Tensor, distance: Tensor) -> Tensor:
        compared = patches.values[:, :-FEATURES]
        copied = choose_copies(patches, source, compared, compared[patches.made])
        values = self.values.clone()
        for limit in (0.0, SHIFT_LIMIT):  # the second vote moves means towards those of the first
            values[patches.made] = vote(patches, source, distance, values, limit)
        return blend(patches, copied, values, values[patches.made]) * self.deviation + self.mean


def _compared(values: Tensor, sources: Tensor) -> Tensor:
    """Return the channels (H, W, K) that patches are compared by: a few principal components of many."""
    if values.shape[2] <= FEW_CHANNELS:
        return values
    components = principal_axes(values, sources).to_components(values)[..., :COLOURS]
    return components / math.sqrt(values.shape[2])  # the variance of the first is up to the sum of all channels'
