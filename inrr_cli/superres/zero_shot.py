"""What a picture's own smaller copies teach: a small network that doubles it.

A picture's structures recur at its coarser scales. Its downscaled copies are pairs of a coarse picture and the fine one
it came from, without any other picture: zero-shot super-resolution (Shocher, Cohen and Irani 2018,
doi:10.1109/CVPR.2018.00329).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inrr_cli.device import has_fast_bfloat16
from inrr_cli.errors import DivergedError
from inrr_cli.superres.downscaling import DownscalingOperator
from inrr_cli.superres.kernels import Kernel
from inrr_cli.superres.resize import consistent_upscale, resize

SIZES = tuple(1 - number / 20 for number in range(11))  # of the copies that are the fine pictures
WIDTH, LAYERS = 64, 6
RATE, WARM_UP = 3e-3, 30  # of Adam, which decays as a cosine after these steps
CROP, RIM = 48, 2  # coarse pixels of a training piece's side, and fine ones at its rim that do not count
LEAST = 16  # coarse pixels of a copy's side that teach something
TILE, HALO = 256, 8  # coarse pixels worked on at once, and those around that they depend on
SYMMETRIES = 8
GAIN = 0.1  # what the network adds is small


class ZeroShotNet(nn.Module):
    """A plain convolutional network on the coarse grid that corrects an interpolated picture.

    The 2 x 2 fine pixels of each coarse one are its input channels and its output (sub-pixel convolution: Shi et al.
    2016, doi:10.1109/CVPR.2016.207).

    Parameters
    ----------
    channels : int
        C of the pictures.
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
                layer.weight.normal_(0, deviation or 1, generator=generator).mul_(deviation > 0)
                layer.bias.zero_()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, fine: Tensor) -> Tensor:
        """Correct interpolated pictures (B, C, 2 H, 2 W) in [0, 1]: the same shape."""
        with torch.autocast(fine.device.type, torch.bfloat16, enabled=has_fast_bfloat16(fine.device)):
            hidden = F.pixel_unshuffle(2 * fine - 1, 2).to(memory_format=torch.channels_last)
            for number, layer in enumerate(self.layers):
                hidden = layer(F.relu(hidden) if number else hidden)
        return fine + GAIN * F.pixel_shuffle(hidden.float(), 2)


@dataclass(frozen=True)
class Pair:
    """A coarse picture interpolated, and the fine one it was made from: (C, 2 H, 2 W) both."""

    interpolated: Tensor
    fine: Tensor


def make_pairs(picture: Tensor, kernel: Kernel, noise: float, generator: torch.Generator) -> list[Pair]:
    """Make the pairs of a picture (H, W, C); ``noise`` is the deviation that its downscaled copies are given."""
    pairs: list[Pair] = []
    for size in SIZES:
        shape = [2 * round(length * size / 2) for length in picture.shape[:2]]
        shape = [min(even, length // 2 * 2) for even, length in zip(shape, picture.shape, strict=False)]
        if (min(shape) < 2 * LEAST and pairs) or min(shape) < 4:
            break
        high, wide = shape
        fine = picture[:high, :wide] if size == 1 else resize(picture, (high, wide), kernel.centred)
        operator = DownscalingOperator.between((high // 2, wide // 2), (high, wide), kernel)
        coarse = operator.forward(fine)
        if noise:
            coarse = coarse + noise * torch.randn(coarse.shape, generator=generator).to(coarse)
        interpolated = consistent_upscale(coarse, operator, (high, wide), kernel.centred)
        pairs.append(Pair(interpolated.permute(2, 0, 1).contiguous(), fine.permute(2, 0, 1).contiguous()))
    return pairs


def learn(
    pairs: list[Pair], steps: int, *, generator: torch.Generator, tick: Callable[[int, float], None] | None = None
) -> ZeroShotNet:
    """Train a network on pieces of the pairs, turned and mirrored: mean absolute error, Adam.

    Parameters
    ----------
    pairs : list of Pair
        At least one; of several channels, or of one.
    steps : int
        Pieces to learn from.
    generator : torch.Generator
        Source of the weights and the pieces, on the cpu.
    tick : callable, optional
        Called after each step with the steps done and the loss.

    Raises
    ------
    DivergedError
        If the loss is no longer finite.
    """
    device = pairs[0].fine.device
    network = ZeroShotNet(pairs[0].fine.shape[0], generator=generator).to(device)
    optimizer = torch.optim.Adam(network.parameters(), RATE, betas=(0.9, 0.99))
    areas = torch.tensor([float(pair.fine[0].numel()) for pair in pairs])
    for step in range(steps):
        rate = RATE * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        pair = pairs[int(torch.multinomial(areas, 1, generator=generator))]
        interpolated, fine = _piece(pair, generator)
        difference = (network(interpolated[None])[0] - fine)[:, RIM:-RIM, RIM:-RIM]
        loss = difference.abs().mean()
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        value = loss.item()
        if not math.isfinite(value):
            raise DivergedError(f"learning from the picture's smaller copies diverged at step {step + 1}")
        if tick is not None:
            tick(step + 1, value)
    return network


def _piece(pair: Pair, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cut the same random piece out of both, aligned with the coarse pixels, and turn and mirror it."""
    _, height, width = pair.fine.shape
    side = min(2 * CROP, height, width)
    top, left, symmetry = (
        int(torch.randint(count, (1,), generator=generator))
        for count in ((height - side) // 2 + 1, (width - side) // 2 + 1, SYMMETRIES)
    )
    window = (slice(None), slice(2 * top, 2 * top + side), slice(2 * left, 2 * left + side))
    return turn(pair.interpolated[window], symmetry), turn(pair.fine[window], symmetry)


def turn(picture: Tensor, symmetry: int) -> Tensor:
    """One of the 8 symmetries of the square, of (..., H, W)."""
    turned = torch.rot90(picture, symmetry % 4, (-2, -1))
    return turned.flip(-1) if symmetry >= 4 else turned


def turn_back(picture: Tensor, symmetry: int) -> Tensor:
    """Undo `turn`."""
    return torch.rot90(picture.flip(-1) if symmetry >= 4 else picture, -(symmetry % 4), (-2, -1))


@torch.no_grad()
def correct(network: ZeroShotNet, interpolated: Tensor, tick: Callable[[float], None] | None = None) -> Tensor:
    """Correct an interpolated picture (2 H, 2 W, C): the mean over the 8 symmetries, in tiles that do not show.

    A network sees only so far, so that tiles with a halo of its reach make what the whole would.
    """
    _, width = interpolated.shape[:2]
    height = interpolated.shape[0]
    planes = interpolated.permute(2, 0, 1)
    made = torch.empty_like(planes)
    corners = [(top, left) for top in range(0, height, 2 * TILE) for left in range(0, width, 2 * TILE)]
    for number, (top, left) in enumerate(corners):
        above, before = min(top, 2 * HALO), min(left, 2 * HALO)
        bottom, right = min(top + 2 * TILE, height), min(left + 2 * TILE, width)
        seen = planes[:, top - above : bottom + 2 * HALO, left - before : right + 2 * HALO]
        total = torch.zeros_like(seen)
        for symmetry in range(SYMMETRIES):
            total += turn_back(network(turn(seen, symmetry)[None])[0], symmetry)
            if tick is not None:
                tick((number + (symmetry + 1) / SYMMETRIES) / len(corners))
        inner = total[:, above : above + bottom - top, before : before + right - left]
        made[:, top:bottom, left:right] = inner / SYMMETRIES
    return made.permute(1, 2, 0)
