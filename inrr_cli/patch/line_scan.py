"""Scans of lines: masks whose known pixels are whole rows, or whole columns, of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.holdout.blend import BlendPrior
from inrr_cli.holdout.calibration import one_sigma_quantile
from inrr_cli.solvers.polyharmonic import PolyharmonicFill

LINE_SHARE = 0.9  # of a line's pixels that are known, or missing, and of the lines that are so; empirical
ERROR_MINIMUM = 1e-7  # smaller errors are the solver's


@dataclass(frozen=True)
class LineSmoothness:
    """How smooth the known lines of a scan are, between samples as far apart as the lines.

    Attributes
    ----------
    band_limited : bool
        Whether a cubic spline has smaller errors than straight lines: then an image that is alike in both directions is
        sampled densely enough across the lines too.
    natural : bool
        Whether a natural spline has smaller errors than a flat one beyond the outermost samples.
    error : float
        68 % quantile of the errors of the better fill.
    """

    band_limited: bool
    natural: bool
    error: float


@dataclass(frozen=True)
class LineScan:
    """A scan of lines.

    Between known lines a missing pixel has no known one beside it on its own line, as any hidden pixel would have, and
    hidden lines leave gaps twice as wide. So hidden pixels tell little of the fills between lines. The known lines tell
    more: how smooth the image is between samples that are as far apart as the lines.

    Attributes
    ----------
    lines : (H, 1) or (1, W) ndarray of bool
        True for a known row, or column.
    """

    lines: NDArray[np.bool_]

    @property
    def axis(self) -> int:
        """The axis across the lines."""
        return int(self.lines.shape[0] == 1)

    @property
    def starts(self) -> NDArray[np.bool_]:
        """True for the first line of each run of known lines: (H,) or (W,)."""
        flat = self.lines.ravel()
        starts: NDArray[np.bool_] = flat & ~np.r_[False, flat[:-1]]
        return starts

    @property
    def spacing(self) -> int:
        """Mean number of lines from the end of a known run to the next one."""
        return round(np.count_nonzero(~self.lines) / np.count_nonzero(self.starts)) + 1

    def sample_holdout(self, seed: int) -> NDArray[np.bool_]:
        """Choose lines to hide, every second run of known ones, in the shape of ``lines``."""
        runs = np.cumsum(self.starts).reshape(self.lines.shape)
        hidden: NDArray[np.bool_] = self.lines & (runs % 2 == seed % 2)
        return hidden

    def measure_smoothness(self, image: Tensor, known: Tensor) -> LineSmoothness:
        """Fill the known lines of an image (H, W, C) from every ``spacing``-th of their pixels."""
        numbers = torch.from_numpy(np.flatnonzero(self.lines)).to(known.device)
        lines, lines_known = (whole.transpose(0, self.axis).index_select(0, numbers) for whole in (image, known))
        position = torch.arange(lines.shape[1], device=known.device)
        sampled = position % self.spacing == self.spacing - 1
        outside = (position < self.spacing - 1) | (position > position[sampled].max())
        straight, flat, natural = (
            PolyharmonicFill(order, 1, natural, exact=True).fill(lines, lines_known & sampled) - lines
            for order, natural in ((1, False), (2, False), (2, True))
        )
        between, beyond = lines_known & ~sampled & ~outside, lines_known & outside
        # a spline has to be a tenth better; empirical
        bound = max(0.9 * _mean_square(straight[between]), ERROR_MINIMUM**2)
        band_limited = _mean_square(natural[between]) < bound
        error = one_sigma_quantile((natural if band_limited else straight)[between].abs())
        return LineSmoothness(
            band_limited=band_limited,
            natural=_mean_square(natural[beyond]) < _mean_square(flat[beyond]),
            error=max(error, ERROR_MINIMUM),
        )

    def choose_fills(
        self, smoothness: LineSmoothness, deviation: float
    ) -> tuple[tuple[PolyharmonicFill, ...], BlendPrior]:
        """Return the fills to blend with the patches, and the prior of the blend.

        Very smooth surfaces fill a band-limited image best, where hidden lines tell nothing, as the lines left are too
        far apart; if the surface keeps its slope beyond its samples, patches add nothing. Other images are filled best
        by patches, thin plates and straight lines, which never overshoot. The shares were chosen on scikit-image
        pictures and random fields with every second to fifth line known. ``deviation`` is the median of the patch
        model's deviations at missing pixels.
        """
        largest_factor = smoothness.error / deviation
        if smoothness.band_limited:
            fills = (
                PolyharmonicFill(3, None, smoothness.natural, exact=True),
                PolyharmonicFill(2, self.axis, smoothness.natural, exact=True),
            )
            shares = (0.0, 0.8, 0.2) if smoothness.natural else (0.2, 0.6, 0.2)
            return fills, BlendPrior(shares, 0.0, (0.0, largest_factor))
        fills = PolyharmonicFill(2, None, smoothness.natural), PolyharmonicFill(1, self.axis)
        return fills, BlendPrior((0.5, 0.3, 0.2), 0.03, (0.5, largest_factor))


def find_lines(known: NDArray[np.bool_]) -> LineScan | None:
    """Return the scan of lines that a mask (H, W) of known pixels is, or None.

    A scan misses at least 40 % of the pixels and has at least four runs of known lines, each of which is at least
    two spacings long.
    """
    if 1 - known.mean() < 0.4:
        return None
    for axis in (1, 0):
        share = known.mean(axis, keepdims=True)
        scan = LineScan(share >= LINE_SHARE)
        if (
            (scan.lines | (share <= 1 - LINE_SHARE)).mean() >= LINE_SHARE
            and scan.starts.sum() >= 4
            and known.shape[axis] >= 2 * scan.spacing
        ):
            return scan
    return None


def _mean_square(errors: Tensor) -> float:
    return errors.square().mean().item()
