"""Fill the pages of a stack, each from itself."""

from __future__ import annotations

from collections.abc import Callable

from inrr_cli.engine import Control
from inrr_cli.inpainting.image import run_inpainting
from inrr_cli.masking.selection import Page
from inrr_cli.result import Result
from inrr_cli.settings import Settings


def inpaint_pages(
    pages: list[Page], settings: Settings, control: Control, before: Callable[[Page], None] | None = None
) -> list[Result]:
    """Fill each page, and call ``before`` with it first. After an interrupted page the others are left out."""
    results: list[Result] = []
    for index, page in enumerate(pages):
        if before is not None:
            before(page)
        part = control.part(index, len(pages))
        results.append(run_inpainting(page.pixels, page.missing, settings, part, ignored=page.ignored))
        if not results[-1].completed:
            break
    return results
