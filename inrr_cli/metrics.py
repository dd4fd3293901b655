"""How close a result is to the truth.

Every number says over which pixels it was taken: ``missing`` tells methods apart, ``known`` is the fit, ``full`` is the
image that is written, ``raw`` is a network's own output everywhere.

What was made up is no nearer to the truth for looking natural. `texture_ratio`, `gradient_ratio`, `patch_ratio` and
`seam_ratio` say whether it looks like the rest, without the truth: they compare the inside of the hole with a ring
around it, and are about 1 for an untouched picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SSIM_WINDOW = 7  # pixels
ONE_SIGMA = 0.6827  # share of a Gaussian within one standard deviation

MARGIN = 8  # pixels near the border of a hole: what is made there follows the known pixels, and says little of the rest
LEAST = 50  # pixels: the mean square of fewer is off by 20 % (one standard deviation) even where all are independent
PATCH = 7  # pixels, the side of a patch
PATCHES, DIRECTIONS = 4096, 64  # of `patch_ratio`: another seed then changes it by some 2 %


def psnr(
    image: NDArray[np.floating],
    reference: NDArray[np.floating],
    where: NDArray[np.bool_] | None = None,
) -> float | None:
    """Peak signal-to-noise ratio in dB, peak 1.

    Parameters
    ----------
    image, reference : (M, N[, C]) ndarray of float
        Values whose full scale is 1; nothing is clipped.
    where : (M, N) ndarray of bool, optional
        Pixels to compare, all by default.

    Returns
    -------
    float or None
        ``inf`` where the two agree exactly, None where there is no pixel to compare.
    """
    squared = (image.astype(np.float64) - reference) ** 2
    if where is not None:
        squared = squared[where]
    if squared.size == 0:
        return None
    error = float(squared.mean())
    return float("inf") if error == 0 else -10.0 * float(np.log10(error))


def psnr_of_rmse(error: float | None, peak: float) -> float | None:
    """Return the PSNR in dB of a root mean square error; None of None."""
    if error is None:
        return None
    return float("inf") if error == 0 else 20 * float(np.log10(peak / error))


def ssim(image: NDArray[np.floating], reference: NDArray[np.floating]) -> float | None:
    """Mean structural similarity (Wang et al. 2004, doi:10.1109/TIP.2003.819861), data range 1.

    Parameters
    ----------
    image, reference : (M, N[, C]) ndarray of float
        Values in [0, 1].

    Returns
    -------
    float or None
        None where a side is shorter than the 7-pixel window.
    """
    similarity = local_ssim(image, reference)
    return None if similarity is None else float(similarity.mean())


def local_ssim(image: NDArray[np.floating], reference: NDArray[np.floating]) -> NDArray[np.float64] | None:
    """Return the structural similarity in each window that lies in an image, (M - 6, N - 6[, C]); see `ssim`."""
    from skimage.metrics import structural_similarity

    if min(image.shape[:2]) < SSIM_WINDOW:
        return None
    _, similarity = structural_similarity(
        image.astype(np.float64),
        reference.astype(np.float64),
        data_range=1.0,
        channel_axis=2 if image.ndim == 3 else None,
        full=True,
    )
    edge = SSIM_WINDOW // 2
    return np.asarray(similarity[edge:-edge, edge:-edge], np.float64)


@dataclass(frozen=True)
class _Place:
    """A hole and what it is compared with, cut out of the image.

    Attributes
    ----------
    values : (M, N, C) ndarray of float64
        0 where a pixel is neither made up nor usable.
    made, usable : (M, N) ndarray of bool
    inside : (M, N) ndarray of bool
        Pixels of the hole with at least `MARGIN` pixels of the hole between them and the nearest pixel outside.
    ring : (M, N) ndarray of bool
        Usable pixels that are no farther from the hole than its deepest pixel is from them. A ring as wide as the whole
        hole would have eight times the area of a square, and light and texture change over it; this has three times.
    border : (M, N) ndarray of bool
        Pixels of the ring that are at most `MARGIN` pixels from the hole.
    """

    values: NDArray[np.float64]
    made: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    ring: NDArray[np.bool_]
    border: NDArray[np.bool_]


def _find_place(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None
) -> _Place | None:
    """Return the place of a hole, or None where there is no hole or nothing else."""
    from scipy.ndimage import distance_transform_cdt

    if not made.any() or made.all():
        return None
    depth = distance_transform_cdt(made[_window(made, 1)], "chessboard").max()
    window = _window(made, int(depth))
    hole = made[window]
    known = ~hole if usable is None else usable[window] & ~hole
    values = np.where((hole | known)[..., None], image[window].astype(np.float64).reshape(*hole.shape, -1), 0)
    within, without = (distance_transform_cdt(mask, "chessboard") for mask in (hole, ~hole))
    ring = known & (without <= depth)
    return _Place(values, hole, known, within > MARGIN, ring, ring & (without <= MARGIN))


def _window(made: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Return the rows and columns of the box around a hole and a margin around it."""
    lines = [np.flatnonzero(made.any(axis)) for axis in (1, 0)]
    rows, columns = (slice(max(0, line[0] - margin), line[-1] + margin + 1) for line in lines)
    return rows, columns


def texture_measures(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> dict[str, float | None]:
    """Return `texture_ratio`, `gradient_ratio`, `patch_ratio` and `seam_ratio` by name; see each for the parameters."""
    place = _find_place(image, made, usable)
    return {measure.__name__.lstrip("_"): None if place is None else measure(place) for measure in MEASURES}


def texture_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Energy of the Laplacian in a hole over that in a ring of equal width around it.

    A smooth fill has none, a blurred one too little, a noisy one too much.

    Parameters
    ----------
    image : (M, N[, C]) ndarray of float
        The filled image, in any unit. The energies of channels are summed.
    made : (M, N) ndarray of bool
        True where pixels were made up: the hole.
    usable : (M, N) ndarray of bool, optional
        Pixels outside the hole that may be compared with it, such as the known ones; all by default.

    Returns
    -------
    float or None
        Ratio of the mean squares of the five-point Laplacian at the pixels whose stencil lies at least `MARGIN` pixels
        inside the hole, and at those whose stencil lies in the ring. None where the hole is too small or too narrow for
        50 of them, where the ring is, and where the ring is flat.
    """
    place = _find_place(image, made, usable)
    return None if place is None else _texture_ratio(place)


def gradient_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Energy of the gradient in a hole over that in a ring of equal width around it.

    As `texture_ratio`, with the differences of neighbouring pixels for the Laplacian: it sees coarser texture, too.
    """
    place = _find_place(image, made, usable)
    return None if place is None else _gradient_ratio(place)


def patch_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Distance of the patches in a hole from those in the ring around it, over that between parts of the ring.

    The sliced Wasserstein distance of 7 x 7 patches: the mean over random directions of the distance between the sorted
    projections of the patches (Rabin et al. 2011, doi:10.1007/978-3-642-24785-9_37). It sees brightness and colour more
    than fine texture. The parts are quarters of the ring; the hole's mean distance to one is divided by that between
    two. Samples of one kind differ by chance, the more the smaller the area they come from; a quarter's is about that
    of the hole's inside. With the larger halves, the ratio of untouched pictures spreads twice as widely.

    The parameters and the ring are those of `texture_ratio`. None where the hole's inside or a quarter of the ring has
    fewer than 50 patches, and where all of the ring's are alike.
    """
    place = _find_place(image, made, usable)
    return None if place is None else _patch_ratio(place)


def seam_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Mean absolute step across the border of a hole over that between neighbouring pixels in the ring near the border.

    More than 1 is a visible seam, less a blurred one. The parameters are those of `texture_ratio`. Near is within
    `MARGIN` pixels, as texture and light are not the same all over a ring. None where fewer than 50 steps cross the
    border, where the ring has fewer, and where it is flat there.
    """
    place = _find_place(image, made, usable)
    return None if place is None else _seam_ratio(place)


def _texture_ratio(place: _Place) -> float | None:
    return _ratio(*(_laplacian_energy(place.values, area) for area in (place.inside, place.ring)))


def _gradient_ratio(place: _Place) -> float | None:
    return _ratio(*(np.square(_steps(place.values, area, area)).sum(1) for area in (place.inside, place.ring)))


def _seam_ratio(place: _Place) -> float | None:
    pairs = (_steps(place.values, place.made, place.usable), _steps(place.values, place.border, place.border))
    return _ratio(*(np.abs(steps).sum(1) for steps in pairs))


def _patch_ratio(place: _Place) -> float | None:
    inside, ring = (_patch_centres(area) for area in (place.inside, place.ring))
    quarters = [quarter for half in _halve(ring, 0) for quarter in _halve(half, 1)]
    size = min(PATCHES, *(len(centres) for centres in (inside, *quarters)))
    if size < LEAST:
        return None
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((DIRECTIONS, PATCH * PATCH * place.values.shape[2]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    drawn = (centres[rng.choice(len(centres), size, replace=False)] for centres in (inside, *quarters))
    hole, *others = (np.sort(directions @ _patches(place.values, centres).T) for centres in drawn)
    among = float(np.mean([np.abs(one - other).mean() for one, other in combinations(others, 2)]))
    return float(np.mean([np.abs(hole - other).mean() for other in others])) / among if among else None


def _halve(centres: NDArray[np.intp], axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split pixels (K, 2) into the first half along an axis and the rest."""
    order = np.argsort(centres[:, axis], kind="stable")
    return centres[order[: len(order) // 2]], centres[order[len(order) // 2 :]]


MEASURES = (_texture_ratio, _gradient_ratio, _patch_ratio, _seam_ratio)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> float | None:
    """Return the ratio of two means, None where either is of too few values or the second is 0."""
    if min(len(above), len(below)) < LEAST or not below.any():
        return None
    return float(above.mean() / below.mean())


def _laplacian_energy(values: NDArray[np.float64], area: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the squared Laplacian, summed over channels, at pixels with their four neighbours in an area: (K,)."""
    middle = (slice(1, -1), slice(1, -1))
    sides = ((slice(2, None), middle[1]), (slice(-2), middle[1]), (middle[0], slice(2, None)), (middle[0], slice(-2)))
    whole = np.logical_and.reduce([area[side] for side in (middle, *sides)])
    laplacian = sum(values[side] for side in sides) - 4 * values[middle]
    return np.asarray(np.square(laplacian[whole]).sum(1))


def _steps(values: NDArray[np.float64], one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the differences of pixels side by side, one in each of two areas: (K, C)."""
    steps = []
    for axis in (0, 1):
        first, second = (((part, slice(None)), (slice(None), part))[axis] for part in (slice(-1), slice(1, None)))
        pairs = (one[first] & other[second]) | (other[first] & one[second])
        steps.append(np.diff(values, axis=axis)[pairs])
    return np.concatenate(steps)


def _patch_centres(area: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the row and column of the pixels whose whole patch lies in an area: (K, 2)."""
    from scipy.ndimage import minimum_filter

    return np.argwhere(minimum_filter(area, PATCH, mode="constant", cval=False))


def _patches(values: NDArray[np.float64], centres: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the patches around pixels as rows: (K, 49 C)."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (PATCH, PATCH), axis=(0, 1))
    rows, columns = (centres - PATCH // 2).T
    return np.asarray(windows[rows, columns].reshape(len(centres), -1))
