"""The record of a run: the JSON object, the sidecar and the lines on stdout."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inrr_cli.cli.console import say
from inrr_cli.metrics import psnr, ssim
from inrr_cli.plan import Plan
from inrr_cli.restoration import Restoration

MEASURES = {
    "psnr_missing": ("dB", "missing pixels only"),
    "psnr_full": ("dB", "the written picture"),
    "psnr_raw": ("dB", "the network's own output, all pixels"),
    "psnr_known": ("dB", "the network's fit to the known pixels"),
    "ssim_full": ("", "the written picture"),
}


def make_record(
    command: str,
    source: Path,
    output: Path,
    restoration: Restoration,
    plan: Plan,
    reference: NDArray[np.uint8] | None,
    missing: NDArray[np.bool_] | None,
) -> dict[str, Any]:
    """Put together what a run did, with every measure that applies; the others are None.

    Parameters
    ----------
    command, source, output
        What was called, what was read and what is written.
    restoration : Restoration
        The result.
    plan : Plan
        What was asked for.
    reference : (M, N[, C]) ndarray of uint8, optional
        The truth.
    missing : (M, N) ndarray of bool, optional
        Pixels that were filled; None where the whole picture is new.
    """
    from inrr_cli import __version__

    image = restoration.image
    record = {
        "command": command,
        "input": str(source),
        "output": str(output),
        "width": image.shape[1],
        "height": image.shape[0],
        "channels": 1 if image.ndim == 2 else image.shape[2],
        "dtype": str(image.dtype),
        "missing_pixels": None if missing is None else int(missing.sum()),
        "missing_fraction": None if missing is None else float(missing.mean()),
        "net": plan.net,
        "reg": plan.reg,
        "preset": plan.preset,
        "seed": plan.seed,
        "device": restoration.device,
        "steps": restoration.steps,
        "completed": restoration.completed,
        "seconds": round(restoration.seconds, 3),
        "noise_sigma": restoration.noise_sigma,
        "sigma_mean": None
        if restoration.sigma is None or missing is None or not restoration.completed
        else float(restoration.sigma[missing].mean()),
        "psnr_known": restoration.psnr_known,
        "psnr_raw": None,
        "psnr_full": None,
        "psnr_missing": None,
        "ssim_full": None,
    }
    if reference is not None:
        truth, written = reference.astype(np.float32) / 255, image.astype(np.float32) / 255
        record |= {
            "psnr_raw": None if restoration.raw is None else psnr(restoration.raw, truth),
            "psnr_full": psnr(written, truth),
            "psnr_missing": None if missing is None else psnr(written, truth, missing),
            "ssim_full": ssim(written, truth),
        }
    # JSON has no infinity, which is what an exact match measures
    record |= {name: None for name in MEASURES if record[name] is not None and math.isinf(record[name])}
    return record | {"peak_rss_mb": peak_memory(), "version": __version__}


def print_record(record: dict[str, Any]) -> None:
    """Print the result for people: what was written, then each measure with what it is of."""
    say(f"{record['output']}  {record['width']} x {record['height']}, {record['seconds']:.1f} s on {record['device']}")
    for name, (unit, meaning) in MEASURES.items():
        if record[name] is not None:
            number = f"{record[name]:.2f} {unit}" if unit else f"{record[name]:.4f}"
            say(f"  {name:<13}{number:>9}  {meaning}")
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
