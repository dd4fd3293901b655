"""The files of a command: those of one image, and how folders name them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from inrr_cli.batch.naming import numbered
from inrr_cli.batch.sources import is_folder
from inrr_cli.errors import InputError
from inrr_cli.imaging.windows.opening import is_directory
from inrr_cli.masking.from_image import is_from_image


@dataclass(frozen=True)
class ExtraOutput:
    """A further output of a command: its ending in a folder, and the suffixes that it may have."""

    ending: str
    suffixes: tuple[str, ...]


INPUTS = ("reference", "exclude")  # beside masks
EXTRA_OUTPUTS = {
    "sidecar": ExtraOutput(".json", (".json",)),
    "uncertainty": ExtraOutput("_sigma.tif", (".tif", ".tiff", ".png")),
    "save_mask": ExtraOutput("_mask.png", (".png", ".tif", ".tiff", ".npy")),
    "report": ExtraOutput("_report.html", (".html", ".htm")),
    "preview": ExtraOutput("_preview.png", (".png",)),
}


@dataclass(frozen=True)
class Files:
    """The files that a command names besides its images.

    Wherever a folder is given, `for_image` names the file of one image in it. With ``force`` outputs that exist are
    overwritten. With ``makes_folders`` all outputs are folders, which are made before anything is written. Of
    ``variants`` of the result each has an output and a sidecar of its own, which are numbered. ``command_line`` is what
    was typed, for the report.
    """

    output: Path | None = None
    reference: Path | None = None
    masks: list[str] = field(default_factory=list)
    checkpoint: Path | None = None
    sidecar: Path | None = None
    uncertainty: Path | None = None
    save_mask: Path | None = None
    preview: Path | None = None
    force: bool = False
    makes_folders: bool = False
    exclude: Path | None = None
    variants: int = 1
    report: Path | None = None
    command_line: str = ""

    def for_image(self, image: Path, folder: Path = Path(), stem: str | None = None) -> Files:
        """Return the files of an image: a folder stands for the file in it that is named after the image.

        Parameters
        ----------
        image : Path
        folder : Path
            Sub-folder of the image, which the folders of outputs mirror, and those of masks and references may.
        stem : str, optional
            What further outputs are named after; the image's name without its suffix by default.

        Raises
        ------
        InputError
            If the image is a folder, or a folder has no such file, or several.
        """
        if is_folder(image):
            raise InputError(f"{image}: is a folder; give an image in it")
        extra = {
            name: path / folder / f"{image.stem if stem is None else stem}{EXTRA_OUTPUTS[name].ending}"
            for name, path in self._paths(*EXTRA_OUTPUTS).items()
            if self.makes_folders or is_directory(path)
        }
        masks = [m if is_from_image(m) else _as_file(_mask_of(image, folder, Path(m))) for m in self.masks]
        inputs = {name: _named_after(image, folder, path) for name, path in self._paths(*INPUTS).items()}
        output = self.output / folder if self.output is not None and folder != Path() else self.output
        return replace(self, output=output, masks=masks, **inputs, **extra)  # type: ignore[arg-type]

    def absolute(self) -> Files:
        """Return the same files, named from the root."""
        paths = {name: path.absolute() for name, path in self._paths(*INPUTS, "output", *EXTRA_OUTPUTS).items()}
        masks = [mask if is_from_image(mask) else _as_file(Path(mask).absolute()) for mask in self.masks]
        return replace(self, masks=masks, **paths)  # type: ignore[arg-type]

    def inputs(self, image: Path) -> list[Path]:
        """Return the files of an image that are read."""
        return [image, *self.given_inputs(), *([] if self.checkpoint is None else [self.checkpoint])]

    def extra_outputs(self) -> dict[Path, tuple[str, ...]]:
        """Return the further outputs and the suffixes that each may have."""
        paths = {name: [path] for name, path in self._paths("uncertainty", "save_mask", "report").items()}
        paths |= {"sidecar": self.sidecars()}
        return {path: EXTRA_OUTPUTS[name].suffixes for name, each in paths.items() for path in each}

    def sidecars(self) -> list[Path]:
        """Return the sidecar of each variant of the result, if they have one."""
        return [] if self.sidecar is None else numbered(self.sidecar, self.variants)

    def given_inputs(self) -> list[Path]:
        """Return the files and folders of masks, references and places not to copy from."""
        masks = [Path(mask) for mask in self.masks if not is_from_image(mask)]
        return [*masks, *self._paths(*INPUTS).values()]

    def output_folders(self) -> dict[str, Path]:
        """Return what the outputs of several images are given, by the names of the options."""
        return self._paths("output", *EXTRA_OUTPUTS)

    def _paths(self, *names: str) -> dict[str, Path]:
        return {name: path for name in names if (path := getattr(self, name)) is not None}


def _mask_of(image: Path, folder: Path, path: Path) -> Path:
    """Return the mask file of an image, which is not the image."""
    file = _named_after(image, folder, path)
    if file != path and file.exists() and image.exists() and file.samefile(image):
        raise InputError(f"{path}: the file named {image.stem} there is the image itself; give the folder of the masks")
    return file


def _as_file(path: Path) -> str:
    """Return the name of a mask file, which is not that of a mask in the image: ./nan is a file."""
    return f"./{path}" if is_from_image(str(path)) else str(path)


def _named_after(image: Path, folder: Path, path: Path) -> Path:
    """Return a file itself, and of a folder the file with the image's name, whatever its suffix.

    The file may lie in the sub-folder of the image.
    """
    if not is_folder(path):
        return path
    inner = path / folder
    places = [inner, path] if inner != path and inner.is_dir() else [path]
    for place in places:
        if (place / image.name).is_file():
            return place / image.name
        found = _files_by_stem(place, place.stat().st_mtime_ns).get(image.stem, [])
        if len(found) == 1:
            return place / found[0]
        if found:
            raise InputError(f"{place}: several files are named {image.stem}")
    raise InputError(f"{places[0]}: no file is named {image.stem}")


@lru_cache(maxsize=64)
def _files_by_stem(folder: Path, mtime_ns: int) -> dict[str, list[str]]:
    """Return the names of the files of a folder, as it was at a time, by what they are without a suffix."""
    found: dict[str, list[str]] = {}
    for file in folder.iterdir():
        if file.is_file():
            found.setdefault(file.stem, []).append(file.name)
    return found
