"""What the restoring commands ask of their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import warn
from inrr_cli.errors import InputError
from inrr_cli.imaging.files import UNCERTAINTY_SUFFIXES, WRITABLE, check_destination, read_picture


def default_output(image: Path, what: str) -> Path:
    """``photo.jpg`` to ``photo_restored.png``, beside it: PNG, so that no known pixel is re-encoded."""
    return image.with_name(f"{image.stem}_{what}.png")


def check_outputs(output: Path, sidecar: Path | None, uncertainty: Path | None = None, *, force: bool) -> None:
    """Refuse, before any work, an output that cannot be written or would be written twice."""
    check_destination(output, force=force)
    if sidecar is not None:
        check_destination(sidecar, force=force, suffixes=(".json",))
    if uncertainty is not None:
        check_destination(uncertainty, force=force, suffixes=UNCERTAINTY_SUFFIXES)
        if uncertainty.resolve() == output.resolve():
            raise InputError(f"{uncertainty}: is the restored picture's file too; give another")
    if WRITABLE[output.suffix.lower()] == "JPEG":
        warn(f"{output}: JPEG re-encodes every pixel, the known ones too; a .png keeps them as they are")


def read_reference(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Read the true picture, which must have ``shape``."""
    pixels = read_picture(path).pixels
    if pixels.shape != shape:
        wanted, got = (f"{s[1]} x {s[0]} {'grey' if len(s) == 2 else 'RGB'}" for s in (shape, pixels.shape))
        raise InputError(f"{path}: the reference is {got} but the result is {wanted}; they must agree")
    return pixels
