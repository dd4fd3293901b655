"""JPEG, WebP, BMP, TGA and GIF, by Pillow: 8 bits, one page; GIF is only read."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from inrr_cli.errors import InputError
from inrr_cli.imaging.formats.tiff_ifd import EXIF_PREFIX
from inrr_cli.imaging.metadata import IDENTITY, Metadata, PixelTransform
from inrr_cli.imaging.orientation import read_orientation, reset_orientation
from inrr_cli.imaging.picture import PageSize, Picture, split_alpha
from inrr_cli.imaging.signatures import TGA_END

PLUGINS = (  # importing a plugin registers its format
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin, TgaImagePlugin, TiffImagePlugin,
    WebPImagePlugin,
)  # fmt: skip
KINDS = {b"BM": "BMP", b"RI": "WEBP", b"GI": "GIF", b"\xff\xd8": "JPEG"}  # by the first two bytes; else TGA
MODES = ("L", "LA", "RGB", "RGBA")
MAX_SEGMENT = 65533 - 29  # bytes of EXIF or XMP in a JPEG: a 16-bit length, less the length of XMP's header
# JPEG segments that need no copy, by name or first bytes: Pillow writes them itself; MPF indexes further pictures
PILLOW_SEGMENTS = ("APP0", "APP14", "COM")
PILLOW_HEADERS = (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0", b"MPF\0")


def sizes(data: bytes) -> list[PageSize]:
    """Return the size of the page from the header."""
    with open_image(data) as image:
        return [PageSize(image.height, image.width, image.height * image.width * 4)]


def read(data: bytes) -> Picture:
    """Decode a file."""
    with open_image(data) as opened:
        kind = KINDS.get(data[:2], "TGA")
        frames = getattr(opened, "n_frames", 1)
        if frames > 1 and kind != "JPEG":
            raise InputError(f"is an animation of {frames} frames; give one of its frames")
        details = _tga_details(opened) if kind == "TGA" else _jpeg_details(opened)
        opened.load()
        image: Image.Image = opened
        if image.mode in ("P", "PA", "1"):
            image = image.convert(_mode_of_palette(image))
        if image.mode not in MODES:
            raise InputError(f"its pixels are {image.mode}; convert them to grey or RGB")
        pixels = np.asarray(image).reshape(image.height, image.width, -1)
        info: dict[Any, Any] = opened.info
    exif = info.get("exif")
    metadata = Metadata(
        kind,
        read_orientation(exif),
        info.get("icc_profile"),
        exif,
        info.get("xmp"),
        _density(info),
        lossy=kind == "JPEG" or (kind == "WEBP" and _is_lossy_webp(data)),
        left_out=(f"{frames - 1} further pictures (MPO)",) if frames > 1 else _left_out_of_tga(data, kind),
        details=details,
    )
    colours, alpha = split_alpha(pixels, pixels.shape[2] in (2, 4), metadata.orientation)
    return Picture([colours], [alpha], metadata)


def write(picture: Picture, kind: str, quality: int | None, transform: PixelTransform = IDENTITY) -> bytes:
    """Encode the only page as JPEG, WebP, BMP or TGA.

    Parameters
    ----------
    picture : Picture
    kind : {"JPEG", "WEBP", "BMP", "TGA"}
    quality : int, optional
        1 to 100. Without it, a JPEG gets the tables and chroma sampling of the JPEG that was read, and a WebP is
        lossless.
    transform : PixelTransform
        The resolution is scaled by it.
    """
    metadata = picture.metadata
    same_format = metadata.format == kind
    image = Image.fromarray(picture.page_with_alpha(0, stored_orientation=same_format))
    options: dict[str, Any] = {}
    if kind == "JPEG":
        options = {"quality": quality or 95, "subsampling": 0}
        if same_format:
            options = options if quality is not None else _encoding_of_source(metadata)
            options |= {key: metadata.details[key] for key in ("comment", "extra") if metadata.details.get(key)}
    elif kind == "WEBP":
        options = {"lossless": quality is None, "exact": True, "quality": quality or 100}
    elif kind == "TGA" and same_format:
        options = metadata.details
    if kind in ("JPEG", "WEBP"):
        exif = (metadata.exif or b"").removeprefix(EXIF_PREFIX)
        exif = exif and EXIF_PREFIX + (exif if same_format else reset_orientation(exif))
        blocks = {"icc_profile": metadata.icc_profile, "exif": exif, "xmp": metadata.xmp}
        options |= {key: value for key, value in blocks.items() if value}
    if metadata.dpi and kind in ("JPEG", "BMP"):
        options["dpi"] = (metadata.dpi[0] * transform.x, metadata.dpi[1] * transform.y)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def oversized_metadata(metadata: Metadata) -> str:
    """Return a description of the block of metadata that is too large for a JPEG, or the empty string."""
    for name, block in (("EXIF", metadata.exif), ("XMP", metadata.xmp)):
        if block and len(block) > MAX_SEGMENT:
            return f"{len(block):,} bytes of {name}"
    return ""


def open_image(data: bytes, formats: tuple[str, ...] | None = None) -> Image.Image:
    """Open a file without Pillow's limit on pixels: the caller checks its own."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(io.BytesIO(data), formats=formats or (KINDS.get(data[:2], "TGA"),))
    except UnidentifiedImageError:
        raise ValueError("the header is not valid") from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def _mode_of_palette(image: Image.Image) -> str:
    """Return the mode that holds all colours of a palette: grey or RGB, with alpha if one is transparent."""
    if image.mode == "1":
        return "L"
    palette = np.asarray(image.getpalette() or [0, 0, 0]).reshape(-1, 3)
    mode = "L" if (palette == palette[:, :1]).all() else "RGB"
    return mode + "A" if "transparency" in image.info or image.mode == "PA" else mode


def _tga_details(image: Image.Image) -> dict[str, Any]:
    """Return Pillow's options to write a TGA as it was."""
    return {key: image.info[key] for key in ("compression", "orientation", "id_section") if key in image.info}


def _left_out_of_tga(data: bytes, kind: str) -> tuple[str, ...]:
    """Return the parts of a TGA after its pixels, where its footer says that there are some."""
    has_areas = kind == "TGA" and data.endswith(TGA_END) and any(data[-26:-18])
    return ("the extension and developer areas",) if has_areas else ()


def _jpeg_details(image: Image.Image) -> dict[str, Any]:
    """Return how a JPEG was encoded, and its segments that Pillow does not write by itself."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return {}
    segments = [
        (int(name[3:]), content)
        for name, content in image.applist
        if name not in PILLOW_SEGMENTS and not content.startswith(PILLOW_HEADERS)
    ]
    sampling = 0 if image.mode == "L" else JpegImagePlugin.get_sampling(image)
    return {
        "qtables": [table for _, table in sorted(image.quantization.items())],
        "subsampling": None if sampling < 0 else sampling,
        "progressive": "progressive" in image.info,
        "comment": image.info.get("comment"),
        "extra": b"".join(struct.pack(">BBH", 255, 0xE0 + n, len(c) + 2) + c for n, c in segments),
    }


def _encoding_of_source(metadata: Metadata) -> dict[str, Any]:
    """Return Pillow's options to encode a JPEG as it was; full chroma if Pillow cannot write its sampling."""
    details = metadata.details
    return {name: details[name] for name in ("qtables", "progressive")} | {"subsampling": details["subsampling"] or 0}


def _is_lossy_webp(data: bytes) -> bool:
    """Return whether a WebP has a chunk of lossy pixels."""
    offset = 12
    while offset + 8 <= len(data):
        if data[offset : offset + 4] == b"VP8 ":
            return True
        (length,) = struct.unpack_from("<I", data, offset + 4)
        offset += 8 + length + length % 2
    return False


def _density(info: dict[Any, Any]) -> tuple[float, float] | None:
    """Return the pixels per inch."""
    dpi = info.get("dpi")
    return None if dpi is None or not all(dots > 0 for dots in dpi) else (float(dpi[0]), float(dpi[1]))
