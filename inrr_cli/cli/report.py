"""The record of a run: the JSON object, the sidecar and the lines on stdout."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from inrr_cli.cli.console import emit, explain, note, say, warn
from inrr_cli.cli.files import Destination
from inrr_cli.errors import ExitCode
from inrr_cli.imaging.value_range import Range
from inrr_cli.imaging.writing import STANDARD
from inrr_cli.inpainting.image import Result
from inrr_cli.metrics import psnr, psnr_of, ssim
from inrr_cli.settings import Settings

MEASURES = {
    "psnr_missing": ("dB", "missing pixels only"),
    "psnr_full": ("dB", "the written picture"),
    "psnr_raw": ("dB", "the network's own output, all pixels"),
    "psnr_known": ("dB", "the network's fit to the known pixels"),
    "ssim_full": ("", "the written picture"),
}


@dataclass(frozen=True)
class Measurement:
    """What to measure a result against.

    Attributes
    ----------
    missing : list of (M, N) ndarray of bool, or None
        Pixels that were filled on each page; None where the whole picture is new.
    truths : list of (M, N[, C]) ndarray, or None
        The true pages.
    range : Range
        Its span is the peak.
    """

    missing: list[NDArray[np.bool_]] | None
    truths: list[NDArray[Any]] | None
    range: Range


def make_record(
    command: str, source: Path, output: Path, results: list[Result], settings: Settings, measured: Measurement
) -> dict[str, Any]:
    """Put together what a run did, with every measure that applies; the others are None.

    Parameters
    ----------
    command, source, output
        What was called, what was read and what is written.
    results : list of Result
        One for each page; measures are over all of them together, SSIM is a mean. Samples that are not finite in the
        result or the truth do not count.
    settings : Settings
        What was asked for.
    measured : Measurement
    """
    from inrr_cli import __version__

    first = results[0]
    missing = None if measured.missing is None else measured.missing[: len(results)]
    completed = all(result.completed for result in results)
    filled = None if missing is None else sum(int(mask.sum()) for mask in missing)
    sizes = sum(result.image.shape[0] * result.image.shape[1] for result in results)
    record = {
        "command": command,
        "input": str(source),
        "output": str(output),
        "width": first.image.shape[1],
        "height": first.image.shape[0],
        "channels": 1 if first.image.ndim == 2 else first.image.shape[2],
        "dtype": str(first.image.dtype),
        "missing_pixels": filled,
        "missing_fraction": None if filled is None else filled / sizes,
        "net": settings.net,
        "reg": settings.reg,
        "preset": settings.preset,
        "seed": settings.seed,
        "device": first.device,
        "steps": first.steps,
        "completed": completed,
        "seconds": round(sum(result.seconds for result in results), 3),
        "noise_sigma": _mean([result.noise_sigma for result in results]),
        "sigma_mean": _mean_sigma(results, missing) if completed else None,
        "data_range": [measured.range.low, measured.range.high],
        "consistency_max": max((r.consistency_max for r in results if r.consistency_max is not None), default=None),
        "psnr_known": _fit(results, measured.range),
    }
    record |= dict.fromkeys(("psnr_raw", "psnr_full", "psnr_missing", "ssim_full"))
    if measured.truths is not None:
        record |= _measure(results, measured.truths, missing, measured.range)
    # JSON has no infinity, which is what an exact match measures, and no NaN, the SSIM of a page with one
    record |= {name: None for name in MEASURES if record[name] is not None and not math.isfinite(record[name])}
    return record | {"peak_rss_mb": peak_memory(), "version": __version__}


def _measure(
    results: list[Result], truths: list[NDArray[Any]], missing: list[NDArray[np.bool_]] | None, scale: Range
) -> dict[str, float | None]:
    """PSNR over the samples of all pages, and the mean SSIM."""
    with np.errstate(all="ignore"):  # values far out of the range
        true = [scale.to_unit(truth) for truth in truths[: len(results)]]
        made = [scale.to_unit(result.image) for result in results]
        raw = [scale.to_unit(result.raw) for result in results if result.raw is not None]

    def over(pages: list[NDArray[np.float32]], where: list[NDArray[np.bool_]] | None = None) -> float | None:
        """PSNR over the samples of all pages that are finite in both."""
        pairs = list(zip(pages, true, strict=True))
        if where is not None:
            pairs = [(page[mask], truth[mask]) for (page, truth), mask in zip(pairs, where, strict=True)]
        one, other = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
        return psnr(one, other, np.isfinite(one) & np.isfinite(other))

    with np.errstate(all="ignore"):  # values far out of the range
        return {
            "psnr_raw": over(raw) if len(raw) == len(made) else None,
            "psnr_full": over(made),
            "psnr_missing": None if missing is None else over(made, missing),
            "ssim_full": _mean([ssim(page, truth) for page, truth in zip(made, true, strict=True)]),
        }


def _fit(results: list[Result], scale: Range) -> float | None:
    """PSNR of the networks at the known pixels of all pages."""
    errors = [result.rmse_known for result in results if result.rmse_known is not None]
    return psnr_of(float(np.sqrt(np.mean(np.square(errors)))), scale.span) if errors else None


def _mean(values: list[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def _mean_sigma(results: list[Result], missing: list[NDArray[np.bool_]] | None) -> float | None:
    if missing is None or any(result.sigma is None for result in results):
        return None
    found = [result.sigma[mask].ravel() for result, mask in zip(results, missing, strict=True)]  # type: ignore[index]
    return float(np.concatenate(found).mean())


def describe(record: dict[str, Any]) -> dict[str, str]:
    """Texts that a restored file carries: what was done, with what, and to how many pixels."""
    command = f"inrr {record['version']} {record['command']} --net {record['net']} --reg {record['reg']}"
    counted = "" if record["missing_pixels"] is None else f"; {record['missing_pixels']} pixels were filled"
    return {"inrr": f"{command} --seed {record['seed']}{counted}"}


def conclude(
    record: dict[str, Any],
    results: list[Result],
    made: Destination,
    sidecar: Path | None,
    *,
    as_json: bool,
    whole: bool,
) -> None:
    """Tell what was done, once it is written; unless it is the ``whole``, end as an interrupted run does."""
    explain(results[0].account)
    warn(next((result.notice for result in results if result.notice), ""))
    emit(record, sidecar, as_json, force=made.force)
    if not as_json and made.path != STANDARD:
        print_record(record)
    if not whole:
        after = "" if results[-1].steps is None else f" after {results[-1].steps} steps"
        note(f"inrr: interrupted{after}; {made.path} holds the picture so far")
        raise typer.Exit(ExitCode.INTERRUPTED)


def print_record(record: dict[str, Any]) -> None:
    """Print the result for people: what was written, then each measure with what it is of."""
    say(f"{record['output']}  {record['width']} x {record['height']}, {record['seconds']:.1f} s on {record['device']}")
    low, high = record["data_range"]
    peak = "" if record["dtype"] == "uint8" else f", peak {high - low:g} ({low:g} to {high:g})"
    for name, (unit, meaning) in MEASURES.items():
        if record[name] is not None:
            number = f"{record[name]:.2f} {unit}" if unit else f"{record[name]:.4f}"
            say(f"  {name:<13}{number:>9}  {meaning}{peak * bool(unit)}")
    if record["sigma_mean"] is not None:
        meaning = "expected error of a filled pixel, in the picture's units"
        say(f"  {'sigma_mean':<13}{record['sigma_mean']:>9.3g}  {meaning}")


def peak_memory() -> float | None:
    """Largest resident memory of this process so far in MB, None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
