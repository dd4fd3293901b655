"""Read a picture, write a picture, and lose nothing on the way."""

from __future__ import annotations

import importlib
import os
import stat
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically
from inrr_cli.imaging.picture import IDENTITY, Picture, Pixels, PixelTransform
from inrr_cli.imaging.reading import STANDARD as STANDARD
from inrr_cli.imaging.reading import read_bytes
from inrr_cli.machine import free_memory

MAX_PIXELS = int(Image.MAX_IMAGE_PIXELS or 2**26)  # of a page; Pillow's limit against decompression bombs
UNCERTAINTY_SUFFIXES = (".tif", ".tiff", ".png")
FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".npy": "NPY",
}
MAGIC = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "pillow",
    b"RIFF": "pillow",
    b"BM": "pillow",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"\x93NUMPY": "npy",
}
# dtypes, and pairs of channels and whether there is alpha, of the formats that do not hold everything
HELD: dict[str, tuple[tuple[str, ...], tuple[tuple[int, bool], ...]]] = {
    "PNG": (("uint8", "uint16"), ((1, False), (1, True), (3, False), (3, True))),
    "JPEG": (("uint8",), ((1, False), (3, False))),
    "WEBP": (("uint8",), ((3, False), (3, True))),
    "BMP": (("uint8",), ((1, False), (3, False))),
}
SIDE_MOST = {"JPEG": 65500, "WEBP": 16383}


def read_picture(path: Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a PNG, JPEG, WebP, BMP, TIFF or .npy file.

    Parameters
    ----------
    path : Path
        File to read, or ``-``. What it is, its first bytes say.
    max_pixels : int
        Rows times columns of a page that are not refused.

    Raises
    ------
    InputError
        If the file is missing, is no picture, is damaged, too large, or holds a kind of pixels that is not supported.
    """
    return decode(read_bytes(path, tuple(MAGIC)), path, max_pixels)


def decode(data: bytes, path: Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Return the picture in ``data``; errors name ``path``."""
    module = _module(next(name for magic, name in MAGIC.items() if data.startswith(magic)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sizes = module.sizes(data)
            for rows, columns, _ in sizes:
                if rows * columns > max_pixels:
                    raise InputError(f"{columns} x {rows} pixels are more than {max_pixels}; see --max-pixels")
            needed, free = sum(size.bytes for size in sizes), free_memory()
            if free is not None and needed > free:
                raise InputError(f"needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free")
            picture: Picture = module.read(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except MemoryError:
        raise InputError(f"{path}: does not fit in memory") from None
    except Exception as error:  # decoders raise many types on damaged files
        raise InputError(f"{path}: damaged or not readable as an image ({_one_line(error)})") from None
    return picture


def _module(name: str) -> Any:
    """Return a module of ``formats``: its decoders are loaded when they are needed, for the sake of --help."""
    return importlib.import_module(f"inrr_cli.imaging.formats.{name}")


def format_of(path: Path, name: str | None = None) -> str:
    """Format that a file name stands for, or the one that is named (needed for ``-``)."""
    suffix = f".{name}".lower() if name is not None else path.suffix.lower()
    if name is None and path == STANDARD:
        raise InputError("-: standard output needs --format, as in --format png")
    if suffix not in FORMATS:
        what = f"--format {name}" if name is not None else f"{path}: cannot write '{path.suffix}' files"
        raise InputError(f"{what}; use {', '.join(FORMATS)}")
    return FORMATS[suffix]


def check_destination(path: Path, *, force: bool, suffixes: tuple[str, ...] = tuple(FORMATS)) -> None:
    """Raise InputError unless ``path`` can be written: known suffix, a folder to write to, no file in the way."""
    if path == STANDARD:
        if sys.stdout.isatty():
            raise InputError("-: a picture is not written to a terminal; redirect standard output")
        return
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: cannot write '{path.suffix}' files; use {', '.join(suffixes)}")
    try:
        if not path.parent.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
        if path.is_symlink():
            raise InputError(f"{path}: is a symbolic link; give the file it points to")
        there = path.stat().st_mode if path.exists() else None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot write this name ({error})") from None
    if there is not None and stat.S_ISDIR(there):
        raise InputError(f"{path}: is a folder; give a file name")
    if there is not None and not stat.S_ISREG(there):
        raise InputError(f"{path}: is no regular file; give another name")
    if there is not None and not force:
        raise InputError(f"{path}: already exists; use --force to overwrite it or --output to write elsewhere")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: no permission to write in the folder {path.parent}")


def check_holds(kind: str, path: Path, picture: Picture) -> None:
    """Raise InputError unless a format can hold a picture's pixels as they are."""
    page = picture.pages[0]
    channels = 1 if page.ndim == 2 else page.shape[2]
    alpha = picture.alpha[0] is not None
    dtypes, shapes = HELD.get(kind, ((), ()))
    reason = ""
    if kind == "NPY" and len({page.shape for page in picture.pages}) > 1:
        reason = "pages of several sizes"
    elif kind == "TIFF" and page.dtype.name in ("bool", "int64", "uint64"):
        reason = f"{page.dtype} samples here"
    elif kind in HELD and len(picture.pages) > 1:
        reason = f"{len(picture.pages)} pages"
    elif kind in HELD and page.dtype.name not in dtypes:
        reason = f"{page.dtype} samples"
    elif kind in HELD and (channels, alpha) not in shapes:
        reason = f"{channels} channel{'s' * (channels > 1)}{' and alpha' if alpha else ''}"
    elif max(page.shape[:2]) > SIDE_MOST.get(kind, 2**31):
        reason = f"{page.shape[1]} x {page.shape[0]} pixels"
    elif kind == "JPEG":
        reason = _module("pillow").check_metadata(picture.metadata, kind)
    if reason:
        raise InputError(f"{path}: {kind} cannot hold {reason}; write a {_suffix_that_holds(picture)}")


def _suffix_that_holds(picture: Picture) -> str:
    page = picture.pages[0]
    if page.dtype.name in ("bool", "int64", "uint64"):
        return ".npy"
    channels = 1 if page.ndim == 2 else page.shape[2]
    return ".png" if len(picture.pages) == 1 and page.dtype.name in HELD["PNG"][0] and channels in (1, 3) else ".tif"


def lossless_suffix(picture: Picture, source: Path) -> str:
    """Suffix of a file that keeps the source's format where that is lossless."""
    kind = picture.metadata.format
    if not picture.metadata.lossy and FORMATS.get(source.suffix.lower()) == kind and _holds(kind, picture):
        return source.suffix
    return {"TIFF": ".tif", "NPY": ".npy", "BMP": ".bmp" if _holds("BMP", picture) else ".png"}.get(kind, ".png")


def _holds(kind: str, picture: Picture) -> bool:
    try:
        check_holds(kind, Path(), picture)
    except InputError:
        return False
    return True


def encode(
    picture: Picture,
    kind: str,
    *,
    texts: dict[str, str] | None = None,
    quality: int | None = None,
    transform: PixelTransform = IDENTITY,
) -> bytes:
    """Return a picture as the bytes of a file.

    Parameters
    ----------
    picture : Picture
    kind : str
        One of the values of FORMATS; `check_holds` has passed.
    texts : dict, optional
        Latin-1 texts for a PNG, and, as lines, the description of a TIFF that has none.
    quality : int, optional
        1 to 100, of a lossy format.
    transform : PixelTransform
        How the picture lies over the one that was read: its resolution and its place on the ground follow.
    """
    if picture.metadata.orientation >= 5 and picture.metadata.format == kind:  # the file has its columns upright
        transform = PixelTransform(transform.y, transform.x, transform.top, transform.left)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _encode(picture, kind, texts or {}, quality, transform)


def _encode(
    picture: Picture, kind: str, texts: dict[str, str], quality: int | None, transform: PixelTransform
) -> bytes:
    if kind == "PNG":
        return bytes(_module("png").write(picture, texts, transform))
    if kind == "TIFF":
        text = "\n".join(f"{key}: {value}" for key, value in texts.items())
        return bytes(_module("tiff_writer").write(picture, text or None, transform))
    if kind == "NPY":
        return bytes(_module("npy").write(picture))
    return bytes(_module("pillow").write(picture, kind, quality, transform))


def write_picture(path: Path, picture: Picture, *, replace: bool = True) -> None:
    """Write a picture as the suffix says."""
    kind = format_of(path)
    check_holds(kind, path, picture)
    write_bytes(path, encode(picture, kind), replace=replace)


def write_bytes(path: Path, data: bytes, *, replace: bool = True) -> None:
    """Write to a file, whole or not at all, or to the standard output for ``-``."""
    if path == STANDARD:
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(f"-: cannot write to standard output: {error.strerror}") from None
    else:
        write_atomically(path, data, replace=replace)


def uncertainty_picture(path: Path, sigmas: list[Pixels], full_scale: float) -> Picture:
    """Return standard deviations as a picture: float32, or for PNG 16 bits scaled so that 65535 is ``full_scale``.

    Parameters
    ----------
    path : Path
        Where it will be written.
    sigmas : list of (M, N[, C]) ndarray of float32
        In the image's units, >= 0; a page each.
    full_scale : float
        The image's value for white.
    """
    if path.suffix.lower() == ".png":
        levels = [np.clip(np.round(s.astype(np.float64) * (65535 / full_scale)), 0, 65535) for s in sigmas]
        sigmas = [level.astype(np.uint16) for level in levels]
    return Picture.of(sigmas[0]).with_pages(sigmas, [None] * len(sigmas))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else f"{text[:117]}..."
