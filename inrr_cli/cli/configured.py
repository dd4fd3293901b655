"""Commands whose options may be set by files and the environment: how the values go in, and what errors say of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from inrr_cli.cli.console import explain, warn
from inrr_cli.configuration import (
    Configuration,
    Option,
    Setting,
    find_configuration,
    format_value,
    read_configuration,
    write_settings,
)
from inrr_cli.errors import InputError
from inrr_cli.masking.from_image import is_from_image

_running: ContextVar[Any] = ContextVar("running")  # the context of the command that runs
KEY = __name__  # of the configuration in what Click's contexts share


class Configured(TyperCommand):
    """A command whose options take the values of `inrr_cli.configuration` as their defaults."""

    def make_parser(self, ctx: Any) -> Any:
        """Accept --no-FLAG for each flag, which a file may have set; --help does not list them."""
        parser = super().make_parser(ctx)
        for name, parameter in configurable(self).items():
            if describe(parameter).is_flag:
                parser.add_option(parameter, [f"--no-{name}"], parameter.name, action="store_const", const=False)
        return parser

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; an error of a value that was not given on the command line names its source."""
        try:
            return super().parse_args(ctx, args)
        except TyperException as error:
            name_source(error, _settings_in_use(ctx))
            raise
        finally:
            # only now, for the command line may have asked for quiet
            for text in ctx.meta[KEY].warnings if KEY in ctx.meta else []:
                warn(text)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error that speaks of an option tells where its value came from.

        Raises
        ------
        InputError
            Of the command.
        """
        _running.set(ctx)
        settings = _settings_in_use(ctx)
        for setting in settings.values():
            explain(f"{setting.where}: {format_value(setting.value)}")
        try:
            return super().invoke(ctx)
        except InputError as error:
            sources = [setting.where for name, setting in settings.items() if _speaks_of(str(error), name, setting)]
            if not sources:
                raise
            raise InputError(f"{error} (see {' and '.join(sources)})") from error


def settings_of_run(without: Iterable[str] = ()) -> str:
    """Return the text of a file for --config that repeats the command that runs, from any folder.

    Parameters
    ----------
    without : iterable of str
        Options that are left out.
    """
    context = _running.get()
    values = {}
    for name, parameter in configurable(context.command).items():
        source = context.get_parameter_source(parameter.name)
        if name not in without and source is not None and source.name != "DEFAULT":
            values[name] = _absolute(context.params[parameter.name], is_path=name == "mask")
    return write_settings(values, str(context.command.name))


def _absolute(value: Any, *, is_path: bool) -> Any:
    """Return a value with the paths in it from the root; ``is_path`` says that a text may be one."""
    if isinstance(value, list | tuple):
        return [_absolute(each, is_path=is_path) for each in value]
    if isinstance(value, Path) or (is_path and not is_from_image(value)):
        return str(Path(value).absolute())
    return value


def configure(context: typer.Context, file: Path | None) -> Path | None:
    """Make what files and the environment say, or one file alone, the defaults of a command's options."""
    if not context.resilient_parsing:
        configuration = load_configuration(context, file)
        parameters = configurable(context.command)
        settings = configuration.settings[str(context.command.name)]
        context.default_map = {parameters[name].name: setting.value for name, setting in settings.items()}
        context.meta[KEY] = configuration
    return file


def load_configuration(context: typer.Context, file: Path | None) -> Configuration:
    """Return what holds for each command that can be configured: what one file says, or all sources.

    Raises
    ------
    InputError
        If a file or a variable cannot be used.
    """
    options = {
        name: {option: describe(parameter) for option, parameter in configurable(command).items()}
        for name, command in configured_commands(context).items()
    }
    if file is not None:
        return read_configuration(options, file)
    return find_configuration(options, Path(typer.get_app_dir("inrr")) / "config.toml", os.environ)


def configured_commands(context: typer.Context) -> dict[str, Any]:
    """Return the commands that can be configured, by name."""
    group: Any = context.find_root().command
    return {name: command for name, command in group.commands.items() if isinstance(command, Configured)}


def configurable(command: Any) -> dict[str, Any]:
    """Return the parameters of a command that can be configured, by the name of their option."""
    names = {_option_name(parameter): parameter for parameter in command.params}
    return {name: one for name, one in names.items() if name != "config" and not getattr(one, "hidden", False)}


def describe(parameter: Any) -> Option:
    """Return what kind of value a parameter takes."""
    return Option(getattr(parameter, "is_flag", False), getattr(parameter, "multiple", False) or parameter.nargs != 1)


def name_source(error: Any, settings: dict[str, Setting]) -> None:
    """Make an error about the value of a parameter name the place of the value, if it is one of ``settings``."""
    parameter = getattr(error, "param", None)
    if parameter is not None and _option_name(parameter) in settings:
        error.param_hint = settings[_option_name(parameter)].where


def _option_name(parameter: Any) -> str:
    first: str = next((name for name in parameter.opts if name.startswith("--")), parameter.opts[0])
    return first.lstrip("-")


def _settings_in_use(context: Any) -> dict[str, Setting]:
    """Return the settings that the command line did not replace, by option."""
    if KEY not in context.meta:
        return {}
    settings = context.meta[KEY].settings[context.command.name]
    parameters = configurable(context.command)
    sources = {name: context.get_parameter_source(parameters[name].name) for name in settings}
    return {name: settings[name] for name, source in sources.items() if source and source.name == "DEFAULT_MAP"}


def _speaks_of(message: str, name: str, setting: Setting) -> bool:
    """Whether a message names an option, or starts with the file that is its value."""
    spelling = re.escape(name).replace(r"\-", "[-_]")
    values = setting.value if isinstance(setting.value, list) else [str(setting.value)]
    is_named = re.search(rf"(?<![\w./-])(?:--)?{spelling}(?!\w|[./-]\w)", message)
    return bool(is_named) or any(message.startswith(f"{value}: ") for value in values)
