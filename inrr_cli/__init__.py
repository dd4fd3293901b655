"""inrr: restore one image from itself, by self-regularised implicit neural representations.

    from inrr_cli import inpaint, make_mask

    mask = make_mask(image.shape[:2], "random", rate=0.5)
    restored = inpaint(image, mask)

Nothing here imports torch until a picture is restored.
"""

from inrr_cli.errors import DivergedError, ExitCode, InputError
from inrr_cli.inpainting.image import Result, inpaint, run_inpainting
from inrr_cli.masking.synthetic import make_mask
from inrr_cli.metrics import psnr, ssim
from inrr_cli.settings import Settings, make_settings
from inrr_cli.superresolution import make_target, run_superres, superres

__version__ = "0.1.0"

__all__ = [
    "DivergedError",
    "ExitCode",
    "InputError",
    "Settings",
    "Result",
    "run_inpainting",
    "run_superres",
    "inpaint",
    "make_mask",
    "make_settings",
    "make_target",
    "psnr",
    "ssim",
    "superres",
]
