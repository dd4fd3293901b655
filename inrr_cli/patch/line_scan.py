"""Scans of lines: where the known pixels are whole rows, or whole columns, of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.holdout.blend import BlendPrior, quantile
from inrr_cli.holdout.fit import PolyharmonicFill

SPARSE, WHOLE, FEWEST = 0.4, 0.9, 4  # least share that is missing, share of a line that is known, and known lines
BAND_LIMITED = 0.9  # mean squared error of a spline over that of straight lines, along the lines
LEAST_ERROR = 1e-7  # what iterations leave of errors


@dataclass(frozen=True)
class Study:
    """What the known lines of a scan show of the picture, between samples as far apart as the lines are.

    Attributes
    ----------
    band_limited : bool
        Whether a cubic spline is better than straight lines: then the picture, if it is alike in both directions, is
        sampled densely enough across the lines too.
    natural : bool
        Whether a natural spline is better than a flat one beyond the outermost samples.
    error : float
        68 % quantile of the errors of the better fill.
    """

    band_limited: bool
    natural: bool
    error: float


@dataclass(frozen=True)
class LineScan:
    """A scan of lines.

    Between known lines no missing pixel has a known one beside it on its own line, as any hidden one would have, and
    hidden lines leave gaps twice as wide. So hidden pixels say little of the fills there, and the picture says more: a
    known line shows how smooth it is between samples that lie as far apart as the lines do.

    Attributes
    ----------
    lines : (H, 1) or (1, W) ndarray of bool
        Which rows, or columns, are the known ones.
    """

    lines: NDArray[np.bool_]

    @property
    def axis(self) -> int:
        """The axis across the lines."""
        return int(self.lines.shape[0] == 1)

    @property
    def starts(self) -> NDArray[np.bool_]:
        """Where a run of known lines starts: flat."""
        flat = self.lines.ravel()
        starts: NDArray[np.bool_] = flat & ~np.r_[False, flat[:-1]]
        return starts

    @property
    def spacing(self) -> int:
        """Mean number of lines from the end of a known run to the next one."""
        return round(np.count_nonzero(~self.lines) / np.count_nonzero(self.starts)) + 1

    def sample_holdout(self, seed: int) -> NDArray[np.bool_]:
        """Choose lines to hide, every second run of known ones: of the shape of ``lines``."""
        runs = np.cumsum(self.starts).reshape(self.lines.shape)
        hidden: NDArray[np.bool_] = self.lines & (runs % 2 == seed % 2)
        return hidden

    def study(self, image: Tensor, known: Tensor) -> Study:
        """Fill the known lines of a picture (H, W, C) from every ``spacing``-th of their pixels."""
        at = torch.from_numpy(np.flatnonzero(self.lines)).to(known.device)
        line, sound = (whole.transpose(0, self.axis).index_select(0, at) for whole in (image, known))
        place = torch.arange(line.shape[1], device=known.device)
        seen = place % self.spacing == self.spacing - 1
        outside = (place < self.spacing - 1) | (place > place[seen].max())
        straight, flat, natural = (
            PolyharmonicFill(order, 1, natural, exact=True).fill(line, sound & seen) - line
            for order, natural in ((1, False), (2, False), (2, True))
        )
        between, beyond = sound & ~seen & ~outside, sound & outside
        band_limited = _mean_square(natural[between]) < max(
            BAND_LIMITED * _mean_square(straight[between]), LEAST_ERROR**2
        )
        return Study(
            band_limited=band_limited,
            natural=_mean_square(natural[beyond]) < _mean_square(flat[beyond]),
            error=max(quantile((natural if band_limited else straight)[between].abs()), LEAST_ERROR),
        )

    def fills(self, study: Study, deviation: float) -> tuple[tuple[PolyharmonicFill, ...], BlendPrior]:
        """Return the fills to blend with the patches', and what to believe of all.

        Of a band-limited picture very smooth surfaces know most, and hidden lines nothing: where they are, it is not
        sampled densely enough; of one whose surface runs on beyond its samples they know all. Of other pictures patches
        and plates know most, and straight lines, which never swing.
        The shares were chosen on scikit-image's pictures and random fields with every second to fifth line known.
        ``deviation`` is what the patches' model holds for typical of missing pixels.
        """
        spread = study.error / deviation
        if study.band_limited:
            kinds = (
                PolyharmonicFill(3, None, study.natural, exact=True),
                PolyharmonicFill(2, self.axis, study.natural, exact=True),
            )
            return kinds, BlendPrior((0.0, 0.8, 0.2) if study.natural else (0.2, 0.6, 0.2), 0.0, (0.0, spread))
        return (PolyharmonicFill(2, None, study.natural), PolyharmonicFill(1, self.axis)), BlendPrior(
            (0.5, 0.3, 0.2), 0.03, (0.5, spread)
        )


def _mean_square(errors: Tensor) -> float:
    return errors.square().mean().item()


def find_lines(known: NDArray[np.bool_]) -> LineScan | None:
    """Return the scan of lines that a mask (H, W) of known pixels is; None if it is none."""
    if 1 - known.mean() < SPARSE:
        return None
    for axis in (1, 0):
        share = known.mean(axis, keepdims=True)
        scan = LineScan(share >= WHOLE)
        if (
            (scan.lines | (share <= 1 - WHOLE)).mean() >= WHOLE
            and scan.starts.sum() >= FEWEST
            and known.shape[axis] >= 2 * scan.spacing
        ):
            return scan
    return None
