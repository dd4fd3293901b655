"""What becomes of depth, NaN, alpha, profiles, orientation, pages and tags in four tools.

    pip install ".[compare]" && python examples/formats.py

Makes a file of each kind, has each tool read it, fill the same hole and write it again in the same format, and compares
what was written with what was read. Each tool is given the reading and writing that keep most: OpenCV
``IMREAD_UNCHANGED``, ``imreadmulti`` and, where this version has it, ``imreadWithMetadata``; Pillow ``save`` with the
EXIF, profile and TIFF tags of what it opened. Where inpainting refuses an array, its channels are done one by one.
Pillow has no inpainting: there a rectangle is painted. Prints a Markdown table.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["OPENCV_LOG_LEVEL"] = "SILENT"

import cv2
import imagecodecs
import numpy as np
import tifffile
from PIL import Image, ImageCms, ImageOps
from skimage import data
from skimage import io as skimage_io
from skimage.restoration import inpaint_biharmonic

SIZE = (40, 48)
MASK = np.zeros(SIZE, bool)
MASK[10:16, 20:30] = True
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GEO_TAGS = [
    (33550, 12, 3, (30.0, 30.0, 0.0), True),
    (33922, 12, 6, (0.0, 0.0, 0.0, 440720.0, 3751320.0, 0.0), True),
    (34735, 3, 8, (1, 1, 0, 1, 1024, 0, 1, 1), True),
    (42113, 2, 6, "-9999", True),
]


def photograph() -> np.ndarray:
    """Return a photograph, (40, 48, 3) uint8."""
    return np.asarray(Image.fromarray(data.chelsea()).resize(SIZE[::-1]))


def make_files(folder: Path) -> None:
    """Write a file of each kind."""
    colour = photograph()
    grey = colour[..., 1].astype(np.float32) * 0.37 - 20
    deep = colour.astype(np.uint16) * 257 + np.arange(SIZE[1], dtype=np.uint16)[:, None]
    (folder / "deep.png").write_bytes(imagecodecs.png_encode(deep))
    tifffile.imwrite(folder / "float.tif", grey, metadata=None)
    tifffile.imwrite(folder / "nan.tif", np.where(MASK, np.float32(np.nan), grey), metadata=None)
    alpha = np.broadcast_to(np.arange(SIZE[1], dtype=np.uint8) * 5, SIZE)
    Image.fromarray(np.dstack([colour, alpha])).save(folder / "alpha.png")
    Image.fromarray(colour).save(folder / "profile.png", icc_profile=PROFILE)
    make_other_formats(folder, colour, deep, np.dstack([colour, alpha]))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a phone"
    turned = np.asarray(Image.fromarray(colour).transpose(Image.Transpose.ROTATE_90))  # shown the right way up
    Image.fromarray(turned).save(folder / "phone.jpg", exif=exif, quality=95, icc_profile=PROFILE)
    stack = np.stack([deep[..., page % 3] + np.uint16(page) for page in range(5)])
    tifffile.imwrite(folder / "stack.tif", stack, photometric="minisblack")
    tifffile.imwrite(folder / "map.tif", grey, metadata=None, extratags=GEO_TAGS)


def make_other_formats(folder: Path, colour: np.ndarray, deep: np.ndarray, clear: np.ndarray) -> None:
    """Write a file of each further format that is written without loss."""
    rows, columns = SIZE
    (folder / "deep.ppm").write_bytes(b"P6\n%d %d\n65535\n" % (columns, rows) + deep.astype(">u2").tobytes())
    floats = (colour * np.float32(0.37)).astype("<f4")[::-1]
    (folder / "float.pfm").write_bytes(b"PF\n%d %d\n-1.0\n" % (columns, rows) + floats.tobytes())
    Image.fromarray(clear).save(folder / "alpha.tga")
    (folder / "alpha.qoi").write_bytes(imagecodecs.qoi_encode(clear))
    (folder / "deep.jp2").write_bytes(imagecodecs.jpeg2k_encode(deep, level=0, reversible=True))
    (folder / "deep.jxl").write_bytes(imagecodecs.jpegxl_encode(deep, lossless=True))
    (folder / "float.jxl").write_bytes(imagecodecs.jpegxl_encode(colour * np.float32(0.37), lossless=True))


def by_inrr(source: Path, target: Path) -> None:
    """``inrr inpaint source --mask mask.png -o target``."""
    mask = source.with_name("mask.png")
    Image.fromarray(MASK).save(mask)
    ask = ["inpaint", source, "--mask", mask, "-o", target, "-q", "--force"]
    subprocess.run([sys.executable, "-m", "inrr_cli", *map(str, ask)], check=True, capture_output=True)


def by_opencv(source: Path, target: Path) -> None:
    """``imreadmulti``, ``inpaint`` with Telea's method, ``imwrite`` or its kind for pages or for metadata."""

    def fill(image: np.ndarray) -> np.ndarray:
        mask = np.zeros(image.shape[:2], np.uint8)
        mask[MASK if image.shape[:2] == SIZE else MASK.T] = 255
        return cv2.inpaint(image, mask, 3, cv2.INPAINT_TELEA)

    found, pages = cv2.imreadmulti(str(source), flags=cv2.IMREAD_UNCHANGED)
    if not found:
        raise ValueError("cannot read")
    filled = [parts(fill, page) for page in pages]
    lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if target.suffix == ".jp2" else []
    if len(filled) > 1:
        done = cv2.imwritemulti(str(target), filled)
    elif hasattr(cv2, "imreadWithMetadata"):
        _, kinds, said = cv2.imreadWithMetadata(str(source), flags=cv2.IMREAD_UNCHANGED)
        done = cv2.imwriteWithMetadata(str(target), filled[0], kinds, said, lossless)
    else:
        done = cv2.imwrite(str(target), filled[0], lossless)
    if not done:
        raise ValueError("cannot write")


def by_skimage(source: Path, target: Path) -> None:
    """``io.imread``, ``inpaint_biharmonic``, back to the type that was read, ``io.imsave``."""

    def fill(image: np.ndarray) -> np.ndarray:
        mask = MASK if image.shape[:2] == SIZE else MASK.T
        filled = inpaint_biharmonic(image, mask, channel_axis=-1 if image.ndim == 3 else None)
        if image.dtype.kind == "u":
            filled = np.round(filled * np.iinfo(image.dtype).max)
        return filled.astype(image.dtype)

    image = skimage_io.imread(source)
    stack = image.ndim == 3 and image.shape[1:] == SIZE
    skimage_io.imsave(target, np.stack([fill(page) for page in image]) if stack else fill(image), check_contrast=False)


def by_pillow(source: Path, target: Path) -> None:
    """``Image.open``, a rectangle, ``save``."""
    with Image.open(source) as image:
        pages = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            page = image.copy()
            page.paste(0 if len(page.getbands()) == 1 else (0,) * len(page.getbands()), (20, 10, 30, 16))
            pages.append(page)
        image.seek(0)
        kept = {"exif": image.info.get("exif"), "icc_profile": image.info.get("icc_profile")}
        kept |= {"tiffinfo": getattr(image, "tag_v2", None)}
        more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
        pages[0].save(target, **more, **{key: value for key, value in kept.items() if value})


def parts(fill: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> np.ndarray:
    """Fill an array, or where that is refused each of its channels."""
    try:
        return fill(image)
    except (cv2.error, ValueError):
        if image.ndim == 2:
            raise
        return np.dstack([fill(np.ascontiguousarray(channel)) for channel in np.moveaxis(image, 2, 0)])


TOOLS = {"inrr": by_inrr, "OpenCV": by_opencv, "scikit-image": by_skimage, "Pillow (paints a rectangle)": by_pillow}


def pixels(path: Path) -> np.ndarray:
    """Read with the libraries that lose least: tifffile, imagecodecs and, for Netpbm's formats, OpenCV."""
    if path.suffix in (".ppm", ".pfm"):
        return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if path.suffix == ".tga":
        return np.asarray(Image.open(path))
    return tifffile.imread(path) if path.suffix == ".tif" else imagecodecs.imread(path)


def samples(old: Path, new: Path) -> str:
    """Say whether type, shape and known samples are as they were."""
    before, after = pixels(old), pixels(new)
    if before.dtype != after.dtype:
        return f"becomes {after.dtype}"
    if before.shape != after.shape:
        return f"{before.shape} becomes {after.shape}"
    known = ~MASK if before.shape[:2] == SIZE else np.broadcast_to(~MASK, before.shape)
    different = before[known].view(np.uint8) != after[known].view(np.uint8)
    if before.dtype.kind == "f":
        different = before[known] != after[known]
    return f"known samples change ({different.mean():.0%})" if different.any() else "kept"


def no_nan(old: Path, new: Path) -> str:
    """Say whether the NaN are filled and nothing else."""
    left = int(np.isnan(pixels(new)).sum())
    return f"{left} NaN are left" if left else samples(old, new).replace("kept", "filled, others kept")


def profile(old: Path, new: Path) -> str:
    """Say whether the ICC profile is there."""
    with Image.open(new) as image:
        return "kept" if image.info.get("icc_profile") == PROFILE else "lost"


def orientation(old: Path, new: Path) -> str:
    """Say whether a person sees the picture the same way up, and whether EXIF is there."""
    with Image.open(old) as one, Image.open(new) as other:
        exif = "EXIF kept" if other.getexif().get(0x010F) == "a phone" else "EXIF lost"
        before, after = (np.asarray(ImageOps.exif_transpose(image).convert("L"), float) for image in (one, other))
    if before.shape != after.shape or np.abs(before - after)[~MASK].mean() > 8:
        return f"shown turned, {exif}"
    return f"shown the right way up, {exif}"


def tags(old: Path, new: Path) -> str:
    """Say how many of the GeoTIFF and nodata tags are as they were."""
    with tifffile.TiffFile(old) as one, tifffile.TiffFile(new) as other:
        before, after = ([file.pages[0].tags.valueof(tag[0]) for tag in GEO_TAGS] for file in (one, other))
    same = sum(a == b for a, b in zip(before, after, strict=True))
    return "kept" if same == len(GEO_TAGS) else f"{len(GEO_TAGS) - same} of {len(GEO_TAGS)} lost"


ROWS: dict[str, tuple[str, Callable[[Path, Path], str]]] = {
    "16-bit RGB PNG": ("deep.png", samples),
    "float TIFF": ("float.tif", samples),
    "NaN in a float TIFF, as the mask": ("nan.tif", no_nan),
    "alpha (RGBA PNG)": ("alpha.png", samples),
    "ICC profile (PNG)": ("profile.png", profile),
    "EXIF orientation 6 (JPEG)": ("phone.jpg", orientation),
    "stack (five pages of 16 bits, TIFF)": ("stack.tif", samples),
    "GeoTIFF and nodata tags": ("map.tif", tags),
    "16-bit PPM": ("deep.ppm", samples),
    "float PFM": ("float.pfm", samples),
    "alpha (TGA)": ("alpha.tga", samples),
    "alpha (QOI)": ("alpha.qoi", samples),
    "16-bit JPEG 2000": ("deep.jp2", samples),
    "16-bit JPEG XL": ("deep.jxl", samples),
    "float JPEG XL": ("float.jxl", samples),
}


def cell(tool: Callable[[Path, Path], Any], source: Path, judge: Callable[[Path, Path], str]) -> str:
    """Have a tool work on a file and judge what it wrote."""
    target = source.with_name(f"out{source.suffix}")
    target.unlink(missing_ok=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tool(source, target)
            return judge(source, target)
    except Exception as error:
        return f"error: {type(error).__name__}"


def main() -> None:
    """Print the table."""
    print(f"| | {' | '.join(TOOLS)} |")
    print(f"|---|{'---|' * len(TOOLS)}")
    with tempfile.TemporaryDirectory() as name:
        make_files(Path(name))
        for title, (file, judge) in ROWS.items():
            print(
                f"| {title} | {' | '.join(cell(tool, Path(name) / file, judge) for tool in TOOLS.values())} |",
                flush=True,
            )
    versions = f"OpenCV {cv2.__version__}, scikit-image {version('scikit-image')}, Pillow {version('pillow')}"
    print(f"\nMeasured with {versions}.")


if __name__ == "__main__":
    main()
