"""Options that commands share, and the flags of each method, made from its dataclass."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from inrr_cli.cli.console import verbosity
from inrr_cli.methods import REGULARIZERS, REPRESENTATIONS
from inrr_cli.neural.presets import PRESETS
from inrr_cli.settings import DEVICES

FIT, METHOD, OUTPUT, STACKS = "Fit", "Method options", "Output and messages", "Stacks and large files"


def _completing(names: Any) -> Callable[[str], list[str]]:
    return lambda incomplete: [name for name in names if name.startswith(incomplete)]


def choice(flag: str, names: Any, help: str, panel: str | None = None, default: str | bool = True) -> Any:
    """Declare an option that takes one of ``names``: they are its metavar and its completions."""
    return typer.Option(
        flag,
        metavar="|".join(names),
        autocompletion=_completing(names),
        help=help,
        rich_help_panel=panel,
        show_default=default,
    )


def _quiet(value: bool) -> None:
    verbosity.quiet = value


def _verbose(value: bool) -> None:
    verbosity.verbose = value


Images = Annotated[
    list[Path],
    typer.Argument(
        metavar="IMAGE",
        help="PNG, JPEG, WebP, BMP, TIFF or .npy; - reads standard input. Several are done one after the other; in a "
        "folder that an option names, the image's name says which file.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        show_default="beside IMAGE, in its format if that is lossless",
        help="File to write, or a folder; - writes standard output.",
    ),
]
Reg = Annotated[
    str | None,
    choice("--reg", REGULARIZERS, "Similar patches, none, or INRR.", default="patch, or inrr for a network"),
]
Net = Annotated[
    str | None,
    choice("--net", REPRESENTATIONS, "Pixel grid or network.", default="grid for patch, else siren"),
]
Preset = Annotated[
    str | None,
    choice("--preset", PRESETS, "How to fit a network: seconds, or the paper's recipe (hours).", FIT, default="fast"),
]
Uncertainty = Annotated[
    Path | None,
    typer.Option(
        "--uncertainty",
        metavar="FILE",
        help="One standard deviation of each filled pixel, 0 at known ones: float32 .tif in the picture's units, or "
        "16-bit .png with 65535 for the picture's full scale.",
    ),
]
Noise = Annotated[
    str,
    typer.Option(
        "--noise",
        metavar="SIGMA|auto",
        help="Noise of the known pixels, in the picture's units: how far patches trust them.",
    ),
]
Denoise = Annotated[bool, typer.Option("--denoise", help="Change the known pixels too: remove their noise.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same device: same bytes.")]
Device = Annotated[str, choice("--device", DEVICES, "Where to compute; auto takes cuda, else mps, else cpu.")]
Reference = Annotated[
    Path | None, typer.Option("--reference", metavar="FILE", help="The true picture, to measure PSNR and SSIM.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.", rich_help_panel=OUTPUT)]
Sidecar = Annotated[
    Path | None,
    typer.Option("--sidecar", metavar="FILE", help="Write the JSON object to a .json file.", rich_help_panel=OUTPUT),
]
KeepPartial = Annotated[
    bool, typer.Option("--keep-partial", help="On Ctrl-C write what there is.", rich_help_panel=OUTPUT)
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="Format for --output -, as in png.", rich_help_panel=OUTPUT),
]
Quality = Annotated[
    int | None,
    typer.Option(
        "--quality",
        metavar="1-100",
        show_default="a JPEG's own tables; WebP lossless",
        help="Of a .jpg or .webp that is written.",
        rich_help_panel=OUTPUT,
    ),
]
Pages = Annotated[
    str | None,
    typer.Option(
        "--pages", metavar="3,5-9", show_default="all", help="Pages of a stack to restore.", rich_help_panel=STACKS
    ),
]
PerChannel = Annotated[
    bool,
    typer.Option("--per-channel", help="Each channel by itself, instead of all together.", rich_help_panel=STACKS),
]
DataRange = Annotated[
    str | None,
    typer.Option(
        "--data-range",
        metavar="LOW,HIGH",
        show_default="the integers' own; of floats that of the known pixels",
        help="Values whose distance is the peak of a PSNR.",
        rich_help_panel=STACKS,
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        "--max-pixels", metavar="N", min=1, help="Refuse larger pages: they may be bombs.", rich_help_panel=STACKS
    ),
]
Tile = Annotated[
    int | None,
    typer.Option(
        "--tile",
        metavar="N",
        show_default="all at once",
        help="Work in windows of N x N pixels, for pictures that do not fit in memory.",
        rich_help_panel=STACKS,
    ),
]
FineTile = Annotated[
    int | None,
    typer.Option(
        "--tile",
        metavar="N",
        show_default="1024",
        help="Make windows of N x N pixels at once: less memory, more time.",
        rich_help_panel=STACKS,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", rich_help_panel=OUTPUT)]
Quiet = Annotated[
    bool, typer.Option("-q", "--quiet", callback=_quiet, help="Say nothing but errors.", rich_help_panel=OUTPUT)
]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", callback=_verbose, help="Say what is done.", rich_help_panel=OUTPUT)
]
Steps = Annotated[
    int | None, typer.Option("--steps", show_default="the preset's", help="Optimiser steps.", rich_help_panel=FIT)
]
Rate = Annotated[
    float | None, typer.Option("--lr", show_default="the preset's", help="Learning rate.", rich_help_panel=FIT)
]


CheckpointFile = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Write the state of a network's fit to it every ten seconds, and go on from it if it is there.",
        rich_help_panel=FIT,
    ),
]


def with_method_options(command: Callable[..., None], methods: dict[str, type[Any]]) -> Callable[..., None]:
    """Give ``command`` a flag for each option of each of the ``methods``; those set arrive in its ``**methods``."""
    fields: dict[str, tuple[Any, dict[Any, list[str]]]] = {}
    for name, options in methods.items():
        for item in dataclasses.fields(options):
            _, defaults = fields.setdefault(item.name, (item, {}))
            defaults.setdefault(item.default, []).append(name)
    flags: dict[str, inspect.Parameter] = {}
    for item, defaults in fields.values():
        choices = "softmax|exp" if item.type == "Adjacency" else None
        kind = {"float": float, "int": int}.get(str(item.type), str)
        option = typer.Option(
            f"--{item.name.replace('_', '-')}",
            metavar=choices,
            show_default="; ".join(f"{default} for {', '.join(names)}" for default, names in defaults.items()),
            help=item.metadata["help"],
            rich_help_panel=METHOD,
        )
        flags[item.name] = inspect.Parameter(
            item.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
        )
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]

    def run(**values: Any) -> None:
        unset = {name for name in flags if values[name] is None}
        command(**{name: value for name, value in values.items() if name not in unset})

    return disguise(run, command, [*own, *flags.values()])


def disguise(
    run: Callable[..., None], command: Callable[..., None], parameters: Iterable[inspect.Parameter]
) -> Callable[..., None]:
    """Let ``run`` pass for ``command`` with other ``parameters``, all of them by keyword."""
    keyword = [p if p.kind is p.VAR_KEYWORD else p.replace(kind=p.KEYWORD_ONLY) for p in parameters]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    return run
