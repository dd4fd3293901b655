"""Write a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from inrr_cli.errors import InputError


def write_atomically(path: Path, data: bytes | memoryview) -> None:
    """Write to a temporary file beside ``path`` and move it into place once it is whole and on disk.

    Raises
    ------
    InputError
        If it cannot be written; ``path`` is then as it was, and the temporary file is gone.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
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
