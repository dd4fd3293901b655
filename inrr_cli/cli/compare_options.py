"""The options of ``inrr compare`` that no other command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inrr_cli.cli.options import INPUT, LARGE, METHOD, OUTPUT

Image = Annotated[Path, typer.Argument(metavar="IMAGE", help="Image file; - reads standard input.", show_default=False)]
Methods = Annotated[
    str | None,
    METHOD(
        "--methods",
        metavar="NAME,NAME,...",
        show_default="patch and all that is installed of the others",
        help="Methods to compare. Of inrr: patch, patch-draft, patch-best, texture, inrr, air, tv, l2, a network alone "
        "(siren), or a network with a regulariser (siren-patch, fourier-inrr). Of others: telea, navier-stokes, fsr, "
        "fsr-best (slow, so only if named), biharmonic, linear, cubic, maskfill, gdal; "
        "pip install 'inrr-cli\\[compare]' brings those that are missing.",
    ),
]
Reference = Annotated[
    Path | None,
    INPUT(
        "--reference",
        metavar="FILE",
        help="True image to measure against. Without one, known samples are hidden in the shape of the mask's holes "
        "and measured there.",
    ),
]
Sheet = Annotated[
    Path | None,
    OUTPUT(
        "-o",
        "--output",
        metavar="FILE",
        show_default="{stem}_compare.png beside IMAGE",
        help="Contact sheet to write, a .png, or a folder for it.",
    ),
]
Page = Annotated[
    int | None,
    LARGE(
        "--pages",
        metavar="N",
        min=1,
        show_default="the first with something to fill",
        help="Page of a stack to compare on.",
    ),
]
