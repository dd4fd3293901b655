"""The axes that a TIFF says its pages have: in the XML of OME, or a description by ImageJ or tifffile."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.imaging.axes import NAMES, StoredAxes, distinct


def read_axes(file: tifffile.TiffFile, directories: list[TiffPage], count: int) -> StoredAxes | None:
    """Return the axes of the pages of a file, None if it says nothing that fits them.

    Parameters
    ----------
    file : TiffFile
    directories : list of TiffPage
        Those that are read.
    count : int
        Number of their pages.
    """
    try:
        found = _of_ome(file, directories) if file.is_ome else _of_description(file, directories[0])
    except Exception:  # tifffile and the XML of others raise many types; a file without axes is one of strangers
        return None
    if found is None or math.prod(found.sizes) != count:
        return None
    over_pages = found.axes[: len(found.sizes)]
    return found._replace(axes=distinct(found.axes), tagged=not over_pages or not NAMES.keys().isdisjoint(over_pages))


def _of_description(file: tifffile.TiffFile, page: TiffPage) -> StoredAxes | None:
    """Return the axes of a description by ImageJ or tifffile, whose series is the whole file."""
    if not (file.is_shaped or file.is_imagej) or len(file.series) != 1:
        return None
    (series,) = file.series
    if series.kind not in ("shaped", "imagej"):
        return None
    count = len(series.axes) - len(page.axes)
    over_pages, of_page = series.axes[:count], series.axes[count:]
    if {"Y", "X"} <= set(of_page):
        of_page = _rows_first(page)
    return StoredAxes(over_pages + of_page, tuple(series.shape[:count]))


def _of_ome(file: tifffile.TiffFile, directories: list[TiffPage]) -> StoredAxes | None:
    """Return the axes of an image in the XML of OME; the data of each place (t, z, c) may be in any directory."""
    images = [item for item in ElementTree.fromstring(file.ome_metadata or "").iter() if _name(item) == "Pixels"]
    if len(images) != 1:
        return None
    (image,) = images
    letters = image.attrib["DimensionOrder"][:1:-1]  # from XYZCT, the fastest first, to TCZ
    size = {letter: int(image.attrib[f"Size{letter}"]) for letter in letters}
    size["C"] //= directories[0].samplesperpixel
    sizes = tuple(size[letter] for letter in letters)
    numbers = {directory.index: number for number, directory in enumerate(directories)}
    places = {place: numbers[index] for place, index in _ome_places(image, letters, sizes)}
    order = tuple(places[place] for place in range(math.prod(sizes)))
    if sorted(order) != list(range(len(directories))):
        return None
    kept = "".join(letter for letter in letters if size[letter] > 1)
    return StoredAxes(kept + _rows_first(directories[0]), tuple(size[letter] for letter in kept), order)


def _ome_places(image: ElementTree.Element, letters: str, sizes: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield each place, the last axis fastest, and the index of its directory."""
    count = math.prod(sizes)
    for item in (item for item in image if _name(item) == "TiffData"):
        start = int(np.ravel_multi_index([int(item.attrib.get(f"First{letter}", 0)) for letter in letters], sizes))
        first, one = int(item.attrib.get("IFD", 0)), "IFD" in item.attrib
        length = int(item.attrib.get("PlaneCount", 1 if one else count - start))
        yield from ((start + step, first + step) for step in range(min(length, count - start)))


def _rows_first(page: TiffPage) -> str:
    """Return the axes of a page as it is read, (rows, columns[, samples]), though the file may hold samples first."""
    return "YXS" if page.samplesperpixel > 1 else "YX"


def _name(item: ElementTree.Element) -> str:
    """Return the name of an element without that of its schema."""
    return item.tag.rpartition("}")[2]
