"""The images and masks of the experiments: those of a folder, or scikit-image's photographs and synthetic masks."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError
from inrr_cli.imaging.reading import read_picture
from inrr_cli.masking.from_file import read_mask
from inrr_cli.masking.synthetic import Pattern, make_mask
from inrr_cli.paper.experiment import GreyImage, MaskMaker

PAPER_IMAGES = ("baboon", "man", "barbara", "boats", "cameraman")
IMAGE_SIDE = 256  # pixels, as in the paper
QUICK_SIDE = 128  # pixels: a quarter of the work, and the masks still have holes that are wide for a network


def read_images(folder: Path | None) -> dict[str, GreyImage]:
    """Read the paper's images in a folder as grey, or all images of a folder without any; else scikit-image's.

    Raises
    ------
    InputError
        If the folder holds no .png or .jpg image, or one that is not 8-bit.
    """
    from PIL import Image

    if folder is None:
        from skimage import data

        names = ("camera", "astronaut", "chelsea", "coffee")
        photographs = {name: Image.fromarray(getattr(data, name)()) for name in names}
        sized = {
            name: _square(image).resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.LANCZOS)
            for name, image in photographs.items()
        }
        return {name: np.asarray(image.convert("L")) for name, image in sized.items()}
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder of pictures")
    found = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in (".png", ".jpg", ".jpeg")]
    files = {file.stem: file for file in found}
    if len(files) < len(found):
        twin = next(file for file in found if file not in files.values())
        raise InputError(f"{twin}: another picture is named {twin.stem} too; rename one of them")
    wanted = {name: files[name] for name in PAPER_IMAGES if name in files} or files
    if not wanted:
        raise InputError(f"{folder}: holds no .png or .jpg pictures")
    return {name: _grey(file) for name, file in wanted.items()}


def quick_images(images: dict[str, GreyImage]) -> dict[str, GreyImage]:
    """Return the middle QUICK_SIDE x QUICK_SIDE pixels of the first image."""
    name, image = next(iter(images.items()))
    top, left = (max(0, (length - QUICK_SIDE) // 2) for length in image.shape)
    return {name: image[top : top + QUICK_SIDE, left : left + QUICK_SIDE]}


def mask_makers(folder: Path | None) -> dict[str, MaskMaker]:
    """Return a function for each pattern that reads the mask file of the folder, if there is one, or makes a mask."""
    return {pattern.value: cache(partial(_mask, folder, pattern.value)) for pattern in Pattern}


def _mask(folder: Path | None, pattern: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    if folder is not None and (file := folder / "masks" / f"{pattern}_{shape[0]}.png").exists():
        missing, _ = read_mask(file, shape)
        if missing.all():
            raise InputError(f"{file}: covers everything: no pixel is known to fill it from")
        return missing
    return make_mask(shape, pattern)


def _grey(file: Path) -> GreyImage:
    from PIL import Image

    pixels = read_picture(file).pixels
    if pixels.dtype != np.uint8:
        raise InputError(f"{file}: holds {pixels.dtype} samples; the experiments take 8-bit pictures")
    return np.asarray(Image.fromarray(pixels).convert("L"))


def _square(image: Any) -> Any:
    """Return the middle square of a Pillow image."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))
