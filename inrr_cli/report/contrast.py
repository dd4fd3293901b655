"""How the values of an image become colours on a screen, and back to values in the lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging import colour_maps
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.report.numbers import in_digits
from inrr_cli.value_kind import parse_values

QUANTILES = 0.005, 0.995  # of the known samples: a few stars or dead pixels do not darken the rest
FLAT = 32  # levels of 8 bits: an image of fewer is stretched, for the eye would see next to nothing
LARGEST_SAMPLE = 2_000_000  # samples that quantiles are taken of; more change them by less than a level
ROWS = 256  # that are converted at a time, for 64-bit floats of a large image take much memory
HATCH = 6  # pixels; the period of the hatching where there is no value
NO_VALUE = np.array([[150, 146, 160], [116, 111, 130]], np.uint8)  # its two colours
CHECKS = np.array([255, 214], np.uint8)  # grey levels beneath transparent pixels, in squares of CHECK pixels
CHECK = 8


@dataclass(frozen=True)
class Scale:
    """Values that the first and the last colour of a table stand for.

    Attributes
    ----------
    low, high : float
    colours : (256, 3) ndarray of uint8
    """

    low: float
    high: float
    colours: colour_maps.Colours

    def view(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Return colours (M, N, 3) of values (M, N); values beyond the scale have its ends, and NaN is hatched."""
        return _hatched(self.colours[to_levels(values, self.low, self.high)], ~np.isfinite(values))


@dataclass(frozen=True)
class Contrast:
    """How an image is shown.

    Attributes
    ----------
    scale : Scale
        Of grey images and of each of three colours; of angles from 0 to the period.
    values : {"linear", "labels", "angle"}
    channel : int or None
        The channel that is shown; None where all three are.
    caption : str
        What the colours mean, in a sentence.
    """

    scale: Scale
    values: str
    channel: int | None
    caption: str

    @property
    def is_inverted(self) -> bool:
        """Whether the lowest value is white."""
        return self.values == "linear" and bool(self.scale.colours[0, 0])

    @property
    def is_exact(self) -> bool:
        """Whether the values are the colours: 8 bits as they are stored."""
        return self.values == "linear" and (self.scale.low, self.scale.high) == (0.0, 255.0) and not self.is_inverted

    def view(self, pixels: Pixels, opacity: NDArray[np.float32] | None = None) -> NDArray[np.uint8]:
        """Return an image (M, N[, C]) as colours (M, N, 3), over a chequered ground where it is transparent."""
        shown = pixels if pixels.ndim == 2 or self.channel is None else pixels[..., self.channel]
        if self.values == "labels":
            view = _label_colours(shown)
        elif shown.ndim == 2:
            finite = np.mod(shown, self.scale.high) if self.values == "angle" else shown
            view = self.scale.view(np.asarray(finite))
        else:
            lost = np.asarray(~np.isfinite(shown).all(2))
            view = _hatched(to_levels(shown, self.scale.low, self.scale.high), lost)
        return view if opacity is None else _over_checks(view, opacity)


def choose_contrast(
    pixels: Pixels,
    known: NDArray[np.bool_],
    *,
    values: str = "linear",
    inverted: bool = False,
    missing: NDArray[np.bool_] | None = None,
) -> Contrast:
    """Return how to show an image, from its known samples.

    Parameters
    ----------
    pixels : (M, N[, C]) ndarray
    known : (M, N[, C]) ndarray of bool
    values : str
        As `inrr_cli.settings.Settings.values`.
    inverted : bool
        Whether the lowest value is white, as in some TIFFs.
    missing : (M, N[, C]) ndarray of bool, optional
        Of many channels the one that misses most is shown; the first by default.
    """
    channel, name = _choose_channel(pixels, missing)
    kind = parse_values(values)
    if kind.name == "labels":
        return Contrast(Scale(0, 255, colour_maps.grey()), "labels", channel or 0, f"A colour for each label{name}.")
    if kind.name == "angle":
        caption = f"Angles from 0 to {kind.period:g} on a circle of colours{name}."
        return Contrast(Scale(0.0, kind.period, colour_maps.cyclic()), "angle", channel or 0, caption)
    low, high, how = _choose_range(pixels, known, channel)
    colours = colour_maps.grey()[::-1] if inverted else colour_maps.grey()
    white = "black" if inverted else "white"
    caption = (
        f"Shown as stored{name}."
        if not how
        else f"Shown from {in_digits(low, 5)} to {in_digits(high, 5)} ({white}){name}, {how}."
    )
    return Contrast(Scale(low, high, colours), "linear", channel, caption)


def to_levels(values: Pixels, low: float, high: float) -> NDArray[np.uint8]:
    """Return 0 for values up to ``low``, 255 from ``high`` on, and levels between; 0 for NaN."""
    if values.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return values
    levels = np.empty(values.shape, np.uint8)
    for top in range(0, len(values), ROWS):
        part = values[top : top + ROWS].astype(np.float64)
        with np.errstate(all="ignore"):  # signalling NaN, and values far out of the range
            unit = (part - low) * (255 / max(high - low, 1e-300))
        levels[top : top + ROWS] = np.round(np.nan_to_num(unit, nan=0.0).clip(0, 255))
    return levels


def robust_limits(samples: NDArray[np.floating], quantiles: tuple[float, float] = QUANTILES) -> tuple[float, float]:
    """Return the quantiles of the finite samples, 0 and 1 if there is none, and one more than a single value."""
    found = samples[:: max(1, samples.size // LARGEST_SAMPLE)].astype(np.float64)
    found = found[np.isfinite(found)]
    if not found.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.quantile(found, quantiles, method="nearest"))
    return (low, high) if high > low else (low, low + max(1.0, abs(low)))


def _choose_channel(pixels: Pixels, missing: NDArray[np.bool_] | None) -> tuple[int | None, str]:
    """Return the channel to show and what to say of it; None of grey and of three colours."""
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return None, ""
    by_pixel = missing is None or missing.ndim == 2
    counts = np.zeros(pixels.shape[2]) if by_pixel or missing is None else missing.sum((0, 1))
    channel = int(np.argmax(counts))
    return channel, f" (channel {channel + 1} of {pixels.shape[2]}{', which misses most' if counts.any() else ''})"


def _choose_range(pixels: Pixels, known: NDArray[np.bool_], channel: int | None) -> tuple[float, float, str]:
    """Return the values for black and white, and why these; the empty string for 8 bits as they are."""
    if channel is not None:
        pixels, known = pixels[..., channel], known if known.ndim == 2 else known[..., channel]
    samples = pixels[known]
    if pixels.dtype == np.uint8:
        if not samples.size or int(samples.max()) - int(samples.min()) >= FLAT:
            return 0.0, 255.0, ""
        low, high = float(samples.min()), float(samples.max())
        return low, max(high, low + 1), "all known values, for they are few"
    low, high = robust_limits(samples)
    return low, high, "the middle 99 % of the known samples; values beyond have the colours of the ends"


def _label_colours(labels: Pixels) -> NDArray[np.uint8]:
    """Return a colour for each label; one that is not finite is hatched."""
    if labels.ndim == 3:
        labels = labels[..., 0]
    lost = ~np.isfinite(labels)
    with np.errstate(invalid="ignore"):
        ids, places = np.unique(np.where(lost, 0, labels).astype(np.int64), return_inverse=True)
    return _hatched(colour_maps.categories(ids)[places.reshape(labels.shape)], lost)


def _hatched(view: NDArray[np.uint8], lost: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a view with diagonal lines where there is no value."""
    if not lost.any():
        return view
    rows, columns = np.nonzero(lost)
    hatched = view.copy()
    lines = NO_VALUE[((rows + columns) % HATCH < HATCH // 2).astype(int)]
    hatched[rows, columns] = lines if view.ndim == 3 else lines[:, 0]
    return hatched


def _over_checks(view: NDArray[np.uint8], opacity: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Lay a view over a chequered ground."""
    if (opacity >= 1).all():
        return view
    rows, columns = np.indices(opacity.shape)
    ground = CHECKS[(rows // CHECK + columns // CHECK) % 2][..., None]
    share = opacity[..., None]
    return np.asarray(np.round(share * view + (1 - share) * ground), np.uint8)
