"""The images of a batch: those of files, folders, patterns and lists."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.signatures import SUFFIXES
from inrr_cli.imaging.windows.opening import is_directory, is_zarr


@dataclass(frozen=True)
class Source:
    """An image of a batch.

    Attributes
    ----------
    path : Path
    folder : Path
        Folder of the image below the one that was given, which is mirrored in the output; empty for a file.
    """

    path: Path
    folder: Path = Path()


def is_batch(arguments: list[Path]) -> bool:
    """Whether arguments stand for any number of images: several, a folder or a pattern."""
    return len(arguments) > 1 or any(is_folder(path) or _is_pattern(path) for path in arguments)


def is_folder(path: Path) -> bool:
    """Whether a path is a folder of images; a Zarr array is a folder, but an image."""
    return is_directory(path) and not is_zarr(path)


def find_sources(arguments: Iterable[Path], *, recursive: bool = False, without: Iterable[Path] = ()) -> list[Source]:
    """Return the images that arguments stand for: files themselves, and image files of folders and patterns, sorted.

    Parameters
    ----------
    arguments : iterable of Path
    recursive : bool
        Whether the images of sub-folders are taken too.
    without : iterable of Path
        Files and folders that are not taken: masks, references and folders of outputs.

    Raises
    ------
    InputError
        If an image is named that does not exist, a pattern matches none, or a folder cannot be read.
    """
    left_out = {path.resolve() for path in without}
    found: dict[Path, Source] = {}  # an image that is named twice is one
    for argument in arguments:
        for source in _sources_of(argument, recursive, left_out):
            found.setdefault(source.path.absolute(), source)
    return list(found.values())


def read_list(path: Path) -> list[Path]:
    """Return the paths that a text file, or standard input for ``-``, names: one on each line that is not empty.

    Raises
    ------
    InputError
        If the file cannot be read, or is no text.
    """
    try:
        text = sys.stdin.read() if path == STANDARD else path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"--list {path}: cannot be read ({error})") from None
    lines = (line.rstrip("\r") for line in text.split("\n"))
    return [Path(line) for line in lines if line.strip()]


def take_shard(sources: list[Source], shard: tuple[int, int] | None) -> list[Source]:
    """Return the images of shard ``(i, n)``: every n-th from the i-th, counted from 1; all for None."""
    return sources if shard is None else sources[shard[0] - 1 :: shard[1]]


def _sources_of(argument: Path, recursive: bool, left_out: set[Path]) -> Iterator[Source]:
    if is_folder(argument):
        yield from _images_in(argument, recursive, left_out)
    elif _is_pattern(argument):
        matches = sorted(Path(match) for match in glob(str(argument), recursive=True))
        if not matches:
            raise InputError(f"{argument}: no file matches this pattern")
        for match in matches:
            if is_folder(match):
                yield from _images_in(match, recursive, left_out) if recursive else ()
            else:
                yield Source(match)
    else:
        yield Source(argument)


def _images_in(root: Path, recursive: bool, left_out: set[Path]) -> Iterator[Source]:
    """Yield the image files of a folder; hidden ones are left out, as are files with the suffix of no image."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            raise InputError(f"{folder}: cannot read this folder ({error.strerror})") from None
        inner = []
        for entry in entries:
            if entry.name.startswith(".") or entry.resolve() in left_out:
                continue
            if entry.suffix.lower() in SUFFIXES and entry.is_file():
                yield Source(entry, folder.relative_to(root))
            elif recursive and is_folder(entry) and not entry.is_symlink():
                inner.append(entry)
        folders += reversed(inner)


def _is_pattern(path: Path) -> bool:
    """Whether a path that is no file is a pattern that the shell did not expand."""
    return has_magic(str(path)) and not path.exists()
