"""Check an encoded file before it is written: what a reader finds in it must be what was meant."""

from __future__ import annotations

import io
import math
from typing import NamedTuple

from inrr_cli.errors import EncodingError
from inrr_cli.imaging.formats import load_format
from inrr_cli.imaging.picture import Picture


class Header(NamedTuple):
    """What a file says of a page, as it is stored; alpha counts as a channel."""

    rows: int
    columns: int
    channels: int
    dtype: str

    def __str__(self) -> str:
        return f"{self.columns} x {self.rows}, {self.channels} of {self.dtype}"


def check_encoded(data: bytes, kind: str, picture: Picture) -> None:
    """Raise EncodingError unless a reader finds the pages of a picture in an encoded file of the format ``kind``.

    Headers and the extent of the data are compared, not the samples, because decoding would cost as much as encoding.
    """
    meant = [_meant(picture, number, kind) for number in range(len(picture.pages))]
    read = READERS.get(kind, _read_by_pillow)
    try:
        found = read(data, meant)
    except Exception as error:  # readers raise many types
        raise EncodingError(f"the {kind} that was made cannot be read ({error}); nothing was written") from error
    if len(found) != len(meant):
        raise EncodingError(f"the {kind} that was made has {len(found)} pages, not {len(meant)}; nothing was written")
    for number, (page, other) in enumerate(zip(meant, found, strict=True)):
        if page != other:
            what = f"page {number + 1} of the {kind}"
            raise EncodingError(f"{what} that was made is {other}, not {page}; nothing was written")


def _meant(picture: Picture, number: int, kind: str) -> Header:
    """Return what a file of the format ``kind`` should say of a page."""
    page, metadata = picture.pages[number], picture.metadata
    same_format = metadata.format == kind
    rows, columns = page.shape[:2]
    if same_format and metadata.orientation >= 5:
        rows, columns = columns, rows
    alpha = picture.alpha[number]
    left_out = kind == "WEBP" and alpha is not None and alpha.min() == 255  # libwebp stores no alpha that is opaque
    channels = (1 if page.ndim == 2 else page.shape[2]) + (alpha is not None and not left_out)
    one_bit = kind == "TIFF" and same_format and metadata.details["pages"][number]["one_bit"]
    return Header(rows, columns, channels, "bool" if one_bit else page.dtype.name)


def _read_tiff(data: bytes, meant: list[Header]) -> list[Header]:
    """Read the directories, and compare the series that the descriptions of ImageJ and tifffile make of them.

    OME's XML may name pages of other files, so what it says is not compared.
    """
    import tifffile  # here, because it is slow to import

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        series = load_format("tiff_series").read_series(file, data)  # raises if a description promises more
        found = []
        for page in (page for part in series for page in part.directories):
            ends = (start + size for start, size in zip(page.dataoffsets, page.databytecounts, strict=True))
            if max(ends, default=0) > len(data):
                raise ValueError(f"page {page.index + 1} ends too early")
            found.append(Header(page.imagelength, page.imagewidth, page.samplesperpixel, str(page.dtype)))
        if file.is_shaped or file.is_imagej:
            samples = [math.prod(series.shape) for series in file.series]
            if sum(samples) != sum(math.prod(page[:3]) for page in found):
                raise ValueError(f"its series hold {[series.shape for series in file.series]}")
        return found


def _read_png(data: bytes, meant: list[Header]) -> list[Header]:
    """Read the header, and the checksum of every chunk."""
    png = load_format("png")
    header = dict(png.read_chunks(data))[b"IHDR"]
    channels = {png.GREY: 1, png.PALETTE: 1, png.RGB: 3, png.GREY_ALPHA: 2, png.RGB_ALPHA: 4}[header[9]]
    (size,) = png.sizes(data)
    return [Header(size.rows, size.columns, channels, "uint16" if header[8] == 16 else "uint8")]


def _read_npy(data: bytes, meant: list[Header]) -> list[Header]:
    """Read the header, whose shape may have an axis for pages, and compare the length of the data."""
    shape, dtype = load_format("npy").read_header(data)
    size = math.prod(shape)
    if size != sum(math.prod(page[:3]) for page in meant) or size * dtype.itemsize >= len(data):
        raise ValueError(f"it has the shape {shape} in {len(data)} bytes")
    return [page._replace(dtype=dtype.name) for page in meant]


def _read_netpbm(data: bytes, meant: list[Header]) -> list[Header]:
    """Read the header, and compare the length of the data."""
    rows, columns, channels, dtype, _, start = load_format("netpbm").read_header(data)
    if start + rows * columns * channels * dtype.itemsize != len(data):
        raise ValueError(f"it has {len(data)} bytes")
    return [Header(rows, columns, channels, dtype.name)]


def _read_modern(data: bytes, meant: list[Header]) -> list[Header]:
    """Read the header of a QOI or a JPEG 2000; decode a JPEG XL, whose header is among its coded bits."""
    return [Header(*load_format("modern").header(data))]


def _read_by_pillow(data: bytes, meant: list[Header]) -> list[Header]:
    """Read the header of a file of one page."""
    with load_format("pillow").open_image(data) as image:
        return [Header(image.height, image.width, len(image.getbands()), "uint8")] * getattr(image, "n_frames", 1)


READERS = {"TIFF": _read_tiff, "PNG": _read_png, "NPY": _read_npy} | {
    **dict.fromkeys(("PGM", "PPM", "PFM"), _read_netpbm),
    **dict.fromkeys(("QOI", "JPEG2000", "JPEGXL"), _read_modern),
}
