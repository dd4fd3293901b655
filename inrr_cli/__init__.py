"""inrr: restore one image from itself, by self-regularised implicit neural representations.

    from inrr_cli import inpaint, make_mask

    mask = make_mask(image.shape[:2], "random", rate=0.5)
    restored = inpaint(image, mask)

Nothing here imports torch until a picture is restored.
"""

from inrr_cli.enlargement import fit_superres, make_target, superres
from inrr_cli.errors import DivergedError, ExitCode, InputError
from inrr_cli.masks import make_mask
from inrr_cli.metrics import psnr, ssim
from inrr_cli.plan import Plan, make_plan
from inrr_cli.restoration import Restoration, fit_inpainting, inpaint

__version__ = "0.1.0"

__all__ = [
    "DivergedError",
    "ExitCode",
    "InputError",
    "Plan",
    "Restoration",
    "fit_inpainting",
    "fit_superres",
    "inpaint",
    "make_mask",
    "make_plan",
    "make_target",
    "psnr",
    "ssim",
    "superres",
]
