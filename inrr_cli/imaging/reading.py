"""Read an image file, or standard input, into a `Picture`."""

from __future__ import annotations

import io
import stat
import sys
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from inrr_cli.errors import InputError
from inrr_cli.free_memory import free_memory
from inrr_cli.imaging.axes import Layout, parse_axes
from inrr_cli.imaging.formats import load_format
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.planes import join_channels
from inrr_cli.imaging.shipping import shipment
from inrr_cli.imaging.signatures import HEAD, module_of
from inrr_cli.shortage import describe_shortage

STANDARD = Path("-")  # stands for standard input and standard output
MAX_PIXELS = int(Image.MAX_IMAGE_PIXELS or 2**26)  # of a page; Pillow's limit against decompression bombs


def read_picture(
    path: Path,
    max_pixels: int = MAX_PIXELS,
    axes: str | None = None,
    *,
    like: Layout | None = None,
    indices: bool = False,
) -> Picture:
    """Read an image file; its first bytes decide the format, not its name.

    A TGA has no such bytes: its footer or its name must say it. The pages of the picture are the planes of its layout:
    channels that the file stores on several pages are joined.

    Parameters
    ----------
    path : Path
        File to read, or ``-`` for standard input.
    max_pixels : int
        Largest number of rows times columns of a page that is accepted.
    axes : str, optional
        Letters of the axes, as in "YXC" or "TZYX" (see `Layout`); by default what the file says, or a guess.
    like : Layout, optional
        Layout of the image that this file is the mask or the reference of, for a file that says nothing of its axes.
    indices : bool
        Whether a palette PNG is read as its indices (M, N), to be written with its palette again, instead of as
        colours.

    Raises
    ------
    InputError
        If the file is missing, is no image, is damaged, is too large, or holds unsupported pixels, or the axes do not
        fit its shape.
    """
    axes = None if axes is None else parse_axes(axes)
    return decode(read_bytes(path), path, max_pixels, axes, like=like, indices=indices)


def decode(
    data: bytes,
    path: Path,
    max_pixels: int = MAX_PIXELS,
    axes: str | None = None,
    *,
    like: Layout | None = None,
    indices: bool = False,
) -> Picture:
    """Decode the bytes of an image file; errors name ``path``. The parameters are those of `read_picture`."""
    name = module_of(data, path, whole=True)
    module, is_array = load_format(name), name == "npy"
    said = (axes, like) if is_array else ()  # an array has no pages before its axes are known
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sizes = module.sizes(data, *said)
            for rows, columns, _ in sizes:
                if rows * columns > max_pixels:
                    raise InputError(f"{columns} x {rows} pixels are more than {max_pixels}; see --max-pixels")
            needed, free = sum(size.bytes for size in sizes), free_memory()
            if free is not None and needed > free:
                raise InputError(f"needs {needed / 1e9:.1f} GB of memory, but {free / 1e9:.1f} GB are free")
            palette = {"indices": True} if indices and name == "png" else {}
            picture: Picture = module.read(data, *said, **palette)
            picture = picture if is_array and axes else join_channels(picture, axes, like)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except Exception as error:  # decoders raise many types on damaged files
        if describe_shortage(error, None) is not None:
            raise InputError(f"{path}: does not fit in memory") from None
        raise InputError(f"{path}: damaged or not readable as an image ({one_line(error)})") from None
    return picture


def read_bytes(path: Path) -> bytes:
    """Read a file, one that was shipped, or standard input whole."""
    if (shipped := shipment()) is not None:
        if path not in shipped.inputs:
            raise InputError(f"{path}: was not shipped with the image")
        return _read_stream(io.BytesIO(shipped.inputs[path]), path)
    try:
        if path == STANDARD:
            return _read_stream(sys.stdin.buffer, path)
        mode = path.stat().st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise InputError(f"{path}: is a device; give an image file")
        with path.open("rb") as file:
            return _read_stream(file, path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; give an image file") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read this file") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _read_stream(file: BinaryIO, path: Path) -> bytes:
    if file.isatty():
        raise InputError(f"{path}: standard input is a terminal; pipe an image into it")
    head = file.read(HEAD)
    if not head:
        raise InputError(f"{path}: is empty" + (", or was read already" if path == STANDARD else ""))
    module_of(head, path, whole=False)  # before the rest is read: a pipe may never end
    data, free = bytearray(head), free_memory()
    while chunk := file.read(2**24):
        data += chunk
        if free is not None and len(data) > free:
            raise InputError(f"{path}: does not fit in the {free / 1e9:.1f} GB of memory that are free")
    return bytes(data)


def one_line(error: Exception) -> str:
    """Return an error's message on one line of at most 120 characters."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else f"{text[:117]}..."
