"""Write a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from inrr_cli.errors import InputError


def write_atomically(path: Path, data: bytes | memoryview, *, replace: bool = True) -> None:
    """Write to a temporary file beside ``path`` and move it into place once it is whole and on disk.

    Parameters
    ----------
    path : Path
    data : bytes
    replace : bool
        Whether a file that is there, even one that has appeared in the meantime, is overwritten. It keeps its
        permissions.

    Raises
    ------
    InputError
        If it cannot be written; ``path`` is then as it was, and the temporary file is gone.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=".inrr-", dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot write here: {error.strerror}") from None
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
    """Give a file its name unless another has it; False where the file system knows no links."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _permissions(path: Path) -> int:
    """Those of the file that is there, or those of a new one."""
    with suppress(OSError):
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Have the name on disk too, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
