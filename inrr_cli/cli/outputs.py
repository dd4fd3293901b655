"""The outputs of a command, checked before any work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from inrr_cli.batch.naming import NameTemplate, numbered
from inrr_cli.cli.console import warn
from inrr_cli.cli.files import Files
from inrr_cli.errors import InputError
from inrr_cli.imaging.metadata import IDENTITY, Metadata, PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.imaging.windows.opening import is_directory
from inrr_cli.imaging.writing import check_destination, check_holds, encode, format_of, lossless_suffix

LOSSY = ("JPEG", "WEBP")
PLAIN = ("BMP", "NPY", "PGM", "PPM", "PFM", "TGA", "QOI", "JPEG2000", "JPEGXL")  # written without metadata
PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True)
class OutputOptions:
    """Options of a command that say how the results of every image are written, measured and shown.

    ``show`` and ``snapshots``, the number of images of a fit and their folder, are for a single image.
    """

    file_format: str | None
    quality: int | None
    as_json: bool
    keep_partial: bool
    max_pixels: int
    data_range: ValueRange | None
    name: NameTemplate
    dry_run: bool
    estimate: bool = False
    show: bool = False
    snapshots: tuple[int, Path] | None = None


@dataclass(frozen=True)
class Destination:
    """A checked place for a result: a file or standard output, its format and how to write it."""

    path: Path
    kind: str
    quality: int | None

    def encode(self, picture: Picture, texts: dict[str, str], transform: PixelTransform = IDENTITY) -> bytes:
        """Return the bytes of the file; the parameters are those of `inrr_cli.imaging.writing.encode`."""
        return encode(picture, self.kind, texts=texts, quality=self.quality, transform=transform)


def choose_destinations(files: Files, image: Path, picture: Picture, options: OutputOptions) -> list[Destination]:
    """Return where to write each variant of a result that is like ``picture``.

    To ``files.output``; if that is a folder, into the folder; by default beside ``image``. A name of our own is made by
    ``options.name``: ``photo.tif`` to ``photo_restored.tif``.
    """
    output = files.output
    if output is None or (output != STANDARD and (files.makes_folders or is_directory(output))):
        if image == STANDARD:
            raise InputError("-: what is read from standard input needs --output FILE, or --output - and --format")
        name = image.with_name(options.name.name(image, lossless_suffix(picture, image)))
        output = name if output is None else output / name.name
    if options.file_format is not None and output != STANDARD:
        raise InputError("--format is for --output -; otherwise the file's name says it")
    kind = format_of(output, options.file_format)
    paths = numbered(output, files.variants)
    for path in paths:
        check_destination(path, force=files.force, makes_folder=files.makes_folders)
    check_holds(kind, output, picture)
    _check_quality(output, kind, options.quality)
    _warn_of_losses(output, kind, picture.metadata, options.quality)
    return [Destination(path, kind, options.quality) for path in paths]


def _check_quality(output: Path, kind: str, quality: int | None) -> None:
    if quality is not None and (kind not in LOSSY or not 1 <= quality <= 100):
        raise InputError(f"--file-quality must be 1 to 100, for .jpg and .webp; got {quality} for {output}")


def _warn_of_losses(output: Path, kind: str, metadata: Metadata, quality: int | None) -> None:
    """Warn of what the output will not hold of the input."""
    if kind == "JPEG" or (kind == "WEBP" and quality is not None):
        how = ""
        if kind == metadata.format == "JPEG" and quality is None:
            same_sampling = metadata.details["subsampling"] is not None
            how = f", with the tables{' and the chroma sampling' * same_sampling} of the original"
        warn(f"{output}: {kind} re-encodes every pixel, the known ones too{how}; a .png keeps them as they are")
    for lost in metadata.left_out:
        warn(f"{lost} of the image are left out")
    if names := lost_metadata(metadata, kind):
        warn(f"{output}: {kind} has no place for the image's {', '.join(names)}")


def lost_metadata(metadata: Metadata, kind: str) -> list[str]:
    """Return the names of the metadata that the format of the output has no place for."""
    if kind == metadata.format and kind not in PLAIN:
        return []
    held = {
        "ICC profile": metadata.icc_profile is not None and kind in PLAIN,
        "EXIF": metadata.exif is not None and kind in PLAIN,
        "XMP": metadata.xmp is not None and kind in PLAIN,
        "resolution": metadata.dpi is not None and kind not in ("PNG", "JPEG", "BMP", "TIFF"),
        "TIFF tags": metadata.format == "TIFF" and any(page["tags"] for page in metadata.details["pages"]),
        "palette": "palette" in metadata.details,
        "PNG texts": any(name in PNG_TEXTS for name, _ in metadata.details.get("chunks", ())),
    }
    return [name for name, lost in held.items() if lost]


def check_standard_output(output: Path | None, *, as_json: bool) -> None:
    """Refuse to write both an image and its record to standard output."""
    if as_json and output == STANDARD:
        raise InputError("--json and --output - both want standard output; use --sidecar FILE")


def check_is_no_input(paths: Iterable[Path], files: Files) -> None:
    """Refuse a result that would take the place of a mask, a reference or a checkpoint, whatever --force says."""
    inputs = [*files.given_inputs(), *([] if files.checkpoint is None else [files.checkpoint])]
    for path, other in product(paths, inputs):
        if path != STANDARD and other != STANDARD and path.resolve() == other.resolve():
            raise InputError(f"{path}: is an input too; give another --output")


def check_extra_outputs(used: Iterable[Path | None], extra: dict[Path, tuple[str, ...]], files: Files) -> None:
    """Refuse further outputs that cannot be written, have another suffix than theirs, or are a file in use already."""
    taken = {path.resolve() for path in used if path is not None}
    for path, suffixes in extra.items():
        check_destination(path, force=files.force, suffixes=suffixes, makes_folder=files.makes_folders)
        if path == STANDARD or path.resolve() in taken:
            raise InputError(f"{path}: is an input or another output too; give another file")
        taken.add(path.resolve())
