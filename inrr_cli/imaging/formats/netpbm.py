"""PGM and PPM of 8 and 16 bits, PBM, and PFM: their samples are kept as they are, whatever white is."""

from __future__ import annotations

import re

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.metadata import Metadata
from inrr_cli.imaging.picture import PageSize, Picture
from inrr_cli.imaging.value_range import Pixels

KINDS = {b"1": "PBM", b"2": "PGM", b"3": "PPM", b"4": "PBM", b"5": "PGM", b"6": "PPM", b"f": "PFM", b"F": "PFM"}
COLOURS = (b"3", b"6", b"F")
SPACE = rb"(?:\s|#[^\n]*\n)+"  # between the numbers of a header; a comment is space


def sizes(data: bytes) -> list[PageSize]:
    """Return the size of the page from the header."""
    rows, columns, channels, dtype, _, _ = read_header(data)
    return [PageSize(rows, columns, rows * columns * channels * dtype.itemsize)]


def read(data: bytes) -> Picture:
    """Decode a file."""
    rows, columns, channels, dtype, white, start = read_header(data)
    letter, count = data[1:2], rows * columns * channels
    if letter in (b"1", b"2", b"3"):
        samples, end = _read_text(data, start, count, letter), len(data)
    elif letter == b"4":
        width = (columns + 7) // 8
        packed, end = _take(data, start, rows * width, np.dtype(np.uint8))
        samples = np.unpackbits(packed.reshape(rows, width), axis=1)[:, :columns]
    else:
        samples, end = _take(data, start, count, dtype)
    if data[end:].lstrip()[:1] == b"P":
        raise InputError("holds several pictures; give one of them")
    kind = KINDS[letter]
    pixels = samples.reshape(rows, columns, -1)
    if kind == "PFM":
        pixels = pixels[::-1]  # the lowest row comes first
    elif samples.min() < 0 or samples.max() > white:
        raise ValueError(f"a sample is not within 0 and the {white:g} that the header says is white")
    pixels = (1 - pixels) * np.uint8(255) if kind == "PBM" else pixels  # ink is 1
    pixels = np.ascontiguousarray(pixels.astype(dtype.newbyteorder("=")))
    left_out = ("the comments",) if b"#" in data[:start] else ()
    metadata = Metadata(
        kind,
        step=255.0 if kind == "PBM" else None,
        white=white if kind in ("PGM", "PPM") else None,
        left_out=left_out,
        details={"white": white},
    )
    return Picture([pixels[..., 0] if channels == 1 else pixels], [None], metadata)


def write(picture: Picture, kind: str) -> bytes:
    """Encode the only page as PGM, PPM or PFM, with the white of the file that was read if it has this format."""
    pixels = picture.pages[0]
    same_format = picture.metadata.format == kind
    letter = {"PGM": "5", "PPM": "6"}.get(kind, "f" if pixels.ndim == 2 else "F")
    if kind == "PFM":
        white = picture.metadata.details["white"] if same_format else -1.0
        stored = pixels[::-1].astype("<f4" if white < 0 else ">f4")
    else:
        white = picture.metadata.details["white"] if same_format else np.iinfo(pixels.dtype).max
        stored = np.minimum(pixels, white).astype(pixels.dtype.newbyteorder(">"))  # only what was filled can be higher
    return f"P{letter}\n{pixels.shape[1]} {pixels.shape[0]}\n{white}\n".encode() + stored.tobytes()


def read_header(data: bytes) -> tuple[int, int, int, np.dtype[np.generic], float, int]:
    """Return rows, columns, channels, the type as it is stored, the white, and the offset of the samples.

    A PFM has a scale in place of the white, whose sign is the byte order: it is negative for little-endian.
    """
    letter = data[1:2]
    numbers = rb"(\d+)" + SPACE + rb"(\d+)" + (rb"" if letter in (b"1", b"4") else SPACE + rb"([-+.\deE]+)")
    found = re.compile(rb"P." + SPACE + numbers + rb"\s").match(data)
    if found is None:
        raise ValueError("the header is not valid")
    columns, rows = int(found[1]), int(found[2])
    if not rows or not columns:
        raise ValueError("the picture has no pixels")
    white: float = 1
    dtype: np.dtype[np.generic] = np.dtype(np.uint8)
    if KINDS[letter] == "PFM":
        white = float(found[3])
        dtype = np.dtype("<f4" if white < 0 else ">f4")
    elif KINDS[letter] != "PBM":
        white = int(found[3])
        if not 0 < white < 65536:
            raise ValueError(f"white is {white}, not 1 to 65535")
        dtype = np.dtype(np.uint8 if white < 256 else ">u2")
    return rows, columns, 3 if letter in COLOURS else 1, dtype, white, found.end()


def _take(data: bytes, start: int, count: int, dtype: np.dtype[np.generic]) -> tuple[Pixels, int]:
    """Return so many samples, and the offset after them."""
    end = start + count * dtype.itemsize
    if end > len(data):
        raise ValueError("the file ends too early")
    return np.frombuffer(data, dtype, count, start), end


def _read_text(data: bytes, start: int, count: int, letter: bytes) -> Pixels:
    """Return the samples of a file that holds them as text."""
    text = re.sub(rb"#[^\n]*", b"", data[start:])
    words = re.findall(rb"[01]", text) if letter == b"1" else text.split()
    if len(words) != count:
        raise ValueError(f"it holds {len(words)} samples, not {count}")
    return np.array(words).astype(np.int64)
