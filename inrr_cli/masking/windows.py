"""Masks of an image that is read by window: which samples are missing, and which are neither missing nor known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.opening import open_windows
from inrr_cli.imaging.windows.spans import inside, wider, windows
from inrr_cli.masking import Mask
from inrr_cli.masking.from_file import finite_levels, white_level
from inrr_cli.masking.from_image import is_from_image, mask_from_image, unusable_samples
from inrr_cli.masking.samples import by_channel, to_samples
from inrr_cli.masking.selection import widen

STEP = 1024  # rows and columns of the windows in which a mask is looked through
IN_WINDOWS = ("nan", "nodata")  # masks of the image itself that need no more than a window of it, beside value=V


class Selected(NamedTuple):
    """What a window (h, w[, C]) holds.

    Attributes
    ----------
    missing : ndarray of bool
        Samples to fill.
    ignored : ndarray of bool
        Samples that are neither known nor to be filled.
    kinds : list of (ndarray of bool, str, str)
        Of which kinds the ignored ones are, as in `unusable_samples`; a sample is of one kind.
    """

    missing: Mask
    ignored: Mask
    kinds: list[tuple[Mask, str, str]]


@dataclass(frozen=True)
class FileMask:
    """A mask file whose samples of at least ``level`` are white.

    Attributes
    ----------
    path : Path
    level : float
    white_is_missing : bool
        Whether white, or else black, marks what is missing.
    """

    path: Path
    level: float
    white_is_missing: bool

    def read(self, rows: slice, columns: slice) -> Mask:
        """Return the marked pixels or samples of a window."""
        page = open_windows(self.path).read(rows, columns).pages[0]
        return np.asarray((finite_levels(page) >= self.level) == self.white_is_missing)


@dataclass(frozen=True)
class MaskedImage:
    """An image and its masks; what a worker needs to read any window of them.

    Attributes
    ----------
    path : Path
    from_image : tuple of str
        Masks that are found in the image: "nan", "nodata" or "value=V".
    from_files : tuple of FileMask
    grow : int
        Pixels by which the joined mask is widened.
    """

    path: Path
    from_image: tuple[str, ...]
    from_files: tuple[FileMask, ...]
    grow: int = 0

    @property
    def image(self) -> WindowedImage:
        """The image, opened once by each process."""
        return open_windows(self.path)

    def select(self, rows: slice, columns: slice) -> tuple[Picture | None, Selected]:
        """Return the pixels of a window, if its masks depend on them, and what is missing there."""
        image = self.image
        height, width = image.shape[:2]
        wide = wider(rows, self.grow, height), wider(columns, self.grow, width)
        picture = image.read(*wide) if self._depends_on_pixels() else None
        missing = np.zeros((wide[0].stop - wide[0].start, wide[1].stop - wide[1].start, *image.shape[2:]), bool)
        for source in self.from_image:
            assert picture is not None
            missing |= mask_from_image(source, picture, 0)[0]
        for file in self.from_files:
            missing |= to_samples(file.read(*wide), missing.shape)
        missing = by_channel(partial(widen, by=self.grow), missing)
        kinds: list[tuple[Mask, str, str]] = []
        ignored = np.zeros_like(missing)
        for mask, description, source in [] if picture is None else unusable_samples(picture, 0):
            new = mask & ~missing & ~ignored
            ignored |= new
            kinds.append((new, description, source))
        inner = inside(rows, wide[0]), inside(columns, wide[1])
        if picture is not None:
            alpha = None if picture.alpha[0] is None else picture.alpha[0][inner]
            picture = picture.with_pages([picture.pages[0][inner]], [alpha])
        cut = [(mask[inner], description, source) for mask, description, source in kinds]
        return picture, Selected(missing[inner], ignored[inner], cut)

    def read(self, rows: slice, columns: slice) -> tuple[Pixels, Selected]:
        """Return the pixels (h, w[, C]) of a window, and what is missing there."""
        picture, selected = self.select(rows, columns)
        return (picture or self.image.read(rows, columns)).pages[0], selected

    def _depends_on_pixels(self) -> bool:
        image = self.image
        has_unusable = image.dtype.kind == "f" or image.metadata.nodata is not None or image.has_alpha
        return bool(self.from_image) or has_unusable


def open_masks(
    sources: list[str], image: WindowedImage, grow: int, *, white_is_missing: bool
) -> tuple[MaskedImage, str]:
    """Open the masks of an image, and look through those in files for what is white in them.

    Parameters
    ----------
    sources : list of str
        Mask files, "nan", "nodata" or "value=V".
    image : WindowedImage
    grow : int
        See `MaskedImage`.
    white_is_missing : bool
        Whether white in a file marks missing pixels, or known ones.

    Returns
    -------
    MaskedImage, str
        And a warning, which may be empty.

    Raises
    ------
    InputError
        If a mask cannot be read by window, or does not fit the image.
    """
    files, warnings = [], []
    corner = image.read(slice(0, 1), slice(0, 1))
    for source in sources:
        if is_from_image(source):
            mask_from_image(source, corner, 0)  # raises if the image has no such values
            continue
        file, values = _open_file(Path(source), image, white_is_missing=white_is_missing)
        files.append(file)
        if values > 2:
            text = "the mask has more than two grey values; those from half of white up count as white"
            warnings.append(f"{source}: {text}")
    from_image = tuple(source for source in sources if is_from_image(source))
    return MaskedImage(image.path, from_image, tuple(files), grow), "; ".join(warnings)


def _open_file(path: Path, image: WindowedImage, *, white_is_missing: bool) -> tuple[FileMask, int]:
    """Return a mask file, and its number of values, at most three."""
    mask = open_mask(path, image)
    values = _values(mask)
    level = white_level(values, mask.dtype, mask.metadata.white)
    return FileMask(path, level, white_is_missing != mask.metadata.white_is_zero), len(values)


def open_mask(path: Path, image: WindowedImage) -> WindowedImage:
    """Open a mask file.

    Raises
    ------
    InputError
        If it cannot be read by window, or does not fit the image.
    """
    mask = open_windows(path)
    rows, columns, *channels = mask.shape
    if (rows, columns) != image.shape[:2]:
        raise InputError(
            f"{path}: the mask is {columns} x {rows} but the image is {image.shape[1]} x {image.shape[0]}; "
            "they must have the same size"
        )
    if mask.has_alpha or (channels and mask.shape != image.shape):
        raise InputError(f"{path}: by window a mask has one channel, or those of the image; convert it to grey")
    return mask


def _values(mask: WindowedImage) -> Pixels:
    """Return the values of a mask in ascending order: all if it has at most two, else three with the highest."""
    low, high, has_more = np.inf, -np.inf, False
    for rows, columns in windows(mask.shape, STEP):
        page = finite_levels(mask.read(rows, columns).pages[0])
        least, most = page.min(), page.max()
        has_more |= least < most and bool(((page != least) & (page != most)).any())
        has_more |= len({*_finite(low, high), least, most}) > 2
        low, high = min(low, least), max(high, most)
    return np.array(sorted({low, high} | ({(low + high) / 2} if has_more else set())))


def _finite(*values: float) -> list[float]:
    return [value for value in values if np.isfinite(value)]
