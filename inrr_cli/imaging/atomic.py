"""Write files whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from inrr_cli.errors import InputError


def write_atomically(path: Path, data: bytes | memoryview, *, replace: bool = True) -> None:
    """Write a file whole or not at all; see `write_all_atomically`."""
    write_all_atomically({path: data}, replace=replace)


def write_all_atomically(files: Mapping[Path, bytes | memoryview], *, replace: bool = True) -> None:
    """Write temporary files beside all paths, flush them to disk, and only then move them all into place.

    Parameters
    ----------
    files : mapping of Path to bytes
    replace : bool
        Whether to overwrite existing files, whose permissions are kept.

    Raises
    ------
    InputError
        If a file cannot be written. All paths are then unchanged and the temporary files removed.
    """
    with written_together(files, replace=replace) as temporaries:
        for path, data in files.items():
            with as_input_error(path):
                temporaries[path].write_bytes(data)


@contextmanager
def written_together(paths: Iterable[Path], *, replace: bool = True) -> Iterator[dict[Path, Path]]:
    """Give an empty temporary file beside each path; at the end they are flushed and moved into place, all or none.

    The parameters and errors are those of `write_all_atomically`.
    """
    temporaries: dict[Path, Path] = {}
    new: list[Path] = []
    try:
        for path in paths:
            with as_input_error(path):
                handle, name = tempfile.mkstemp(prefix=".inrr-", dir=path.parent)
                temporaries[path] = Path(name)
                os.close(handle)
        yield temporaries
        for path, temporary in temporaries.items():
            with as_input_error(path):
                _sync(temporary)
                temporary.chmod(_permissions(path))
        for path, temporary in temporaries.items():
            with as_input_error(path):
                if replace or not _link(temporary, path):
                    temporary.replace(path)
            if not replace:
                new.append(path)
        for folder in {path.parent for path in temporaries}:
            _sync_folder(folder)
    except BaseException:
        for path in new:  # they did not exist before
            path.unlink(missing_ok=True)
        raise
    finally:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Flush a file to disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def as_input_error(path: Path) -> Iterator[None]:
    """Turn the errors of the system into one of the path."""
    try:
        yield
    except FileExistsError:
        raise InputError(f"{path}: has appeared in the meantime; use --force to overwrite it") from None
    except OSError as error:
        raise InputError(f"{path}: cannot write: {error.strerror or error}") from None


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
