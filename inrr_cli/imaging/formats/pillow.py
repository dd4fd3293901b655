"""JPEG, WebP and BMP, by Pillow: 8 bits, one page."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import BmpImagePlugin, Image, JpegImagePlugin, MpoImagePlugin, UnidentifiedImageError, WebPImagePlugin

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.tiff_ifd import PREFIX
from inrr_cli.imaging.picture import (
    IDENTITY,
    Metadata,
    Picture,
    PixelTransform,
    Size,
    orientation_of,
    split_alpha,
    upright,
    upright_exif,
)

# importing a format's module is what makes it known
PLUGINS = (BmpImagePlugin, JpegImagePlugin, MpoImagePlugin, WebPImagePlugin)
FORMATS = ("BMP", "JPEG", "WEBP")
MODES = ("L", "LA", "RGB", "RGBA")
MARKER_MOST = 65533 - 29  # bytes of EXIF or XMP that a JPEG can hold
# segments of a JPEG that Pillow writes from what it read of them, and an index of pictures that follow the first
WRITTEN = ("APP0", "APP14", "COM")
WRITTEN_AS = (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0", b"MPF\0")


def sizes(data: bytes) -> list[Size]:
    """Return what the header announces."""
    with _open(data) as image:
        return [Size(image.height, image.width, image.height * image.width * 4)]


def read(data: bytes) -> Picture:
    """Decode a file that Pillow knows."""
    with _open(data) as opened:
        kind = {b"BM": "BMP", b"RI": "WEBP"}.get(data[:2], "JPEG")
        frames = getattr(opened, "n_frames", 1)
        if frames > 1 and kind != "JPEG":
            raise InputError(f"is an animation of {frames} frames; give one of them")
        details = _details(opened)
        opened.load()
        image: Image.Image = opened
        if image.mode in ("P", "1"):
            image = image.convert(_mode_of_palette(image))
        if image.mode not in MODES:
            raise InputError(f"its pixels are {image.mode}; convert them to grey or RGB")
        pixels = np.asarray(image).reshape(image.height, image.width, -1)
        info: dict[Any, Any] = opened.info
    exif = info.get("exif")
    orientation = orientation_of(exif)
    seen, alpha = split_alpha(pixels, pixels.shape[2] in (2, 4))
    metadata = Metadata(
        kind,
        orientation,
        info.get("icc_profile"),
        exif,
        info.get("xmp"),
        _density(info),
        lossy=kind == "JPEG" or (kind == "WEBP" and _is_lossy_webp(data)),
        left_out=(f"{frames - 1} further pictures (MPO)",) if frames > 1 else (),
        details=details,
    )
    turned = None if alpha is None else upright(alpha, orientation)
    return Picture([upright(seen, orientation)], [turned], metadata)


def write(picture: Picture, kind: str, quality: int | None, transform: PixelTransform = IDENTITY) -> bytes:
    """Encode the only page as JPEG, WebP or BMP.

    A JPEG has the tables and the sampling of the JPEG it came from, unless a ``quality`` (1 to 100) is given; a WebP is
    lossless unless one is. The density follows from how it is ``transform``.
    """
    metadata = picture.metadata
    same = metadata.format == kind
    image = Image.fromarray(picture.stored(0, turned=same))
    options: dict[str, Any] = {}
    if kind == "JPEG":
        options = _as_the_source(metadata) if same and quality is None else {"quality": quality or 95, "subsampling": 0}
        options |= {key: metadata.details[key] for key in ("comment", "extra") if same and metadata.details.get(key)}
    elif kind == "WEBP":
        options = {"lossless": quality is None, "exact": True, "quality": quality or 100}
    if kind != "BMP":
        exif = (metadata.exif if same else upright_exif(metadata.exif)) or b""
        described = {
            "icc_profile": metadata.icc_profile,
            "exif": PREFIX + exif.removeprefix(PREFIX) if exif else None,
            "xmp": metadata.xmp,
        }
        options |= {key: value for key, value in described.items() if value}
    if metadata.dpi and kind != "WEBP":
        options["dpi"] = (metadata.dpi[0] * transform.x, metadata.dpi[1] * transform.y)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def check_metadata(metadata: Metadata, kind: str) -> str:
    """Return why a format cannot hold what a file says of its pixels, or the empty string."""
    if kind == "JPEG":
        for name, block in (("EXIF", metadata.exif), ("XMP", metadata.xmp)):
            if block and len(block) > MARKER_MOST:
                return f"{len(block):,} bytes of {name}"
    return ""


def has_own_sampling(metadata: Metadata) -> bool:
    """Whether a JPEG's chroma sampling is one that can be written again."""
    return metadata.format == "JPEG" and metadata.details["subsampling"] is not None


def _open(data: bytes) -> Image.Image:
    """Open a file; how many pixels are too many is for the caller to say."""
    most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise ValueError("its header is not valid") from None
    finally:
        Image.MAX_IMAGE_PIXELS = most


def _mode_of_palette(image: Image.Image) -> str:
    """Grey if all of the palette is, else RGB."""
    if image.mode == "1":
        return "L"
    palette = np.asarray(image.getpalette() or [0, 0, 0]).reshape(-1, 3)
    return "L" if (palette == palette[:, :1]).all() else "RGB"


def _details(image: Image.Image) -> dict[str, Any]:
    """How a JPEG was encoded, and the segments that Pillow does not write by itself."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return {}
    segments = [
        (int(name[3:]), content)
        for name, content in image.applist
        if name not in WRITTEN and not content.startswith(WRITTEN_AS)
    ]
    sampling = 0 if image.mode == "L" else JpegImagePlugin.get_sampling(image)
    return {
        "qtables": [table for _, table in sorted(image.quantization.items())],
        "subsampling": None if sampling < 0 else sampling,
        "progressive": "progressive" in image.info,
        "comment": image.info.get("comment"),
        "extra": b"".join(struct.pack(">BBH", 255, 0xE0 + n, len(c) + 2) + c for n, c in segments),
    }


def _as_the_source(metadata: Metadata) -> dict[str, Any]:
    """Options of a JPEG as it was encoded; full chroma where its sampling cannot be written."""
    names = ("qtables", "progressive")
    return {name: metadata.details[name] for name in names} | {"subsampling": metadata.details["subsampling"] or 0}


def _is_lossy_webp(data: bytes) -> bool:
    """Whether a WebP has a chunk of lossy pixels."""
    place = 12
    while place + 8 <= len(data):
        if data[place : place + 4] == b"VP8 ":
            return True
        (length,) = struct.unpack_from("<I", data, place + 4)
        place += 8 + length + length % 2
    return False


def _density(info: dict[Any, Any]) -> tuple[float, float] | None:
    dpi = info.get("dpi")
    return None if dpi is None or not all(dots > 0 for dots in dpi) else (float(dpi[0]), float(dpi[1]))
