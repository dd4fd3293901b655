"""Synthetic masks: random, patch, textural, mixture and downsample (paper, section 5.1)."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from inspect import signature

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inrr_cli.errors import InputError
from inrr_cli.masking import Mask
from inrr_cli.options import flag

DEFAULT_TEXT = "How are you? I am fine, thanks, and you? Nice to meet you."

PAPER_SIZE = 256  # rows and columns of the paper's images
PAPER_PATCHES = ((70, 100, 150, 190), (200, 230, 200, 230))  # the paper's rectangles: top, bottom, left, right


class Pattern(StrEnum):
    """Patterns of missing pixels."""

    RANDOM = "random"
    PATCH = "patch"
    TEXTURAL = "textural"
    MIXTURE = "mixture"
    DOWNSAMPLE = "downsample"


def make_mask(
    shape: tuple[int, int],
    pattern: Pattern | str = Pattern.RANDOM,
    *,
    seed: int = 0,
    rate: float | None = None,
    count: int | None = None,
    patch_size: tuple[int, int] | None = None,
    text: str | None = None,
    factor: int | None = None,
) -> Mask:
    """Make a mask of missing pixels.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    pattern : {"random", "patch", "textural", "mixture", "downsample"}
        ``random`` drops single pixels, ``patch`` rectangles, ``textural`` text and a stroke, ``downsample`` all but
        every ``factor``-th pixel. ``mixture`` joins random, patch and textural, with random pixels in the left half
        only, as in the paper.
    seed : int
        Seed of the random numbers.
    rate : float, optional
        Fraction of missing pixels in (0, 1). ``random`` (0.5 by default) is exact to the pixel, ``textural`` (0.125 by
        default) to about a word. For ``mixture``, the rate of the random half.
    count : int, optional
        Number of rectangles, at random positions. By default the paper's two, scaled to ``shape``.
    patch_size : (int, int), optional
        Rows and columns of each rectangle, at random positions. By default the paper's, scaled to ``shape``.
    text : str, optional
        Words of ``textural``.
    factor : int, optional
        ``downsample`` keeps every ``factor``-th pixel along each axis; 2 by default.

    Returns
    -------
    (M, N) ndarray of bool
        True where the pixel is missing.

    Raises
    ------
    InputError
        If a value is out of its range, the pattern has no such option, or all or no pixels would be missing.
    """
    try:
        chosen = Pattern(pattern)
    except ValueError:
        raise InputError(f"unknown pattern {pattern!r}; choose one of {', '.join(p.value for p in Pattern)}") from None
    options = {"rate": rate, "count": count, "patch_size": patch_size, "text": text, "factor": factor}
    given = {name: value for name, value in options.items() if value is not None}
    for name in sorted(given.keys() - signature(MAKERS[chosen]).parameters.keys()):
        raise InputError(f"{flag(name)} has no meaning for the pattern {chosen.value}; leave it out")
    if min(shape) < 1:
        raise InputError(f"a mask needs at least one row and one column, got {shape[0]} x {shape[1]}")
    if rate is not None and not 0 < rate < 1:
        raise InputError(f"--rate must lie between 0 and 1, got {rate:g}")
    mask = MAKERS[chosen](shape, np.random.default_rng(seed), **given)
    _check_is_mixed(mask, chosen)
    return mask


def _check_is_mixed(mask: Mask, pattern: Pattern) -> None:
    """Raise InputError unless a mask has known and missing pixels."""
    if mask.all() or not mask.any():
        lack = "known" if mask.all() else "missing"
        rows, columns = mask.shape
        raise InputError(f"a {pattern.value} mask of {rows} x {columns} leaves no pixel {lack}; give a larger size")


def _random(shape: tuple[int, int], rng: np.random.Generator, rate: float = 0.5) -> Mask:
    size = shape[0] * shape[1]
    mask = np.zeros(size, bool)
    mask[rng.permutation(size)[: round(rate * size)]] = True
    return mask.reshape(shape)


def _patch(
    shape: tuple[int, int],
    rng: np.random.Generator,
    count: int | None = None,
    patch_size: tuple[int, int] | None = None,
) -> Mask:
    scale = (shape[0] / PAPER_SIZE, shape[1] / PAPER_SIZE)
    mask = np.zeros(shape, bool)
    if count is None and patch_size is None:
        for top, bottom, left, right in PAPER_PATCHES:
            row, column = round(top * scale[0]), round(left * scale[1])
            end_row, end_column = round(bottom * scale[0]), round(right * scale[1])
            mask[row : max(end_row, row + 1), column : max(end_column, column + 1)] = True
        return mask
    if count is not None and count < 1:
        raise InputError(f"count must be at least 1, got {count}")
    rows, columns = patch_size or (max(1, round(30 * scale[0])), max(1, round(35 * scale[1])))
    if not (0 < rows < shape[0] and 0 < columns < shape[1]):
        raise InputError(f"a patch of {rows} x {columns} does not fit inside {shape[0]} x {shape[1]}")
    for _ in range(count or len(PAPER_PATCHES)):
        y, x = rng.integers(0, shape[0] - rows + 1), rng.integers(0, shape[1] - columns + 1)
        mask[y : y + rows, x : x + columns] = True
    return mask


def _textural(shape: tuple[int, int], rng: np.random.Generator, rate: float = 0.125, text: str = DEFAULT_TEXT) -> Mask:
    words = text.split()
    if not words:
        raise InputError("text must hold at least one word")
    angle, order, stroke = rng.uniform(-45, 45), rng.permutation(64), rng.uniform(0, 1, 3)

    def draw(count: int, boldness: int) -> Mask:
        picture = _draw_words(shape, (words[k % len(words)] for k in range(count)), boldness, angle, order)
        _draw_stroke(picture, stroke, rate)
        return np.asarray(picture) >= 128

    height, side = _font_height(shape), sum(shape)
    most = max(1, side * side // (2 * height * height))  # words that fill the canvas if each has only three letters
    for boldness in range(12):
        if draw(most, boldness).mean() >= rate:
            return draw(bisect_left(range(most), rate, key=lambda n: draw(n, boldness).mean()), boldness)
    raise InputError(f"text cannot cover {rate:.0%} of {shape[0]} x {shape[1]}; give a lower rate")


def _font_height(shape: tuple[int, int]) -> int:
    return max(6, round(min(shape) / 9))


def _draw_words(
    shape: tuple[int, int], words: Iterator[str], boldness: int, angle: float, order: NDArray[np.intp]
) -> Image.Image:
    """Draw words on lines slanted by ``angle`` degrees, which are filled in the given order."""
    height = _font_height(shape)
    side = int(np.hypot(*shape)) + 2 * height
    canvas = Image.new("L", (side, side))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(height)
    pitch = round(1.3 * height)
    length = cache(lambda word: font.getlength(word + " "))
    for line in [int(line) for line in order if (line + 1) * pitch < side] or [0]:
        x = float(height)
        while x < side - height and (word := next(words, None)) is not None:
            end = x + length(word)
            if _may_show((x - side / 2, end - side / 2), line * pitch - side / 2, angle, shape, 3 * height):
                pen.text((x, line * pitch), word, fill=255, font=font, stroke_width=boldness * height / 40)
            x = end
    left, top = (side - shape[1]) // 2, (side - shape[0]) // 2
    return canvas.rotate(angle, Image.Resampling.BILINEAR).crop((left, top, left + shape[1], top + shape[0]))


def _may_show(ends: tuple[float, float], y: float, angle: float, shape: tuple[int, int], margin: float) -> bool:
    """Whether a word from and to these ``ends`` on line ``y``, from the centre, may be in the turned picture.

    Most words are not if the picture is long and narrow; to draw them all would take seconds.
    """
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    for extent, places in (
        (shape[0], [cos * y - sin * x for x in ends]),
        (shape[1], [cos * x + sin * y for x in ends]),
    ):
        if min(places) > extent / 2 + margin or max(places) < -extent / 2 - margin:
            return False
    return True


def _draw_stroke(picture: Image.Image, position: NDArray[np.float64], rate: float) -> None:
    """Draw a stroke with round ends; three numbers in [0, 1] give its position, ``rate`` its width."""
    columns, rows = picture.size
    width = max(1, round(min(rows, columns) * min(0.08, 0.5 * rate)))
    start = (columns * (0.1 + 0.4 * position[0]), rows * (0.5 + 0.4 * position[1]))
    end = (start[0] + columns * 0.25, start[1] + rows * (0.5 * position[2] - 0.25))
    pen = ImageDraw.Draw(picture)
    pen.line([start, end], fill=255, width=width)
    for x, y in (start, end):
        pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)


def _mixture(
    shape: tuple[int, int],
    rng: np.random.Generator,
    rate: float = 0.5,
    text: str = DEFAULT_TEXT,
    count: int | None = None,
    patch_size: tuple[int, int] | None = None,
) -> Mask:
    half = _random(shape, rng, rate)
    half[:, shape[1] // 2 :] = False
    return half | _patch(shape, rng, count, patch_size) | _textural(shape, rng, text=text)


def _downsample(shape: tuple[int, int], rng: np.random.Generator, factor: int = 2) -> Mask:
    if not 2 <= factor <= min(shape):
        raise InputError(f"factor must lie between 2 and the shorter side, {min(shape)}; got {factor}")
    mask = np.ones(shape, bool)
    mask[::factor, ::factor] = False
    return mask


MAKERS: dict[Pattern, Callable[..., Mask]] = {
    Pattern.RANDOM: _random,
    Pattern.PATCH: _patch,
    Pattern.TEXTURAL: _textural,
    Pattern.MIXTURE: _mixture,
    Pattern.DOWNSAMPLE: _downsample,
}
