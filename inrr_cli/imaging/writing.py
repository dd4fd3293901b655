"""Write a `Picture` to a file or standard output, after checks that the file and its format can take it."""

from __future__ import annotations

import os
import stat
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

from inrr_cli.errors import InputError, OutputExistsError, UnwritableError
from inrr_cli.imaging.atomic import write_all_atomically
from inrr_cli.imaging.checking import check_encoded
from inrr_cli.imaging.formats import load_format
from inrr_cli.imaging.metadata import IDENTITY, PixelTransform
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.planes import split_channels
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.shipping import shipment

FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF",
    ".npy": "NPY", ".pgm": "PGM", ".ppm": "PPM", ".pfm": "PFM", ".tga": "TGA", ".qoi": "QOI", ".jp2": "JPEG2000",
    ".j2k": "JPEG2000", ".jxl": "JPEGXL",
}  # fmt: skip
# what a format can hold if it cannot hold everything: dtypes, and pairs of colour channels and whether there is alpha
SHAPES = ((1, False), (1, True), (3, False), (3, True))
CAPABILITIES: dict[str, tuple[tuple[str, ...], tuple[tuple[int, bool], ...]]] = {
    "PNG": (("uint8", "uint16"), SHAPES),
    "JPEG": (("uint8",), ((1, False), (3, False))),
    "WEBP": (("uint8",), ((3, False), (3, True))),
    "BMP": (("uint8",), ((1, False), (3, False))),
    "PGM": (("uint8", "uint16"), ((1, False),)),
    "PPM": (("uint8", "uint16"), ((3, False),)),
    "PFM": (("float32",), ((1, False), (3, False))),
    "TGA": (("uint8",), SHAPES),
    "QOI": (("uint8",), ((3, False), (3, True))),
    "JPEG2000": (("uint8", "uint16"), SHAPES),
    "JPEGXL": (("uint8", "uint16", "float32"), SHAPES),
}
MODULES = {"PGM": "netpbm", "PPM": "netpbm", "PFM": "netpbm", "QOI": "modern", "JPEG2000": "modern", "JPEGXL": "modern"}
LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383, "TGA": 65535}  # pixels; limits of libjpeg, libwebp, and TGA's 16 bits


def format_of(path: Path, name: str | None = None) -> str:
    """Return the format that a file name stands for, or the named one, which ``-`` needs."""
    suffix = f".{name}".lower() if name is not None else path.suffix.lower()
    if name is None and path == STANDARD:
        raise InputError("-: standard output needs --format, as in --format png")
    if suffix not in FORMATS:
        subject = f"--format {name}" if name is not None else f"{path}: cannot write '{path.suffix}' files"
        raise InputError(f"{subject}; use {', '.join(FORMATS)}")
    return FORMATS[suffix]


def check_destination(
    path: Path, *, force: bool, suffixes: tuple[str, ...] = tuple(FORMATS), makes_folder: bool = False
) -> None:
    """Raise InputError unless ``path`` has a known suffix, its folder is writable, and no file would be overwritten.

    With ``makes_folder`` the folder need not be there yet.
    """
    if path == STANDARD:
        if sys.stdout.isatty():
            raise InputError("-: a picture is not written to a terminal; redirect standard output")
        return
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path}: cannot write '{path.suffix}' files; use {', '.join(suffixes)}")
    if shipment() is not None:
        return  # who sent it writes it
    try:
        if not path.parent.is_dir():
            if makes_folder:
                return
            raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
        if path.is_symlink():
            raise InputError(f"{path}: is a symbolic link; give the file it points to")
        mode = path.stat().st_mode if path.exists() else None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot write a file of this name ({error})") from None
    if mode is not None and stat.S_ISDIR(mode):
        raise InputError(f"{path}: is a folder; give a file name")
    if mode is not None and not stat.S_ISREG(mode):
        raise InputError(f"{path}: is no regular file; give another name")
    if mode is not None and not force:
        raise OutputExistsError(f"{path}: already exists; use --force to overwrite it, or write elsewhere")
    if not os.access(path.parent, os.W_OK):
        raise UnwritableError(f"{path}: no permission to write in the folder {path.parent}")


def check_holds(kind: str, path: Path, picture: Picture) -> None:
    """Raise InputError unless the format ``kind`` can hold a picture's pixels unchanged; the error names ``path``."""
    if reason := _unsupported(kind, picture):
        suffix = ".npy" if _unsupported("TIFF", picture) else ".tif" if _unsupported("PNG", picture) else ".png"
        raise InputError(f"{path}: {kind} cannot hold {reason}; write a {suffix}")


def _unsupported(kind: str, picture: Picture) -> str:
    """Return what a format cannot hold of a picture, or the empty string."""
    page = picture.pages[0]
    channels = 1 if page.ndim == 2 else page.shape[2]
    alpha = picture.alpha[0] is not None
    dtypes, shapes = CAPABILITIES.get(kind, ((), ()))
    if kind == "NPY" and len({page.shape for page in picture.pages}) > 1:
        return "pages of several sizes"
    if kind == "TIFF" and page.dtype.name in ("bool", "int64", "uint64"):
        return f"{page.dtype} samples here"
    if kind in CAPABILITIES and len(picture.pages) > 1:
        return f"{len(picture.pages)} pages"
    if kind in CAPABILITIES and page.dtype.name not in dtypes:
        return f"{page.dtype} samples"
    if kind in CAPABILITIES and (channels, alpha) not in shapes:
        return f"{channels} channel{'s' * (channels > 1)}{' and alpha' if alpha else ''}"
    if max(page.shape[:2]) > LONGEST_SIDE.get(kind, 2**31):
        return f"{page.shape[1]} x {page.shape[0]} pixels"
    return str(load_format("pillow").oversized_metadata(picture.metadata)) if kind == "JPEG" else ""


def lossless_suffix(picture: Picture, source: Path) -> str:
    """Return the suffix of a lossless file for a picture, that of ``source`` where possible."""
    kind = picture.metadata.format
    if kind in FORMATS.values() and not picture.metadata.lossy and not _unsupported(kind, picture):
        own = next(suffix for suffix, name in FORMATS.items() if name == kind)
        return source.suffix if FORMATS.get(source.suffix.lower()) == kind else own
    return ".tif" if kind == "TIFF" or _unsupported("PNG", picture) else ".png"


def encode(
    picture: Picture,
    kind: str,
    *,
    texts: dict[str, str] | None = None,
    quality: int | None = None,
    transform: PixelTransform = IDENTITY,
) -> bytes:
    """Encode a picture as the bytes of a file.

    Parameters
    ----------
    picture : Picture
    kind : str
        A format that `check_holds` accepts, one of the values of FORMATS.
    texts : dict, optional
        Texts to add to the metadata of a PNG (in Latin-1) or a TIFF.
    quality : int, optional
        1 to 100, of a JPEG or a lossy WebP.
    transform : PixelTransform
        Relation to the picture that was read; resolution and georeference are changed accordingly.

    Raises
    ------
    EncodingError
        If a reader finds other pages in the file than the picture has.
    """
    if picture.metadata.orientation >= 5 and picture.metadata.format == kind:  # stored with rows and columns swapped
        transform = PixelTransform(transform.y, transform.x, transform.top, transform.left)
    if kind == "TIFF":
        picture = split_channels(picture)
    elif kind != "NPY" and picture.metadata.white_is_zero:  # which no other image format knows
        picture = picture.inverted()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = _encode(picture, kind, texts or {}, quality, transform)
        check_encoded(data, kind, picture)
    return data


def _encode(
    picture: Picture, kind: str, texts: dict[str, str], quality: int | None, transform: PixelTransform
) -> bytes:
    """Encode a picture with the module of its format."""
    if kind == "PNG":
        return bytes(load_format("png").write(picture, texts, transform))
    if kind == "TIFF":
        text = "\n".join(f"{key}: {value}" for key, value in texts.items())
        return bytes(load_format("tiff_writer").write(picture, text or None, transform))
    if kind == "NPY":
        return bytes(load_format("npy").write(picture))
    if kind in MODULES:
        return bytes(load_format(MODULES[kind]).write(picture, kind))
    return bytes(load_format("pillow").write(picture, kind, quality, transform))


def write_picture(path: Path, picture: Picture, *, replace: bool = True) -> None:
    """Write a picture in the format that the suffix of ``path`` stands for."""
    kind = format_of(path)
    check_holds(kind, path, picture)
    write_files({path: encode(picture, kind)}, replace=replace)


def write_files(files: Mapping[Path, bytes], *, replace: bool = True) -> None:
    """Write what belongs to the path ``-`` to standard output, and then all files or none; or put all in a shipment."""
    if (shipped := shipment()) is not None:
        shipped.outputs.update(files)
        return
    if STANDARD in files:
        try:
            sys.stdout.buffer.write(files[STANDARD])
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(f"-: cannot write to standard output: {error.strerror}") from None
    write_all_atomically({path: data for path, data in files.items() if path != STANDARD}, replace=replace)
