"""How close a result is to the truth.

Every number says over which pixels it was taken: ``missing`` tells methods apart, ``known`` is the fit, ``full`` is the
image that is written, ``raw`` is a network's own output everywhere.

What was made up is no nearer to the truth for looking natural. `texture_ratio`, `gradient_ratio`, `patch_ratio` and
`seam_ratio` say whether it looks like the rest, without the truth: they compare the inside of the hole with a ring
around it, and are about 1 for an untouched picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SSIM_WINDOW = 7  # pixels
ONE_SIGMA = 0.6827  # share of a Gaussian within one standard deviation

MARGIN = 8  # pixels of the hole outside its inside: what is nearer to known pixels is easy, and not what one looks at
LEAST = 50  # pixels: the mean square of fewer is off by 20 % (one standard deviation) even where all are independent
PATCH = 7  # pixels, the side of a patch
PATCHES, DIRECTIONS = 2048, 64  # of `patch_ratio`: another seed then changes it by some 3 %


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
        Pixels of the hole with `MARGIN` pixels of the hole between them and the nearest pixel outside.
    ring : (M, N) ndarray of bool
        Usable pixels that are no farther from the hole than its deepest pixel is from them. With the hole's whole width
        instead, the ring of a square would have eight times its area, and light, distance and texture change over it.
        This ring has three times the area, so that its halves differ by chance as much from each other as it does from
        the hole.
    """

    values: NDArray[np.float64]
    made: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    inside: NDArray[np.bool_]
    ring: NDArray[np.bool_]


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
    inside = distance_transform_cdt(hole, "chessboard") > MARGIN
    return _Place(values, hole, known, inside, known & (distance_transform_cdt(~hole, "chessboard") <= depth))


def _window(made: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Return the rows and columns of the box around a hole and a margin around it."""
    rows, columns = (np.flatnonzero(made.any(axis)) for axis in (1, 0))
    return (
        slice(max(0, rows[0] - margin), rows[-1] + margin + 1),
        slice(max(0, columns[0] - margin), columns[-1] + margin + 1),
    )


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> float | None:
    """Return the ratio of two means, None where either is of too few values or the second is 0."""
    if min(len(above), len(below)) < LEAST or not below.any():
        return None
    return float(above.mean() / below.mean())


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
    return None if place is None else _ratio(*(_laplacian(place.values, area) for area in (place.inside, place.ring)))


def _laplacian(values: NDArray[np.float64], area: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the squared Laplacian, summed over channels, at pixels with their four neighbours in an area: (K,)."""
    middle = (slice(1, -1), slice(1, -1))
    sides = ((slice(2, None), middle[1]), (slice(-2), middle[1]), (middle[0], slice(2, None)), (middle[0], slice(-2)))
    whole = np.logical_and.reduce([area[side] for side in (middle, *sides)])
    laplacian = sum(values[side][whole] for side in sides) - 4 * values[middle][whole]
    return np.asarray(np.square(laplacian).sum(1))


def gradient_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Energy of the gradient in a hole over that in a ring of equal width around it.

    As `texture_ratio`, with the differences of neighbouring pixels for the Laplacian: it sees coarser texture, too.
    """
    place = _find_place(image, made, usable)
    if place is None:
        return None
    return _ratio(*(np.square(_steps(place.values, area, area)).sum(1) for area in (place.inside, place.ring)))


def _steps(values: NDArray[np.float64], one: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the differences of pixels side by side, one in each of two areas: (K, C)."""
    found = []
    for axis in (0, 1):
        first, second = (
            tuple(part if axis == along else slice(None) for along in (0, 1)) for part in (slice(-1), slice(1, None))
        )
        pairs = (one[first] & other[second]) | (other[first] & one[second])
        found.append(values[second][pairs] - values[first][pairs])
    return np.concatenate(found)


def seam_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Mean absolute step across the border of a hole over that between neighbouring pixels in a ring around it.

    The parameters and the ring are those of `texture_ratio`. More than 1 is a visible seam, less a blurred one. None
    where fewer than 50 steps cross the border, where the ring has fewer, and where the ring is flat.
    """
    place = _find_place(image, made, usable)
    if place is None:
        return None
    across, beside = _steps(place.values, place.made, place.usable), _steps(place.values, place.ring, place.ring)
    return _ratio(np.abs(across).sum(1), np.abs(beside).sum(1))


def patch_ratio(
    image: NDArray[np.floating], made: NDArray[np.bool_], usable: NDArray[np.bool_] | None = None
) -> float | None:
    """Distance of the patches in a hole from those in a ring around it, over that between two halves of the ring.

    The sliced Wasserstein distance of 7 x 7 patches: the mean over random directions of the distance between the sorted
    projections of as many patches from each (Rabin et al. 2011, doi:10.1007/978-3-642-24785-9_37). The halves are left
    and right, and above and below, and their distances are averaged. All four are estimated from equally many patches:
    chance alone sets samples of one kind apart, and it does so more where there are fewer.

    The parameters and the ring are those of `texture_ratio`. None where the hole's inside, the ring or a half of it has
    fewer than 50 patches, and where all of the ring's are alike.
    """
    place = _find_place(image, made, usable)
    if place is None:
        return None
    inside, ring = (_patch_centres(area) for area in (place.inside, place.ring))
    halves = []
    for axis in (0, 1):
        before = ring[:, axis] < np.median(ring[:, axis]) if len(ring) else np.zeros(0, bool)
        halves.append((ring[before], ring[~before]))
    size = min(PATCHES, *(len(centres) for centres in (inside, *halves[0], *halves[1])))
    if size < LEAST:
        return None
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((PATCH * PATCH * place.values.shape[2], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)

    def distance(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
        first, second = (
            np.sort(_patches(place.values, rng.permutation(centres)[:size]) @ directions, axis=0)
            for centres in (one, other)
        )
        return float(np.abs(first - second).mean())

    by_chance = (distance(*halves[0]) + distance(*halves[1])) / 2
    return distance(inside, ring) / by_chance if by_chance else None


def _patch_centres(area: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the row and column of the pixels whose whole patch lies in an area: (K, 2)."""
    from scipy.ndimage import minimum_filter

    return np.argwhere(minimum_filter(area, PATCH, mode="constant", cval=False))


def _patches(values: NDArray[np.float64], centres: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the patches around pixels as rows: (K, 49 C)."""
    windows = np.lib.stride_tricks.sliding_window_view(values, (PATCH, PATCH), axis=(0, 1))
    rows, columns = (centres - PATCH // 2).T
    return np.asarray(windows[rows, columns].reshape(len(centres), -1))
