"""What the axes of an image file mean: which pages are the channels of one plane, and how the planes are stacked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.value_range import Pixels

CHANNELS = "CS"  # channels, and samples of a pixel
NAMES = {"T": "date", "Z": "slice", "C": "channel", "S": "channel", "Y": "row", "X": "column"}  # others are pages
PLACEHOLDERS = "QPONMLKJIHGFEDBA"  # letters for pages of which nothing is said


class StoredAxes(NamedTuple):
    """The axes of a file that is stored page by page.

    Attributes
    ----------
    axes : str
        Those over the pages first, then those of a page: rows, columns and, if it has some, channels.
    sizes : tuple of int
        Sizes of the axes over the pages.
    order : tuple of int, optional
        Page at each place, the last axis fastest, unless the pages are in this order.
    tagged : bool
        Whether the file says what its pages are.
    """

    axes: str
    sizes: tuple[int, ...]
    order: tuple[int, ...] | None = None
    tagged: bool = False


@dataclass(frozen=True)
class Layout:
    """The axes of an image file, and its planes: images (M, N[, C]) that each have all their channels.

    Attributes
    ----------
    axes : str
        A letter for each axis in the order of the file: T time, Z depth, C or S channels, Y rows, X columns; any other
        letter is for pages that have nothing to do with one another.
    shape : tuple of int
        Size of each axis; 0 where pages differ.
    planes : tuple of tuple of int
        For each plane the numbers of the stored pages that are its channels. The planes are in the order of the stack
        axes, the last one fastest.
    is_said : bool
        Whether the user or the file said the axes. Otherwise they are guessed.
    warning : str
        What may be wrong with a guess.
    is_array : bool
        Whether the planes are cut from one array: that of a .npy, or one whose rows or columns a TIFF has on several
        pages. Each of them then counts as a page.
    """

    axes: str
    shape: tuple[int, ...]
    planes: tuple[tuple[int, ...], ...]
    is_said: bool = False
    warning: str = ""
    is_array: bool = False

    @property
    def stack_axes(self) -> str:
        """Letters of the axes that number the planes, in the order of the file: "", "T", "Z", "TZ", "Q" and so on."""
        return "".join(letter for letter in self.axes if letter not in "YX" + CHANNELS)

    @property
    def stack_shape(self) -> tuple[int, ...]:
        """Size of each stack axis."""
        return self.sizes(self.stack_axes)

    @property
    def channel_axes(self) -> str:
        """Letters of the axes that are channels."""
        return "".join(letter for letter in self.axes if letter in CHANNELS)

    @property
    def page_count(self) -> int:
        """Number of stored pages."""
        return sum(map(len, self.planes))

    def sizes(self, letters: str) -> tuple[int, ...]:
        """Return the sizes of some axes."""
        return tuple(self.shape[self.axes.index(letter)] for letter in letters)

    def along(self, axis: str) -> list[list[int]]:
        """Return the numbers of the planes along a stack axis: a list for each place on the other stack axes.

        Of the stack axes TZ with 2 and 3 planes, those along Z are [[0, 1, 2], [3, 4, 5]].
        """
        numbers = np.arange(math.prod(self.stack_shape)).reshape(self.stack_shape)
        rows: list[list[int]] = (
            np.moveaxis(numbers, self.stack_axes.index(axis), -1)
            .reshape(-1, self.shape[self.axes.index(axis)])
            .tolist()
        )
        return rows

    def gather(self, pages: Sequence[Pixels], number: int) -> Pixels:
        """Return a plane (M, N[, C]) of stored pages (M, N[, C])."""
        parts = [pages[page] for page in self.planes[number]]
        return parts[0] if len(parts) == 1 else np.concatenate([np.atleast_3d(part) for part in parts], 2)

    def scatter(self, number: int, pixels: Pixels) -> dict[int, Pixels]:
        """Undo `gather`: return the stored pages of a plane (M, N[, C]); one without channels is each of its pages."""
        pages = self.planes[number]
        if len(pages) == 1 or pixels.ndim == 2:
            return dict.fromkeys(pages, pixels)
        parts = np.split(pixels, len(pages), 2)
        return {page: part[..., 0] if part.shape[2] == 1 else part for page, part in zip(pages, parts, strict=True)}

    def __str__(self) -> str:
        sizes = zip(self.axes, self.shape, strict=True)
        counts = [_count(letter, size) for letter, size in sizes if size]
        return f"axes {self.axes}: {', '.join(counts)}{'' if all(self.shape) else ', of several sizes'}"


def parse_axes(text: str) -> str:
    """Return the letters of --axes in capitals.

    Raises
    ------
    InputError
        Unless each is a letter that occurs once, and Y and X are among them.
    """
    axes = text.strip().upper()
    if not (axes.isascii() and axes.isalpha()):
        raise InputError(f"--axes must be letters, as in YXC or TZYX; got {text!r}")
    twice = sorted({letter for letter in axes if axes.count(letter) > 1})
    if twice:
        raise InputError(f"--axes {axes}: {twice[0]} occurs twice; give each axis a letter of its own")
    if "Y" not in axes or "X" not in axes:
        raise InputError(f"--axes {axes}: Y (rows) and X (columns) must both occur, as in YXC or TZYX")
    return axes


def check_count(axes: str, shape: tuple[int, ...]) -> None:
    """Raise InputError unless --axes has a letter for each axis of an array."""
    if len(axes) != len(shape):
        raise InputError(
            f"--axes {axes} names {len(axes)} axes, but the image has {len(shape)}: its shape is {_write_shape(shape)}"
        )


def plane_order(axes: str) -> str:
    """Return the letters in the order of planes: stack axes, rows, columns, channels."""
    stack, channels = (
        "".join(letter for letter in axes if letter not in "YX" and (letter in CHANNELS) == wanted)
        for wanted in (False, True)
    )
    return f"{stack}YX{channels}"


def axes_like(shape: tuple[int, ...], like: Layout | None) -> str | None:
    """Return the axes of an array that goes with an image of the layout ``like``, as its mask or its reference.

    They are those of the image, or those without channels, whichever fits; None if neither does. Rows and columns may
    differ: those of an enlarged image do.
    """
    if like is None:
        return None
    for axes in (like.axes, "".join(letter for letter in like.axes if letter not in CHANNELS)):
        wanted = zip(axes, like.sizes(axes), strict=True)
        if len(axes) == len(shape) and all(
            letter in "YX" or size == other for (letter, size), other in zip(wanted, shape, strict=True)
        ):
            return axes
    return None


def distinct(axes: str) -> str:
    """Return axes of which none occurs twice: letters that do become others that stand for pages."""
    found = ""
    for letter in axes:
        found += next(other for other in letter + PLACEHOLDERS if other not in found)
    return found


def group_pages(stored: StoredAxes) -> tuple[tuple[int, ...], ...]:
    """Return for each plane the numbers of the pages that are its channels."""
    count = math.prod(stored.sizes)
    numbers = np.array(stored.order or range(count)).reshape(stored.sizes)
    over_pages = stored.axes[: len(stored.sizes)]
    channels = [axis for axis, letter in enumerate(over_pages) if letter in CHANNELS]
    width = math.prod(stored.sizes[axis] for axis in channels)
    last = range(len(over_pages) - len(channels), len(over_pages))
    rows = np.moveaxis(numbers, channels, list(last)).reshape(-1, width).tolist()
    return tuple(tuple(row) for row in rows)


def plain_axes(pages: Sequence[Pixels], alpha: list[Pixels | None]) -> StoredAxes:
    """Return the axes of pages (M, N[, C]) of which the file says nothing."""
    channels = "C" * (pages[0].ndim == 3 or alpha[0] is not None)
    return StoredAxes(f"QYX{channels}", (len(pages),)) if len(pages) > 1 else StoredAxes(f"YX{channels}", ())


def lay_out(
    stored: StoredAxes,
    pages: Sequence[Pixels],
    alpha: list[Pixels | None],
    planes: tuple[tuple[int, ...], ...],
    *,
    is_said: bool = False,
) -> Layout:
    """Return the layout of stored pages (M, N[, C]), of which ``planes`` are the channels of each plane."""
    sizes = [
        {"Y": page.shape[0], "X": page.shape[1]}
        | {"C": (page.shape[2] if page.ndim == 3 else 1) + (opacity is not None)}
        for page, opacity in zip(pages, alpha, strict=True)
    ]
    differ = {letter for letter in "YXC" if len({size[letter] for size in sizes}) > 1}
    letters = [letter if letter in "YX" else "C" for letter in stored.axes[len(stored.sizes) :]]
    of_page = tuple(0 if letter in differ else sizes[0][letter] for letter in letters)
    return Layout(stored.axes, (*stored.sizes, *of_page), planes, is_said)


def _count(letter: str, size: int) -> str:
    return f"{size} {NAMES.get(letter, 'page')}{'s' * (size != 1)}"


def _write_shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
