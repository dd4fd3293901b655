"""Scans of lines: where the known pixels are whole rows, or whole columns, of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inrr_cli.patch.selection import Belief
from inrr_cli.patch.trials import PLATE, SMOOTHEST, Smooth

SPARSE, WHOLE, FEWEST = 0.4, 0.9, 4  # least share that is missing, share of a line that is known, and known lines
BAND_LIMITED = 0.9  # squared error of a spline over that of straight lines, along the lines


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

    def choose_hidden(self, seed: int) -> NDArray[np.bool_]:
        """Choose lines to hide, every second run of known ones: of the shape of ``lines``."""
        runs = np.cumsum(self.starts).reshape(self.lines.shape)
        hidden: NDArray[np.bool_] = self.lines & (runs % 2 == seed % 2)
        return hidden

    def is_band_limited(self, image: Tensor, known: Tensor) -> bool:
        """Whether a cubic spline through every ``spacing``-th pixel of the known lines is better than straight lines.

        Then the picture (H, W, C), if it is alike in both directions, is sampled densely enough across the lines too.
        """
        at = torch.from_numpy(np.flatnonzero(self.lines)).to(known.device)
        line, sound = (whole.transpose(0, self.axis).index_select(0, at) for whole in (image, known))
        sampled = torch.arange(line.shape[1], device=known.device) % self.spacing == 0
        inside = slice(int(sampled.nonzero()[-1]) + 1)  # no fill knows what is beyond the last sample
        line, shown, judged = line[:, inside], (sound & sampled)[:, inside], (sound & ~sampled)[:, inside]
        straight, spline = ((Smooth(o, 1).fill(line, shown) - line)[judged].square().sum().item() for o in (1, 2))
        return spline < BAND_LIMITED * straight

    def fills(self, *, band_limited: bool) -> tuple[tuple[Smooth, ...], Belief]:
        """Return the fills to blend with the patches', and what to believe of all.

        Of a band-limited picture very smooth surfaces know most, and hidden lines nothing: where they are, it is not
        sampled densely enough. Of other pictures patches and plates know most, and straight lines, which never swing.
        The shares were chosen on scikit-image's pictures and random fields with every second to fifth line known.
        """
        if band_limited:
            return (SMOOTHEST, Smooth(2, self.axis)), Belief((0.2, 0.6, 0.2), 0.0)
        return (PLATE, Smooth(1, self.axis)), Belief((0.5, 0.3, 0.2), 0.03)


def find_lines(known: NDArray[np.bool_]) -> LineScan | None:
    """Return the scan of lines that a mask (H, W) of known pixels is; None if it is none."""
    if 1 - known.mean() < SPARSE:
        return None
    for axis in (1, 0):
        share = known.mean(axis, keepdims=True)
        scan = LineScan(share >= WHOLE)
        if (scan.lines | (share <= 1 - WHOLE)).mean() >= WHOLE and scan.starts.sum() >= FEWEST:
            return scan
    return None
