"""Fill the pages of a stack, each from itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.result import Result
from inrr_cli.settings import Settings

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Page:
    """A page to fill.

    Attributes
    ----------
    number : int
        Of the page in its stack, from 0.
    pixels : (M, N[, C]) ndarray
    missing : (M, N) ndarray of bool
        Pixels to fill.
    ignored : (M, N) ndarray of bool
        Pixels that are neither known nor to be filled.
    """

    number: int
    pixels: Pixels
    missing: Mask
    ignored: Mask

    @property
    def known(self) -> Mask:
        """Pixels that are known: (M, N) ndarray of bool."""
        return np.asarray(~(self.missing | self.ignored))


def inpaint_pages(
    pages: list[Page], settings: Settings, control: Control, before: Callable[[Page], None] | None = None
) -> list[Result]:
    """Fill each page; call ``before`` with a page before its work. After an interrupted page the others are left out."""
    results: list[Result] = []
    for index, page in enumerate(pages):
        if before is not None:
            before(page)
        part = control.part(index, len(pages))
        results.append(run_inpainting(page.pixels, page.missing, settings, part, ignored=page.ignored))
        if not results[-1].completed:
            break
    return results
