"""Size of an enlarged image, and the part of it that is wanted. Importing this module does not import torch."""

from __future__ import annotations

from dataclasses import dataclass

from inrr_cli.errors import InputError
from inrr_cli.solvers.blend_tiles import Window

SCALE_LIMIT = 64  # a result at a larger scale has no detail that the input supports
ANISOTROPY_LIMIT = 4  # scale along one axis over that along the other; empirical


@dataclass(frozen=True)
class Target:
    """Size of the enlarged image and the part that is wanted; `make_target` returns it.

    Attributes
    ----------
    size : (int, int)
        Rows and columns of the whole enlarged image.
    window : ((int, int), (int, int))
        The wanted part: first row and the one after the last, and the same of columns.
    """

    size: tuple[int, int]
    window: Window

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        (top, bottom), (left, right) = self.window
        return bottom - top, right - left

    @property
    def is_whole(self) -> bool:
        """Whether the window is the whole enlarged image."""
        return self.shape == self.size


def check_scale(scale: float | None, size: tuple[int, int] | None) -> None:
    """Raise InputError unless one of ``scale`` and ``size`` is given, and ``scale`` is in its range."""
    if (scale is None) == (size is None):
        raise InputError("give either --scale or --size" if scale is None else "give --scale or --size, not both")
    if scale is not None and not 1 < scale <= SCALE_LIMIT:
        raise InputError(f"scale must be above 1 and at most {SCALE_LIMIT}, got {scale:g}")


def make_target(
    shape: tuple[int, ...],
    scale: float | None = None,
    *,
    size: tuple[int, int] | None = None,
    crop: tuple[int, int, int, int] | None = None,
) -> Target:
    """Return the target for an image of ``shape`` (M, N[, C]); the other parameters are those of `superres`.

    Raises
    ------
    InputError
        If the image would not be enlarged, or be enlarged too much, or the crop is not inside the enlarged image.
    """
    check_scale(scale, size)
    rows, columns = shape[:2]
    if scale is not None:
        size = max(round(rows * scale), rows), max(round(columns * scale), columns)
    assert size is not None
    height, width = size
    wanted, given = f"a size of {width} x {height}", f"{columns} x {rows}"
    if height < rows or width < columns or size == (rows, columns):
        raise InputError(f"{wanted} does not enlarge {given} pixels; give at least as many of both, and more of one")
    if height > SCALE_LIMIT * rows or width > SCALE_LIMIT * columns:
        raise InputError(f"{wanted} is more than {SCALE_LIMIT} times {given}")
    if not 1 / ANISOTROPY_LIMIT <= height * columns / (width * rows) <= ANISOTROPY_LIMIT:
        limit = f"more than {ANISOTROPY_LIMIT} times as much as the other"
        raise InputError(f"{wanted} enlarges one axis of {given} {limit}")
    if crop is None:
        return Target(size, ((0, height), (0, width)))
    left, top, crop_width, crop_height = crop
    bottom, right = top + crop_height, left + crop_width
    if min(left, top) < 0 or min(crop_width, crop_height) < 1 or right > width or bottom > height:
        wanted = f"a crop of {crop_width} x {crop_height} pixels at {left},{top}"
        raise InputError(f"{wanted} is not inside the enlarged {width} x {height}")
    return Target(size, ((top, bottom), (left, right)))
