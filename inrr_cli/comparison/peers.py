"""Fills of other packages, each called so that it does its best. Importing this module imports none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inrr_cli.imaging.value_range import Pixels, ValueRange, cast, known_range
from inrr_cli.masking import Mask
from inrr_cli.masking.samples import is_of_pixels

Plane = NDArray[np.float64]

BIHARMONIC = "biharmonic"  # the peer that times are compared with

OPENCV_RADIUS = 3  # pixels; of OpenCV's own example, which has no default
# of floats: Telea's fill depends on it, and errs by 1.4 times the span of a slope from 0 to 1, by 0.04 of 0 to 65535
OPENCV_SPAN = np.float32(65535)
# of an image: more would take OpenCV's FSR longer than a few minutes
FSR_SAMPLES_MAXIMUM = {"INPAINT_FSR_FAST": 4_000_000, "INPAINT_FSR_BEST": 100_000}
# pixels around an image, unknown ones: at the very border FSR errs by up to 160 of 255 levels (on half of a photograph
# of 128 x 128, FSR best is at 22.9 dB without, at 27.0 with 16 and at 27.2 with 32)
FSR_MARGIN = 32
# known samples: of more, those far from a hole are left out. To triangulate 260,000 takes a minute, and the triangles
# over a hole end at its border
TRIANGULATED_MAXIMUM = 100_000
TRIANGULATED_REACH = 8  # pixels from a hole, of the samples that are triangulated where there are more


@dataclass(frozen=True)
class Peer:
    """A fill of another package.

    Attributes
    ----------
    title : str
        Name for people.
    package, install : str
        The module that it needs, and the name by which pip installs that.
    fill : callable
        From an image (M, N[, C]) and a mask of its shape to the filled image, of the same type; see `fill_by_peer`.
    remark : callable
        From the same to what the package cannot take and is done instead; empty if it takes the image as it is.
    part : str
        A part of the package that not every build has; empty if none.
    """

    title: str
    package: str
    install: str
    fill: Callable[[Pixels, Mask], Pixels]
    remark: Callable[[Pixels, Mask], str]
    part: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether the package is there, with the part that is needed."""
        found = find_spec(self.package)
        if found is None or not self.part:
            return found is not None
        return any(Path(folder, self.part).is_dir() for folder in found.submodule_search_locations or [])


def fill_by_peer(peer: Peer, image: Pixels, missing: Mask, ignored: Mask | None = None) -> Pixels:
    """Fill an image by a peer.

    Parameters
    ----------
    peer : Peer
    image : (M, N[, C]) ndarray
        Integers or floats; known samples are finite.
    missing : (M, N[, C]) ndarray of bool
        Samples to fill; of the shape of ``image``.
    ignored : (M, N[, C]) ndarray of bool, optional
        Samples that are neither known nor to be filled: they come back as they are, and tell the peer nothing.

    Returns
    -------
    (M, N[, C]) ndarray
        Of the type of ``image``, with the same known samples.

    Raises
    ------
    ValueError
        If the peer leaves a sample that is not finite.
    """
    unknown = missing if ignored is None else missing | ignored
    harmless = image.copy()
    harmless[unknown] = 0  # NaN, or a value of no data, must not leak
    filled = peer.fill(harmless, unknown)
    if not np.isfinite(filled[missing]).all():
        raise ValueError("the fill is not finite everywhere")
    restored = image.copy()
    restored[missing] = filled[missing]
    return restored


def _by_channel(fill: Callable[[Plane, Mask], Plane]) -> Callable[[Pixels, Mask], Pixels]:
    """Return a fill of images (M, N[, C]) that fills each channel by itself as float64."""

    def run(image: Pixels, unknown: Mask) -> Pixels:
        planes, masks = (np.moveaxis(np.atleast_3d(array), 2, 0) for array in (image, unknown))
        pairs = zip(planes, masks, strict=True)
        filled = [fill(np.asarray(plane, np.float64), mask) if mask.any() else plane for plane, mask in pairs]
        return cast(np.stack(filled, 2).reshape(image.shape).astype(np.float64), image.dtype)

    return run


def _opencv(flag: str) -> Callable[[Pixels, Mask], Pixels]:
    """Return OpenCV's fill, which takes 8-bit colours, else one channel of 8 bits, 16 bits or float32."""

    def run(image: Pixels, unknown: Mask) -> Pixels:
        import cv2

        method = getattr(cv2, flag)

        def fill(plane: Pixels, mask: Mask) -> Pixels:
            filled: Pixels = cv2.inpaint(np.ascontiguousarray(plane), mask.astype(np.uint8), OPENCV_RADIUS, method)
            return filled

        if image.dtype == np.uint8 and _is_opencv_colour(image, unknown):
            return fill(image, np.atleast_3d(unknown)[..., 0])
        if image.dtype in (np.uint8, np.uint16):
            return _by_channel(lambda plane, mask: fill(plane.astype(image.dtype), mask))(image, unknown)

        def fill_in_range(plane: Plane, mask: Mask) -> Plane:
            units = known_range(plane, ~mask)  # float32 resolves a far, narrow range badly
            filled = fill(OPENCV_SPAN * units.to_unit(plane), mask)
            return np.asarray(filled.astype(np.float64) / OPENCV_SPAN * units.span + units.low)

        return _by_channel(fill_in_range)(image, unknown)

    return run


def _fsr(flag: str) -> Callable[[Pixels, Mask], Pixels]:
    """Return OpenCV's frequency selective reconstruction (Seiler et al. 2015, doi:10.1109/TIP.2015.2463084).

    What it fills has 8 bits, in one channel or three; of other images, 256 levels of the known range.
    """

    def run(image: Pixels, unknown: Mask) -> Pixels:
        import cv2

        if image.size > FSR_SAMPLES_MAXIMUM[flag]:
            raise ValueError(f"left out: it is slow, and the image has more than {FSR_SAMPLES_MAXIMUM[flag]:,} samples")

        def fill(pixels: Pixels, mask: Mask) -> Pixels:
            margin = [(FSR_MARGIN, FSR_MARGIN)] * 2
            wide = np.pad(pixels, margin + [(0, 0)] * (pixels.ndim - 2))
            known = np.pad(np.where(mask, 0, 255).astype(np.uint8), margin)  # the other way round than cv2.inpaint
            filled = np.zeros_like(wide)
            cv2.xphoto.inpaint(wide, known, filled, getattr(cv2.xphoto, flag))
            inner = slice(FSR_MARGIN, -FSR_MARGIN)
            return filled[inner, inner]

        if image.dtype == np.uint8 and image.ndim == 3 and _is_opencv_colour(image, unknown):
            return fill(image[..., ::-1], unknown[..., 0])[..., ::-1]  # blue first

        def fill_in_range(plane: Plane, mask: Mask) -> Plane:
            units = ValueRange(0.0, 255.0) if image.dtype == np.uint8 else known_range(plane, ~mask)
            levels = np.round(255 * units.to_unit(plane).clip(0, 1)).astype(np.uint8)
            return np.asarray(fill(levels, mask) / 255.0 * units.span + units.low)

        return _by_channel(fill_in_range)(image, unknown)

    return run


def _biharmonic(image: Pixels, unknown: Mask) -> Pixels:
    """Fill by scikit-image's biharmonic equations; all channels at once where they miss the same pixels."""
    from skimage.restoration import inpaint_biharmonic

    units = ValueRange(0.0, 255.0) if image.dtype == np.uint8 else known_range(image, ~unknown)

    def fill(values: Plane, mask: Mask, channel_axis: int | None = None) -> Plane:
        scaled = (values - units.low) / units.span  # the known range, as floats: it clips to that
        filled = inpaint_biharmonic(scaled, np.ascontiguousarray(mask), channel_axis=channel_axis)
        return np.asarray(filled * units.span + units.low, np.float64)

    if image.ndim == 3 and is_of_pixels(unknown):
        return cast(fill(image.astype(np.float64), unknown[..., 0], 2), image.dtype)
    return _by_channel(fill)(image, unknown)


def _interpolated(kind: str) -> Callable[[Pixels, Mask], Pixels]:
    """Return scipy's interpolation over triangles; outside these, the value of the nearest known sample."""

    def fill(plane: Plane, mask: Mask) -> Plane:
        from scipy.interpolate import griddata

        used = ~mask
        if used.sum() > TRIANGULATED_MAXIMUM:
            from scipy.ndimage import distance_transform_cdt

            used &= distance_transform_cdt(~mask, "chessboard") <= TRIANGULATED_REACH
        places, wanted, values = np.argwhere(used), np.argwhere(mask), plane[used]
        found = griddata(places, values, wanted, kind)
        filled = plane.copy()
        filled[mask] = np.where(np.isnan(found), griddata(places, values, wanted, "nearest"), found)
        return filled

    def run(image: Pixels, unknown: Mask) -> Pixels:
        if image.ndim == 3 and is_of_pixels(unknown):  # the triangles of all channels are the same
            return cast(fill(image.astype(np.float64), unknown[..., 0]), image.dtype)
        return _by_channel(fill)(image, unknown)

    return run


def _remark_of_channels(image: Pixels, unknown: Mask) -> str:
    return "takes one channel: each by itself" if image.ndim == 3 else ""


def _remark_of_opencv(image: Pixels, unknown: Mask) -> str:
    if _is_opencv_colour(image, unknown):
        return ""
    alone = image.ndim == 3
    if image.dtype in (np.uint8, np.uint16, np.float32):
        return "takes colour of 8 bits only: each channel by itself" * alone
    return f"takes no {image.dtype}: converted to float32{', each channel by itself' * alone}"


def _remark_of_fsr(image: Pixels, unknown: Mask) -> str:
    if image.dtype == np.uint8:
        return "" if _is_opencv_colour(image, unknown) else "takes one mask for three channels: each by itself"
    alone = ", each channel by itself" if image.ndim == 3 else ""
    return f"takes 8 bits only: 256 levels of the known range{alone}"


def _remark_of_biharmonic(image: Pixels, unknown: Mask) -> str:
    is_split = image.ndim == 3 and not is_of_pixels(unknown)
    return "takes one mask for all channels: each by itself" if is_split else ""


def _is_opencv_colour(image: Pixels, unknown: Mask) -> bool:
    """Whether OpenCV takes an image as it is: grey, or three channels of 8 bits that miss the same pixels."""
    is_colour = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and is_of_pixels(unknown)
    return is_colour or (image.ndim == 2 and image.dtype in (np.uint8, np.uint16, np.float32))


def _maskfill(plane: Plane, mask: Mask) -> Plane:
    """Fill by iterated medians from the border inwards (van Dokkum and Pasha, PASP, 2024)."""
    from maskfill import maskfill

    filled, _ = maskfill(plane, mask)
    return np.asarray(filled, np.float64)


def _gdal(plane: Plane, mask: Mask) -> Plane:
    """Fill by GDAL's fillnodata: inverse distances to known samples, searched for in the whole image."""
    from rasterio.fill import fillnodata

    # not smoothed, as by default: smoothing changes less than 0.1 dB in the mean of nine photographs and masks
    return np.asarray(fillnodata(plane, (~mask).astype(np.uint8), max_search_distance=max(plane.shape)), np.float64)


def _no_remark(image: Pixels, unknown: Mask) -> str:
    return ""


OPENCV, SCIPY = ("cv2", "opencv-contrib-python-headless"), ("scipy", "scipy")
PEERS = {
    "telea": Peer("OpenCV Telea", *OPENCV, _opencv("INPAINT_TELEA"), _remark_of_opencv),
    "navier-stokes": Peer("OpenCV Navier-Stokes", *OPENCV, _opencv("INPAINT_NS"), _remark_of_opencv),
    "fsr": Peer("OpenCV FSR fast", *OPENCV, _fsr("INPAINT_FSR_FAST"), _remark_of_fsr, "xphoto"),
    "fsr-best": Peer("OpenCV FSR best", *OPENCV, _fsr("INPAINT_FSR_BEST"), _remark_of_fsr, "xphoto"),
    BIHARMONIC: Peer("scikit-image biharmonic", "skimage", "scikit-image", _biharmonic, _remark_of_biharmonic),
    "linear": Peer("scipy linear", *SCIPY, _interpolated("linear"), _no_remark),
    "cubic": Peer("scipy cubic", *SCIPY, _interpolated("cubic"), _no_remark),
    "maskfill": Peer("maskfill", "maskfill", "maskfill", _by_channel(_maskfill), _remark_of_channels),
    "gdal": Peer("GDAL fillnodata", "rasterio", "rasterio", _by_channel(_gdal), _remark_of_channels),
}
SLOW = ("fsr-best",)  # about a millisecond a pixel; only if it is named
