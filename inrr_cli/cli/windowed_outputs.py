"""What is written of an image that was filled by window, and its record."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from inrr_cli.cli.console import explain, note, say, warn
from inrr_cli.cli.files import Files
from inrr_cli.cli.outputs import OutputOptions, choose_destinations
from inrr_cli.cli.record import MEASURES, compose_record, describe, print_record
from inrr_cli.cli.restoring import Restoring, Written
from inrr_cli.errors import InputError, OutputExistsError
from inrr_cli.imaging.atomic import as_input_error, written_together
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.imaging.windows.array_writers import write_npy, write_zarr
from inrr_cli.imaging.windows.image import WindowedImage
from inrr_cli.imaging.windows.opening import is_directory, is_zarr
from inrr_cli.inpainting.windowed.blend import Blend
from inrr_cli.inpainting.windowed.results import FilledMask, Restored, Sigma, as_image, compare, mean_sigma
from inrr_cli.inpainting.windowed.scan import Tally, Tile
from inrr_cli.inpainting.windowed.spool import Spool
from inrr_cli.result import NATURALNESS, Result


@dataclass(frozen=True)
class WindowedDestination:
    """A checked place for a restored image: a file, or the folder of a Zarr array."""

    path: Path
    kind: str


@dataclass(frozen=True)
class WindowedResult:
    """An image whose tiles are filled.

    Attributes
    ----------
    image : WindowedImage
    tiles : list of Tile
    spool : Spool
        With all tiles.
    missing : Tally
        What was filled.
    value_range : ValueRange
        Its span is the peak of a PSNR.
    truth : WindowedImage or None
    start : float
        Time of the start, by `time.perf_counter`.
    """

    image: WindowedImage
    tiles: list[Tile]
    spool: Spool
    missing: Tally
    value_range: ValueRange
    truth: WindowedImage | None
    start: float


def choose_windowed_destination(
    files: Files, path: Path, image: WindowedImage, options: OutputOptions
) -> WindowedDestination:
    """Return where to write the restored image: as `choose_destinations`, with Zarr arrays for Zarr arrays.

    Raises
    ------
    InputError
        If the place cannot be written, or not by window.
    """
    output = files.output
    is_array = image.metadata.format == "ZARR"
    if is_array and (output is None or (is_directory(output) and not is_zarr(output))):
        name = path.with_name(options.name.name(path, ".zarr"))
        output = name if output is None else output / name.name
    if output is not None and output.suffix.lower() == ".zarr":
        if not is_array:
            raise InputError(f"{output}: a Zarr array is written of a Zarr array only; write a .tif")
        _check_folder(output, force=files.force)
        return WindowedDestination(output, "ZARR")
    (chosen,) = choose_destinations(files, path, image.template(), options)
    if chosen.kind not in ("TIFF", image.metadata.format):
        raise InputError(f"{chosen.path}: {chosen.kind} is not written by window; write a .tif")
    return WindowedDestination(chosen.path, chosen.kind)


def _check_folder(path: Path, *, force: bool) -> None:
    """Raise InputError unless a Zarr array can be written to a path."""
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if path.exists() or path.is_symlink():
        if path.is_symlink() or not is_zarr(path):
            raise InputError(f"{path}: is no Zarr array that could be overwritten; give another name")
        if not force:
            raise OutputExistsError(f"{path}: already exists; use --force to overwrite it, or write elsewhere")


def write_results(
    result: WindowedResult, destination: WindowedDestination, command: Restoring, path: Path, files: Files
) -> Written:
    """Write the restored image and what else was asked for, all or nothing, and print the record."""
    options, blend = command.options, Blend(result.image, result.tiles, result.spool)
    record = _make_record(result, blend, destination.path, command, path)
    note(f"writing {destination.path}")
    paths = [destination.path] if destination.kind != "ZARR" else []
    paths += [extra for extra in (files.uncertainty, files.save_mask, files.sidecar) if extra is not None]
    with written_together(paths, replace=files.force) as temporaries:
        _write_extra(blend, files, temporaries, of_pixels=result.missing.of_pixels)
        with as_input_error(destination.path):
            if destination.kind == "ZARR":
                with _folder_in_place(destination.path) as folder:
                    restored = _restored(blend)
                    write_zarr(folder, result.image.path, restored, partial(_is_unchanged, blend))
            else:
                _write_image(blend, temporaries[destination.path], destination.kind, describe(record))
        record["seconds"] = round(time.perf_counter() - result.start, 3)
        text = json.dumps(record, allow_nan=False)
        if files.sidecar is not None:
            temporaries[files.sidecar].write_text(f"{text}\n", encoding="utf-8")
    if options.as_json:
        say(text)
    else:
        print_record(record)
    return Written(record, [*temporaries, *([destination.path] if destination.kind == "ZARR" else [])])


def _restored(blend: Blend) -> WindowedImage:
    image = blend.image
    return WindowedImage(image.path, Restored(blend), image.metadata, image.has_alpha, image.layout)


def _is_unchanged(blend: Blend, rows: slice, columns: slice) -> bool:
    return not blend.touches(rows, columns)


def _write_image(blend: Blend, path: Path, kind: str, texts: dict[str, str]) -> None:
    """Write the restored image as a TIFF or a .npy."""
    if kind == "NPY":
        write_npy(path, _restored(blend))
        return
    from inrr_cli.imaging.windows.tiff_writer import write_tiff  # tifffile is slow to import

    text = "\n".join(f"{key}: {value}" for key, value in texts.items())
    write_tiff(path, _restored(blend), text, partial(_is_unchanged, blend))


def _write_extra(blend: Blend, files: Files, temporaries: dict[Path, Path], *, of_pixels: bool) -> None:
    """Write the uncertainty and the mask."""
    from inrr_cli.imaging.windows.tiff_writer import write_tiff

    for path, samples in (
        (files.uncertainty, Sigma(blend)),
        (files.save_mask, FilledMask(blend, of_pixels=of_pixels)),
    ):
        if path is not None:
            with as_input_error(path):
                write_tiff(temporaries[path], as_image(samples, path), None, partial(_is_unchanged, blend))


@contextmanager
def _folder_in_place(path: Path) -> Iterator[Path]:
    """Give the name of a folder to make beside a path, and move it there at the end; what was there is removed."""
    with tempfile.TemporaryDirectory(prefix=".inrr-", dir=path.parent) as name:
        made, old = Path(name) / "new", Path(name) / "old"
        yield made
        if path.exists():
            path.rename(old)
        made.rename(path)


def _make_record(result: WindowedResult, blend: Blend, output: Path, command: Restoring, path: Path) -> dict[str, Any]:
    """Return what the run did, with the names of any other record."""
    image, settings = result.image, command.settings
    facts = {tile: result.spool.facts(tile) for tile in result.tiles}
    noises: dict[Any, list[float]] = {}
    for tile, fact in facts.items():
        if fact.noise_sigma is not None:
            noises.setdefault(tile.channels, []).append(fact.noise_sigma)
    noise = float(np.mean([np.mean(found) for found in noises.values()])) if noises else None
    measures: dict[str, Any] = {
        "missing_pixels": result.missing.pixels,
        "missing_samples": result.missing.samples,
        "missing_fraction": result.missing.samples / int(np.prod(image.shape)),
        "noise_sigma": noise,
        "sigma_mean": mean_sigma(blend),
    }
    measures |= dict.fromkeys((*MEASURES, *NATURALNESS))
    if result.truth is not None:
        measures |= compare(blend, result.truth, result.value_range)
        measures |= {name: None for name in MEASURES if not np.isfinite(measures[name] or 0.0)}
    first = facts[result.tiles[0]]
    explain(f"{first.summary}; {len(facts)} tiles")
    warn(next((fact.notice for fact in facts.values() if fact.notice), ""))
    pixels = np.broadcast_to(image.dtype.type(0), image.shape)
    as_result = Result(
        pixels, None, None, None, None, noise, first.device, None, 0.0, True, first.summary, first.notice
    )
    record = compose_record("inpaint", path, output, [as_result], settings, measures, result.value_range, True)
    return record | {"pages": 1}
