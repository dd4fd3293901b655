"""TIFF and BigTIFF, by tifffile: any type of sample, any number of channels and pages; tags come back as they are."""

from __future__ import annotations

import io
import logging
import math
from typing import Any

import numpy as np
import tifffile
from tifffile import TiffPage

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import About, Picture, Pixels, split_alpha, upright

PAGE_MOST = 2**31  # bytes of a classic TIFF, with room; a larger one is a BigTIFF
NODATA, ORIENTATION, DESCRIPTION = 42113, 274, 270
EXIF_DIRECTORIES = (34665, 34853, 40965)
SUB_IFDS = 330
# What describes how pixels are stored: the writer sets it anew.
STRUCTURE = {
    254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 280, 281, 282, 283, 284, 288, 289, 292, 293, 296, 317,
    320, 322, 323, 324, 325, 330, 338, 339, 340, 341, 347, 512, 513, 514, 529, 530, 531, 532, 34665, 34853, 40965,
    50674,
}  # fmt: skip
LOSSLESS = {1: None, 5: "lzw", 8: "zlib", 32946: "zlib", 32773: "packbits", 50000: "zstd", 34926: "zstd", 34925: "lzma"}
PHOTOMETRICS = (0, 1, 2, 6)
DTYPES = ("uint8", "uint16", "uint32", "int16", "float16", "float32", "float64")

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # damage is told as an error of ours


def sizes(data: bytes) -> list[tuple[int, int]]:
    """Rows and columns of each page, as its tags announce."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return [(page.imagelength, page.imagewidth) for page in _pages(file)]


def read(data: bytes) -> Picture:
    """Decode all pages."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = _pages(file)
        pages, alphas, kept = [], [], []
        for page in found:
            stored = _decode(page)
            has_alpha = _has_alpha(page)
            seen, alpha = split_alpha(stored, has_alpha)
            turn = _orientation(page)
            pages.append(upright(seen, turn))
            alphas.append(None if alpha is None else upright(alpha, turn))
            kept.append(_keep(page))
        if file.is_imagej and len(found) == 1 and len(file.series) == 1:
            more = _frames_of_imagej(file, pages[0])
            pages, alphas, kept = [*pages, *more], [*alphas, *[None] * len(more)], [*kept, *[kept[0]] * len(more)]
        first = found[0]
        about = About(
            "TIFF",
            _orientation(first),
            first.tags.valueof(34675),
            dpi=_density(first),
            nodata=_nodata(first),
            lossy=any(page.compression not in LOSSLESS for page in found),
            details={
                "pages": kept,
                "bigtiff": file.is_bigtiff,
                "byteorder": file.byteorder,
                "left_out": _left_out(found),
            },
        )
    if any(_orientation(page) != about.orientation for page in found):
        raise InputError("its pages are turned in different ways; turn them the same way up")
    return Picture(pages, alphas, about)


def write(picture: Picture, description: str | None, scale: float = 1.0) -> bytes:
    """Encode all pages.

    Parameters
    ----------
    picture : Picture
    description : str, optional
        For a picture that has none of its own.
    scale : float
        How much larger than what was read it is: its resolution grows with it.
    """
    about = picture.about
    same = about.format == "TIFF"
    held = about.details["pages"] if same else [{}] * len(picture.pages)
    total = sum(page.nbytes for page in picture.pages)
    buffer = io.BytesIO()
    big = (about.details["bigtiff"] if same else False) or total > PAGE_MOST
    with tifffile.TiffWriter(buffer, bigtiff=big, byteorder=about.details["byteorder"] if same else None) as writer:
        for number, page in enumerate(held):
            stored = picture.stored(number, turned=same)
            _write_page(writer, stored, picture, number, page, description, scale)
    return buffer.getvalue()


def _write_page(
    writer: tifffile.TiffWriter,
    stored: Pixels,
    picture: Picture,
    number: int,
    page: dict[str, Any],
    description: str | None,
    scale: float,
) -> None:
    about = picture.about
    channels = 1 if stored.ndim == 2 else stored.shape[2]
    alpha = picture.alpha[number] is not None
    photometric = page.get("photometric", 2 if channels - alpha == 3 else 1)
    options: dict[str, Any] = dict(page.get("layout", {"compression": "zlib", "predictor": True}))
    if options.get("tile") and scale != 1:
        options.pop("tile")
    extra = channels - (3 if photometric == 2 else 1)
    if extra > 0:
        options["extrasamples"] = page.get("extrasamples", [0] * (extra - alpha) + [2] * alpha)
    if channels > 1 and options.get("planarconfig") == 2:
        stored = np.moveaxis(stored, 2, 0)
    elif channels > 1:
        options["planarconfig"] = 1
    else:
        options.pop("planarconfig", None)
    tags = list(page.get("tags", []))
    if not page and about.icc_profile:
        tags.append((34675, 7, len(about.icc_profile), about.icc_profile, True))
    if not page and about.xmp:
        tags.append((700, 1, len(about.xmp), about.xmp, True))
    if description and number == 0 and all(tag[0] != DESCRIPTION for tag in tags):
        text = description.encode() + b"\0"
        tags.append((DESCRIPTION, 2, len(text), text, True))
    resolution = page.get("resolution") or (about.dpi and (*about.dpi, 2))
    if resolution:
        across, down, unit = resolution
        options |= {"resolution": (_times(across, scale), _times(down, scale)), "resolutionunit": unit}
    writer.write(
        stored,
        photometric=photometric,
        subfiletype=page.get("subfiletype"),
        extratags=tags,
        metadata=None,
        software=False,
        **options,
    )


def _pages(file: tifffile.TiffFile) -> list[TiffPage]:
    """All pages, each with its own tags."""
    pages = [file.pages.get(number, cache=False, validate=True) for number in range(len(file.pages))]
    found = [page for page in pages if isinstance(page, TiffPage)]
    if not found or len(found) < len(pages):
        raise ValueError("it has no pages" if not found else "a page cannot be read")
    return found


def _decode(page: TiffPage) -> Pixels:
    """Return a page as (M, N[, C])."""
    if page.photometric not in PHOTOMETRICS or page.imagedepth > 1:
        raise InputError(f"a page is {getattr(page.photometric, 'name', page.photometric)}; convert it to grey or RGB")
    if page.dtype is None or page.dtype.name not in DTYPES or page.bitspersample not in (8, 16, 32, 64):
        kind = f"{page.bitspersample}-bit {page.dtype}"
        raise InputError(f"its samples are {kind}; convert them to one of {', '.join(DTYPES)}")
    array = page.asarray()
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, 2)
    elif page.axes not in ("YX", "YXS"):
        raise InputError(f"a page has the axes {page.axes}; give (rows, columns) or (rows, columns, channels)")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _has_alpha(page: TiffPage) -> bool:
    """Whether the last sample is opacity."""
    return page.samplesperpixel in (2, 4) and bool(page.extrasamples) and int(page.extrasamples[-1]) in (1, 2)


def _orientation(page: TiffPage) -> int:
    value = page.tags.valueof(ORIENTATION, default=1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _keep(page: TiffPage) -> dict[str, Any]:
    """Return what is to be written again of a page."""
    lossless = page.compression in LOSSLESS
    layout: dict[str, Any] = {"compression": LOSSLESS[page.compression] if lossless else "zlib"}
    if layout["compression"] is not None and page.predictor != 1:
        layout["predictor"] = int(page.predictor)
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        layout["planarconfig"] = 2
    if page.is_tiled and page.tilewidth % 16 == 0 and page.tilelength % 16 == 0:
        layout["tile"] = (page.tilelength, page.tilewidth)
    elif not page.is_tiled and 0 < page.rowsperstrip:
        layout["rowsperstrip"] = min(page.rowsperstrip, page.imagelength)
    kept: dict[str, Any] = {
        "layout": layout,
        "photometric": 2 if page.photometric == 6 else int(page.photometric),
        "tags": [tag.astuple() for tag in page.tags if tag.code not in STRUCTURE],
    }
    if 254 in page.tags:
        kept["subfiletype"] = int(page.subfiletype)
    if page.extrasamples:
        kept["extrasamples"] = [int(sample) for sample in page.extrasamples]
    across, down = page.tags.valueof(282), page.tags.valueof(283)
    if across is not None and down is not None:
        kept["resolution"] = (across, down, int(page.tags.valueof(296, default=2)))
    return kept


def _frames_of_imagej(file: tifffile.TiffFile, first: Pixels) -> list[Pixels]:
    """Pages after the first of an ImageJ file that has directory for the first one only."""
    whole = file.series[0].asarray()
    frames = whole.reshape(-1, *first.shape)
    return [np.ascontiguousarray(frame) for frame in frames[1:]]


def _nodata(page: TiffPage) -> float | None:
    """Return the value of GDAL's nodata tag."""
    value = page.tags.valueof(NODATA)
    try:
        return None if value is None else float(str(value).strip("\0 "))
    except ValueError:
        return None


def _density(page: TiffPage) -> tuple[float, float] | None:
    """Dots to an inch."""
    across, down = page.tags.valueof(282), page.tags.valueof(283)
    factor = {2: 1.0, 3: 2.54}.get(int(page.tags.valueof(296, default=2)))
    if factor is None or not across or not down or not across[1] or not down[1]:
        return None
    x, y = across[0] / across[1] * factor, down[0] / down[1] * factor
    return (x, y) if x > 0 and y > 0 else None


def _times(value: Any, scale: float) -> Any:
    """Multiply a resolution, a number or a (numerator, denominator)."""
    if scale == 1:
        return value
    if isinstance(value, tuple):
        value = value[0] / value[1] if value[1] else math.nan
    return value * scale if math.isfinite(value) else 1.0


def _left_out(pages: list[TiffPage]) -> list[str]:
    """Tell what a page has that is not written again."""
    found = {
        "reduced copies (SubIFDs)": any(SUB_IFDS in page.tags for page in pages),
        "EXIF directories": any(code in page.tags for page in pages for code in EXIF_DIRECTORIES),
    }
    return [name for name, there in found.items() if there]
