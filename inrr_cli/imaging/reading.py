"""Bytes of a file or of standard input, if they can be a picture and there is memory for them."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import BinaryIO

from inrr_cli.errors import InputError
from inrr_cli.machine import free_memory

STANDARD = Path("-")
CHUNK = 2**24


def read_bytes(path: Path, starts: tuple[bytes, ...]) -> bytes:
    """Return what a file or, for ``-``, the standard input holds.

    Parameters
    ----------
    path : Path
    starts : tuple of bytes
        With what it must begin. Something else is refused before the rest is read: it may have no end.

    Raises
    ------
    InputError
        If it cannot be read, is no picture, or does not fit in the free memory.
    """
    try:
        if path == STANDARD:
            return _read(sys.stdin.buffer, path, starts)
        mode = path.stat().st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise InputError(f"{path}: is a device; give an image file")
        with path.open("rb") as file:
            return _read(file, path, starts)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; give an image file") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def _read(file: BinaryIO, path: Path, starts: tuple[bytes, ...]) -> bytes:
    if file.isatty():
        raise InputError(f"{path}: standard input is a terminal; pipe a picture into it")
    head = file.read(max(map(len, starts)))
    if not head:
        raise InputError(f"{path}: is empty" + (", or was read already" if path == STANDARD else ""))
    if not head.startswith(starts):
        raise InputError(f"{path}: not an image that can be read (PNG, JPEG, WebP, BMP, TIFF or .npy)")
    data, free = bytearray(head), free_memory()
    while chunk := file.read(CHUNK):
        data += chunk
        if free is not None and len(data) > free:
            raise InputError(f"{path}: does not fit in memory, of which {free / 1e9:.1f} GB are free")
    return bytes(data)
