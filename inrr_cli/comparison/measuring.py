"""Fill one page by several methods and measure each: against the truth, or at known samples that are hidden."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from inrr_cli.comparison.methods import OURS, title_of
from inrr_cli.comparison.peers import BIHARMONIC, PEERS, SLOW, fill_by_peer
from inrr_cli.engine import Control
from inrr_cli.imaging.value_range import Pixels, ValueRange
from inrr_cli.masking import Mask
from inrr_cli.masking.selection import Page
from inrr_cli.metrics import psnr, ssim
from inrr_cli.settings import make_settings

Sigma = NDArray[np.float32]
Fill = Callable[[Page], tuple[Pixels, Sigma | None]]  # of a page: the image, and one standard deviation of each sample


@dataclass(frozen=True)
class Row:
    """What a method did.

    Attributes
    ----------
    method : str
    image : (M, N[, C]) ndarray, or None
        The page with the missing samples filled; None if the method failed.
    psnr : float or None
        PSNR in dB of the samples that are measured; infinite where they agree exactly.
    ssim : float or None
        SSIM of the whole page, in which all other samples are right.
    seconds : float
        Of the fill of the missing samples.
    failure : str
        Why there is no image; empty if there is one.
    remark : str
        What the method cannot take and was done instead; empty if nothing.
    sigma : (M, N[, C]) ndarray of float32, or None
        One standard deviation of each filled sample, if the method has that.
    """

    method: str
    image: Pixels | None
    psnr: float | None
    ssim: float | None
    seconds: float
    failure: str = ""
    remark: str = ""
    sigma: Sigma | None = None

    @property
    def title(self) -> str:
        """The name of the method for people."""
        return title_of(self.method)


def time_ratios(rows: Sequence[Row]) -> list[float | None]:
    """Return the seconds of each row over those of scikit-image's biharmonic fill; None where one of the two failed."""
    base = next((row.seconds for row in rows if row.method == BIHARMONIC and not row.failure), None)
    return [None if base is None or row.failure else row.seconds / base for row in rows]


@dataclass(frozen=True)
class Yardstick:
    """What fills are measured against.

    Attributes
    ----------
    value_range : ValueRange
        Its span is the peak of PSNR and SSIM.
    truth : (M, N[, C]) ndarray, or None
        The true page.
    hidden : (M, N[, C]) ndarray of bool, or None
        Without a truth: known samples that are hidden from each method, to be measured there.
    """

    value_range: ValueRange
    truth: Pixels | None
    hidden: Mask | None


def choose_fill(method: str, seed: int, device: str, control: Control) -> Fill:
    """Return what fills the missing samples of a page by a method.

    Raises
    ------
    InputError
        If the settings of the method cannot be used.
    """
    if method in PEERS:
        return lambda page: (fill_by_peer(PEERS[method], page.pixels, page.missing, page.ignored), None)
    settings = make_settings(seed=seed, device=device, **OURS[method])

    def fill(page: Page) -> tuple[Pixels, Sigma | None]:
        from inrr_cli.inpainting.image import run_inpainting

        result = run_inpainting(page.pixels, page.missing, settings, control, ignored=page.ignored, wants_sigma=False)
        return result.image, result.sigma

    return fill


def load(method: str) -> None:
    """Import what a method needs, so that this does not count as the time of a fill."""
    if method not in PEERS:
        import_module("inrr_cli.patch.engine")
    elif method not in SLOW:  # packages import parts when these are first called
        image = np.arange(64, dtype=np.uint8).reshape(8, 8)
        fill_by_peer(PEERS[method], image, image == 27)


def compare_method(method: str, fill: Fill, page: Page, yardstick: Yardstick) -> Row:
    """Fill a page by a method and measure it; a method that fails makes a row that says why.

    Parameters
    ----------
    method : str
    fill : callable
        See `choose_fill`.
    page : Page
    yardstick : Yardstick
    """
    start = time.perf_counter()
    try:
        load(method)
        start = time.perf_counter()
        image, sigma = fill(page)
        seconds = time.perf_counter() - start
        measured = image if yardstick.hidden is None else fill(_without(page, yardstick.hidden))[0]
    except Exception as error:  # of any package, for any reason: the other methods are compared all the same
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Row(method, None, None, None, time.perf_counter() - start, reason)
    remark = PEERS[method].remark(page.pixels, page.missing | page.ignored) if method in PEERS else ""
    return Row(method, image, *measure_fill(measured, page, yardstick), seconds, remark=remark, sigma=sigma)


def measure_fill(image: Pixels, page: Page, yardstick: Yardstick) -> tuple[float | None, float | None]:
    """Return the PSNR at the samples that are measured, and the SSIM of the page with all others right.

    Samples that are not finite do not count.
    """
    where, right = page.missing, yardstick.truth
    if right is None:
        assert yardstick.hidden is not None
        where = yardstick.hidden
        right = np.where(where, page.pixels, image)
    with np.errstate(all="ignore"):  # values far out of the range
        filled, true = (yardstick.value_range.to_unit(np.where(page.ignored, 0, each)) for each in (image, right))
    finite = where & np.isfinite(filled) & np.isfinite(true)
    return psnr(filled, true, finite), ssim(filled, true) if np.isfinite(true).all() else None


def _without(page: Page, hidden: Mask) -> Page:
    """Return a page on which some known samples are missing too."""
    return Page(page.number, page.pixels, page.missing | hidden, page.ignored, page.excluded)
