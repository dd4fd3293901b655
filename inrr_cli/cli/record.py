"""The record of a run: the JSON object, the sidecar, the texts in the file and the lines on stdout."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

from inrr_cli.cli.console import say
from inrr_cli.imaging.value_range import ValueRange
from inrr_cli.inpainting.kind_measures import accuracy, suit_to_kind
from inrr_cli.result import Measurement, Result, measure
from inrr_cli.settings import Settings

MEASURES = {
    "psnr_missing": ("dB", "missing samples only"),
    "psnr_estimated": ("dB", "missing samples only, estimated at hidden ones"),
    "psnr_full": ("dB", "the written image"),
    "psnr_raw": ("dB", "the network's own output, all pixels"),
    "psnr_known": ("dB", "the network's fit to the known pixels"),
    "ssim_full": ("", "the written image"),
    "accuracy": ("", "filled labels that are right"),
}

MADE_UP = "made up of copies: plausible, not measured"  # what the fill texture does


def make_record(
    command: str,
    source: Path,
    output: Path,
    results: list[Result],
    settings: Settings,
    measurement: Measurement,
    *,
    completed: bool,
) -> dict[str, Any]:
    """Return what a run did, with every measure that applies; the others are None.

    Parameters
    ----------
    command, source, output
        The command, the file that was read and the file that is written.
    results : list of Result
        One for each page that was restored.
    settings : Settings
    measurement : Measurement
        What the results are measured against.
    completed : bool
        Whether all pages were restored, each to the end.
    """
    measures = measure(results, suit_to_kind(measurement, results, settings.values))
    measures["accuracy"] = accuracy(results, measurement, settings.values)
    return compose_record(command, source, output, results, settings, measures, measurement.value_range, completed)


def compose_record(
    command: str,
    source: Path,
    output: Path,
    results: list[Result],
    settings: Settings,
    measures: dict[str, Any],
    value_range: ValueRange,
    completed: bool,
) -> dict[str, Any]:
    """Return a record with these measures, as `measure` names them; the other parameters are those of `make_record`.

    Of the images in the results only the shape and the type count.
    """
    from inrr_cli import __version__

    first = results[0]
    # JSON has no infinity, which is what an exact match measures, and no NaN, the SSIM of a page with one
    measures |= {name: None for name in MEASURES if not math.isfinite(measures[name] or 0.0)}
    return {
        "command": command,
        "input": str(source),
        "output": str(output),
        "width": first.image.shape[1],
        "height": first.image.shape[0],
        "channels": 1 if first.image.ndim == 2 else first.image.shape[2],
        "dtype": str(first.image.dtype),
        "missing_pixels": measures.pop("missing_pixels"),
        "missing_samples": measures.pop("missing_samples"),
        "missing_fraction": measures.pop("missing_fraction"),
        "made_up_pixels": _count_made(results),
        "values": settings.values,
        "fill": settings.fill if command == "inpaint" else None,
        "net": settings.net,
        "reg": settings.reg,
        "quality": getattr(settings.regularizer, "quality", None),
        "preset": settings.preset,
        "warm_start": settings.warm_start if command == "inpaint" else None,
        "seed": settings.seed,
        "device": first.device,
        "steps": first.steps,
        "completed": completed,
        "seconds": round(sum(result.seconds for result in results), 3),
        "noise_sigma": measures.pop("noise_sigma"),
        "sigma_mean": measures.pop("sigma_mean"),
        "data_range": [value_range.low, value_range.high],
        "consistency_max": max((r.consistency_max for r in results if r.consistency_max is not None), default=None),
        **measures,
        "peak_rss_mb": _peak_memory(),
        "version": __version__,
    }


def describe(record: dict[str, Any]) -> dict[str, str]:
    """Return the texts that a restored file carries: the command, its method, and how much was filled."""
    values = "" if record["values"] == "linear" else f" --values {record['values']}"
    values += " --fill texture" if record["fill"] == "texture" else ""
    values += f" --quality {record['quality']}" if record["quality"] not in (None, "normal") else ""
    command = f"inrr {record['version']} {record['command']}{values} --net {record['net']} --reg {record['reg']}"
    pixels, samples, made = record["missing_pixels"], record["missing_samples"], record["made_up_pixels"]
    unit = "pixels" if samples == (pixels or 0) * record["channels"] else "samples"
    counted = "" if pixels is None else f"; {pixels if unit == 'pixels' else samples} {unit} were filled"
    copied = f", {made} {'of them' if unit == 'pixels' else 'pixels'} {MADE_UP}" if made else ""
    return {"inrr": f"{command} --seed {record['seed']}{counted}{copied}"}


def _count_made(results: list[Result]) -> int | None:
    """Return the number of pixels that were made up; None if nothing was to be."""
    counts = [int(result.made.sum()) for result in results if result.made is not None]
    return sum(counts) if counts else None


def print_record(record: dict[str, Any]) -> None:
    """Print the result for people: the file that was written, then each measure and the pixels it is of."""
    say(f"{record['output']}  {record['width']} x {record['height']}, {record['seconds']:.1f} s on {record['device']}")
    if record["made_up_pixels"]:
        say(f"  {'made_up':<15}{record['made_up_pixels']:>9,}  pixels {MADE_UP}")
    low, high = record["data_range"]
    peak = "" if record["dtype"] == "uint8" else f", peak {high - low:g} ({low:g} to {high:g})"
    for name, (unit, meaning) in MEASURES.items():
        if record[name] is not None:
            number = f"{record[name]:.2f} {unit}" if unit else f"{record[name]:.4f}"
            say(f"  {name:<15}{number:>9}  {meaning}{peak * bool(unit)}")
    if record["sigma_mean"] is not None:
        is_labels = record["values"] == "labels"
        what = "the expected value of a filled sample" if record["made_up_pixels"] else "a filled sample"
        meaning = f"expected error of {what}, in the image's units"
        meaning = "expected fraction of filled labels that are right" if is_labels else meaning
        say(f"  {'sigma_mean':<15}{record['sigma_mean']:>9.3g}  {meaning}")


def _peak_memory() -> float | None:
    """Largest resident memory of this process so far in MB, None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
