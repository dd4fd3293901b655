"""Fill the surroundings of damage alone, where that is little of a large image."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.whole import inpaint_whole
from inrr_cli.masking.samples import any_channel, known_channels
from inrr_cli.result import Result, join_parts
from inrr_cli.settings import Settings

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]

BLOCK = 32  # rows and columns of the blocks that are looked at: small beside the margin
# pixels around damage that are looked at, at least: beyond the reach of every search, and enough of the image to learn
# its noise and to hold samples out; fills lose 0.03 dB in the mean against those from all of the image
# (examples/windows.py)
MARGIN = 128
MOST = 0.5  # of the image that windows may be: little is gained beyond
KNOWN_FRACTION = 0.25  # of each channel, without which a window tells too little


def inpaint_windows(image: Pixels, missing: Mask, settings: Settings, control: Control, known: Mask) -> Result:
    """Fill windows around the damage, each as an image of its own; the parameters are those of `inpaint_whole`.

    Images that `find_windows` does not divide are filled as a whole. With ``control.cache``, windows that were filled
    before with the same masks are not filled again.
    """
    windows = windows_of(missing, known, settings)
    if not windows:
        return inpaint_whole(image, missing, settings, control, known)
    restored, sigma = image.copy(), np.zeros(image.shape, np.float32)
    done: dict[tuple[object, ...], Result] = {}
    cache, results = {} if control.cache is None else control.cache, []
    for number, window in enumerate(windows):
        holes = missing[window]
        key = (*_bounds(window), hashlib.sha256(holes.tobytes() + known[window].tobytes()).digest())
        result = cache.get(key)
        if result is None:
            part, pixels = control.part(number, len(windows)), np.ascontiguousarray(image[window])
            result = inpaint_whole(pixels, holes, settings, part, known[window])
        results.append(result)
        restored[window][holes] = result.image[holes]
        if not result.completed:
            break
        done[key] = result
        if result.sigma is not None:
            sigma[window][holes] = result.sigma[holes]
    if control.cache is not None:
        control.cache.clear()
        control.cache.update(done)
    return join_parts(results, restored, sigma, f"{len(windows)} windows around the damage")


def windows_of(missing: Mask, known: Mask, settings: Settings) -> list[Window]:
    """Return the windows that `inpaint_windows` fills; an empty list if it fills the image as a whole."""
    fits_windows = settings.net == "grid" and settings.tile is None and not settings.denoise
    return find_windows(missing, known) if fits_windows and settings.values != "labels" else []


def largest_window(missing: Mask, known: Mask, settings: Settings) -> tuple[int, int] | None:
    """Return the rows and columns of the largest part of an image that is filled by itself; None if that is all."""
    shapes = [missing[window].shape[:2] for window in windows_of(missing, known, settings)]
    return max(shapes, key=lambda shape: shape[0] * shape[1], default=None)


def find_windows(missing: Mask, known: Mask) -> list[Window]:
    """Return windows that hold all missing samples (M, N[, C]) and MARGIN pixels around them, none of which overlap.

    An empty list if they are more than MOST of the image, or if one of them has too few known samples of a channel.
    """
    from scipy import ndimage

    pixels = any_channel(missing)
    shape = pixels.shape
    rows, columns = (range(0, length, BLOCK) for length in shape)
    blocks = np.logical_or.reduceat(np.logical_or.reduceat(pixels, rows, 0), columns, 1)
    if blocks.mean() > MOST:
        return []
    reach = 2 * (MARGIN // BLOCK) + 1
    labels, _ = ndimage.label(ndimage.maximum_filter(blocks, reach), np.ones((3, 3)))
    windows = _disjoint([_bounds(box) for box in ndimage.find_objects(labels)])
    found = [
        np.s_[top * BLOCK : min(bottom * BLOCK, shape[0]), left * BLOCK : min(right * BLOCK, shape[1])]
        for top, bottom, left, right in windows
    ]
    area = sum(pixels[window].size for window in found)
    used, channels = np.atleast_3d(known), known_channels(known)
    if area > MOST * pixels.size or any(used[window].mean((0, 1))[channels].min() < KNOWN_FRACTION for window in found):
        return []
    return found


def _bounds(window: Window) -> tuple[int, int, int, int]:
    rows, columns = window
    return rows.start, rows.stop, columns.start, columns.stop


def _disjoint(boxes: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Join boxes (top, bottom, left, right) that overlap into the box around them, until none overlap."""
    joined: list[tuple[int, int, int, int]] = []
    for box in boxes:
        while True:
            over = [b for b in joined if box[0] < b[1] and b[0] < box[1] and box[2] < b[3] and b[2] < box[3]]
            if not over:
                break
            joined = [b for b in joined if b not in over]
            tops, bottoms, lefts, rights = zip(box, *over, strict=True)
            box = min(tops), max(bottoms), min(lefts), max(rights)
        joined.append(box)
    return sorted(joined)
