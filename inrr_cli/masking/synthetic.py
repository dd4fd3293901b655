"""Masks of missing pixels: random, patch, textural, mixture and downsample (paper, section 5.1).

Every mask here is True where the pixel is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from inrr_cli.errors import InputError

Mask = NDArray[np.bool_]

DEFAULT_TEXT = "How are you? I am fine, thanks, and you? Nice to meet you."

# The paper's two rectangles on 256 x 256: rows 70-100, columns 150-190 and rows 200-230, columns 200-230.
PAPER_PATCHES = ((70, 100, 150, 190), (200, 230, 200, 230))
PAPER_SIZE = 256


class Pattern(str, Enum):
    """The kinds of damage."""

    RANDOM = "random"
    PATCH = "patch"
    TEXTURAL = "textural"
    MIXTURE = "mixture"
    DOWNSAMPLE = "downsample"


# What each pattern understands beyond shape and seed.
PATTERN_OPTIONS: dict[Pattern, frozenset[str]] = {
    Pattern.RANDOM: frozenset({"rate"}),
    Pattern.PATCH: frozenset({"count", "patch_size"}),
    Pattern.TEXTURAL: frozenset({"rate", "text"}),
    Pattern.MIXTURE: frozenset({"rate", "text", "count", "patch_size"}),
    Pattern.DOWNSAMPLE: frozenset({"factor"}),
}


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
        ``random`` drops single pixels, ``patch`` rectangles, ``textural`` script text and a stroke,
        ``downsample`` all but every ``factor``-th pixel; ``mixture`` is the other damage at once, its random
        pixels in the left half only, as in the paper.
    seed : int
        Same seed, same mask.
    rate : float, optional
        Fraction of missing pixels in (0, 1). ``random`` (default 0.5) meets it to the pixel, ``textural``
        (default 0.125) to about a word; for ``mixture`` it is the rate of the random half.
    count : int, optional
        Rectangles to place at random. By default the paper's two, at the paper's places, scaled to ``shape``.
    patch_size : (int, int), optional
        Rows and columns of each rectangle, transform at random. By default the paper's, scaled.
    text : str, optional
        What ``textural`` writes.
    factor : int, optional
        ``downsample`` keeps every ``factor``-th pixel of each axis, 2 by default.

    Returns
    -------
    (M, N) ndarray of bool
        True where the pixel is missing.

    Raises
    ------
    InputError
        For a value out of its range, or an option that the pattern does not use.
    """
    try:
        chosen = Pattern(pattern)
    except ValueError:
        raise InputError(f"unknown pattern {pattern!r}; choose one of {', '.join(p.value for p in Pattern)}") from None
    options = {"rate": rate, "count": count, "patch_size": patch_size, "text": text, "factor": factor}
    given = {name: value for name, value in options.items() if value is not None}
    for name in sorted(given.keys() - PATTERN_OPTIONS[chosen]):
        raise InputError(f"{name} has no meaning for the pattern {chosen.value}")
    if min(shape) < 1:
        raise InputError(f"a mask needs at least one row and one column, got {shape[0]} x {shape[1]}")
    if rate is not None and not 0 < rate < 1:
        raise InputError(f"rate must lie between 0 and 1, got {rate:g}")
    make: dict[Pattern, Callable[..., Mask]] = {
        Pattern.RANDOM: _random,
        Pattern.PATCH: _patch,
        Pattern.TEXTURAL: _textural,
        Pattern.MIXTURE: _mixture,
        Pattern.DOWNSAMPLE: _downsample,
    }
    return make[chosen](shape, np.random.default_rng(seed), **given)


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
            mask[
                round(top * scale[0]) : max(round(bottom * scale[0]), round(top * scale[0]) + 1),
                round(left * scale[1]) : max(round(right * scale[1]), round(left * scale[1]) + 1),
            ] = True
        return mask
    count = 2 if count is None else count
    if count < 1:
        raise InputError(f"count must be at least 1, got {count}")
    rows, columns = patch_size or (max(1, round(30 * scale[0])), max(1, round(35 * scale[1])))
    if not (0 < rows < shape[0] and 0 < columns < shape[1]):
        raise InputError(f"a patch of {rows} x {columns} does not fit inside {shape[0]} x {shape[1]}")
    for _ in range(count):
        row, column = rng.integers(0, shape[0] - rows + 1), rng.integers(0, shape[1] - columns + 1)
        mask[row : row + rows, column : column + columns] = True
    return mask


def _textural(shape: tuple[int, int], rng: np.random.Generator, rate: float = 0.125, text: str = DEFAULT_TEXT) -> Mask:
    words = text.split()
    if not words:
        raise InputError("text must hold at least one word")
    angle, order, stroke = rng.uniform(-45, 45), rng.permutation(64), rng.uniform(0, 1, 3)
    for boldness in range(12):
        draw = partial(_draw_text, shape, words, boldness, angle, order, stroke, rate)
        low, high = 0, _count_words(shape)
        if draw(high).mean() < rate:
            continue
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if draw(middle).mean() < rate else (low, middle)
        return draw(low)
    raise InputError(f"text cannot cover {rate:.0%} of {shape[0]} x {shape[1]}; give a lower rate")


def _font_height(shape: tuple[int, int]) -> int:
    return max(6, round(min(shape) / 9))


def _count_words(shape: tuple[int, int]) -> int:
    """Words enough to fill the picture, if each were only three letters long."""
    height = _font_height(shape)
    side = shape[0] + shape[1]
    return max(1, side * side // (2 * height * height))


def _draw_text(
    shape: tuple[int, int],
    words: list[str],
    boldness: int,
    angle: float,
    order: NDArray[np.intp],
    stroke: NDArray[np.float64],
    rate: float,
    count: int,
) -> Mask:
    """``count`` words on slanted lines taken in a random order, and one round-ended stroke."""
    height = _font_height(shape)
    side = int(np.hypot(*shape)) + 2 * height
    canvas = Image.new("L", (side, side))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(height)
    pitch = round(1.3 * height)
    lines = [line for line in order if (line + 1) * pitch < side] or [0]
    word = 0
    for line in lines:
        x = float(height)
        while x < side - height and word < count:
            piece = words[word % len(words)]
            pen.text((x, int(line) * pitch), piece, fill=255, font=font, stroke_width=boldness * height / 40)
            x += font.getlength(piece + " ")
            word += 1
    turned = canvas.rotate(angle, Image.Resampling.BILINEAR)
    top, left = (side - shape[0]) // 2, (side - shape[1]) // 2
    picture = turned.crop((left, top, left + shape[1], top + shape[0]))
    width = max(1, round(min(shape) * min(0.08, 0.5 * rate)))
    start = (shape[1] * (0.1 + 0.4 * stroke[0]), shape[0] * (0.5 + 0.4 * stroke[1]))
    end = (start[0] + shape[1] * 0.25, start[1] + shape[0] * (0.5 * stroke[2] - 0.25))
    pen = ImageDraw.Draw(picture)
    pen.line([start, end], fill=255, width=width)
    for x, y in (start, end):
        pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(picture) >= 128


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
