"""What the restoring commands ask of their files."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import note, warn
from inrr_cli.errors import InputError
from inrr_cli.imaging.files import (
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
from inrr_cli.imaging.picture import Picture, Pixels
from inrr_cli.values import Range

LOSSY = ("JPEG", "WEBP")


def default_output(image: Path, what: str, picture: Picture) -> Path:
    """``photo.tif`` to ``photo_restored.tif``, beside it; a lossy picture to PNG, so that nothing is re-encoded."""
    if image == STANDARD:
        raise InputError("-: what is read from standard input needs --output FILE, or --output - and --format")
    return image.with_name(f"{image.stem}_{what}{lossless_suffix(picture, image)}")


def check_output(output: Path, kind: str, picture: Picture, quality: int | None, *, force: bool) -> None:
    """Refuse, before any work, an output that cannot be written or cannot hold the picture."""
    check_destination(output, force=force)
    check_holds(kind, output, picture)
    if quality is not None and (kind not in LOSSY or not 1 <= quality <= 100):
        raise InputError(f"--quality must be 1 to 100, for .jpg and .webp; got {quality} for {output}")
    if kind == "JPEG" or (kind == "WEBP" and quality is not None):
        warn(f"{output}: {kind} re-encodes every pixel, the known ones too; a .png keeps them as they are")
    for lost in picture.about.details.get("left_out", []):
        warn(f"the image's {lost} are left out")


def check_others(output: Path, others: dict[Path | None, tuple[str, ...]], *, force: bool) -> None:
    """Refuse further outputs, with the suffixes each may have, that cannot be written or would be written twice."""
    taken = {output.resolve()}
    for path, suffixes in others.items():
        if path is None:
            continue
        check_destination(path, force=force, suffixes=suffixes)
        if path == STANDARD or path.resolve() in taken:
            raise InputError(f"{path}: is another output's file too; give another")
        taken.add(path.resolve())


def write_result(
    output: Path, kind: str, picture: Picture, texts: dict[str, str], quality: int | None, scale: float = 1.0
) -> None:
    """Encode a picture and write it, whole or not at all."""
    data = encode(picture, kind, texts=texts, quality=quality, scale=scale)
    write_bytes(output, data)
    if kind == "JPEG" and picture.about.format == "JPEG" and quality is None:
        note(f"{output}: known pixels were re-encoded, with the tables and the sampling of the original")


def choose_format(output: Path, name: str | None) -> str:
    """Return the format to write."""
    if name is not None and output != STANDARD:
        raise InputError("--format is for --output -; otherwise the file's name says it")
    return format_of(output, name)


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
