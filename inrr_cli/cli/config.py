"""``inrr config``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.exceptions import TyperException

from inrr_cli.cli import options
from inrr_cli.cli.configured import configurable, configured_commands, load_configuration, name_source
from inrr_cli.cli.console import note, say, warn
from inrr_cli.configuration import Setting, format_value


def config(
    context: typer.Context,
    command: Annotated[
        Literal["inpaint", "superres"] | None,
        typer.Argument(metavar="COMMAND", help="Command to print: inpaint or superres; both by default."),
    ] = None,
    show_all: Annotated[bool, typer.Option("--all", help="Print the built-in defaults too.")] = False,
    file: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Print what a command reads from this file with --config FILE."),
    ] = None,
    as_json: Annotated[bool, options.MESSAGES("--json", help="Print one JSON object.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Print the options that files and the environment set, and where each value came from.

    [bold]inrr config inpaint --all[/bold]   each option of inrr inpaint, its value here and what set it

    [bold]inrr config > run.toml[/bold]   keeps today's settings, for --config run.toml

    Files: the user's config.toml, then inrr.toml in this folder or, without it, the table tool.inrr of pyproject.toml.

    Variables such as INRR_TILE and INRR_INPAINT_TILE win over files, and the command line wins over all.
    """
    configuration = load_configuration(context, file)
    commands = {name: one for name, one in configured_commands(context).items() if command in (None, name)}
    values = {name: _values(context, one, configuration.settings[name], show_all) for name, one in commands.items()}
    if as_json:
        files = [{"path": path, "found": found} for path, found in configuration.files.items()]
        say(json.dumps({"command": "config", "files": files, "commands": _plain(values)}))
    else:
        for path, found in configuration.files.items():
            missing = "has no [tool.inrr]" if Path(path).exists() else "not found"
            note(f"{path}: {'read' if found else missing}")
        say("\n\n".join(_as_toml(one, values[name]) for name, one in commands.items()))
    for text in configuration.warnings:
        warn(text)


def _values(
    context: typer.Context, command: Any, settings: dict[str, Setting], show_all: bool
) -> dict[str, dict[str, Any]]:
    """Return the value of each option that is set, or of all, checked as the command would, and its source."""
    own = typer.Context(command, info_name=command.name, parent=context.find_root())
    found: dict[str, dict[str, Any]] = {}
    for name, parameter in configurable(command).items():
        if name in settings:
            value, source, _ = settings[name]
            if not isinstance(value, bool):  # a flag was checked, and its callback must not be called
                value = _check(own, parameter, value, settings)
            found[name] = {"value": value, "source": source}
        elif show_all:
            found[name] = {"value": parameter.default, "source": "built-in default"}
    return found


def _check(context: typer.Context, parameter: Any, value: Any, settings: dict[str, Setting]) -> Any:
    """Return a value as the parser of an option makes it.

    Raises
    ------
    TyperException
        If the parser refuses the value.
    """
    try:
        return parameter.process_value(context, value)
    except TyperException as error:
        name_source(error, settings)
        raise


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value


def _as_toml(command: Any, values: dict[str, dict[str, Any]]) -> str:
    """Return what holds for a command as a table of TOML, with the sources as comments."""
    rows, parameters = [], configurable(command)
    for name, found in values.items():
        if found["value"] is None:
            default = parameters[name].show_default
            text = "required" if parameters[name].required else default if isinstance(default, str) else "not set"
            rows.append((f"# {name}: {text}", ""))
        else:
            rows.append((f"{name} = {format_value(found['value'])}", f"# {found['source']}"))
    width = max((len(assignment) for assignment, comment in rows if comment), default=0)
    lines = [f"{assignment:<{width}}  {comment}".rstrip() for assignment, comment in rows]
    return "\n".join([f"[{command.name}]", *(lines or ["# built-in defaults only"])])
