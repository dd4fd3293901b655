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

    def outputs(self, folder: Path, image: Path) -> list[Path]:
        """Return the files in a folder that the output of an image may be."""
        suffixes = {image.suffix, *FORMATS} if self.text.endswith("{suffix}") else {""}
        return [folder / self.name(image, suffix) for suffix in sorted(suffixes)]

    def matches(self, image: Path, path: Path) -> bool:
        """Whether the output of an image may have the name of a file in the same folder."""
        return self.name(image) == path.name or (self.text.endswith("{suffix}") and self.name(image) == path.stem)


def check_names(sources: list[Source], output: Path | None, template: NameTemplate) -> None:
    """Check that no output is another one or an input; ``output`` is the folder of all, or that of each image.

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
        for path in inputs.get(folder.resolve(), {}).get(template.name(image), ()):
            if template.matches(image, path):
                raise InputError(
                    f"{path}: is an input, and would be the output of {image} too; see --name and --output"
                )


def _by_folder(paths: Iterable[Path]) -> dict[Path, dict[str, list[Path]]]:
    """Return files by folder, and by their names with and without a suffix."""
    found: dict[Path, dict[str, list[Path]]] = {}
    resolved: dict[Path, Path] = {}
    for path in paths:
        folder = resolved.setdefault(path.parent, path.parent.resolve())
        for key in {path.name, path.stem}:
            found.setdefault(folder, {}).setdefault(key, []).append(path)
    return found
