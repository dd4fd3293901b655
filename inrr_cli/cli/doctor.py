"""``inrr doctor``."""

from __future__ import annotations

import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from inrr_cli.cli import options
from inrr_cli.cli.console import say

PACKAGES = ("torch", "numpy", "scipy", "pillow", "tifffile", "imagecodecs", "scikit-image", "typer", "rich")


def doctor(as_json: options.Json = False) -> None:
    """Print versions, devices and speeds, for a bug report.

    [bold]inrr doctor[/bold]

    [bold]inrr doctor --json[/bold]
    """
    import torch

    from inrr_cli import __version__
    from inrr_cli.device import available_devices, choose_device, has_fast_bfloat16

    device = choose_device("auto")
    record: dict[str, Any] = {
        "command": "doctor",
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "devices": available_devices(),
        "device": device.type,
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16_used": has_fast_bfloat16(device),
        "gflops_float32": _speed(device, torch.float32),
        "gflops_bfloat16": _speed(device, torch.bfloat16),
    }
    if as_json:
        say(json.dumps(record))
    else:
        for name, value in record.items():
            if name == "packages":
                value = ", ".join(f"{package} {number}" for package, number in value.items())
            if isinstance(value, list):
                value = ", ".join(value)
            if name != "command":
                say(f"{name:<17}{value}")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _speed(device: Any, dtype: Any) -> float | None:
    """Billions of operations a second of the product that a fit spends its time in; None where it is not possible."""
    import torch

    try:
        points = torch.randn(4096, 256, device=device, dtype=dtype)
        weight = torch.randn(256, 256, device=device, dtype=dtype)
        (points @ weight).sum().item()
        start = time.perf_counter()
        for _ in range(8):
            points = points @ weight
        points.sum().item()
    except (RuntimeError, TypeError):
        return None
    return round(8 * 2 * 4096 * 256 * 256 / (time.perf_counter() - start) / 1e9, 1)
