"""JPEG, WebP and BMP, by Pillow: 8 bits, one page."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, JpegImagePlugin

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import About, Picture, orientation_of, split_alpha, upright, upright_exif

MODES = ("L", "LA", "RGB", "RGBA")


def read(data: bytes) -> Picture:
    """Decode a file that Pillow knows."""
    with Image.open(io.BytesIO(data)) as opened:
        frames = getattr(opened, "n_frames", 1)
        if frames > 1 and opened.format != "MPO":
            raise InputError(f"is an animation of {frames} frames; give one of them")
        details = _tables(opened)
        image: Image.Image = opened
        if image.mode in ("P", "1"):
            image = image.convert(_mode_of_palette(image))
        if image.mode not in MODES:
            raise InputError(f"its pixels are {image.mode}; convert them to grey or RGB")
        pixels = np.asarray(image).reshape(image.height, image.width, -1)
        info: dict[Any, Any] = opened.info
        kind = "JPEG" if details else _format(data)
    exif = info.get("exif")
    orientation = orientation_of(exif)
    seen, alpha = split_alpha(pixels, pixels.shape[2] in (2, 4))
    about = About(
        kind,
        orientation,
        info.get("icc_profile"),
        exif,
        info.get("xmp"),
        _density(info),
        lossy=kind == "JPEG" or (kind == "WEBP" and b"VP8 " in data[:64]),
        details=details,
    )
    turned = None if alpha is None else upright(alpha, orientation)
    return Picture([upright(seen, orientation)], [turned], about)


def write(picture: Picture, kind: str, quality: int | None, scale: float = 1.0) -> bytes:
    """Encode the only page as JPEG, WebP or BMP.

    A JPEG has the tables and the sampling of the JPEG it came from, unless a ``quality`` (1 to 100) is given; a WebP is
    lossless unless one is. The density is ``scale`` times that of what was read.
    """
    about = picture.about
    same = about.format == kind
    image = Image.fromarray(picture.stored(0, turned=same))
    options: dict[str, Any] = {}
    if kind == "JPEG":
        options |= {"quality": quality or 95, "subsampling": 0}
        if same and quality is None:
            options = {"qtables": about.details["qtables"], "subsampling": about.details["subsampling"]}
            options["progressive"] = about.details["progressive"]
        if same and about.details.get("comment"):
            options["comment"] = about.details["comment"]
    elif kind == "WEBP":
        options |= {"lossless": quality is None, "exact": True, "quality": quality or 100}
    if kind != "BMP":
        exif = about.exif if same else upright_exif(about.exif)
        options |= {"icc_profile": about.icc_profile} if about.icc_profile else {}
        options |= {"exif": exif} if exif else {}
        options |= {"xmp": about.xmp} if about.xmp else {}
    if about.dpi and kind != "WEBP":
        options["dpi"] = (about.dpi[0] * scale, about.dpi[1] * scale)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _format(data: bytes) -> str:
    return {b"BM": "BMP", b"RI": "WEBP"}.get(data[:2], "JPEG")


def _mode_of_palette(image: Image.Image) -> str:
    """Grey if all of the palette is, else RGB, with alpha if it has a transparent colour."""
    if image.mode == "1":
        return "L"
    palette = np.asarray(image.getpalette() or [0, 0, 0]).reshape(-1, 3)
    grey = (palette == palette[:, :1]).all()
    return ("L" if grey else "RGB") + ("A" if "transparency" in image.info else "")


def _tables(image: Image.Image) -> dict[str, Any]:
    """How a JPEG was encoded."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return {}
    return {
        "qtables": image.quantization,
        "subsampling": max(0, JpegImagePlugin.get_sampling(image)),
        "progressive": "progressive" in image.info,
        "comment": image.info.get("comment"),
    }


def _density(info: dict[Any, Any]) -> tuple[float, float] | None:
    dpi = info.get("dpi")
    return None if dpi is None or not all(dots > 0 for dots in dpi) else (float(dpi[0]), float(dpi[1]))
