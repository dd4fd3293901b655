"""The options of ``inrr inpaint`` that no other command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from inrr_cli.cli.options import INPUT, LARGE, METHOD, NETWORK, OUTPUT
from inrr_cli.settings import Fill, Stack

Masks = Annotated[
    list[str],
    INPUT(
        "--mask",
        metavar="FILE|NAME",
        help="Mask file (white = fill), or how to find missing pixels in the image: nan (not a number, or infinite), "
        "alpha (transparent), nodata (GDAL's no-data value), value=V (equal to V), lines (lost lines and scars of a "
        "scan), dead (dead and hot pixels), scratches (and hairs and dust on an old photograph). Repeatable; masks are "
        "combined. In a folder, the mask with the image's name is taken.",
    ),
]
MaskMode = Annotated[Literal["fill", "known"], INPUT("--mask-mode", help="What white means in a mask file.")]
Exclude = Annotated[
    Path | None,
    INPUT(
        "--exclude",
        metavar="FILE",
        help="Mask file of places that --fill texture copies nothing from (white = do not copy). In a folder, the "
        "file with the image's name is taken.",
    ),
]
Grow = Annotated[int, INPUT("--grow", metavar="N", min=0, help="Widen the mask by N pixels.")]
MaxDistance = Annotated[
    float | None,
    INPUT(
        "--max-distance",
        metavar="N",
        help="Fill only samples within N pixels of a known one of their channel; the others stay as they are.",
    ),
]
Gaps = Annotated[
    str,
    INPUT(
        "--gaps",
        metavar="all|inner|narrow=N",
        help="Gaps to fill, each channel by itself; the others stay as they are. inner: holes that known samples "
        "enclose, so that no hole touches the border. narrow=N: gaps that hold no square of more than N x N "
        "samples.",
    ),
]
Preview = Annotated[
    Path | None,
    INPUT(
        "--preview",
        metavar="FILE",
        help="Write a .png of the image with the mask laid over it, and restore nothing.",
    ),
]
Values = Annotated[
    str,
    METHOD(
        "--values",
        metavar="KIND",
        help="What the values are: linear (numbers), labels (ids: only known ones come back, and a palette PNG "
        "stays one) or angle=PERIOD (numbers on a circle, as in angle=360 or angle=2pi).",
    ),
]
FillKind = Annotated[
    Fill,
    METHOD(
        "--fill",
        help="What comes into deep holes: the expected value, which is smooth, or texture, which is copied from "
        "elsewhere in the image: it looks right but was not measured. Thin damage gets the expected value.",
    ),
]
Variants = Annotated[
    int,
    METHOD(
        "--variants",
        metavar="N",
        min=1,
        max=16,
        help="Number of fills by --fill texture to choose from, with the seeds from --seed on. Outputs and "
        "sidecars are numbered.",
    ),
]
Denoise = Annotated[bool, METHOD("--denoise", help="Remove the noise of known pixels too, instead of keeping them.")]
Uncertainty = Annotated[
    Path | None,
    OUTPUT(
        "--uncertainty",
        metavar="FILE",
        help="Write one standard deviation of each filled sample, 0 at known ones: a float32 .tif in the image's "
        "units, or a 16-bit .png with 65535 for the image's full scale. Of labels the probability that each is "
        "right.",
    ),
]
Estimate = Annotated[
    bool,
    OUTPUT(
        "--estimate",
        help="Print psnr_estimated, without a truth: known samples are hidden in the shape of the mask's holes and "
        "filled as well, which takes about as long again.",
    ),
]
SaveMask = Annotated[
    Path | None,
    OUTPUT(
        "--save-mask",
        metavar="FILE",
        help="Write the mask of filled pixels; with the channels of the image if each has its own mask.",
    ),
]
Pages = Annotated[
    str | None, LARGE("--pages", metavar="3,5-9", show_default="all", help="Pages of a stack to restore.")
]
Stacking = Annotated[
    Stack,
    LARGE(
        "--stack",
        help="How the pages of a stack belong together: pages (not at all), time (dates of one place), volume "
        "(slices, in which things may move). auto decides by samples that are held out.",
    ),
]
PerChannel = Annotated[
    bool, LARGE("--per-channel", help="Restore each channel by itself, instead of all channels together.")
]
Tile = Annotated[
    int | None,
    LARGE(
        "--tile",
        metavar="N",
        show_default="the whole image",
        help="Work in tiles of N x N pixels, for images that do not fit in memory. A large TIFF, .npy or Zarr is "
        "then read and written by window too.",
    ),
]
Checkpoint = Annotated[
    Path | None,
    NETWORK(
        "--checkpoint",
        metavar="FILE",
        help="Write the state of the fit to this file every ten seconds, and resume from it if it exists.",
    ),
]
