"""Arrays and TIFFs with axes, and how they are read."""

import io
from pathlib import Path

import numpy as np
import tifffile
from sample_files import SIZE

from inrr_cli.imaging.reading import decode

M, N = SIZE


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def tiff(array, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **{"photometric": "minisblack", **options})
    return buffer.getvalue()


def read(data, axes=None, like=None):
    return decode(data, Path("a"), axes=axes, like=like)


def changed(picture):
    """Return the picture with 1 added to the first sample of each channel of each page."""
    pages = [page.copy() for page in picture.pages]
    for page in pages:
        page[0, 0] += 1
    return picture.with_pages(pages)
