"""Names of the outputs of many images."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from inrr_cli.batch.sources import Source
from inrr_cli.errors import InputError
from inrr_cli.imaging.writing import FORMATS

FIELDS = ("stem", "suffix", "name")


@dataclass(frozen=True)
class NameTemplate:
    """The name of an output, made of that of its image.

    Attributes
    ----------
    text : str
        With the fields ``{stem}`` (the image's name without its suffix), ``{name}`` (with it) and, last, ``{suffix}``
        (of the output: that of the image if its format is lossless and can hold the result).

    Raises
    ------
    InputError
        If there are other fields, or ones that would give every image the same name.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(self.text) if field is not None]
            self.text.format(stem="", suffix="", name="")
        except (ValueError, IndexError, KeyError, AttributeError):
            fields = [""]
        if not fields or not set(fields) <= set(FIELDS) or not {"stem", "name"} & set(fields):
            raise InputError(
                f"--name must hold {{stem}} or {{name}}, as in '{{stem}}_new{{suffix}}'; got {self.text!r}"
            )
        if "suffix" in self.text and not self.text.endswith("{suffix}"):
            raise InputError(f"--name {self.text!r}: {{suffix}} must be last")
        if Path(self.text).name != self.text:
            raise InputError(f"--name {self.text!r}: is the name of a file, without folders; --output says the folder")

    def name(self, image: Path, suffix: str = "") -> str:
        """Return the name of an image's output, without its suffix if that is not known yet."""
        return self.text.format(stem=image.stem, name=image.name, suffix=suffix)

    def stem(self, image: Path) -> str:
        """Return what tells an image's other files from those of the other images."""
        return image.name if "{name}" in self.text else image.stem

    def outputs(self, folder: Path, image: Path, variants: int = 1) -> list[Path]:
        """Return the files in a folder that the outputs of an image may be."""
        suffixes = {image.suffix, *FORMATS} if self.text.endswith("{suffix}") else {""}
        return [folder / name for suffix in sorted(suffixes) for name in self.names(image, suffix, variants)]

    def names(self, image: Path, suffix: str, variants: int = 1) -> list[Path]:
        """Return the names of an image's outputs, which have this suffix unless the template has its own."""
        name = self.name(image, suffix if self.text.endswith("{suffix}") else "")
        return numbered(Path(name), variants)


def numbered(path: Path, variants: int) -> list[Path]:
    """Return the names of the variants of a file: ``out_1.png``, ``out_2.png`` and so on, or of one its own."""
    if variants == 1:
        return [path]
    return [path.with_name(f"{path.stem}_{number}{path.suffix}") for number in range(1, variants + 1)]


def check_names(sources: list[Source], output: Path | None, template: NameTemplate, variants: int = 1) -> None:
    """Check that no output is another one or an input; ``output`` is the folder of all, or that of each image.

    Each image has so many ``variants`` of its output.

    Raises
    ------
    InputError
        If one is; the message names the images.
    """
    places: dict[tuple[Path, str], Path] = {}
    for source in sources:
        folder = source.path.parent if output is None else output / source.folder
        other = places.setdefault((folder.absolute(), template.stem(source.path)), source.path)
        if other != source.path:
            raise InputError(
                f"{source.path}: has the name of {other}, and their results would too; add --name '{{name}}_new.tif', "
                "give their folder with --recursive, or restore one by itself"
            )
    inputs = _by_folder(source.path for source in sources)
    for (folder, _), image in places.items():
        stems = [name.stem for name in template.names(image, ".png", variants)]  # any suffix does
        for path in [each for stem in stems for each in inputs.get(folder.resolve(), {}).get(stem, ())]:
            if Path(path.name) in template.names(image, path.suffix, variants):
                raise InputError(
                    f"{path}: is an input, and would be the output of {image} too; see --name and --output"
                )


def _by_folder(paths: Iterable[Path]) -> dict[Path, dict[str, list[Path]]]:
    """Return files by folder, and by their names without a suffix."""
    found: dict[Path, dict[str, list[Path]]] = {}
    resolved: dict[Path, Path] = {}
    for path in paths:
        folder = resolved.setdefault(path.parent, path.parent.resolve())
        found.setdefault(folder, {}).setdefault(path.stem, []).append(path)
    return found
