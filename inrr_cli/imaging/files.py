"""Read a picture, read a mask, write a picture, and lose nothing on the way."""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from inrr_cli.errors import InputError

UNCERTAINTY_SUFFIXES = (".tif", ".tiff", ".png")
WRITABLE = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


@dataclass(frozen=True)
class Picture:
    """Pixels of a file the way up a person sees it, (M, N[, 3]) uint8, and its colour profile."""

    pixels: NDArray[np.uint8]
    icc_profile: bytes | None = None


def read_picture(path: Path) -> Picture:
    """Read an 8-bit grey or RGB PNG or JPEG.

    Parameters
    ----------
    path : Path
        File to read. EXIF orientation is applied.

    Raises
    ------
    InputError
        If the file is missing, is no picture, is damaged, or holds another kind of pixels.
    """
    opened = _open(path)
    if opened.format not in ("PNG", "JPEG"):
        raise InputError(f"{path}: {opened.format} is not supported; convert it to PNG or JPEG")
    if opened.mode not in ("L", "RGB") or "transparency" in opened.info:
        kind = opened.mode if opened.mode not in ("L", "RGB") else f"{opened.mode} with transparency"
        raise InputError(f"{path}: pixels are {kind}; convert them to 8-bit grey or RGB")
    return Picture(np.asarray(ImageOps.exif_transpose(opened)), opened.info.get("icc_profile"))


def read_mask(path: Path, shape: tuple[int, int], *, white_is_missing: bool = True) -> tuple[NDArray[np.bool_], str]:
    """Read a mask of any mode Pillow knows.

    Parameters
    ----------
    path : Path
        A picture of two values, the higher one white; anything else is cut at half of white.
    shape : (int, int)
        Rows and columns it must have.
    white_is_missing : bool
        Whether white marks the missing pixels or the known ones.

    Returns
    -------
    (M, N) ndarray of bool, str
        True where the pixel is missing, and a warning or the empty string.

    Raises
    ------
    InputError
        If the file cannot be read or its size is another.
    """
    grey = np.asarray(ImageOps.exif_transpose(_open(path)).convert("L"))
    if grey.shape != shape:
        raise InputError(
            f"{path}: the mask is {_size(grey.shape)} but the image is {_size(shape)}; they must have the same size"
        )
    values = np.unique(grey)
    warning = ""
    if len(values) == 2:
        white = grey == values[1]
    else:
        white = grey >= 128
        if len(values) > 2:
            warning = f"{path}: the mask has {len(values)} grey values; those from 128 up count as white"
    return (white if white_is_missing else ~white), warning


def check_destination(path: Path, *, force: bool, suffixes: tuple[str, ...] = tuple(WRITABLE)) -> None:
    """Raise InputError unless ``path`` can be written: known suffix, an existing folder, no file in the way."""
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: cannot write '{path.suffix}' files; use {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a file name")
    if path.exists() and not force:
        raise InputError(f"{path}: already exists; use --force to overwrite it or --output to write elsewhere")


def write_picture(path: Path, picture: Picture) -> None:
    """Write ``picture`` as the suffix says; PNG keeps every pixel, JPEG re-encodes them at quality 95."""
    image = Image.fromarray(picture.pixels)
    options: dict[str, Any] = {"icc_profile": picture.icc_profile} if picture.icc_profile else {}
    kind = WRITABLE[path.suffix.lower()]
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": 0}
    encoded = io.BytesIO()
    image.save(encoded, kind, **options)
    write_atomically(path, encoded.getbuffer())


def write_uncertainty(path: Path, sigma: NDArray[np.float32], full_scale: float) -> None:
    """Write standard deviations: float32 TIFF as they are, or 16-bit PNG scaled so that 65535 is ``full_scale``.

    Parameters
    ----------
    path : Path
        Ends in one of UNCERTAINTY_SUFFIXES.
    sigma : (M, N[, 3]) ndarray of float32
        In the image's units, >= 0.
    full_scale : float
        The image's value for white.
    """
    encoded = io.BytesIO()
    if path.suffix.lower() == ".png":
        import imagecodecs

        levels = np.clip(np.round(sigma.astype(np.float64) * (65535 / full_scale)), 0, 65535).astype(np.uint16)
        encoded.write(imagecodecs.png_encode(levels))
    else:
        import tifffile

        photometric = "minisblack" if sigma.ndim == 2 else "rgb"
        tifffile.imwrite(encoded, sigma, photometric=photometric, compression="zlib", metadata=None)
    write_atomically(path, encoded.getbuffer())


def write_atomically(path: Path, data: bytes | memoryview) -> None:
    """Write to a temporary file beside ``path`` and move it into place once it is whole and on disk."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot write here: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot write: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _open(path: Path) -> Image.Image:
    """Open and decode a file with Pillow; every failure is an InputError that names it."""
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(file)
            image.load()
            return image
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; give an image file") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it") from None
    except UnidentifiedImageError:
        raise InputError(f"{path}: not an image that can be read") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise InputError(f"{path}: more than {Image.MAX_IMAGE_PIXELS} pixels; cut it into parts") from None
    except Exception as error:  # Pillow's decoders raise many types on damaged files
        raise InputError(f"{path}: damaged or not readable as an image ({error})") from None


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"
