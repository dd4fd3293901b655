"""Write files whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from inrr_cli.errors import InputError, UnwritableError

# errors of a disk or a folder, not of a file: full, over quota, read-only, forbidden, broken, gone
NO_MORE_FILES = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ESTALE, errno.ENOENT
)  # fmt: skip

PREFIX = ".inrr-"
_owner: ContextVar[str] = ContextVar("owner", default="")  # what the names of temporary files end with


@contextmanager
def temporaries_of(owner: str) -> Iterator[None]:
    """Let the names of temporary files within say whose they are, so that `remove_temporaries` finds them."""
    token = _owner.set(f"-{owner}")
    try:
        yield
    finally:
        _owner.reset(token)


def remove_temporaries(folders: Iterable[Path], owner: str) -> None:
    """Remove from folders what was left by writers of an owner that were killed; nobody may be writing for it."""
    for folder in folders:
        for path in folder.glob(f"{PREFIX}*-{owner}"):
            with suppress(OSError):
                path.unlink()


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
                handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=_owner.get(), dir=path.parent)
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
        _remove(new)  # they did not exist before
        raise
    finally:
        _remove(temporaries.values())


def _remove(paths: Iterable[Path]) -> None:
    """Remove files that may be gone; a folder that takes nothing any more keeps them."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


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
        kind = UnwritableError if error.errno in NO_MORE_FILES else InputError
        raise kind(f"{path}: cannot write: {error.strerror or error}") from None


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
