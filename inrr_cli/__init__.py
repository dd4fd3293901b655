"""inrr: restore one image from itself, by similar patches or by self-regularised implicit neural representations.

    from inrr_cli import inpaint, make_mask

    mask = make_mask(image.shape[:2], "random", rate=0.5)
    restored = inpaint(image, mask)

Importing this package loads nothing, so that the command can be interrupted from its first moments; numpy comes with
the first of these names, and torch with the first image that is restored.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # loading typing for it would take longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from inrr_cli.engine import Control
    from inrr_cli.errors import DivergedError, ExitCode, InputError
    from inrr_cli.inpainting.image import inpaint, run_inpainting
    from inrr_cli.masking.synthetic import make_mask
    from inrr_cli.metrics import psnr, ssim
    from inrr_cli.result import Result
    from inrr_cli.settings import Settings, make_settings
    from inrr_cli.superres.target import make_target
    from inrr_cli.superresolution import run_superres, superres

__version__ = "0.1.0"

__all__ = [
    "Control",
    "DivergedError",
    "ExitCode",
    "InputError",
    "Result",
    "Settings",
    "inpaint",
    "make_mask",
    "make_settings",
    "make_target",
    "psnr",
    "run_inpainting",
    "run_superres",
    "ssim",
    "superres",
]

MODULES = {
    "Control": "engine",
    "DivergedError": "errors",
    "ExitCode": "errors",
    "InputError": "errors",
    "Result": "result",
    "Settings": "settings",
    "inpaint": "inpainting.image",
    "make_mask": "masking.synthetic",
    "make_settings": "settings",
    "make_target": "superres.target",
    "psnr": "metrics",
    "run_inpainting": "inpainting.image",
    "run_superres": "superresolution",
    "ssim": "metrics",
    "superres": "superresolution",
}

# Names of 0.1.0, accepted for one release.
RENAMED = {
    "Plan": "Settings",
    "Restoration": "Result",
    "fit_inpainting": "run_inpainting",
    "fit_superres": "run_superres",
    "make_plan": "make_settings",
}

# The first import of a subpackage binds it to its name here. Done now, it cannot take the place of the function later.
import_module("inrr_cli.superres")
del superres


def __getattr__(name: str) -> Any:
    if name in RENAMED:
        import warnings

        warnings.warn(f"inrr_cli.{name} is now inrr_cli.{RENAMED[name]}", DeprecationWarning, stacklevel=2)
        return __getattr__(RENAMED[name])
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"inrr_cli.{MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
