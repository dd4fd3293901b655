"""What the restoring commands ask of their files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import warn
from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import IDENTITY, Metadata, Picture, Pixels, PixelTransform
from inrr_cli.imaging.value_range import Range
from inrr_cli.imaging.writing import (
    STANDARD,
    UNCERTAINTY_SUFFIXES,
    check_destination,
    check_holds,
    encode,
    format_of,
    lossless_suffix,
    read_picture,
    write_bytes,
)

LOSSY = ("JPEG", "WEBP")
TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True)
class Destination:
    """Where a result goes, checked before any work: a file or standard output, and how it is written."""

    path: Path
    kind: str
    quality: int | None
    force: bool

    def write(self, picture: Picture, texts: dict[str, str], transform: PixelTransform = IDENTITY) -> None:
        """Encode a picture and write it, whole or not at all; the parameters are those of `encode`."""
        data = encode(picture, self.kind, texts=texts, quality=self.quality, transform=transform)
        write_bytes(self.path, data, replace=self.force)


def choose_destination(
    output: Path | None,
    file_format: str | None,
    *,
    image: Path,
    what: str,
    picture: Picture,
    quality: int | None,
    force: bool,
) -> Destination:
    """Return where what is like ``picture`` is to go.

    To ``output``; if that is a folder into it, and without one beside ``image``, with ``what`` in its name.
    """
    if output is None or (output != STANDARD and output.is_dir()):
        name = _beside(image, what, picture)
        output = name if output is None else output / name.name
    if file_format is not None and output != STANDARD:
        raise InputError("--format is for --output -; otherwise the file's name says it")
    kind = format_of(output, file_format)
    _check_output(output, kind, picture, quality, force=force)
    return Destination(output, kind, quality, force)


def _beside(image: Path, what: str, picture: Picture) -> Path:
    """``photo.tif`` to ``photo_restored.tif``; a lossy picture to PNG, so that nothing is re-encoded."""
    if image == STANDARD:
        raise InputError("-: what is read from standard input needs --output FILE, or --output - and --format")
    return image.with_name(f"{image.stem}_{what}{lossless_suffix(picture, image)}")


def _check_output(output: Path, kind: str, picture: Picture, quality: int | None, *, force: bool) -> None:
    """Refuse, before any work, an output that cannot be written or cannot hold the picture; say what will be lost."""
    check_destination(output, force=force)
    check_holds(kind, output, picture)
    metadata = picture.metadata
    if quality is not None and (kind not in LOSSY or not 1 <= quality <= 100):
        raise InputError(f"--quality must be 1 to 100, for .jpg and .webp; got {quality} for {output}")
    if kind == "JPEG" or (kind == "WEBP" and quality is not None):
        how = ""
        if kind == metadata.format == "JPEG" and quality is None:
            alike = metadata.details["subsampling"] is not None
            how = f", with the tables{' and the chroma sampling' * alike} of the original"
        warn(f"{output}: {kind} re-encodes every pixel, the known ones too{how}; a .png keeps them as they are")
    for lost in metadata.left_out:
        warn(f"{lost} of the image are left out")
    if names := what_is_lost(metadata, kind):
        warn(f"{output}: {kind} has no place for the image's {', '.join(names)}")


def what_is_lost(metadata: Metadata, kind: str) -> list[str]:
    """Names of what a file says of its pixels that another format has no place for."""
    if kind == metadata.format:
        return []
    held = {
        "ICC profile": metadata.icc_profile is not None and kind in ("BMP", "NPY"),
        "EXIF": metadata.exif is not None and kind in ("BMP", "NPY"),
        "XMP": metadata.xmp is not None and kind in ("BMP", "NPY"),
        "resolution": metadata.dpi is not None and kind in ("WEBP", "NPY"),
        "TIFF tags": metadata.format == "TIFF" and any(page["tags"] for page in metadata.details["pages"]),
        "PNG texts": any(name in TEXTS for name, _ in metadata.details.get("chunks", ())),
    }
    return [name for name, lost in held.items() if lost]


def check_standard_output(output: Path | None, *, as_json: bool) -> None:
    """Refuse to write both a picture and its record to standard output."""
    if as_json and output == STANDARD:
        raise InputError("--json and --output - both want standard output; use --sidecar FILE")


def check_others(taken: Iterable[Path | None], others: dict[Path | None, tuple[str, ...]], *, force: bool) -> None:
    """Refuse further outputs, with the suffixes each may have, that cannot be written or are a file in use already."""
    used = {path.resolve() for path in taken if path is not None}
    for path, suffixes in others.items():
        if path is None:
            continue
        check_destination(path, force=force, suffixes=suffixes)
        if path == STANDARD or path.resolve() in used:
            raise InputError(f"{path}: is an input or another output too; give another file")
        used.add(path.resolve())


def parse_pages(text: str | None, count: int) -> list[int]:
    """Numbers of pages, from 0, of ``3,5-9`` counted from 1; all for None."""
    if text is None:
        return list(range(count))
    numbers: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
        if match is None:
            raise InputError(f"--pages must be numbers and ranges such as 3,5-9; got {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= count:
            raise InputError(f"--pages {text}: the image has pages 1 to {count}")
        numbers |= set(range(first - 1, last))
    return sorted(numbers)


def parse_range(text: str | None) -> Range | None:
    """Return LOW,HIGH or a span from 0."""
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    low, high = (0.0, *values) if len(values) == 1 else values if len(values) == 2 else (0.0, 0.0)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(f"--data-range must be LOW,HIGH or a span, as in -5,12.5 or 255; got {text!r}")
    return Range(low, high)


def read_reference(path: Path, wanted: list[Pixels], numbers: list[int], max_pixels: int) -> list[Pixels]:
    """Read the true pages, which must be like those ``wanted``; the file holds them all or only those."""
    pages = read_picture(path, max_pixels).pages
    if len(pages) > len(wanted):
        pages = [pages[number] for number in numbers if number < len(pages)]
    for page, like in zip(pages, wanted, strict=False):
        if page.shape != like.shape or page.dtype != like.dtype:
            raise InputError(
                f"{path}: the reference is {_describe(page)} but the result is {_describe(like)}; they must agree"
            )
    if len(pages) != len(wanted):
        raise InputError(f"{path}: the reference has {len(pages)} pages but the result has {len(wanted)}")
    return pages


def _describe(page: NDArray[np.generic]) -> str:
    channels = {1: "grey", 3: "RGB"}
    count = 1 if page.ndim == 2 else page.shape[2]
    return f"{page.shape[1]} x {page.shape[0]} {channels.get(count, f'{count}-channel')} {page.dtype}"


OTHER_SUFFIXES = {"sidecar": (".json",), "uncertainty": UNCERTAINTY_SUFFIXES, "mask": (".png", ".tif", ".tiff", ".npy")}
