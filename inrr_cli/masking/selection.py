"""Select the samples to fill on each page: join the masks, widen them, and leave out what is not asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import numpy as np

from inrr_cli.errors import InputError
from inrr_cli.imaging.picture import Picture
from inrr_cli.imaging.reading import MAX_PIXELS
from inrr_cli.imaging.value_range import Pixels
from inrr_cli.masking import Mask
from inrr_cli.masking.from_file import read_masks
from inrr_cli.masking.from_image import SOURCES, is_from_image, mask_from_image, unusable_samples
from inrr_cli.masking.gaps import choose_gaps, parse_gaps
from inrr_cli.masking.samples import by_channel, describe_count, to_samples


@dataclass(frozen=True)
class MaskOptions:
    """Options of a selection.

    Attributes
    ----------
    white_is_missing : bool
        Whether white in a mask file marks missing pixels, or known ones.
    grow : int
        Pixels to widen the joined mask by, in all eight directions.
    max_distance : float, optional
        Largest Euclidean distance of a sample to fill from a known one of its channel, in pixels; farther ones are left
        as they are.
    gaps : str
        Gaps to fill: "all", "inner" or "narrow=N" (see `inrr_cli.masking.gaps`); the others are left as they are.
    max_pixels : int
        As in `read_picture`.

    Raises
    ------
    InputError
        Unless ``max_distance`` is positive and finite, and ``gaps`` is one of the three.
    """

    white_is_missing: bool = True
    grow: int = 0
    max_distance: float | None = None
    gaps: str = "all"
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        if self.max_distance is not None and not 0 < self.max_distance < float("inf"):
            raise InputError(f"--max-distance must be above 0, got {self.max_distance:g}")
        parse_gaps(self.gaps)


@dataclass(frozen=True)
class Page:
    """A page to fill.

    Attributes
    ----------
    number : int
        Of the page in its stack, from 0.
    pixels : (M, N[, C]) ndarray
    missing : (M, N[, C]) ndarray of bool
        Samples to fill; of the shape of ``pixels``.
    ignored : (M, N[, C]) ndarray of bool
        Samples that are neither known nor to be filled.
    excluded : (M, N[, C]) ndarray of bool, optional
        Pixels that nothing is copied from.
    """

    number: int
    pixels: Pixels
    missing: Mask
    ignored: Mask
    excluded: Mask | None = None

    @property
    def known(self) -> Mask:
        """Samples that are known: (M, N[, C]) ndarray of bool."""
        return np.asarray(~(self.missing | self.ignored))


@dataclass(frozen=True)
class Selection:
    """The pages of a picture that have samples to fill, and messages for the user.

    Attributes
    ----------
    pages : list of Page
        Without those that have nothing to fill.
    notes, warnings : list of str
    others : list of Page
        Pages with nothing to fill.
    marked : bool
        Whether the masks mark anything, also if nothing of that is left to fill.
    """

    pages: list[Page]
    notes: list[str]
    warnings: list[str]
    others: list[Page]
    marked: bool = True


def find_missing(
    sources: Sequence[str],
    picture: Picture,
    numbers: Sequence[int],
    options: MaskOptions,
    exclude: Path | None = None,
) -> Selection:
    """Find the samples to fill.

    Parameters
    ----------
    sources : list of str
        Mask files, and names of masks that are found in the picture (see `SOURCES`). Their masks are joined.
    picture : Picture
    numbers : list of int
        Pages to look at, from 0.
    options : MaskOptions
    exclude : Path, optional
        File of the pixels, white, that nothing is copied from.

    Returns
    -------
    Selection
        On each page, ``missing`` are the samples to fill; ``ignored`` are samples that are neither known nor to fill,
        because they are too far from known ones, in a gap that is left, or hold no values.

    Raises
    ------
    InputError
        If a mask cannot be read, does not fit the picture, or cannot be found in a picture of this kind.
    """
    masks, notes, warnings = _join_masks(sources, picture, numbers, options)
    excluded: Sequence[Mask | None] = [None] * len(numbers)
    if exclude is not None:
        shapes, count, most = [mask.shape for mask in masks], len(picture.pages), options.max_pixels
        excluded, warning = read_masks(
            exclude, shapes, count, numbers, max_pixels=most, like=picture.layout, has_mode=False
        )
        warnings += [warning] if warning else []
    found = select_missing(masks, picture, numbers, options, excluded)
    warnings = list(dict.fromkeys([*warnings, *found.warnings]))
    return replace(found, notes=notes, warnings=warnings)


def select_missing(
    masks: Sequence[Mask],
    picture: Picture,
    numbers: Sequence[int],
    options: MaskOptions,
    excluded: Sequence[Mask | None] | None = None,
) -> Selection:
    """Choose the samples to fill from masks that are known already; the result is that of `find_missing`.

    Parameters
    ----------
    masks : list of (M, N) or (M, N, C) ndarray of bool
        One for each of the pages: True where a pixel, or a sample, is missing.
    picture, numbers, options
        As in `find_missing`.
    excluded : list of (M, N[, C]) ndarray of bool or None, optional
        Pixels of each page that nothing is copied from; none by default.
    """
    pages, others, warnings = [], [], []
    for mask, out, number in zip(masks, excluded or [None] * len(masks), numbers, strict=True):
        marked = to_samples(mask, picture.pages[number].shape)
        missing = by_channel(partial(widen, by=options.grow), marked)
        unusable, page_warnings = _unusable_outside(picture, number, missing)
        filled = _choose(missing, unusable, options)
        ignored = (missing & ~filled) | unusable
        page = Page(number, picture.pages[number], _sparse(filled), _sparse(ignored), out)
        if filled.any():
            prefix = _page_prefix(picture, number)
            warnings += [prefix + text for text in page_warnings]
            pages.append(page)
        else:
            others.append(page)
    return Selection(pages, [], warnings, others, any(mask.any() for mask in masks))


def _sparse(mask: Mask) -> Mask:
    """Return a mask that takes no memory if it marks nothing, as that of most pages of a long stack."""
    return mask if mask.any() else np.broadcast_to(np.bool_(False), mask.shape)


def _choose(missing: Mask, unusable: Mask, options: MaskOptions) -> Mask:
    """Return the missing samples (M, N[, C]) to fill: in the gaps that were asked for, and near to known ones."""
    filled = missing
    if options.gaps != "all":
        filled = by_channel(partial(choose_gaps, gaps=parse_gaps(options.gaps)), missing, unusable)
    if options.max_distance is not None:
        filled = by_channel(partial(keep_near, distance=options.max_distance), filled, ~(missing | unusable))
    return filled


def _join_masks(
    sources: Sequence[str], picture: Picture, numbers: Sequence[int], options: MaskOptions
) -> tuple[list[Mask], list[str], list[str]]:
    """Return the union of all masks for each page, notes, and warnings."""
    shapes = [picture.pages[number].shape for number in numbers]
    masks = [np.zeros(shape, bool) for shape in shapes]
    notes, warnings = [], []
    for source in sources:
        if is_from_image(source):
            found = [mask_from_image(source, picture, number) for number in numbers]
            further = [mask for mask, _ in found]
            pairs = zip(numbers, found, strict=True)
            new = [_page_prefix(picture, number) + note for number, (mask, note) in pairs if note and mask.any()]
            notes += new or [note for _, note in found[:1] if note]
        else:
            _check_spelling(source)
            count, white_is_missing, max_pixels = len(picture.pages), options.white_is_missing, options.max_pixels
            further, warning = read_masks(
                Path(source), shapes, count, numbers, white_is_missing, max_pixels=max_pixels, like=picture.layout
            )
            warnings += [warning] if warning else []
        masks = [mask | to_samples(more, mask.shape) for mask, more in zip(masks, further, strict=True)]
    return masks, notes, warnings


def _unusable_outside(picture: Picture, number: int, missing: Mask) -> tuple[Mask, list[str]]:
    """Return the unusable samples outside a page's mask, and a warning about each kind of them."""
    unusable, warnings = np.zeros(missing.shape, bool), []
    for mask, description, source in unusable_samples(picture, number):
        new = mask & ~missing & ~unusable
        unusable |= new
        if new.any():
            warnings.append(
                f"{describe_count(new)} outside the mask {description} and stay so; --mask {source} fills them"
            )
    return unusable, warnings


def keep_near(missing: Mask, known: Mask, distance: float) -> Mask:
    """Return the missing samples (M, N) that are at most ``distance`` pixels from a known one."""
    from scipy.ndimage import distance_transform_edt

    if not known.any():
        return np.zeros_like(missing)
    return np.asarray(missing & (distance_transform_edt(~known) <= distance))


def widen(missing: Mask, by: int) -> Mask:
    """Dilate a mask (M, N) by a chessboard distance."""
    from scipy.ndimage import distance_transform_cdt

    if not by or not missing.any():
        return missing
    return np.asarray(distance_transform_cdt(~missing, "chessboard") <= by)


def _check_spelling(source: str) -> None:
    """Raise InputError if a source is no file but nearly the name of a mask found in the image."""
    near = get_close_matches(source, SOURCES, n=1)
    if near and not Path(source).exists():
        raise InputError(f"--mask {source}: no such file; did you mean {near[0]!r}?")


def _page_prefix(picture: Picture, number: int) -> str:
    return f"page {number + 1}: " if len(picture.pages) > 1 else ""
