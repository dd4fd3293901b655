"""The files of a command: those of one image, and how folders and several images name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from inrr_cli.cli.console import note, print_error, verbosity
from inrr_cli.errors import ExitCode, InputError, OutputExistsError
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.windows.opening import is_zarr
from inrr_cli.masking.from_image import is_from_image


@dataclass(frozen=True)
class ExtraOutput:
    """A further output of a command: its ending in a folder, and the suffixes that it may have."""

    ending: str
    suffixes: tuple[str, ...]


EXTRA_OUTPUTS = {
    "sidecar": ExtraOutput(".json", (".json",)),
    "uncertainty": ExtraOutput("_sigma.tif", (".tif", ".tiff", ".png")),
    "save_mask": ExtraOutput("_mask.png", (".png", ".tif", ".tiff", ".npy")),
    "preview": ExtraOutput("_preview.png", (".png",)),
}


@dataclass(frozen=True)
class Files:
    """The files that a command names besides its images.

    For several images, and wherever a folder is given, `for_image` names the files of one image.
    """

    output: Path | None = None
    reference: Path | None = None
    masks: list[str] = field(default_factory=list)
    checkpoint: Path | None = None
    sidecar: Path | None = None
    uncertainty: Path | None = None
    save_mask: Path | None = None
    preview: Path | None = None

    def for_image(self, image: Path) -> Files:
        """Return the files of an image: a folder stands for the file in it that is named after the image.

        Raises
        ------
        InputError
            If the image is a folder, or a folder has no such file, or several.
        """
        if image.is_dir() and not is_zarr(image):
            raise InputError(f"{image}: is a folder; give the images in it, as in {image / '*.png'}")
        extra = {
            name: path / f"{image.stem}{EXTRA_OUTPUTS[name].ending}"
            for name in EXTRA_OUTPUTS
            if (path := getattr(self, name)) is not None and path.is_dir()
        }
        masks = [mask if is_from_image(mask) else str(_named_after(image, Path(mask))) for mask in self.masks]
        reference = None if self.reference is None else _named_after(image, self.reference)
        return replace(self, reference=reference, masks=masks, **extra)

    def inputs(self, image: Path) -> list[Path | None]:
        """Return the files of an image that are read."""
        return [image, self.reference, self.checkpoint, *map(Path, self.masks)]

    def extra_outputs(self) -> dict[Path, tuple[str, ...]]:
        """Return the further outputs and the suffixes that each may have."""
        paths = {name: getattr(self, name) for name in EXTRA_OUTPUTS if name != "preview"}
        return {path: EXTRA_OUTPUTS[name].suffixes for name, path in paths.items() if path is not None}

    def check_several(self, images: list[Path]) -> None:
        """Raise InputError if these files cannot serve several images."""
        if self.checkpoint is not None:
            raise InputError(f"--checkpoint is for one image; got {len(images)}")
        for name in ("output", *EXTRA_OUTPUTS):
            path = getattr(self, name)
            if path is not None and not path.is_dir():
                flag = name.replace("_", "-")
                raise InputError(f"--{flag} {path}: for several images it must be a folder that exists")
        if STANDARD in images:
            raise InputError("-: standard input is one image; give it alone")
        places = [((self.output or image.parent).resolve(), image.stem) for image in images]
        count = Counter(places)
        for image, place in zip(images, places, strict=True):
            if count[place] > 1:
                raise InputError(
                    f"{image}: another image has the same name, and their results would too; restore one by itself"
                )


def for_each_image(images: list[Path], files: Files, restore: Callable[[Path, Files], None]) -> None:
    """Call ``restore`` with each image and its files.

    An image that fails is reported, and the next one is restored; the exit code is then ``ExitCode.PARTIAL``.
    """
    if len(images) == 1:
        restore(images[0], files.for_image(images[0]))
        return
    files.check_several(images)
    failed, existing = [], 0
    for number, image in enumerate(images, 1):
        note(f"{image} ({number} of {len(images)})")
        try:
            restore(image, files.for_image(image))
        except (typer.Exit, BrokenPipeError):
            raise
        except Exception as error:
            if verbosity.debug:
                raise
            print_error(error, str(image))
            failed.append(str(image))
            existing += isinstance(error, OutputExistsError)
    if failed:
        note(f"inrr: {len(failed)} of {len(images)} images failed: {', '.join(failed)}")
        if existing:
            note(f"inrr: {existing} of them have a result already; --force overwrites it, --output writes elsewhere")
        raise typer.Exit(ExitCode.PARTIAL)


def _named_after(image: Path, path: Path) -> Path:
    """Return a file itself, and of a folder the file with the image's name, whatever its suffix."""
    if not path.is_dir() or is_zarr(path):
        return path
    if (path / image.name).is_file():
        return path / image.name
    found = [file for file in path.iterdir() if file.stem == image.stem and file.is_file()]
    if len(found) != 1:
        raise InputError(f"{path}: {'several files are' if found else 'no file is'} named {image.stem}")
    return found[0]
