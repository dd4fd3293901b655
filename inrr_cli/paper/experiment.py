"""An experiment of the paper: a table or a figure, as cells that are measured one by one and a report of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.errors import InputError

GreyImage = NDArray[np.uint8]
MaskMaker = Callable[[tuple[int, int]], NDArray[np.bool_]]
Key = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """Images, masks and settings of an experiment.

    Attributes
    ----------
    images : dict of (H, W) ndarray of uint8
        Grey images by name.
    masks : dict of callables
        By pattern: from rows and columns (H, W) to a mask (H, W) of bool, True = missing.
    recipe : dict
        Options of every fit, as of `make_settings`: ``preset``, ``warm_start`` and, unless those of the preset are
        meant, ``steps``.
    seeds : tuple of int
    device : str
    """

    images: dict[str, GreyImage]
    masks: dict[str, MaskMaker]
    recipe: dict[str, Any]
    seeds: tuple[int, ...]
    device: str

    def choose_images(self, *names: str) -> list[str]:
        """Return those of the names that have an image, or the names of all images if none of them has one."""
        return [name for name in names if name in self.images] or list(self.images)

    def mask(self, pattern: str, image: str) -> NDArray[np.bool_]:
        """Return the mask (H, W) of a pattern for the image of a name, True = missing; InputError if there is none."""
        rows, columns = self.images[image].shape
        try:
            return self.masks[pattern]((rows, columns))
        except InputError as error:
            raise InputError(f"{image}, {pattern}: {error}") from None

    def fingerprint(self, key: Key) -> str:
        """Return a hash of the image and the mask that a key names, as far as it does."""
        digest = hashlib.sha256()
        if "image" in key:
            image = self.images[key["image"]]
            digest.update(repr(image.shape).encode() + image.tobytes())
            if key.get("mask") in self.masks:
                digest.update(np.packbits(self.mask(key["mask"], key["image"])).tobytes())
        return digest.hexdigest()

    def keys(self, **values: Iterable[str | float]) -> list[Key]:
        """Return a key for each combination of values and each seed, the last of which varies fastest."""
        axes = values | {name: [value] for name, value in self.recipe.items()} | {"seed": self.seeds}
        return [dict(zip(axes, combination, strict=True)) for combination in product(*axes.values())]


@dataclass(frozen=True)
class Measurement:
    """Result of a cell: values that JSON can hold, and arrays."""

    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Cell:
    """A measurement to run, the key that identifies it, and the fingerprint of its image and mask."""

    key: Key
    fingerprint: str
    measure: Callable[[], Measurement]

    @property
    def file_stem(self) -> str:
        """Name of the cell's files, without suffix."""
        return "-".join(str(value) for value in self.key.values())


Results = list[tuple[Key, Measurement]]


@dataclass(frozen=True)
class Report:
    """Rows of a CSV file, a Markdown text, and functions that draw a plot on a matplotlib figure, by name."""

    rows: list[dict[str, Any]]
    markdown: str
    plots: dict[str, Callable[[Any], None]]


@dataclass(frozen=True)
class Experiment:
    """A title, the keys of the cells for a setup, the measurement of a cell, and the report of all results."""

    title: str
    keys: Callable[[Setup], list[Key]]
    measure: Callable[[Setup, Key], Measurement]
    report: Callable[[Results], Report]

    def cells(self, setup: Setup) -> list[Cell]:
        """Return the cells to measure."""
        return [Cell(key, setup.fingerprint(key), partial(self.measure, setup, key)) for key in self.keys(setup)]
