"""Read a picture, write a picture, and lose nothing on the way."""

from __future__ import annotations

import io
import sys
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image, UnidentifiedImageError

from inrr_cli.errors import InputError
from inrr_cli.imaging.atomic import write_atomically
from inrr_cli.imaging.formats import coded, npy, png, tiff
from inrr_cli.imaging.picture import Picture, Pixels

STANDARD = Path("-")
MAX_PIXELS = int(Image.MAX_IMAGE_PIXELS or 2**26)  # of a page; Pillow's limit against decompression bombs
UNCERTAINTY_SUFFIXES = (".tif", ".tiff", ".png")
FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".npy": "NPY",
}
MAGIC = {
    png.SIGNATURE: png,
    b"\xff\xd8\xff": coded,
    b"RIFF": coded,
    b"BM": coded,
    b"II*\0": tiff,
    b"MM\0*": tiff,
    b"II+\0": tiff,
    b"MM\0+": tiff,
    b"\x93NUMPY": npy,
}


def read_bytes(path: Path) -> bytes:
    """Return what a file or, for ``-``, the standard input holds."""
    if path == STANDARD:
        if sys.stdin.isatty():
            raise InputError("-: standard input is a terminal; pipe a picture into it")
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; give an image file") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def read_picture(path: Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read a PNG, JPEG, WebP, BMP, TIFF or .npy file.

    Parameters
    ----------
    path : Path
        File to read, or ``-``. What it is, its first bytes say.
    max_pixels : int
        Rows times columns of a page that are not refused.

    Raises
    ------
    InputError
        If the file is missing, is no picture, is damaged, too large, or holds a kind of pixels that is not supported.
    """
    return decode(read_bytes(path), path, max_pixels)


def decode(data: bytes, path: Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Return the picture in ``data``; errors name ``path``."""
    module = next((module for magic, module in MAGIC.items() if data.startswith(magic)), None)
    if module is None:
        raise InputError(f"{path}: not an image that can be read (PNG, JPEG, WebP, BMP, TIFF or .npy)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for rows, columns in _sizes(module, data):
                if rows * columns > max_pixels:
                    raise InputError(f"{columns} x {rows} pixels are more than {max_pixels}; see --max-pixels")
            picture: Picture = module.read(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except MemoryError:
        raise InputError(f"{path}: does not fit in memory") from None
    except Exception as error:  # decoders raise many types on damaged files
        raise InputError(f"{path}: damaged or not readable as an image ({_one_line(error)})") from None
    return picture


def _sizes(module: ModuleType, data: bytes) -> list[tuple[int, int]]:
    """Rows and columns of each page, before any pixel is decoded."""
    if module is coded:
        previous, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(io.BytesIO(data)) as image:
                return [(image.height, image.width)]
        except UnidentifiedImageError:
            raise ValueError("its header is not valid") from None
        finally:
            Image.MAX_IMAGE_PIXELS = previous
    found: list[tuple[int, int]] = module.sizes(data)
    return found


def format_of(path: Path, name: str | None = None) -> str:
    """Format that a file name stands for, or the one that is named (needed for ``-``)."""
    suffix = f".{name}".lower() if name is not None else path.suffix.lower()
    if name is None and path == STANDARD:
        raise InputError("-: standard output needs --format, as in --format png")
    if suffix not in FORMATS:
        what = f"--format {name}" if name is not None else f"{path}: cannot write '{path.suffix}' files"
        raise InputError(f"{what}; use {', '.join(FORMATS)}")
    return FORMATS[suffix]


def check_destination(path: Path, *, force: bool, suffixes: tuple[str, ...] = tuple(FORMATS)) -> None:
    """Raise InputError unless ``path`` can be written: known suffix, an existing folder, no file in the way."""
    if path == STANDARD:
        if sys.stdout.isatty():
            raise InputError("-: a picture is not written to a terminal; redirect standard output")
        return
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: cannot write '{path.suffix}' files; use {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a file name")
    if path.is_symlink():
        raise InputError(f"{path}: is a symbolic link; give the file it points to")
    if path.exists() and not force:
        raise InputError(f"{path}: already exists; use --force to overwrite it or --output to write elsewhere")


def check_holds(kind: str, path: Path, picture: Picture) -> None:
    """Raise InputError unless a format can hold a picture's pixels as they are."""
    page = picture.pages[0]
    channels = 1 if page.ndim == 2 else page.shape[2]
    alpha = picture.alpha[0] is not None
    held: dict[str, tuple[tuple[str, ...], tuple[tuple[int, bool], ...]]] = {
        "PNG": (("uint8", "uint16"), ((1, False), (1, True), (3, False), (3, True))),
        "JPEG": (("uint8",), ((1, False), (3, False))),
        "WEBP": (("uint8",), ((3, False), (3, True))),
        "BMP": (("uint8",), ((1, False), (3, False))),
    }
    if kind not in held:
        return
    dtypes, shapes = held[kind]
    reason = ""
    if len(picture.pages) > 1:
        reason = f"{len(picture.pages)} pages"
    elif page.dtype.name not in dtypes:
        reason = f"{page.dtype} samples"
    elif (channels, alpha) not in shapes:
        reason = f"{channels} channel{'s' * (channels > 1)}{' and alpha' if alpha else ''}"
    if reason:
        raise InputError(f"{path}: {kind} cannot hold {reason}; write a {'.png' if _fits_png(picture) else '.tif'}")


def _fits_png(picture: Picture) -> bool:
    page = picture.pages[0]
    channels = 1 if page.ndim == 2 else page.shape[2]
    return len(picture.pages) == 1 and page.dtype.name in ("uint8", "uint16") and channels in (1, 3)


def lossless_suffix(picture: Picture, source: Path) -> str:
    """Suffix of a file that keeps the source's format where that is lossless."""
    if not picture.about.lossy and FORMATS.get(source.suffix.lower()) == picture.about.format:
        return source.suffix
    return {"JPEG": ".png", "WEBP": ".png", "BMP": ".bmp", "TIFF": ".tif", "NPY": ".npy"}.get(
        picture.about.format, ".png"
    )


def encode(
    picture: Picture, kind: str, *, texts: dict[str, str] | None = None, quality: int | None = None, scale: float = 1.0
) -> bytes:
    """Return a picture as the bytes of a file.

    Parameters
    ----------
    picture : Picture
    kind : str
        One of the values of FORMATS; `check_holds` has passed.
    texts : dict, optional
        Latin-1 texts for a PNG, and, as lines, the description of a TIFF that has none.
    quality : int, optional
        1 to 100, of a lossy format.
    scale : float
        How much larger than what was read the picture is.
    """
    texts = texts or {}
    if kind == "PNG":
        return png.write(picture, texts, scale)
    if kind == "TIFF":
        return tiff.write(picture, "\n".join(f"{key}: {text}" for key, text in texts.items()) or None, scale)
    if kind == "NPY":
        return npy.write(picture)
    return coded.write(picture, kind, quality, scale)


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture as the suffix says."""
    kind = format_of(path)
    check_holds(kind, path, picture)
    write_bytes(path, encode(picture, kind))


def write_bytes(path: Path, data: bytes) -> None:
    """Write to a file, whole or not at all, or to the standard output for ``-``."""
    if path == STANDARD:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_atomically(path, data)


def write_uncertainty(path: Path, sigmas: list[Pixels], full_scale: float) -> None:
    """Write standard deviations: float32 TIFF as they are, or 16-bit PNG scaled so that 65535 is ``full_scale``.

    Parameters
    ----------
    path : Path
        Ends in one of UNCERTAINTY_SUFFIXES.
    sigmas : list of (M, N[, C]) ndarray of float32
        In the image's units, >= 0; a page each.
    full_scale : float
        The image's value for white.
    """
    picture = Picture.of(sigmas[0]).with_pages(sigmas, [None] * len(sigmas))
    if path.suffix.lower() == ".png":
        levels = [np.clip(np.round(s.astype(np.float64) * (65535 / full_scale)), 0, 65535) for s in sigmas]
        picture = picture.with_pages([level.astype(np.uint16) for level in levels])
        check_holds("PNG", path, picture)
        write_atomically(path, encode(picture, "PNG"))
    else:
        write_atomically(path, encode(picture, "TIFF"))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 120 else f"{text[:117]}..."
