"""``inrr inpaint`` of an image that is read, filled and written by window, because it need not fit in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inrr_cli import __version__
from inrr_cli.batch.calls import Call, Executor
from inrr_cli.cli.console import note, progress_bar, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.inpainting_job import MANY_MISSING
from inrr_cli.cli.outputs import check_extra_outputs, check_is_no_input
from inrr_cli.cli.restoring import Restoring, Written
from inrr_cli.cli.windowed_outputs import (
    WindowedDestination,
    WindowedResult,
    choose_windowed_destination,
    write_results,
)
from inrr_cli.errors import InputError
from inrr_cli.forecast import Forecast
from inrr_cli.free_memory import free_memory
from inrr_cli.imaging.reading import STANDARD
from inrr_cli.imaging.value_range import ValueRange, measured_range
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.opening import count_pixels, format_by_window, open_windows
from inrr_cli.inpainting.windowed.fill import check_window_memory, fill_tiles, fingerprint, tile_seconds, window_bytes
from inrr_cli.inpainting.windowed.scan import Facts, Tile, plan_tiles, results, scan
from inrr_cli.inpainting.windowed.spool import Spool
from inrr_cli.masking.from_image import is_from_image
from inrr_cli.masking.selection import MaskOptions
from inrr_cli.masking.windows import IN_WINDOWS, MaskedImage, open_mask, open_masks
from inrr_cli.memory import TILE, inpainting_bytes

SHARE = 0.25  # of the free memory: what needs more is filled by window


@dataclass(frozen=True)
class Request:
    """What the command was asked for, of one image."""

    command: Restoring
    masks: MaskOptions
    pages: str | None
    axes: str | None
    path: Path
    files: Files


def restore_by_window(
    command: Restoring,
    masks: MaskOptions,
    pages: str | None,
    axes: str | None,
    image: Path,
    files: Files,
    start: Callable[[], Executor],
) -> Written | None:
    """Restore an image by window if it should be; return what was written, None if it should not.

    ``start`` starts what fills the tiles.

    It should with --tile if the image is a Zarr array or has more than --max-pixels, or if it would take more than
    SHARE of the free memory and all that was asked for can be done by window.

    Raises
    ------
    InputError
        If it must be restored by window, and something that was asked for cannot be done so.
    """
    request = Request(command, masks, pages, axes, image, files)
    kind = format_by_window(image)
    if kind is None:
        return None
    must = kind == "ZARR" or count_pixels(image, kind) > command.options.max_pixels
    if command.settings.tile is None:
        if must and _can_be_opened(image):
            rows, columns = open_windows(image).shape[:2]
            limit = f"{columns} x {rows} pixels are more than {command.options.max_pixels}; see --max-pixels, or"
            what = "a Zarr array is filled by window;" if kind == "ZARR" else limit
            raise InputError(f"{image}: {what} try --tile {TILE}")
        return None
    try:
        opened = open_windows(image)
        if not must and not _is_large(opened, command):
            return None
        _check_request(request, opened)
        destination = choose_windowed_destination(files, image, opened, command.options)
    except InputError:
        if must:
            raise
        return None
    with start() as executor:
        return _restore(request, opened, destination, executor)


def _can_be_opened(path: Path) -> bool:
    """Return whether an image can be read by window."""
    try:
        return open_windows(path) is not None
    except InputError:
        return False


def _is_large(image: WindowedImage, command: Restoring) -> bool:
    """Return whether filling an image in memory would take much of what is free."""
    free = free_memory()
    return free is not None and inpainting_bytes(image.shape, 0, command.settings) > SHARE * free


def _check_request(request: Request, image: WindowedImage) -> None:
    """Raise InputError if something was asked for that needs the whole image in memory."""
    settings, files, masks = request.command.settings, request.files, request.masks
    others = [source for source in files.masks if is_from_image(source) and not _is_in_windows(source)]
    refused = {
        f"--mask {'/'.join(others)}": bool(others),
        "--max-distance": masks.max_distance is not None,
        f"--gaps {masks.gaps}": masks.gaps != "all",
        f"--values {settings.values}": settings.values != "linear",
        f"--fill {settings.fill}": settings.fill != "expected",
        "--pages": request.pages is not None,
        f"--stack {settings.stack}": settings.stack not in ("auto", "pages"),
        f"--axes {request.axes}": request.axes not in (None, *(("YX",) if len(image.shape) == 2 else ("YXC", "YXS"))),
        "--report": files.report is not None,
        "--preview": files.preview is not None,
        "--estimate": request.command.options.estimate,
        "--checkpoint": files.checkpoint is not None,
        "--keep-partial": request.command.options.keep_partial,
        "--output -": files.output == STANDARD,
    }
    found = [option for option, is_asked in refused.items() if is_asked]
    if found:
        rows, columns = image.shape[:2]
        raise InputError(
            f"{request.path}: {columns} x {rows} pixels are filled by window, which {found[0]} does not allow; "
            "leave it out"
        )
    for source in files.masks:
        if not is_from_image(source):
            open_mask(Path(source), image)
    if files.reference is not None:
        _open_reference(files.reference, image)
    if image.dtype.kind == "b":
        raise InputError(f"{request.path}: the image holds bool; convert it to integers or floats")
    for path in (files.uncertainty, files.save_mask):
        if path is not None and path.suffix.lower() not in (".tif", ".tiff"):
            raise InputError(f"{path}: by window only .tif is written here")


def _is_in_windows(source: str) -> bool:
    return source in IN_WINDOWS or source.startswith("value=")


def _restore(request: Request, image: WindowedImage, destination: WindowedDestination, executor: Executor) -> Written:
    """Look through the masks, fill the tiles, and write what was asked for."""
    start = time.perf_counter()
    note(f"{request.path}: {image.shape[1]:,} x {image.shape[0]:,} pixels, filled by window")
    settings, options, files = request.command.settings, request.command.options, request.files
    check_extra_outputs([*files.inputs(request.path), destination.path], files.extra_outputs(), files)
    check_is_no_input([destination.path], files)
    truth = None if files.reference is None else _open_reference(files.reference, image)
    masked, warning = open_masks(
        files.masks, image, request.masks.grow, white_is_missing=request.masks.white_is_missing
    )
    warn(warning)
    assert settings.tile is not None
    facts = scan(masked, settings.tile, executor)
    _check_facts(facts, image, files.masks)
    value_range = _value_range(facts, image, options.data_range)
    tiles = plan_tiles(masked, facts, settings, executor)
    check_window_memory(tiles, masked, settings)
    _announce(facts, image, tiles)
    if options.dry_run:
        seconds = sum(results(executor, [Call(tile.name, tile_seconds, (masked, tile, settings)) for tile in tiles]))
        forecast = Forecast(facts.missing.samples, seconds, window_bytes(tiles, masked, settings))
        return request.command.announce(forecast, "inpaint", request.path, files, destination.path)
    spool = Spool.beside(destination.path)
    spool.begin(fingerprint(masked, settings, __version__))
    _fill(request, masked, tiles, spool, executor)
    result = WindowedResult(image, tiles, spool, facts.missing, value_range, truth, start)
    try:
        written = write_results(result, destination, request.command, request.path, files)
    except KeyboardInterrupt:
        note(f"inrr: all tiles are kept in {spool.folder}; run the command again to go on")
        raise
    spool.remove()
    if options.show:
        note("--show: an image that is filled by window is not shown")
    return written


def _fill(request: Request, masked: MaskedImage, tiles: list[Tile], spool: Spool, executor: Executor) -> None:
    """Fill the tiles that are not in the spool yet; one that is left early says how to go on."""
    kept = sum(spool.holds(tile) for tile in tiles)
    if kept:
        note(f"going on: {kept:,} of {len(tiles):,} tiles were filled before")
    settings, options = request.command.settings, request.command.options
    try:
        with progress_bar(not options.as_json, settings) as progress:
            fill_tiles(masked, tiles, settings, spool, executor, progress)
    except BaseException:
        kept = sum(spool.holds(tile) for tile in tiles)
        note(f"inrr: {kept:,} of {len(tiles):,} tiles are kept in {spool.folder}; run the command again to go on")
        raise


def _check_facts(facts: Facts, image: WindowedImage, sources: list[str]) -> None:
    """Warn of samples that stay unusable and of masks that leave little; refuse those that leave nothing to do."""
    if not facts.missing.samples:
        raise InputError("the mask is empty: no pixel is missing, so there is nothing to fill")
    if not facts.known.any():
        raise InputError("the mask covers everything: no pixel is known to fill it from")
    missing = np.sum([counts for _, _, counts, _ in facts.tiles], 0)
    lost = np.flatnonzero((missing > 0) & (facts.known == 0))
    if len(lost):
        raise InputError(f"the mask covers channel {lost[0] + 1}: no sample is known to fill it from")
    for (description, source), tally in facts.unusable.items():
        if tally.samples:
            warn(f"{tally} outside the mask {description} and stay so; --mask {source} fills them")
    fraction = facts.missing.samples / np.prod(image.shape)
    for path in (Path(source) for source in sources if not is_from_image(source)):
        if fraction > 0.5 and open_windows(path).metadata.white_is_zero:  # as tifffile writes an array of bool
            warn(
                f"{path}: in this TIFF 0 is white (min-is-white); if 0 was meant to be black, use the other --mask-mode"
            )
    if fraction > MANY_MISSING:
        warn(f"{', '.join(sources)}: {fraction:.1%} of the samples are missing; little is left to restore from")


def _announce(facts: Facts, image: WindowedImage, tiles: list[Tile]) -> None:
    """Tell how much will be filled."""
    pixels = image.shape[0] * image.shape[1]
    size, unit = (pixels, "pixels") if facts.missing.of_pixels else (pixels * image.shape[2], "samples")
    missing = facts.missing.pixels if facts.missing.of_pixels else facts.missing.samples
    share = missing / size
    percent = f"{share:.1%}" if share >= 0.001 else f"{100 * share:.1g}%"
    note(f"filling {missing:,} of {size:,} {unit} ({percent}) in {len(tiles):,} tiles")


def _value_range(facts: Facts, image: WindowedImage, given: ValueRange | None) -> ValueRange:
    """Return the range whose span is the peak of a PSNR."""
    extremes = [facts.low, facts.high] if image.dtype.kind == "f" else [0, 0]
    return measured_range(np.array([extremes], image.dtype), np.ones((1, 2), bool), given)


def _open_reference(path: Path, image: WindowedImage) -> WindowedImage:
    """Open the true image, which must agree with the one to fill."""
    truth = open_windows(path)
    if (truth.shape, truth.dtype) != (image.shape, image.dtype):
        raise InputError(
            f"{path}: the reference is {truth.shape} of {truth.dtype} but the image is {image.shape} of {image.dtype}; "
            "they must agree"
        )
    return truth
