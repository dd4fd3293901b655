"""What files and the environment say of the options of the commands, and where each value came from.

From the lowest to the highest: the user's file, the project's, ``INRR_<OPTION>`` and ``INRR_<COMMAND>_<OPTION>``. In a
file, keys at the top are for every command that has such an option, and a table such as ``[inpaint]`` is for one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from inrr_cli.errors import InputError

PREFIX = "INRR_"
PROJECT_FILE = Path("inrr.toml")
PYTHON_PROJECT_FILE = Path("pyproject.toml")  # its table [tool.inrr] counts where there is no PROJECT_FILE
FLAG_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

Value = bool | str | list[str]  # a flag, the text that the command line would have, or several of these


class Option(NamedTuple):
    """What kind of value an option takes: true or false, one, or ``many``."""

    is_flag: bool
    many: bool


Commands = Mapping[str, Mapping[str, Option]]  # the options of each command, by name without the leading dashes


class Setting(NamedTuple):
    """A value, its ``source`` (a file or a variable), and ``where`` it stands there, for messages."""

    value: Value
    source: str
    where: str


@dataclass(frozen=True)
class Configuration:
    """What holds for each command.

    Attributes
    ----------
    settings : dict
        Of each command the settings by option; options with their built-in default are left out.
    files : dict
        The files that were looked for, and whether each was found.
    warnings : list of str
        Variables that look like settings but are none.
    """

    settings: dict[str, dict[str, Setting]]
    files: dict[str, bool] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class _Assignment(NamedTuple):
    """A setting of an option for one command, or for all that have the option if ``command`` is empty."""

    command: str
    name: str
    setting: Setting


def find_configuration(
    commands: Commands, user_file: Path, environment: Mapping[str, str], folder: Path = Path()
) -> Configuration:
    """Read the user's file, the file of the project in a folder, and the environment.

    Raises
    ------
    InputError
        If a file cannot be read or is not TOML, for an unknown key and for a value of the wrong type.
    """
    files, assignments = {}, []
    for path in (user_file, folder / PROJECT_FILE, folder / PYTHON_PROJECT_FILE):
        table = _read_table(path)
        files[str(path)] = table is not None
        assignments += _from_table(commands, table or {}, str(path))
        if table is not None and path.name == PROJECT_FILE.name:
            break
    found, warnings = _from_environment(commands, environment)
    return Configuration(_resolve(commands, [*assignments, *found]), files, warnings)


def read_configuration(commands: Commands, path: Path) -> Configuration:
    """Read one file, in the place of all other files and the environment.

    Raises
    ------
    InputError
        As `find_configuration`, and if there is no such file.
    """
    table = _read_table(path)
    if table is None:
        missing = "has no table [tool.inrr]" if path.exists() else "no such file"
        raise InputError(f"{path}: {missing}")
    return Configuration(_resolve(commands, _from_table(commands, table, str(path))), {str(path): True})


def write_settings(values: Mapping[str, Any], command: str) -> str:
    """Return the text of a file that gives a command these values of its options.

    Parameters
    ----------
    values : mapping
        Strings, paths, numbers, booleans and lists of these, by the name of the option with - or _. None is left out.
    command : str

    Raises
    ------
    InputError
        If a name of a file is not valid Unicode, which TOML cannot hold.
    """
    lines = [f"{name.replace('_', '-')} = {format_value(value)}" for name, value in values.items() if value is not None]
    text = "\n".join([f"[{command}]", *lines, ""])
    try:
        text.encode()
    except UnicodeEncodeError as error:
        line = text[text.rfind("\n", 0, error.start) + 1 :].partition("\n")[0]
        raise InputError(f"{line!a}: is not valid Unicode, so no file of settings can hold it") from None
    return text


def format_value(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(format_value, value))}]"
    if isinstance(value, int | float):
        return repr(value)
    # strings are those of JSON, but for one control character that JSON leaves as it is
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _resolve(commands: Commands, assignments: Iterable[_Assignment]) -> dict[str, dict[str, Setting]]:
    """Return the last setting of each option of each command."""
    settings: dict[str, dict[str, Setting]] = {command: {} for command in commands}
    for assignment in assignments:
        for command in [assignment.command] if assignment.command else commands:
            if assignment.name in commands[command]:
                settings[command][assignment.name] = assignment.setting
    return settings


def _read_table(path: Path) -> dict[str, Any] | None:
    """Return the content of a file, of a pyproject.toml its table [tool.inrr]; None if that is not there."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot read this file: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text") from None
    import tomllib  # only now, for most folders have no such file

    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid TOML: {error}") from None
    if path.name == PYTHON_PROJECT_FILE.name:
        tools = table.get("tool")
        table = tools.get("inrr") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise InputError(f"{path}: inrr must be a table, [tool.inrr]")
    return table


def _from_table(commands: Commands, table: dict[str, Any], source: str) -> list[_Assignment]:
    """Return the settings of a file: those at the top, then those of the tables of commands."""
    options = {name: option for known in commands.values() for name, option in known.items()}
    top: dict[str, Any] = {}
    tables: dict[str, dict[str, Any]] = {}
    for key, value in table.items():
        is_table = isinstance(value, dict)
        if is_table and _name(key) in options:
            raise InputError(f"{source}: {_name(key)} is an option; write {_name(key)} = ..., not a table")
        if is_table and key not in commands:
            raise InputError(f"{source}: unknown table {_show(key)}{_nearest(key, commands, '[{}]')}")
        if not is_table and key in commands:
            raise InputError(f"{source}: {key} is a command; its options stand in a table [{key}]")
        (tables if is_table else top)[key] = value
    found = _read_keys("", top, options, source, commands)
    for command, values in tables.items():
        found += _read_keys(command, values, commands[command], source, commands)
    return found


def _read_keys(
    command: str, values: dict[str, Any], options: Mapping[str, Option], source: str, commands: Commands
) -> list[_Assignment]:
    """Return the settings of one table; the top of a file is for the command ""."""
    table = f" in [{command}]" if command else ""
    found: dict[str, _Assignment] = {}
    for key, value in values.items():
        name = _name(key)
        if name not in options:
            owners = [other for other, known in commands.items() if name in known]
            hint = f"; {owners[0]} has it" if owners else _nearest(name, options, "'{}'")
            raise InputError(f"{source}: unknown option {_show(key)}{table}{hint}")
        if name in found:
            raise InputError(f"{source}: {name}{table} is set twice, with - and with _")
        where = f"{name} in [{command}] of {source}" if command else f"{name} in {source}"
        checked = _check_type(options[name], value, f"{source}: {name}{table}")
        found[name] = _Assignment(command, name, Setting(checked, source, where))
    return list(found.values())


def _check_type(option: Option, value: Any, subject: str) -> Value:
    """Return a value of a file as the command line would have it."""
    if option.is_flag:
        if not isinstance(value, bool):
            raise InputError(f"{subject} must be true or false, got {_show(value)}")
        return value
    if isinstance(value, list) and not option.many:
        raise InputError(f"{subject} takes one value, got a list")
    texts = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, bool) or not isinstance(item, str | int | float) or "\0" in str(item):
            raise InputError(f"{subject} must be text or a number, got {_show(item)}")
        texts.append(str(item))
    return texts if option.many else texts[0]


def _from_environment(commands: Commands, environment: Mapping[str, str]) -> tuple[list[_Assignment], list[str]]:
    """Return the settings of the variables, those for one command last, and warnings of variables that are none."""
    known = {
        _variable(name, prefix): (prefix, name, option)
        for command, options in commands.items()
        for name, option in options.items()
        for prefix in ("", command)
    }
    found, warnings = [], []
    for variable, text in sorted(environment.items()):
        if variable in known and text:
            command, name, option = known[variable]
            value = _parse_variable(option, text, variable)
            found.append(_Assignment(command, name, Setting(value, variable, variable)))
        elif variable.startswith(PREFIX) and variable not in known:
            warnings.append(f"{variable}: no option has this variable{_nearest(variable.upper(), known, '{}')}")
    return sorted(found, key=lambda assignment: bool(assignment.command)), warnings


def _variable(name: str, command: str = "") -> str:
    return PREFIX + f"{command}_{name}".strip("_").replace("-", "_").upper()


def _parse_variable(option: Option, text: str, variable: str) -> Value:
    """Return the value of a variable; several values are separated as in PATH."""
    if option.many:
        return [part for part in text.split(os.pathsep) if part]
    if not option.is_flag:
        return text
    if text.lower() not in FLAG_WORDS:
        raise InputError(f"{variable} must be one of {', '.join(FLAG_WORDS)}, got {text!r}")
    return FLAG_WORDS[text.lower()]


def _name(key: str) -> str:
    return key.replace("_", "-")


def _show(value: Any) -> str:
    """Return a key or a value for a message, without control characters."""
    if isinstance(value, bool):
        return format_value(value)
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return repr(value) if isinstance(value, str) else str(value)


def _nearest(name: str, known: Iterable[str], form: str) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {form.format(near[0])}?" if near else ""
