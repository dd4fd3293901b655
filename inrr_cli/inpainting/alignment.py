"""Align the slices of a volume: what moves from slice to slice is moved back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import Pixels, cast

Part = tuple[Pixels, NDArray[np.bool_]]  # (M, N, C) samples and the mask of known ones
Flow = NDArray[np.float64]  # (2, M, N): rows and columns to move by

RADIUS = 7  # pixels around each whose movement is one; empirical


def align_slices(parts: list[Part], offsets: Sequence[int]) -> list[Part]:
    """Move slices so that each pixel lies where it does in a slice that may be missing.

    The movement between the nearest slices before and after it is found by iterated Lucas-Kanade optical flow (Le
    Besnerais and Champagnat 2005, doi:10.1109/ICIP.2005.1529706), and taken to be steady. At an end of the stack it is
    taken to go on as between the two nearest slices.

    Parameters
    ----------
    parts : list of (M, N, C) ndarray and (M, N, C) ndarray of bool
        At least two slices in their order, and which samples are known.
    offsets : list of int
        Number of each slice from the one that stays, which may be among them as 0.
    """
    others = [offset for offset in offsets if offset]
    pair = sorted(sorted(others, key=abs)[:2])
    if min(others) < 0 < max(others):
        pair = [max(n for n in others if n < 0), min(n for n in others if n > 0)]
    before, after = (offsets.index(offset) for offset in pair)
    flow = _flow(_view(parts, before), _view(parts, after)) / (pair[1] - pair[0])  # per slice, where ``before`` is
    flow = _warp(flow, flow * pair[0])
    return [_move(part, flow * offset) if offset else part for part, offset in zip(parts, offsets, strict=True)]


def prediction_error(parts: list[Part], number: int) -> float:
    """Return the mean squared difference of the known samples of a slice from the mean of the slices beside it."""
    pixels, known = parts[number]
    beside = [parts[n] for n in (number - 1, number + 1) if 0 <= n < len(parts)]
    both = known & np.all([mask for _, mask in beside], 0)
    if not both.any():
        return np.inf
    mean = np.mean([values[both].astype(np.float64) for values, _ in beside], 0)
    return float(np.square(mean - pixels[both]).mean())


def _view(parts: list[Part], number: int) -> NDArray[np.float64]:
    """Return a slice as grey values (M, N), what is unknown from the nearest slice that knows it, else the mean."""
    order = sorted(range(len(parts)), key=lambda n: (abs(n - number), n))
    view, known = (np.zeros(parts[0][0].shape[:2]), np.zeros(parts[0][0].shape[:2], bool))
    for n in order:
        new = parts[n][1].all(2) & ~known
        view[new] = parts[n][0][new].astype(np.float64).mean(1)
        known |= new
    view[~known] = view[known].mean() if known.any() else 0.0
    return view


def _flow(reference: NDArray[np.float64], moving: NDArray[np.float64]) -> Flow:
    from skimage.registration import optical_flow_ilk

    spread = float(np.subtract(*np.quantile(reference, (0.99, 0.01)))) or 1.0
    first, second = (
        ((view - np.median(reference)) / spread).clip(-2, 2).astype(np.float32) for view in (reference, moving)
    )
    return np.asarray(optical_flow_ilk(first, second, radius=RADIUS), np.float64)


def _warp(values: NDArray[np.float64], by: Flow, order: int = 1) -> NDArray[np.float64]:
    """Return planes (K, M, N) at the places that ``by`` points to."""
    from scipy.ndimage import map_coordinates

    places = np.indices(by.shape[1:]) + by
    return np.stack([map_coordinates(plane, places, order=order, mode="nearest") for plane in values])


def _nearest(plane: Pixels, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return a plane (M, N) with the nearest known sample in place of each unknown one; zeros if none is known."""
    from scipy.ndimage import distance_transform_edt

    if not known.any():
        return np.zeros(plane.shape)
    index = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(plane[tuple(index)], np.float64)


def _move(part: Part, by: Flow) -> Part:
    """Return a slice at the places that ``by`` points to; a sample is known if all around that place are."""
    pixels, known = part
    # a spline rings around a jump, so what is unknown is as the nearest known sample
    planes = np.stack([_nearest(pixels[..., k], known[..., k]) for k in range(pixels.shape[2])])
    moved = np.moveaxis(_warp(planes, by, order=3), 0, 2)
    still = np.moveaxis(_warp(np.moveaxis(known, 2, 0).astype(np.float64), by), 0, 2) > 1 - 1e-6
    return cast(moved.clip(planes.min(), planes.max()), pixels.dtype), still
