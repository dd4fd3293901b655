"""Find scratches, hairs and specks of dust in a photograph, in the photograph alone.

A scratch is a thin curve above or below both of its sides (C. Steger, "An unbiased detector of curvilinear structures",
doi:10.1109/34.659930). Pictures are full of such curves and dots of their own, so each is judged by how far it stands
out from what is around it, and from the usual one of the same picture: a texture that is all curves sets the bar for
its own, in the spirit of the number of false alarms of Desolneux, Moisan and Morel (doi:10.1023/A:1026593302236). A
logistic regression turns that into odds, which also tell how much of what was found is likely to be none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import LARGEST_VALUE
from inrr_cli.masking import Mask
from inrr_cli.masking.line_filters import POLARITIES, Floats
from inrr_cli.masking.scratch_candidates import LOWEST, MIN_LENGTH, STRIPE, Candidates, find_candidates

# Logistic regression on damaged and undamaged pictures (examples/scratches.py --fit): a constant, then a weight for
# each feature of `scratch_candidates`.
CURVE_WEIGHTS = (-4.53, 0.40, 0.82, -1.37, 0.33, -1.42)
SPECK_WEIGHTS = (-5.72, 1.50, 1.56)
ACCEPTED = 0.0  # log-odds from which a candidate is taken
EDGE = 0.25  # of a scratch's contrast: where less is left, its soft edge ends
WIDEST = 16  # rows around a stripe that can change its mask: a zone's radius and the filters of `_extent`
DOUBTFUL = 0.3  # share likely to be no damage; on the undamaged pictures of the choice it is 0.34 or more


class Scratches(NamedTuple):
    """What was found: the mask (M, N), numbers of curves and specks, and the share likely to be no damage."""

    mask: Mask
    curves: int
    specks: int
    doubt: float


def find_scratches(samples: NDArray[np.generic]) -> Scratches:
    """Find scratches, hairs and dust.

    Parameters
    ----------
    samples : (M, N, C) ndarray
        Of any number type and scale. Those that are not finite count as their nearest neighbour.
    """
    image, saturation = normalize(samples)
    if not image.any() or min(image.shape) < 2 * MIN_LENGTH:
        return Scratches(np.zeros(image.shape, bool), 0, 0, 0.0)
    pairs = find_candidates(image, saturation)
    mask, numbers = np.zeros(image.shape, bool), [0, 0]
    odds, sizes = [], []
    for polarity, pair in zip(POLARITIES, pairs, strict=True):
        radius = np.zeros(image.shape, np.int8)
        for kind, (candidates, weights) in enumerate(zip(pair, (CURVE_WEIGHTS, SPECK_WEIGHTS), strict=True)):
            logit = log_odds(candidates, weights)
            points, kept = candidates.points, (logit > ACCEPTED)[candidates.label]
            radius[points.rows[kept], points.columns[kept]] = points.radius[kept]
            numbers[kind] += int((logit > ACCEPTED).sum())
            odds.append(logit)
            sizes.append(np.bincount(candidates.label, points.radius.astype(np.float64), len(logit)))
        mask |= _extent(polarity * image, radius, LOWEST / 2)
    return Scratches(mask, numbers[0], numbers[1], _doubt(np.concatenate(odds), np.concatenate(sizes)))


def log_odds(candidates: Candidates, weights: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the logarithm of the odds (J,) that each candidate is damage; of curves that are too short it is -inf."""
    logit = weights[0] + candidates.features @ np.array(weights[1:])
    is_curve = candidates.features.shape[1] == len(CURVE_WEIGHTS) - 1
    return np.where(is_curve & (candidates.length < MIN_LENGTH), -np.inf, logit)


def describe_scratches(found: Scratches) -> str:
    """Return what was found and how sure that is, in words."""
    if not found.curves + found.specks:
        return "no scratches, hairs or dust"
    words = "fairly sure" if found.doubt < DOUBTFUL else "not sure"
    counts = f"{found.curves:,} curve{'s' * (found.curves != 1)} and {found.specks:,} speck{'s' * (found.specks != 1)}"
    return (
        f"{counts}, {found.mask.mean():.2%} of the pixels; {words}: some {found.doubt:.0%} of that is likely no damage"
    )


def _doubt(logit: NDArray[np.float64], size: NDArray[np.float64]) -> float:
    """Return which share of what was taken is no damage by the regression's own odds, which it gives without bias."""
    taken = logit > ACCEPTED
    return float(np.average(1 / (1 + np.exp(logit[taken])), weights=size[taken])) if taken.any() else 0.0


def normalize(samples: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Return the mean of the channels (M, N) and their range, both over the usual range of that mean.

    So that no hot pixel sets the scale, the usual range is that of all but 1 % at each end. A flat image is all 0.
    """
    from scipy.ndimage import distance_transform_edt

    usable = np.ones(samples.shape[:2], bool)
    total, highest, lowest = np.zeros(usable.shape), np.full(usable.shape, -np.inf), np.full(usable.shape, np.inf)
    for channel in range(samples.shape[2]):  # one by one, to save memory
        with np.errstate(invalid="ignore"):  # a signalling NaN
            values = samples[..., channel].astype(np.float64)
        usable &= np.abs(np.nan_to_num(values, nan=np.inf)) < LARGEST_VALUE
        values[~usable] = 0
        total += values / samples.shape[2]
        np.maximum(highest, values, out=highest)
        np.minimum(lowest, values, out=lowest)
    if not usable.any():
        return np.zeros(usable.shape, np.float32), np.zeros(usable.shape, np.float32)
    low, high = np.quantile(total[usable], (0.01, 0.99))
    if low == high:
        low, high = total[usable].min(), total[usable].max()
    span = (high - low) or 1.0
    image, saturation = ((total - low) / span).clip(-2, 3), ((highest - lowest) / span).clip(0, 3)
    if not usable.all():
        nearest = tuple(distance_transform_edt(~usable, return_distances=False, return_indices=True))
        image, saturation = image[nearest], saturation[nearest]
    return image.astype(np.float32), saturation.astype(np.float32)


def _extent(image: Floats, radius: NDArray[np.int8], least: float) -> Mask:
    """Return the pixels (M, N) that belong to bright points of the given radius (0: no point).

    They are within the radius of a point, above the ground by EDGE of the contrast at the nearest point and by
    ``least``, and joined to a point. The ground is interpolated from outside.
    """
    from scipy.ndimage import binary_propagation, distance_transform_edt, gaussian_filter

    found = np.zeros(image.shape, bool)
    for top in range(0, len(image), STRIPE):
        first = max(0, top - 2 * WIDEST)
        part, sizes = (each[first : top + STRIPE + 2 * WIDEST] for each in (image, radius))
        seeds = sizes > 0
        if not seeds.any():
            continue
        distance, nearest = distance_transform_edt(~seeds, return_indices=True)
        zone = distance < sizes[tuple(nearest)]
        share = np.maximum(gaussian_filter((~zone).astype(np.float32), 4), 1e-6)  # over a zone's radius
        height = part - gaussian_filter(np.where(zone, np.float32(0), part), 4) / share
        peak = gaussian_filter(height, 0.8)[tuple(nearest)]
        body = binary_propagation(seeds, mask=seeds | (zone & (height > np.maximum(EDGE * peak, least))))
        found[top : top + STRIPE] = body[top - first :][:STRIPE]
    return found
