"""Write the table of every option of every command, from the same declarations as ``--help``.

python examples/options.py           # writes examples/guides/options.md
python examples/options.py --check   # exits with 1 if that page is not what would be written
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import typer

from inrr_cli.cli import app

PAGE = Path(__file__).parent / "guides" / "options.md"
HEAD = """# Every option

This page is written by `python examples/options.py` from the same declarations as `--help`. Do not edit it by hand.
The [other guides](../README.md) explain when to use which option.
"""


def cell(text: str) -> str:
    """Return a text as the cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def row(parameter: Any, context: typer.Context) -> str:
    """Return the table row of a parameter: its names and values, its help, its default and limits."""
    name, text = parameter.get_help_record(context)
    if parameter.param_type_name == "argument":
        name = parameter.metavar or name  # without the Python type that Typer adds
    meaning = parameter.help or ""
    limits = text.removeprefix(meaning).strip().removeprefix("[").removesuffix("]").removeprefix("default: ")
    return f"| `{cell(name)}` | {cell(meaning)} | {cell(limits)} |"


def tables(command: Any, context: typer.Context) -> str:
    """Return a table for each panel of a command's help, those of no panel first."""
    panels: dict[str, list[str]] = {"": []}
    for parameter in command.get_params(context):
        if parameter.get_help_record(context) is not None:
            panel = getattr(parameter, "rich_help_panel", None) or ""
            panels.setdefault(panel, []).append(row(parameter, context))
    head = "| option | meaning | default, limits |\n|---|---|---|\n"
    return "\n\n".join(
        (f"### {panel}\n\n" if panel else "") + head + "\n".join(rows) for panel, rows in panels.items() if rows
    )


def summary(command: Any) -> str:
    """Return a command's help: its sentences, and its bold examples as one block of shell commands."""
    sentences, examples = [], []
    for paragraph in re.split(r"\n\s*\n", command.help or ""):
        example = re.fullmatch(r"\[bold\](.+?)\[/bold\]\s*(.*)", paragraph.strip(), re.DOTALL)
        if example:
            line, comment = example.groups()
            examples.append(f"{line}  # {comment}" if comment else line)
        else:
            sentences.append(" ".join(paragraph.split()))
    if examples:
        sentences.insert(1, "```sh\n" + "\n".join(examples) + "\n```")
    return "\n\n".join(sentences)


def page() -> str:
    """Return the whole page."""
    group: Any = typer.main.get_command(app)
    parent = typer.Context(group, info_name="inrr", **group.context_settings)
    parts = [HEAD, f"## inrr\n\n{summary(group)}\n\n{tables(group, parent)}\n"]
    for name, command in group.commands.items():
        context = typer.Context(command, info_name=name, parent=parent)
        parts.append(f"## inrr {name}\n\n{summary(command)}\n\n{tables(command, context)}\n")
    return "\n".join(parts)


def main() -> None:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is out of date")
    made = page()
    if not parser.parse_args().check:
        PAGE.write_text(made, encoding="utf-8")
        print(f"wrote {PAGE}")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != made:
        sys.exit(f"{PAGE} differs from --help; run: python examples/options.py")


if __name__ == "__main__":
    main()
