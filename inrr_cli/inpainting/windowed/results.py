"""What comes of an image that was filled by window: the restored image, its uncertainty and its mask, and measures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.value_range import Pixels, ValueRange
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.spans import inside, wider, windows
from inrr_cli.inpainting.windowed.blend import Blend, Block
from inrr_cli.masking.samples import any_channel
from inrr_cli.metrics import SSIM_WINDOW, local_ssim, psnr_of_rmse

STEP = 1024  # rows and columns of the windows in which results are made: their sums take 24 bytes for each sample


class Restored:
    """The samples of the restored image, as the file holds them."""

    def __init__(self, blend: Blend) -> None:
        self.blend, samples = blend, blend.image.samples
        self.shape, self.dtype = samples.shape, samples.dtype

    def read(self, rows: slice, columns: slice) -> Pixels:
        """Return a window (h, w[, C])."""
        stored = self.blend.image.samples.read(rows, columns)
        for part in _parts(rows, columns):
            if self.blend.touches(*part):
                self._fill(stored[inside(part[0], rows), inside(part[1], columns)], part)
        return stored

    def _fill(self, stored: Pixels, window: tuple[slice, slice]) -> None:
        """Put the filled samples of a window in their places."""
        block = self.blend.block(*window)
        picture = self.blend.image.picture_of(stored)
        picture.pages[0][block.filled] = block.values
        picture.pages[0][...] = picture.as_held(picture.pages[0], block.filled)


class Made(ABC):
    """Samples that are made of the tiles alone, 0 where nothing was filled."""

    def __init__(self, blend: Blend, dtype: type, shape: tuple[int, ...]) -> None:
        self.blend, self.dtype, self.shape = blend, np.dtype(dtype), shape

    def read(self, rows: slice, columns: slice) -> Pixels:
        """Return a window (h, w[, C])."""
        window = np.zeros((rows.stop - rows.start, columns.stop - columns.start, *self.shape[2:]), self.dtype)
        for part in _parts(rows, columns):
            if self.blend.touches(*part):
                self.put(self.blend.block(*part), window[inside(part[0], rows), inside(part[1], columns)])
        return window

    @abstractmethod
    def put(self, block: Block, window: Pixels) -> None:
        """Put the filled samples of a block into its window."""


class Sigma(Made):
    """The uncertainty of each filled sample, 0 elsewhere."""

    def __init__(self, blend: Blend) -> None:
        super().__init__(blend, np.float32, blend.image.shape)

    def put(self, block: Block, window: Pixels) -> None:
        """Put the uncertainty of a block into its window."""
        window[block.filled] = block.sigma


class FilledMask(Made):
    """The mask of what was filled, 255 there: of pixels, or with the channels of the image."""

    def __init__(self, blend: Blend, *, of_pixels: bool) -> None:
        super().__init__(blend, np.uint8, blend.image.shape[:2] if of_pixels else blend.image.shape)
        self.of_pixels = of_pixels

    def put(self, block: Block, window: Pixels) -> None:
        """Put the mask of a block into its window."""
        window[any_channel(block.filled) if self.of_pixels else block.filled] = 255


def as_image(samples: Made, path: Path) -> WindowedImage:
    """Return samples as an image with nothing else of the file."""
    return WindowedImage(path, samples, Metadata("NONE"))


def mean_sigma(blend: Blend) -> float | None:
    """Return the mean uncertainty of the filled samples."""
    total, count = 0.0, 0
    for window in windows(blend.image.shape, STEP):
        if blend.touches(*window):
            sigma = blend.block(*window).sigma
            total, count = total + float(sigma.sum(dtype=np.float64)), count + sigma.size
    return total / count if count else None


def compare(blend: Blend, truth: WindowedImage, value_range: ValueRange) -> dict[str, float | None]:
    """Return the PSNR in dB over all samples and over the filled ones, and the mean SSIM, as `measure` names them.

    Samples that are not finite do not count in the PSNR.
    """
    restored = WindowedImage(blend.image.path, Restored(blend), blend.image.metadata, blend.image.has_alpha)
    sums = {name: np.zeros(2) for name in ("psnr_full", "psnr_missing", "ssim_full")}
    edge = SSIM_WINDOW // 2
    for window in windows(truth.shape, STEP):
        wide = [wider(span, edge, size) for span, size in zip(window, truth.shape, strict=False)]
        with np.errstate(all="ignore"):  # values far out of the range
            pair = [value_range.to_unit(image.read(*wide).pages[0]) for image in (restored, truth)]
            similarity = local_ssim(*pair)
            if similarity is not None:
                sums["ssim_full"] += similarity.sum(), similarity.size
            pair = [image[tuple(map(inside, window, wide))] for image in pair]
            squared = (pair[0].astype(np.float64) - pair[1]) ** 2
        finite = np.isfinite(pair[0]) & np.isfinite(pair[1])
        sums["psnr_full"] += squared[finite].sum(), finite.sum()
        if blend.touches(*window):
            finite &= blend.block(*window).filled
            sums["psnr_missing"] += squared[finite].sum(), finite.sum()
    means = {name: float(total / count) if count else None for name, (total, count) in sums.items()}
    return {
        name: mean if mean is None or name == "ssim_full" else psnr_of_rmse(math.sqrt(mean), 1.0)
        for name, mean in means.items()
    }


def _parts(rows: slice, columns: slice) -> list[tuple[slice, slice]]:
    """Return windows of at most STEP rows and columns that cover a window."""
    shape = rows.stop - rows.start, columns.stop - columns.start
    return [
        (slice(rows.start + r.start, rows.start + r.stop), slice(columns.start + c.start, columns.start + c.stop))
        for r, c in windows(shape, STEP)
    ]
