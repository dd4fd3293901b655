"""Tell the format of a file from its first bytes."""

from __future__ import annotations

import struct
from pathlib import Path

from inrr_cli.errors import InputError

SPACES = (b" ", b"\n", b"\r", b"\t", b"#")  # after the two letters that begin a PGM and its kin
MAGIC = {  # the first bytes of a file and the module that reads it
    b"\x89PNG\r\n\x1a\n": "png",
    **dict.fromkeys((b"\xff\xd8\xff", b"RIFF", b"BM", b"GIF87a", b"GIF89a"), "pillow"),
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "tiff"),
    b"\x93NUMPY": "npy",
    **{b"P" + kind + space: "netpbm" for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"f", b"F") for space in SPACES},
    **dict.fromkeys((b"qoif", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"), "modern"),  # QOI, JPEG 2000
    **dict.fromkeys((b"\xff\x0a", b"\0\0\0\x0cJXL "), "modern"),  # JPEG XL
}
READABLE = "PNG, JPEG, WebP, BMP, GIF, TGA, QOI, PGM, PPM, PFM, JPEG 2000, JPEG XL, AVIF, TIFF or .npy"
UNREAD = {b"v/1\x01": "OpenEXR", b"#?RADIANCE": "Radiance HDR", b"8BPS": "Photoshop", b"%PDF": "PDF", b"P7\n": "PAM"}
HEAD = 64  # bytes that tell a format
TGA_SUFFIXES = (".tga", ".icb", ".vda", ".vst")
SUFFIXES = {  # of files that are taken for images where a folder is given
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif", *TGA_SUFFIXES, ".qoi", ".pgm", ".ppm",
    ".pnm", ".pbm", ".pfm", ".jp2", ".j2k", ".jpf", ".jxl", ".avif", ".tif", ".tiff", ".npy",
}  # fmt: skip
TGA_END = b"TRUEVISION-XFILE.\0"


def module_of(data: bytes, path: Path, *, whole: bool) -> str:
    """Return the module that reads a file.

    Parameters
    ----------
    data : bytes
        The file, or its first ``HEAD`` bytes.
    path : Path
        Its name, for errors; only a TGA may need it, because its first bytes tell too little.
    whole : bool
        Whether ``data`` is the whole file.

    Raises
    ------
    InputError
        If it is no image that can be read.
    """
    for magic, name in MAGIC.items():
        if data.startswith(magic):
            return name
    if data[4:8] == b"ftyp" and any(brand in data[8:HEAD] for brand in (b"avif", b"avis")):
        return "modern"
    named = path.suffix.lower() in TGA_SUFFIXES
    if _may_be_tga(data) and (not whole or named or data.endswith(TGA_END)):
        return "pillow"
    kind = next((kind for magic, kind in UNREAD.items() if data.startswith(magic)), "")
    kind = "HEIC" if data[4:8] == b"ftyp" else kind
    if kind:
        raise InputError(f"{path}: is {kind}, which cannot be read here; convert it to a .tif or .png")
    raise InputError(f"{path}: not an image that can be read ({READABLE})")


def _may_be_tga(head: bytes) -> bool:
    """Return whether the fields of a TGA's header have values that they may have."""
    if len(head) < 18:
        return False
    _, has_map, kind, start, length, map_bits = struct.unpack_from("<BBBHHB", head)
    width, height, bits, flags = struct.unpack_from("<HHBB", head, 12)
    if kind in (1, 9):  # with a map of colours
        plausible = has_map == 1 and map_bits in (15, 16, 24, 32) and bits == 8
    else:
        unused = has_map == 1 or has_map == start == length == map_bits == 0
        depths = {2: (15, 16, 24, 32), 10: (15, 16, 24, 32), 3: (8, 16), 11: (8, 16)}
        plausible = unused and bits in depths.get(kind, ())
    return bool(plausible and width and height and flags < 64)
