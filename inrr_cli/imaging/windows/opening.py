"""Open an image to be read by window, in the format that it is in."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import STANDARD, one_line
from inrr_cli.imaging.signatures import HEAD, module_of
from inrr_cli.imaging.windows.image import WindowedImage

KEPT = 8  # opened files: an image, a reference and a few masks
ZARR_FILES = ("zarr.json", ".zarray", ".zgroup")
FORMATS = "TIFF, .npy and Zarr are read by window"


def is_directory(path: Path) -> bool:
    """Whether a path is a folder; not where it is too long to be anything."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_zarr(path: Path) -> bool:
    """Return whether a path is the folder of a Zarr array or group."""
    return is_directory(path) and any((path / name).is_file() for name in ZARR_FILES)


def files_of(path: Path) -> list[Path]:
    """Return the file of an image itself, or the files of a Zarr array in order."""
    return sorted(file for file in path.rglob("*") if file.is_file()) if is_directory(path) else [path]


def format_by_window(path: Path) -> str | None:
    """Return "TIFF", "NPY" or "ZARR" for an image that may be read by window; None for others and what is no file."""
    if path == STANDARD:
        return None
    if is_zarr(path):
        return "ZARR"
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return {"tiff": "TIFF", "npy": "NPY"}.get(module_of(file.read(HEAD), path, whole=False))
    except (OSError, InputError):
        return None


def open_windows(path: Path) -> WindowedImage:
    """Open an image, or return the opened one if it has not changed since; each process has its own.

    Raises
    ------
    InputError
        If the image is missing, is damaged, or cannot be read by window; the message says what to do.
    """
    try:
        state = path.stat()
        return _open(path, state.st_mtime_ns, state.st_size, os.getpid())
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except Exception as error:  # decoders raise many types on damaged files
        raise InputError(f"{path}: damaged or not readable as an image ({one_line(error)})") from None


@lru_cache(KEPT)
def _open(path: Path, changed: int, size: int, process: int) -> WindowedImage:
    kind = format_by_window(path)
    if kind == "TIFF":
        from inrr_cli.imaging.windows.tiff import open_tiff  # tifffile is slow to import

        return open_tiff(path)
    if kind == "NPY":
        from inrr_cli.imaging.windows.npy import open_npy

        return open_npy(path)
    if kind == "ZARR":
        from inrr_cli.imaging.windows.zarr import open_zarr

        return open_zarr(path)
    raise InputError(f"cannot be read by window; {FORMATS}")


def count_pixels(path: Path, kind: str) -> int:
    """Return the rows times columns of the first page of an image, from its header; 0 if it is damaged."""
    try:
        if kind == "TIFF":
            import tifffile

            with tifffile.TiffFile(path) as file:
                page = file.pages.first
                return int(page.imagelength) * int(page.imagewidth)  # a damaged tag may hold several numbers
        shape = open_windows(path).shape
    except Exception:  # decoders raise many types; whatever reads the image says what is wrong
        if kind == "ZARR":
            raise
        return 0
    return shape[0] * shape[1]
