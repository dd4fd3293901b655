"""inrr: restore one image from itself, by similar patches or by self-regularised implicit neural representations.

    from inrr_cli import inpaint, make_mask

    mask = make_mask(image.shape[:2], "random", rate=0.5)
    restored = inpaint(image, mask)

Nothing here imports torch until an image is restored.
"""

import warnings
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

# Names of 0.1.0, accepted for one release.
RENAMED = {
    "Plan": "Settings",
    "Restoration": "Result",
    "fit_inpainting": "run_inpainting",
    "fit_superres": "run_superres",
    "make_plan": "make_settings",
}


def __getattr__(name: str) -> Any:
    if name not in RENAMED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(f"inrr_cli.{name} is now inrr_cli.{RENAMED[name]}", DeprecationWarning, stacklevel=2)
    return globals()[RENAMED[name]]
