"""Zero-shot super-resolution: a small network that learns from an image's smaller copies to double the image.

The structures of an image recur at coarser scales. A copy and the copy downscaled are a training pair, so no other
image is needed (Shocher, Cohen and Irani 2018, doi:10.1109/CVPR.2018.00329). As in their gradual training, the network
then doubles the image and goes on learning from copies of the result, whose structures are as large as those that it is
to make.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inrr_cli.device import add_gradients, has_fast_bfloat16, map_in_threads
from inrr_cli.errors import DivergedError
from inrr_cli.superres.downscaling import DownscalingOperator, resize
from inrr_cli.superres.kernels import Kernel

WIDTH, LAYERS = 64, 6  # of the network, which sees LAYERS coarse pixels far; empirical
CROP_SIDE, CROP_COUNT = 512, 8  # pixels of a side and number of the crops of a large image, to bound memory
DOUBLED_SIDE = 128  # pixels of a side of the crops that are doubled to learn from, to bound time
LEARNING_RATE = 3e-3  # of Adam; empirical
PATCHES, PATCH_SIDE = 2, 68  # of a training step, and pixels of a side; one patch of 96 measures the same: empirical
TILE, HALO = 256, 8  # coarse pixels of a side corrected at once, to bound memory, and around: at least LAYERS


class ZeroShotNet(nn.Module):
    """A plain convolutional network on the coarse grid that corrects an interpolated image.

    The 2 x 2 fine pixels of each coarse pixel are its channels at both ends (sub-pixel convolution: Shi et al. 2016,
    doi:10.1109/CVPR.2016.207). Without training the network changes nothing.

    Parameters
    ----------
    channels : int
        C of the images.
    generator : torch.Generator
        Source of the initial weights.
    """

    def __init__(self, channels: int, *, generator: torch.Generator) -> None:
        super().__init__()
        sizes = [4 * channels, *[WIDTH] * (LAYERS - 1), 4 * channels]
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in pairwise(sizes))
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            deviation = math.sqrt(2 / (9 * layer.in_channels)) if number < LAYERS - 1 else 0.0
            with torch.no_grad():
                layer.weight.normal_(0, deviation, generator=generator)
                layer.bias.zero_()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, interpolated: Tensor) -> Tensor:
        """Correct interpolated images (B, C, 2 H, 2 W) in [0, 1]; the result has the same shape."""
        with torch.autocast(interpolated.device.type, torch.bfloat16, enabled=has_fast_bfloat16(interpolated.device)):
            hidden = F.pixel_unshuffle(2 * interpolated - 1, 2).to(memory_format=torch.channels_last)
            for number, layer in enumerate(self.layers):
                hidden = layer(F.relu(hidden) if number else hidden)
        return interpolated + 0.1 * F.pixel_shuffle(hidden.float(), 2)  # a correction is small beside the image


class TrainingPair(NamedTuple):
    """A fine image, and the image interpolated from its downscaled copy: (C, 2 H, 2 W) both."""

    interpolated: Tensor
    fine: Tensor


def make_training_pairs(
    planes: list[Tensor], kernel: Kernel, noise: float, *, generator: torch.Generator, largest: int = 0
) -> list[TrainingPair]:
    """Return the pairs of planes (H, W, 1) and of their smaller copies: of 100 %, 95 %, ... 50 % of their size.

    Noise of standard deviation ``noise`` is added to the downscaled copies. The generator is on the cpu. The first
    ``largest`` sizes are left out.
    """
    return [pair for plane in planes for pair in _pairs_of_copies(plane, kernel, noise, generator, largest)]


def training_crops(image: Tensor, side: int, generator: torch.Generator) -> list[Tensor]:
    """Return the channels of an image (H, W, C) or, if it is large, of CROP_COUNT random crops of ``side`` pixels."""
    height, width = image.shape[:2]
    if height * width <= CROP_COUNT * side**2:
        return list(torch.split(image, 1, 2))
    corners = [(top, left) for top in range(0, height, side) for left in range(0, width, side)]
    crops: list[Tensor] = []
    for number in torch.randperm(len(corners), generator=generator)[:CROP_COUNT].tolist():
        top, left = corners[number]
        top, left = max(0, min(top, height - side)), max(0, min(left, width - side))
        crops += torch.split(image[top : top + side, left : left + side], 1, 2)
    return crops


def _pairs_of_copies(
    image: Tensor, kernel: Kernel, noise: float, generator: torch.Generator, largest: int
) -> list[TrainingPair]:
    """Return the pairs of a plane (H, W, 1)."""
    pairs: list[TrainingPair] = []
    for number in range(largest, 11):
        scale = 1 - number / 20
        height, width = (min(2 * round(length * scale / 2), length // 2 * 2) for length in image.shape[:2])
        too_small = min(height, width) < 32  # empirical: a smaller copy teaches nothing
        if (too_small and pairs) or min(height, width) < 4:
            break
        fine = image[:height, :width] if scale == 1 else resize(image, (height, width), kernel.centred)
        operator = DownscalingOperator.between((height // 2, width // 2), (height, width), kernel)
        coarse = operator.forward(fine)
        if noise:
            coarse = coarse + noise * torch.randn(coarse.shape, generator=generator).to(coarse)
        interpolated = operator.project(resize(coarse, (height, width), kernel.centred), coarse)
        pairs.append(TrainingPair(interpolated.permute(2, 0, 1).contiguous(), fine.permute(2, 0, 1).contiguous()))
    return pairs


def train(
    network: ZeroShotNet,
    pairs: list[TrainingPair],
    steps: int,
    *,
    generator: torch.Generator,
    on_step: Callable[[float], None] | None = None,
) -> None:
    """Train a network by Adam on the mean absolute error of PATCHES random patches a step, turned and mirrored.

    The patches are shared out to threads. The generator is on the cpu. ``on_step`` is called after each step with the
    loss.

    Raises
    ------
    DivergedError
        If the loss is no longer finite.
    """
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, betas=(0.9, 0.99))
    areas = torch.tensor([float(pair.fine[0].numel()) for pair in pairs])
    for step in range(steps):
        warm_up, cosine = min(1.0, (step + 1) / 30), 1 + math.cos(math.pi * step / steps)
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * warm_up * 0.5 * cosine
        drawn = torch.multinomial(areas, PATCHES, replacement=True, generator=generator).tolist()
        patches = [_random_patch(pairs[number], generator) for number in drawn]
        value = 0.0
        optimizer.zero_grad(set_to_none=True)
        for loss, gradients in map_in_threads(partial(_loss_and_gradients, network), patches, pairs[0].fine.device):
            value += loss / PATCHES
            add_gradients(network.parameters(), gradients)
        optimizer.step()
        if not math.isfinite(value):
            raise DivergedError(f"training on the image's smaller copies diverged at step {step + 1}")
        if on_step is not None:
            on_step(value)


def _loss_and_gradients(network: ZeroShotNet, patch: tuple[Tensor, Tensor]) -> tuple[float, tuple[Tensor, ...]]:
    """Return the loss of a patch and the gradients of the parameters, which it has in PATCHES patches."""
    interpolated, fine = patch
    # two pixels at the edge are left out: the network does not see what is beyond them
    difference = (network(interpolated[None])[0] - fine)[:, 2:-2, 2:-2]
    loss = difference.abs().mean()
    return loss.item(), torch.autograd.grad(loss / PATCHES, list(network.parameters()))


def _random_patch(pair: TrainingPair, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cut the same random patch out of both images, aligned with the coarse pixels, and turn and mirror it."""
    _, height, width = pair.fine.shape
    side = min(PATCH_SIDE, height, width)
    top, left, symmetry = (
        int(torch.randint(count, (1,), generator=generator))
        for count in ((height - side) // 2 + 1, (width - side) // 2 + 1, 8)
    )
    window = (slice(None), slice(2 * top, 2 * top + side), slice(2 * left, 2 * left + side))
    return turn(pair.interpolated[window], symmetry), turn(pair.fine[window], symmetry)


def turn(image: Tensor, symmetry: int) -> Tensor:
    """Apply one of the 8 symmetries of the square to (..., H, W)."""
    turned = torch.rot90(image, symmetry % 4, (-2, -1))
    return turned.flip(-1) if symmetry >= 4 else turned


def turn_back(image: Tensor, symmetry: int) -> Tensor:
    """Undo `turn`."""
    return torch.rot90(image.flip(-1) if symmetry >= 4 else image, -(symmetry % 4), (-2, -1))


@torch.no_grad()
def apply_network(
    network: ZeroShotNet, interpolated: Tensor, on_progress: Callable[[float], None] | None = None
) -> Tensor:
    """Correct an interpolated image (2 H, 2 W, C): the mean over the 8 symmetries.

    The image is corrected in tiles. A tile has a halo as wide as the network sees, so that no seam shows.
    ``on_progress`` is called with the fraction that is done.
    """
    planes = interpolated.permute(2, 0, 1)
    _, height, width = planes.shape
    corrected = torch.empty_like(planes)
    corners = [(top, left) for top in range(0, height, 2 * TILE) for left in range(0, width, 2 * TILE)]
    for number, (top, left) in enumerate(corners):
        above, before = min(top, 2 * HALO), min(left, 2 * HALO)
        bottom, right = min(top + 2 * TILE, height), min(left + 2 * TILE, width)
        tile = planes[:, top - above : bottom + 2 * HALO, left - before : right + 2 * HALO]
        total = torch.zeros_like(tile)
        for symmetry, part in enumerate(map_in_threads(partial(_correct, network, tile), range(8), tile.device)):
            total += part
            if on_progress is not None:
                on_progress((number + (symmetry + 1) / 8) / len(corners))
        inner = total[:, above : above + bottom - top, before : before + right - left]
        corrected[:, top:bottom, left:right] = inner / 8
    return corrected.permute(1, 2, 0)


def _correct(network: ZeroShotNet, tile: Tensor, symmetry: int) -> Tensor:
    """Correct a tile (C, h, w) that is turned, and turn it back."""
    return turn_back(network(turn(tile, symmetry)[None])[0], symmetry)
