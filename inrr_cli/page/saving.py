"""Save what was filled and the mask, beside the image and nowhere else; and the command that does the same."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from threading import Lock
from typing import Any
from unicodedata import category

from inrr_cli.cli.console import collect_messages
from inrr_cli.cli.files import EXTRA_OUTPUTS, Files
from inrr_cli.cli.outputs import choose_destinations
from inrr_cli.errors import InputError, OutputExistsError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS
from inrr_cli.imaging.writing import check_destination, check_holds, encode, format_of, lossless_suffix, write_files
from inrr_cli.masking import Mask
from inrr_cli.page.opened import RESTORED, OpenedImage, notes_of
from inrr_cli.page.versions import Version
from inrr_cli.settings import Settings, make_settings

LONGEST_NAME = 200  # bytes of UTF-8; file systems take 255, and the mask's name is longer


@dataclass(frozen=True)
class Saved:
    """What was saved: the paths, the record of the image, and what the user is told."""

    output: Path
    mask: Path | None
    record: dict[str, Any]
    notes: list[str] = field(default_factory=list)


class Saver:
    """Saves files in the folder of an image.

    Attributes
    ----------
    paths : list of Path
        What was saved.
    """

    def __init__(self, image: OpenedImage) -> None:
        self.image = image
        self.paths: list[Path] = []
        self._lock = Lock()  # one file at a time, and whoever ends the program can wait for it
        self._is_closed = False
        self.output_name = RESTORED.name(image.path, lossless_suffix(image.picture, image.path))
        self.mask_name = self.mask_name_for(self.output_name)

    def mask_name_for(self, output: str) -> str:
        """Return the name of the mask that belongs to an output: photo_mask.png to photo_restored.tif."""
        suffix = ".png" if len(self.image.picture.pages) == 1 else ".tif"
        return f"{Path(output).stem.removesuffix('_restored')}_mask{suffix}"

    def save(self, version: Version, variant: int, name: str, *, force: bool) -> Saved:
        """Save a variant of a version under a name, and its mask beside it.

        Raises
        ------
        InputError
            If the name is none, or the folder takes no such file.
        OutputExistsError
            If a file exists and ``force`` is False. A mask that is there already with the same pixels is no reason.
        """
        image = self.image
        with self._lock:
            output, mask_path = self._place(name), self._place(self.mask_name_for(name))
            settings = version.settings
            command, files = image.command(settings), Files(output, force=force)
            with collect_messages() as messages, _says_what_to_do(output):
                (destination,) = choose_destinations(files, image.path, image.picture, command.options)
            work = image.job(image.select(version.mask(image.shape), settings), settings, mask_name=mask_path.name)
            mask = _encode_mask(work.stack.mask([image.number]), mask_path)
            mask_files = self._unless_there(mask_path, mask, force=force)
            found, measurement = {image.number: version.restore(image.pixels, variant)}, work.measurement(None)
            record, data = command.encode_variant(work, image.path, destination, found, measurement, variant)
            outputs = {output: data} | mask_files
            write_files(outputs, replace=force)
            self._add(*outputs)
            return Saved(output, mask_path, record, notes_of(messages))

    def save_mask(self, mask: Mask, name: str, *, force: bool) -> Path:
        """Save a mask (M, N) under a name; the errors are those of `save`."""
        with self._lock:
            path = self._place(name)
            check_destination(path, force=True, suffixes=EXTRA_OUTPUTS["save_mask"].suffixes)
            settings = make_settings(stack="pages")
            stack = self.image.job(self.image.select(mask, settings), settings, mask_name=name).stack
            outputs = self._unless_there(path, _encode_mask(stack.mask([self.image.number]), path), force=force)
            write_files(outputs, replace=force)
            self._add(*outputs)
            return path

    def close(self) -> None:
        """Wait for the file that is being saved, if there is one, and save no other."""
        with self._lock:
            self._is_closed = True

    def command(self, settings: Settings, variant: int, name: str) -> str:
        """Return the command that writes the same file as `save` under this name, from the mask that is saved with it.

        The ``settings`` are those of the first variant.
        """
        mask = self._place(self.mask_name_for(name))
        words = ["inrr", "inpaint", _as_argument(self.image.path), "--mask", _as_argument(mask)]
        chosen = {
            "--fill": (settings.fill, "expected"),
            "--net": (settings.net, "grid"),
            "--reg": (settings.reg, "patch"),
            "--seed": (settings.seed + variant, 0),
            "--axes": (self.image.axes, None),
            "--max-pixels": (self.image.max_pixels, MAX_PIXELS),
            "-o": (_as_argument(self._place(name)), _as_argument(self._place(self.output_name))),
        }
        for option, (value, default) in chosen.items():
            words += [option, str(value)] if value != default else []
        return shlex.join(words)

    def _place(self, name: str) -> Path:
        """Return the path of a file of this name beside the image.

        Raises
        ------
        InputError
            If this is no name of a file, or the image's own.
        """
        if len(name.encode()) > LONGEST_NAME or any(category(letter) == "Cc" for letter in name):
            raise InputError(f"the name must have at most {LONGEST_NAME} bytes, and no control characters")
        has_drive = bool(PureWindowsPath(name).drive) or (":" in name and os.name == "nt")
        if self._is_closed:
            raise InputError("the command ends; nothing more is saved")
        if name in ("", ".", "..") or any(letter in name for letter in "/\\") or has_drive:
            raise InputError(f"{name!r}: give the name of a file, without folders; it is saved beside the image")
        path = self.image.path.with_name(name)
        if path == self.image.path or (path.exists() and path.samefile(self.image.path)):
            raise InputError(f"{name}: is the image itself, which stays as it is; give another name")
        return path

    def _unless_there(self, path: Path, data: bytes, *, force: bool) -> dict[Path, bytes]:
        """Return what to write to a path: nothing if a file with these bytes is there.

        Raises
        ------
        OutputExistsError
            If another file is there, and ``force`` is False.
        """
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return {}
        with _says_what_to_do(path):
            check_destination(path, force=force, suffixes=EXTRA_OUTPUTS["save_mask"].suffixes)
        return {path: data}

    def _add(self, *paths: Path) -> None:
        self.paths += [path for path in paths if path not in self.paths]


@contextmanager
def _says_what_to_do(path: Path) -> Iterator[None]:
    """Let the error about a file that exists speak of the page instead of options."""
    try:
        yield
    except OutputExistsError:
        raise OutputExistsError(f"{path.name}: already exists; overwrite it, or give another name") from None


def _encode_mask(mask: Picture, path: Path) -> bytes:
    check_holds(format_of(path), path, mask)
    return encode(mask, format_of(path))


def _as_argument(path: Path) -> str:
    """Return a path as an argument, which must not look like an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)
