"""Options that commands share, and the options of the methods, made from the tables of `inrr_cli.methods`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import typer

from inrr_cli.cli.configured import configure
from inrr_cli.cli.console import verbosity, warn
from inrr_cli.methods import REGULARIZERS, REPRESENTATIONS, Method, Task
from inrr_cli.neural.recipe import WarmStart as WarmStartName
from inrr_cli.settings import Device as DeviceName
from inrr_cli.settings import Preset as PresetName

# An option of each group of --help, in the order in which the groups are shown.
INPUT, METHOD, OUTPUT, LARGE, NETWORK, MESSAGES = (
    partial(typer.Option, rich_help_panel=group)
    for group in ("Input and masks", "Method", "Output", "Stacks and large images", "Fitting networks", "Messages")
)


def _quiet(value: bool) -> None:
    verbosity.quiet = value


def _verbose(value: bool) -> None:
    verbosity.verbose = value


Images = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="IMAGE",
        help="Image files: PNG, JPEG, TIFF, .npy, WebP, PGM, JPEG 2000, JPEG XL and others; - reads standard input. "
        "Folders and patterns stand for the images in them.",
        show_default=False,
    ),
]
Axes = Annotated[
    str | None,
    INPUT(
        "--axes",
        metavar="YXC",
        show_default="what the file says; a .npy is guessed",
        help="Axes of the image, a letter each, in the order of its shape: T time, Z depth, C channels, Y rows, "
        "X columns, any other letter for separate pages.",
    ),
]
Reference = Annotated[
    Path | None,
    INPUT(
        "--reference",
        metavar="FILE",
        help="True image: the command prints PSNR and SSIM against this file. In a folder, the file with the image's "
        "name is taken.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    INPUT(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=configure,
        show_default="inrr.toml and the user's file",
        help="Read options from this TOML file alone: from no other file, and from no variable. The command line wins "
        "over it.",
    ),
]
Noise = Annotated[
    str,
    METHOD(
        "--noise",
        metavar="SIGMA|auto",
        help="Standard deviation of the noise of known pixels, in the image's units; auto estimates the noise.",
    ),
]
Seed = Annotated[int, METHOD("--seed", help="Random seed; the same seed on the same device gives the same bytes.")]
Device = Annotated[DeviceName, METHOD("--device", help="Device to compute on; auto takes cuda, else mps, else cpu.")]
Output = Annotated[
    Path | None,
    OUTPUT(
        "-o",
        "--output",
        metavar="FILE",
        show_default="beside IMAGE, in the same format if that is lossless, else PNG",
        help="File to write, or a folder; - writes to standard output.",
    ),
]
Name = Annotated[
    str | None,
    OUTPUT(
        "--name",
        metavar="TEMPLATE",
        show_default="{stem}_restored{suffix}, or {stem}_x2{suffix}",
        help="Name of the output where --output is a folder or left out, made of the image's {stem} or {name}, and "
        "{suffix}.",
    ),
]
Force = Annotated[
    bool, OUTPUT("--force", "--overwrite", help="Overwrite existing files; a batch restores all its images again.")
]
FormatName = Literal[
    "png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "npy", "pgm", "ppm", "pfm", "tga", "qoi", "jp2", "j2k", "jxl"
]  # fmt: skip
Format = Annotated[
    FormatName | None,
    OUTPUT("--format", help="File format for --output -."),
]
FileQuality = Annotated[
    int | None,
    OUTPUT(
        "--file-quality",
        metavar="1-100",
        show_default="a JPEG's own tables; WebP lossless",
        help="Quality of a .jpg or .webp output.",
    ),
]
KeepPartial = Annotated[bool, OUTPUT("--keep-partial", help="On Ctrl-C or SIGTERM, write the image restored so far.")]
Sidecar = Annotated[
    Path | None, OUTPUT("--sidecar", metavar="FILE", help="Write the JSON record of the run to a .json file.")
]
ReportFile = Annotated[
    Path | None,
    OUTPUT(
        "--report",
        metavar="FILE",
        help="Write a page (.html) that opens from disk and needs no network: before and after, error bars, a linked "
        "lens, histograms, and the record. A batch also gets index.html, the doubtful first.",
    ),
]
DataRange = Annotated[
    str | None,
    OUTPUT(
        "--data-range",
        metavar="LOW,HIGH",
        show_default="the range of the integer type; of floats the range of known pixels",
        help="Range of values whose width is the peak of every PSNR.",
    ),
]
MaxPixels = Annotated[
    int,
    LARGE(
        "--max-pixels", metavar="N", min=1, help="Refuse pages of more than N pixels, which may be decompression bombs."
    ),
]
Preset = Annotated[
    PresetName | None,
    NETWORK(
        "--preset",
        show_default="fast",
        help="Recipe of the fit: fast takes seconds, paper is the paper's own recipe and takes hours.",
    ),
]
Steps = Annotated[int | None, NETWORK("--steps", show_default="the preset's", help="Optimiser steps of the fit.")]
LearningRate = Annotated[
    float | None, NETWORK("--lr", show_default="the preset's", help="Learning rate of the network.")
]
WarmStart = Annotated[
    WarmStartName | None,
    NETWORK(
        "--warm-start",
        show_default="the preset's: smooth for fast, none for paper",
        help="What the network is drawn to at first at missing pixels: none, or a smooth fill.",
    ),
]
Json = Annotated[bool, MESSAGES("--json", help="Print the record of each image as one JSON object.")]
Quiet = Annotated[bool, MESSAGES("-q", "--quiet", callback=_quiet, help="Print only results and errors.")]
Verbose = Annotated[
    bool,
    MESSAGES(
        "-v",
        "--verbose",
        callback=_verbose,
        help="Explain each step; on a terminal, draw the course of a network's fit.",
    ),
]
Show = Annotated[
    bool,
    MESSAGES(
        "--show",
        help="Show the image before and after in the terminal, the missing pixels tinted; of a stack one page.",
    ),
]
Snapshots = Annotated[
    tuple[int, Path] | None,
    NETWORK(
        "--snapshots",
        metavar="N FOLDER",
        help="Write N images of the fit, at steps even on a logarithmic scale, to step_000001.png and so on in this "
        "folder, and an animated fit.png of them.",
    ),
]


def with_method_options(
    command: Callable[..., None], task: Task, renamed: dict[str, str] | None = None
) -> Callable[..., None]:
    """Give ``command`` the options --reg and --net and those of every method of a task.

    Those that the user gave arrive in its ``**methods``, as keywords of `inrr_cli.settings.make_settings`.

    Parameters
    ----------
    command : callable
        Its parameters with a default stand in the order of the help.
    task : {"inpaint", "superres"}
    renamed : dict, optional
        Former names of options and their names now; a former name is accepted, with a warning.
    """
    representations = {name: REPRESENTATIONS[name] for name in REPRESENTATIONS if task == "inpaint" or name != "ntk"}
    methods = _choices(representations, REGULARIZERS[task])
    patches = _method_parameters({"patch": REGULARIZERS[task]["patch"]}, METHOD)
    fitted = {name: method for name, method in REGULARIZERS[task].items() if name != "patch"}
    networks = _method_parameters(representations | fitted, NETWORK)
    generated = {parameter.name: parameter for parameter in (*methods, *patches, *networks)}
    former = {old: _former_parameter(old, generated[new]) for old, new in (renamed or {}).items()}
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    names = [parameter.name for parameter in own]
    first, last, fitted_last = names.index("noise"), names.index("device") + 1, names.index("lr") + 1
    parameters = [
        *own[:first], *methods, *own[first:last], *patches, *former.values(),
        *own[last:fitted_last], *networks, *own[fitted_last:],
    ]  # fmt: skip

    def run(**values: Any) -> None:
        for old, new in (renamed or {}).items():
            if (value := values.pop(old)) is not None:
                warn(f"--{old} is now --{new.replace('_', '-')}; the old name will go with the next release")
                values[new] = value
        given = {name: values.pop(name) for name in generated}
        command(**values, **{name: value for name, value in given.items() if value is not None})

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    keyword = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in parameters]
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    return run


def _choices(representations: dict[str, Method], regularizers: dict[str, Method]) -> list[inspect.Parameter]:
    """Return the parameters --reg and --net, with the names of the tables as their choices."""
    reg = METHOD(
        "--reg",
        show_default="patch; inrr for a network",
        help="Regulariser: patch fills from similar patches of the image; inrr is the paper's; air, tv and l2 are its "
        "peers; none fits a network alone.",
    )
    net = METHOD(
        "--net",
        show_default="grid for patch, else siren",
        help="Representation of the image: the pixel grid, or a network that is fitted to the known pixels.",
    )
    return [
        _parameter("reg", Literal[tuple(regularizers)], reg),
        _parameter("net", Literal[tuple(representations)], net),
    ]


def _method_parameters(methods: dict[str, Method], group: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return a parameter for each option of the methods; methods that share a name share the parameter."""
    found: dict[str, tuple[Any, Any, dict[str, list[str]]]] = {}
    for name, method in methods.items():
        hints = get_type_hints(method.options)
        for item in dataclasses.fields(method.options):
            defaults = found.setdefault(item.name, (item, hints[item.name], {}))[2]
            defaults.setdefault(item.metadata["shown"], []).append(name)
    return [
        _parameter(
            item.name,
            kind,
            group(
                f"--{item.name.replace('_', '-')}",
                show_default="; ".join(f"{default} for {', '.join(names)}" for default, names in defaults.items()),
                help=item.metadata["help"],
            ),
        )
        for item, kind, defaults in found.values()
    ]


def _former_parameter(name: str, parameter: inspect.Parameter) -> inspect.Parameter:
    """Return a hidden option for the former name of a parameter."""
    kind = get_args(get_args(parameter.annotation)[0])[0]
    return _parameter(name, kind, typer.Option(f"--{name}", hidden=True))


def _parameter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    annotation = Annotated[kind | None, option]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
