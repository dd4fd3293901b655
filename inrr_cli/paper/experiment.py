"""An experiment of the paper: a table or a figure, as cells that are measured one by one and a report of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GreyImage = NDArray[np.uint8]
MaskMaker = Callable[[tuple[int, int]], NDArray[np.bool_]]
Key = dict[str, str | int | float]


@dataclass(frozen=True)
class Setup:
    """Images, masks and settings of an experiment.

    Attributes
    ----------
    images : dict of (H, W) ndarray of uint8
        Grey images by name.
    masks : dict of callables
        By pattern: from rows and columns (H, W) to a mask (H, W) of bool, True = missing.
    preset : {"fast", "paper"}
        Recipe of the fits.
    seeds : tuple of int
    device : str
    """

    images: dict[str, GreyImage]
    masks: dict[str, MaskMaker]
    preset: str
    seeds: tuple[int, ...]
    device: str

    def named_images(self, names: tuple[str, ...]) -> dict[str, GreyImage]:
        """Return the images of these names, or all images if none has one of them."""
        return {name: self.images[name] for name in names if name in self.images} or self.images

    def named_image(self, name: str) -> tuple[str, GreyImage]:
        """Return the name and the image of this name, or those of the first image if none has it."""
        return next(iter(self.named_images((name,)).items()))

    def mask(self, pattern: str, image: GreyImage) -> NDArray[np.bool_]:
        """Return the mask (H, W) of a pattern for an image, True = missing."""
        return self.masks[pattern]((image.shape[0], image.shape[1]))


@dataclass(frozen=True)
class Measurement:
    """Result of a cell: values that JSON can hold, and arrays."""

    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Cell:
    """A measurement to run, and the key that identifies it."""

    key: Key
    measure: Callable[[], Measurement]

    @property
    def file_stem(self) -> str:
        """Name of the cell's files, without suffix."""
        return "-".join(str(value).replace("-", "") for value in self.key.values())


Results = list[tuple[Key, Measurement]]


@dataclass(frozen=True)
class Report:
    """Rows of a CSV file, a Markdown text, and functions that draw a plot on a matplotlib figure, by name."""

    rows: list[dict[str, Any]]
    markdown: str
    plots: dict[str, Callable[[Any], None]]


@dataclass(frozen=True)
class Experiment:
    """A title, the cells for a setup, and the report of their results."""

    title: str
    cells: Callable[[Setup], list[Cell]]
    report: Callable[[Setup, Results], Report]
