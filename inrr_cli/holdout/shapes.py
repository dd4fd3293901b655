"""Hide known samples in the shape of the mask's own holes: what a fill loses there is about what it loses in the holes.

The engines sample what they hide otherwise (`inrr_cli.holdout.sampling`): to compare their fills at each distance, not
to meet the errors of a run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from inrr_cli.masking import Mask
from inrr_cli.masking.samples import is_of_pixels, to_samples

SQUARE = np.ones((3, 3), bool)
RING = 2  # pixels around a shape that must be about as known as those around the hole it was cut from
REACH = 24  # pixels around a missing one that its shape is cut at, at least: a letter is moved whole
CORE_DISTANCE = 2  # pixels; where missing ones are farther from known ones, they are no scattered pixels
DENSITY_WINDOW = 15  # pixels, the side of the square over which scattered pixels are counted
# disagreement of neighbours over that of independent pixels of the same density: scattered pixels have about 1, letters
# and scratches 0.3 to 0.6
SCATTERED = 0.75
SHAPE_BUDGET = 0.1  # of the known samples that shapes hide, at most: similar patches must be left
FEW = 6_000  # samples: of fewer missing ones up to COPIES copies are hidden, for one or two places tell little
COPIES = 6
NEAR = 64  # pixels to move a shape by, if there is room: what is filled in windows then needs no further ones
SCATTERED_BUDGET = 0.06  # of the known samples among scattered ones: more would make the others harder to fill
SCATTERED_RATIO = 20  # hidden samples for each scattered one, at most
MAXIMUM = 20_000  # samples that are hidden, at most: their mean error is known well enough
TRIES = 60  # places that are tried for a shape
RING_LOSS, RING_DIFFERENCE = 0.05, 0.12  # of the known part of a ring: how much less, and how different, may pass


@dataclass(frozen=True)
class _Shape:
    """A piece of a hole, (h, w) with a margin of RING pixels, and the part of its ring that is known."""

    pixels: Mask
    known_share: float


def hide_like_holes(missing: Mask, known: Mask, seed: int) -> Mask:
    """Choose known samples to hide: holes of the mask, turned and moved to known places, and scattered samples.

    A piece of a hole is moved whole, to where its surroundings are about as known as they were. Scattered samples are
    hidden where the mask has such, the more the denser, and few at a time, so that the others are about as hard to fill
    as the mask's own.

    Parameters
    ----------
    missing, known : (M, N) or (M, N, C) ndarray of bool
        Samples to fill, and samples that are known; some may be neither.
    seed : int
        The same seed hides the same samples.

    Returns
    -------
    ndarray of bool, of the same shape
        Without a sample if there is no place, as in a mask that leaves next to nothing.
    """
    rng = np.random.default_rng(seed)
    if missing.ndim == 2:
        return _hide_in_plane(missing, known, rng)
    if is_of_pixels(missing) and is_of_pixels(known):
        return to_samples(_hide_in_plane(missing[..., 0], known[..., 0], rng), missing.shape)
    channels = range(missing.shape[2])
    return np.stack([_hide_in_plane(missing[..., k], known[..., k], rng) for k in channels], 2)


def _hide_in_plane(missing: Mask, known: Mask, rng: np.random.Generator) -> Mask:
    """Choose the samples to hide of one channel (M, N)."""
    hidden = np.zeros_like(missing)
    if not missing.any() or not known.any():
        return hidden
    distance = ndimage.distance_transform_cdt(np.pad(missing, 1, mode="edge"), "chessboard")[1:-1, 1:-1]
    scattered = find_scattered(missing, distance)
    solid = missing & ~scattered
    in_shapes = int(solid.sum())
    wanted = min(SHAPE_BUDGET * int(known.sum()), max(in_shapes, min(COPIES * in_shapes, FEW)), MAXIMUM)
    reach = int(min(max(REACH, 1.5 * int(distance.max())), max(missing.shape) // 3))
    if in_shapes:
        _hide_shapes(hidden, solid, known, reach, wanted, rng)
    _hide_scattered(hidden, scattered, known, rng)
    return hidden


def find_scattered(missing: Mask, distance: NDArray[np.integer]) -> Mask:
    """Return the missing pixels (M, N) that are strewn like independent ones, and belong to no stroke and no hole.

    ``distance`` is the chessboard distance of each to the nearest pixel that is not missing.
    """
    density = ndimage.uniform_filter(missing.astype(np.float32), DENSITY_WINDOW, mode="reflect")
    steps = np.zeros(missing.shape, np.float32)
    steps[:-1] += missing[1:] != missing[:-1]
    steps[:, :-1] += missing[:, 1:] != missing[:, :-1]
    disagreement = ndimage.uniform_filter(steps / 2, DENSITY_WINDOW, mode="reflect")
    roughness = disagreement / np.maximum(2 * density * (1 - density), 1e-3)
    core = ndimage.binary_dilation(distance > CORE_DISTANCE, SQUARE, CORE_DISTANCE)
    return np.asarray(missing & (roughness > SCATTERED) & ~core)


def _hide_shapes(hidden: Mask, solid: Mask, known: Mask, reach: int, wanted: float, rng: np.random.Generator) -> None:
    """Add pieces of the ``solid`` holes (M, N) to ``hidden``, about ``wanted`` samples if there is room."""
    labels, _ = ndimage.label(solid, SQUARE)
    pieces: list[tuple[_Shape, tuple[int, int]]] = []
    size = 0
    while size < wanted:
        for number, place in _choose_places(labels, reach, rng):
            pieces.append((_cut(labels, number, known, place, reach), place))
            size += int(pieces[-1][0].pixels.sum())
            if size >= wanted:
                break
    for shape, origin in sorted(pieces, key=lambda pair: -pair[0].pixels.sum()):  # while there is room for large ones
        placed = _place(shape, known, hidden, origin, rng)
        if placed is not None:
            window, piece = placed
            hidden[window] |= piece & known[window]


def _choose_places(
    labels: NDArray[np.int32], reach: int, rng: np.random.Generator
) -> list[tuple[int, tuple[int, int]]]:
    """Return the number of each hole and its centre, in random order.

    Of a hole that is larger than a piece several pixels are returned, so that all holes count by their area.
    """
    places = np.flatnonzero(labels)
    order = np.argsort(labels.ravel()[places], kind="stable")
    groups = np.split(places[order], np.cumsum(np.bincount(labels.ravel()[places])[1:])[:-1])
    chosen: list[tuple[int, tuple[int, int]]] = []
    for number, (group, box) in enumerate(zip(groups, ndimage.find_objects(labels), strict=True), 1):
        sides = [span.stop - span.start for span in box]
        if max(sides) <= 2 * reach + 1:
            chosen.append((number, ((box[0].start + box[0].stop) // 2, (box[1].start + box[1].stop) // 2)))
            continue
        area = np.prod([max(1.0, side / (2 * reach + 1)) for side in sides])
        count = max(1, round(min(area, len(group) / (2 * reach + 1))))
        chosen += [(number, divmod(int(place), labels.shape[1])) for place in rng.choice(group, count)]
    return [chosen[k] for k in rng.permutation(len(chosen))]


def _cut(labels: NDArray[np.int32], number: int, known: Mask, place: tuple[int, int], reach: int) -> _Shape:
    """Cut the hole ``number``, up to ``reach`` pixels around a place."""
    margin = reach + RING
    rows, columns = (slice(max(0, at - margin), at + margin + 1) for at in place)
    hole = labels[rows, columns] == number
    own = np.zeros_like(hole)
    top, left = (max(0, at - reach) - span.start for at, span in zip(place, (rows, columns), strict=True))
    bottom, right = (at + reach + 1 - span.start for at, span in zip(place, (rows, columns), strict=True))
    own[top:bottom, left:right] = hole[top:bottom, left:right]
    ring = ndimage.binary_dilation(own, SQUARE, RING) & ~hole  # what a cut leaves of the hole is none of it
    share = float(known[rows, columns][ring].mean()) if ring.any() else 1.0
    box = ndimage.find_objects(own.astype(np.uint8))[0]
    return _Shape(np.pad(own[box], RING), share)


def _place(
    shape: _Shape, known: Mask, hidden: Mask, origin: tuple[int, int], rng: np.random.Generator
) -> tuple[tuple[slice, slice], Mask] | None:
    """Find a place for a shape, turned at random: the window of the image and the part of the shape in it.

    Places near its ``origin`` are tried first, and then any.
    """
    for number in range(TRIES):
        piece = np.rot90(shape.pixels, int(rng.integers(4)))
        piece = piece[:, ::-1] if rng.integers(2) else piece
        room = [length - side + RING + 1 for length, side in zip(known.shape, piece.shape, strict=True)]
        if min(room) <= -RING:
            continue
        top, left = (int(rng.integers(-RING, end)) for end in room)
        if number < TRIES // 2:
            reach = NEAR + max(piece.shape)
            starts = [max(-RING, at - side // 2 - reach) for at, side in zip(origin, piece.shape, strict=True)]
            ends = [min(end, at - side // 2 + reach) for at, side, end in zip(origin, piece.shape, room, strict=True)]
            top, left = (int(rng.integers(start, max(start + 1, end))) for start, end in zip(starts, ends, strict=True))
        inner = piece[max(0, -top) :, max(0, -left) :]
        window = np.s_[max(0, top) : top + piece.shape[0], max(0, left) : left + piece.shape[1]]
        inner = inner[: known[window].shape[0], : known[window].shape[1]]
        if _suits(inner, known[window], hidden[window], shape.known_share):
            return window, inner
    return None


def _suits(piece: Mask, known: Mask, hidden: Mask, known_share: float) -> bool:
    """Whether a piece may be hidden in a window of the image, whose arrays these are."""
    ring = ndimage.binary_dilation(piece, SQUARE, RING) & ~piece
    if (hidden & (piece | ring)).any() or not ring.any():
        return False
    share = float(known[ring].mean())
    if known_share < 1 - 2 * RING_DIFFERENCE:  # a hole among scattered missing samples
        return abs(share - known_share) <= RING_DIFFERENCE and bool((piece & known).any())
    return bool(known[piece].mean() > 0.97) and share >= known_share - RING_LOSS


def _hide_scattered(hidden: Mask, scattered: Mask, known: Mask, rng: np.random.Generator) -> None:
    """Add known samples to ``hidden`` that lie among ``scattered`` ones, as often as these lie among known ones."""
    if not scattered.any():
        return
    missing_density, known_density = (
        ndimage.uniform_filter(mask.astype(np.float32), DENSITY_WINDOW, mode="reflect") for mask in (scattered, known)
    )
    free = known & ~hidden & (missing_density > 1 / DENSITY_WINDOW**2)
    odds = np.where(free, missing_density / np.maximum(known_density, 1e-6), 0.0)
    wanted = min(SCATTERED_BUDGET * int(free.sum()), SCATTERED_RATIO * int(scattered.sum()), MAXIMUM)
    if odds.any():
        hidden |= rng.random(known.shape) < np.minimum(odds * (wanted / odds.sum()), 5 * SCATTERED_BUDGET)
