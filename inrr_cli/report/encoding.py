"""Pictures as data addresses: lossless, and small where they only say what differs from another one."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray

LONGEST_WEBP = 16383  # pixels of a side
EFFORT = {"method": 2, "quality": 50}  # of lossless WebP: more takes several times as long for 1 % less


def encode_layer(view: NDArray[np.uint8], where: NDArray[np.bool_] | None = None) -> str:
    """Return a picture as a ``data:`` address.

    Parameters
    ----------
    view : (M, N, 3) ndarray of uint8
    where : (M, N) ndarray of bool, optional
        Pixels that are opaque; the others are transparent and take next to no room. All by default.
    """
    from PIL import Image

    pixels = np.ascontiguousarray(view)
    if where is not None and not where.all():
        pixels = np.dstack([np.where(where[..., None], pixels, 0), np.where(where, 255, 0)]).astype(np.uint8)
    file = io.BytesIO()
    if max(pixels.shape[:2]) > LONGEST_WEBP:
        Image.fromarray(pixels).save(file, "PNG")
        return _address(file.getvalue(), "png")
    Image.fromarray(pixels).save(file, "WEBP", lossless=True, **EFFORT)
    return _address(file.getvalue(), "webp")


def encode_thumbnail(view: NDArray[np.uint8], side: int = 96) -> str:
    """Return a small lossy picture, of at most ``side`` pixels, as a ``data:`` address."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(view))
    picture.thumbnail((side, side))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=60)
    return _address(file.getvalue(), "webp")


def _address(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
