"""Find scars of a scan: parts of a line, or of a few lines, that jump away from the lines around them.

A scanning microscope leaves them where its tip loses touch or is caught. As in Gwyddion's "Mark Scars", a scar is long,
a few lines high, and jumps by far more than the usual difference of lines; here it must also jump by far more than its
surroundings bend, which the thin dark lines of a photograph do not, for a lens blurs them over several lines. The
thresholds were chosen on scikit-image's sample images and made height maps (`examples/defects.py`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import LARGEST_VALUE
from inrr_cli.masking import Mask
from inrr_cli.masking.defects import MAD_TO_SIGMA, MAX_BAND, OUTLIER_SIGMAS

MIN_LENGTH = 16  # samples along the line
SIGMAS_EACH = 4.0  # that each sample of a scar jumps; its mean is OUTLIER_SIGMAS
BENDS = 6.0  # the mean jump over the mean bend of the lines around a scar; of photographs it is at most 6.4
LEAST_OF_MEAN = 0.25  # of the mean jump of a scar: what jumps less beside its end is no part of it
BLOCK = 256  # lines worked on at once, to save memory


def find_scars(samples: NDArray[np.generic], lost: Mask) -> Mask:
    """Find scars along rows and along columns, but in the two outermost lines of the image.

    Parameters
    ----------
    samples : (M, N, C) ndarray
        Those that are not finite are no part of a scar, nor are those above and below them.
    lost : (M, N, C) ndarray of bool
        Whole rows and columns that are lost; the lines on either side of them count as neighbours.

    Returns
    -------
    (M, N, C) ndarray of bool
    """
    found = np.zeros(samples.shape, bool)
    for channel in range(samples.shape[2]):
        rows = np.flatnonzero(~lost[..., channel].all(1))
        columns = np.flatnonzero(~lost[..., channel].all(0))
        with np.errstate(invalid="ignore"):  # a signalling NaN
            values = samples[np.ix_(rows, columns)][..., channel].astype(np.float64)
        values[~(np.abs(values) < LARGEST_VALUE)] = np.nan
        part = found[..., channel]
        part[np.ix_(rows, columns)] = _along_rows(values) | _along_rows(values.T).T
    return found


def describe_scars(scars: Mask) -> str:
    """Return the number of scars (M, N, C), in all channels, or the empty string if there is none."""
    from scipy.ndimage import label

    each = np.ones((3, 3, 3), bool)
    each[..., [0, 2]] = False  # channels are apart
    number = label(scars, each)[1]
    return f"{number:,} scar{'s' * (number > 1)}" if number else ""


def _along_rows(lines: NDArray[np.float64]) -> Mask:
    """Find scars along the rows of (M, N), NaN where a value is not usable."""
    found = np.zeros(lines.shape, bool)
    usable = lines[np.isfinite(lines)]
    bends = np.abs(_between(lines[:-2], lines[2:], 0.5) - lines[1:-1])
    bends = bends[np.isfinite(bends)]
    if len(lines) < 2 * MAX_BAND or lines.shape[1] < MIN_LENGTH or not bends.size:
        return found
    sigma = max(MAD_TO_SIGMA * float(np.median(bends)), 1e-3 * float(np.ptp(usable)))  # of a smooth image it is 0
    for top in range(0, len(lines), BLOCK):
        part = np.s_[max(0, top - 2) : top + BLOCK + MAX_BAND + 1]
        for height in range(1, MAX_BAND + 1):
            found[part] |= _scars_of_height(lines[part], height, sigma)
    return found


def _scars_of_height(lines: NDArray[np.float64], height: int, sigma: float) -> Mask:
    """Find scars that are so many lines high; ``sigma`` is the usual bend from line to line.

    The jump is the difference of a line from the interpolation between the two lines around the scar. Each of those two
    bends by its difference from the interpolation between the line beyond and the line across the scar.
    """
    found = np.zeros(lines.shape, bool)
    count = len(lines) - height - 3
    if count < 1:
        return found
    beyond, before, after, farther = (lines[k : k + count] for k in (0, 1, height + 2, height + 3))
    jumps = [lines[k + 2 : k + 2 + count] - _between(before, after, (k + 1) / (height + 1)) for k in range(height)]
    share = 1 / (height + 2)
    bends = np.abs(before - _between(beyond, after, share)), np.abs(after - _between(farther, before, share))
    bend = np.nan_to_num(np.fmax(*bends))
    for sign in (1.0, -1.0):
        jump = np.min([sign * each for each in jumps], axis=0)
        scars = _long_runs(jump, bend, sigma)
        for k in range(height):
            found[k + 2 : k + 2 + count] |= scars
    return found


def _long_runs(jump: NDArray[np.float64], bend: NDArray[np.float64], sigma: float) -> Mask:
    """Return the runs along rows (M, N) that are long enough, and jump far enough."""
    scars = np.zeros(jump.shape, bool)
    high = jump > SIGMAS_EACH * sigma
    rows, starts, stops = _runs(_bridge(high, jump))
    ends = np.stack([rows * jump.shape[1] + starts, rows * jump.shape[1] + stops], 1).ravel()
    jumps, bends = (np.add.reduceat(np.append(each, 0.0), ends)[::2] for each in (jump, bend))
    likely = jumps > BENDS / 2 * bends  # by these sums, nearly all runs of a texture are told before the loop
    for row, first, stop in zip(rows[likely], starts[likely], stops[likely], strict=True):
        run = jump[row, first:stop]
        part = high[row, first:stop] & (run > LEAST_OF_MEAN * run.mean())
        _, begin, end = (first + each for each in _runs(_bridge(part[None], run[None])))
        for k in map(slice, begin, end):
            mean = float(jump[row, k].mean())
            scars[row, k] = mean > OUTLIER_SIGMAS * sigma and mean > BENDS * bend[row, k].mean()
    return scars


def _bridge(high: Mask, jump: NDArray[np.float64]) -> Mask:
    """Mark breaks of at most two samples between marked ones of a row (M, N) too, where the jump is known."""
    padded = np.pad(high, ((0, 0), (2, 2)))
    left2, left, right, right2 = (padded[:, k : k + high.shape[1]] for k in (0, 1, 3, 4))
    return np.asarray(high | (((left & (right | right2)) | (left2 & right)) & np.isfinite(jump)))


def _runs(marked: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the row, the first column and the column after the last of each run of at least MIN_LENGTH along rows."""
    edges = np.diff(np.pad(marked, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    stops = np.nonzero(edges == -1)[1]
    is_long = stops - starts >= MIN_LENGTH
    return rows[is_long], starts[is_long], stops[is_long]


def _between(first: NDArray[np.float64], second: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Interpolate: ``first`` for a share of 0, ``second`` for 1."""
    return first + share * (second - first)
