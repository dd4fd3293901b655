"""What was filled, as it is kept: the values of the filled pixels alone, for an image may be large and fills many."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking import Mask
from inrr_cli.page.bits import Window
from inrr_cli.result import Result
from inrr_cli.settings import Settings

KEPT_BYTES = 2**29  # of filled values; the newest version is always kept
KEPT_VERSIONS = 50  # more than anyone steps back through


class GoneError(InputError):
    """A version or a job that is not known, or is no longer kept."""


@dataclass(frozen=True, eq=False)
class Version:
    """A fill.

    Attributes
    ----------
    number : int
        From 1.
    window : Window
        The smallest that holds all filled pixels.
    missing : (M, N) ndarray of bool
        Filled pixels in the window; there are K.
    values : (K[, C]) ndarray
        What the first variant has there, row by row, in the image's own type.
    sigma : (K[, C]) ndarray of float32, or None
        One standard deviation of each, if there is one.
    made : (K,) ndarray of bool, or None
        Which of them are made up, if texture was asked for.
    further : tuple of (J[, C]) ndarray
        What each further variant has in place of those that are made up.
    result : Result
        All else of the result; its arrays are empty.
    settings : Settings
        Of the first variant.
    notes : list of str
        What the user is told.
    """

    number: int
    window: Window
    missing: Mask
    values: Pixels
    sigma: NDArray[np.float32] | None
    made: NDArray[np.bool_] | None
    further: tuple[Pixels, ...]
    result: Result
    settings: Settings
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, number: int, mask: Mask, result: Result, settings: Settings, notes: list[str]) -> Version:
        """Keep what a result has at the pixels of a mask (M, N); the others are those of the image."""
        window = Window.of(mask)
        missing = mask[window.slices]
        sigma = result.sigma_filled if result.sigma is None else result.sigma[mask]
        values = result.image[window.slices][missing]
        bare = replace(result, image=result.image[:0], sigma=None, sigma_filled=None, raw=None, made=None, variants=())
        return cls(
            number,
            window,
            missing.copy(),
            values,
            None if sigma is None else sigma.reshape(values.shape),
            None if result.made is None else result.made[window.slices][missing],
            result.variants,
            replace(bare, image=bare.image.copy()),
            settings,
            notes,
        )

    @property
    def variants(self) -> int:
        """Number of variants."""
        return 1 + len(self.further)

    @property
    def nbytes(self) -> int:
        """Bytes that the version takes."""
        arrays = (self.missing, self.values, self.sigma, self.made, *self.further)
        return sum(array.nbytes for array in arrays if array is not None)

    @cached_property
    def sigma_of_pixels(self) -> NDArray[np.float32] | None:
        """The root mean square of the error bars of each filled pixel: (K,), or None."""
        if self.sigma is None or self.sigma.ndim == 1:
            return self.sigma
        with np.errstate(over="ignore"):
            return np.asarray(np.sqrt(np.square(self.sigma).mean(1)), np.float32)

    @cached_property
    def sigma_high(self) -> float | None:
        """The largest finite error bar of a pixel, None if there is none above 0."""
        sigma = self.sigma_of_pixels
        finite = None if sigma is None else sigma[np.isfinite(sigma)]
        return float(finite.max()) if finite is not None and finite.size and finite.max() > 0 else None

    def check(self, variant: int) -> None:
        """Raise GoneError unless there is such a variant, from 0."""
        if not 0 <= variant < self.variants:
            raise GoneError(f"this fill has {self.variants} variants, from 0 on; there is no variant {variant}")

    def values_of(self, variant: int) -> Pixels:
        """Return the values (K[, C]) of a variant, from 0."""
        self.check(variant)
        if variant == 0:
            return self.values
        values = self.values.copy()
        values[self.made] = self.further[variant - 1]
        return values

    def insert(self, target: Pixels, rows: slice, columns: slice, values: Pixels) -> None:
        """Put values (K[, C]) of the filled pixels into a part of the page, which is given by its rows and columns."""
        top, left = max(rows.start, self.window.top), max(columns.start, self.window.left)
        bottom = min(rows.stop, self.window.top + self.window.height)
        right = min(columns.stop, self.window.left + self.window.width)
        if top >= bottom or left >= right:
            return
        band = self.missing[top - self.window.top : bottom - self.window.top]
        first, last = self._row_ends[[top - self.window.top, bottom - self.window.top]]
        places = np.nonzero(band)[1] + self.window.left
        inside = (left <= places) & (places < right)
        part = target[top - rows.start : bottom - rows.start, left - columns.start : right - columns.start]
        part[band[:, left - self.window.left : right - self.window.left]] = values[first:last][inside]

    @cached_property
    def _row_ends(self) -> NDArray[np.int64]:
        """Numbers of filled pixels above each row of the window, and of all."""
        return np.concatenate([[0], np.cumsum(self.missing.sum(1))])

    def part_of(self, page: Pixels, rows: slice, columns: slice, variant: int) -> Pixels:
        """Return a part of a page (M, N[, C]) with what the variant has filled in."""
        part = page[rows, columns].copy()
        self.insert(part, rows, columns, self.values_of(variant))
        return part

    def mask(self, shape: tuple[int, ...]) -> Mask:
        """Return the mask of the fill, of an image of this shape."""
        mask = np.zeros(shape[:2], bool)
        mask[self.window.slices] = self.missing
        return mask

    def restore(self, page: Pixels, variant: int) -> Result:
        """Return the result of a variant, with the whole image."""
        rows, columns = (slice(0, size) for size in page.shape[:2])
        image, made = self.part_of(page, rows, columns, variant), None
        if self.made is not None:
            made = np.zeros(page.shape[:2], bool)
            self.insert(made, rows, columns, self.made)
        sigma = None if self.sigma is None else self.sigma.reshape(-1)
        return replace(self.result, image=image, sigma_filled=sigma, made=made)


class Versions:
    """The newest versions of a session, as many as fit in KEPT_BYTES."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[int, Version] = OrderedDict()

    def add(self, version: Version) -> None:
        """Keep a version; the oldest go."""
        with self._lock:
            self._kept[version.number] = version
            while len(self._kept) > 1 and (
                len(self._kept) > KEPT_VERSIONS or sum(kept.nbytes for kept in self._kept.values()) > KEPT_BYTES
            ):
                self._kept.popitem(last=False)

    def newest(self) -> Version | None:
        """Return the newest version, None before the first."""
        with self._lock:
            return next(reversed(self._kept.values()), None)

    def __getitem__(self, number: int) -> Version:
        """Return a version.

        Raises
        ------
        GoneError
            If it is not kept.
        """
        with self._lock:
            if number not in self._kept:
                raise GoneError(f"there is no version {number}, or it is no longer kept; fill again")
            return self._kept[number]
