"""Write a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from inrr_cli.errors import InputError


def write_atomically(path: Path, data: bytes | memoryview, *, replace: bool = True) -> None:
    """Write to a temporary file beside ``path``, flush it to disk, and move it into place.

    Parameters
    ----------
    path : Path
    data : bytes
    replace : bool
        Whether to overwrite an existing file, whose permissions are kept.

    Raises
    ------
    InputError
        If the file cannot be written. ``path`` is then unchanged and the temporary file removed.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".inrr-", dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot write in this folder: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_permissions(path))
        if replace or not _link(temporary, path):
            temporary.replace(path)
        _sync_folder(path.parent)
    except FileExistsError:
        raise InputError(f"{path}: has appeared in the meantime; use --force to overwrite it") from None
    except OSError as error:
        raise InputError(f"{path}: cannot write: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> bool:
    """Link ``path`` to the temporary file, which fails if ``path`` exists; return False if links are not supported."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _permissions(path: Path) -> int:
    """Return the permissions of an existing file, or those of a new one."""
    with suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, on systems that can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
