"""The README and the pages under examples: commands parse, links lead somewhere, the option table is up to date."""

import ast
import dataclasses
import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.exceptions import TyperException

import inrr_cli
from inrr_cli.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "examples").rglob("*.md"))]
SEPARATORS = {"&&", "||", "|", ";", "&"}
REDIRECTIONS = {">", ">>", "<"}


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def without_code(text):
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def simple_commands(line):
    """Split a shell line at && and the like; leave comments and redirections out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = [[]]
    for token in lexer:
        words.append([]) if token in SEPARATORS else words[-1].append(token)
    for command in words:
        while REDIRECTIONS & set(command):
            at = next(number for number, word in enumerate(command) if word in REDIRECTIONS)
            del command[at : at + 2]
    return [command for command in words if command]


def inrr_commands(text):
    """Return the arguments of each inrr command in a page's shell blocks and indented code."""
    scripts = [line for script in blocks(text, "bash") for line in script.splitlines() if line.startswith("inrr ")]
    shell = "\n".join([*blocks(text, "sh"), *scripts, *re.findall(r"^ {4}(inrr .*)$", text, re.MULTILINE)])
    lines = shell.replace("\\\n", " ").splitlines()
    commands = [command for line in lines for command in simple_commands(line)]
    return [command[1:] for command in commands if command[0] == "inrr"]


def parse(arguments):
    """Parse as the command line does, without calling a command or an option's callback."""
    group = typer.main.get_command(app)
    for parameter in [*group.params, *(one for command in group.commands.values() for one in command.params)]:
        parameter.callback = None
    context = group.make_context("inrr", list(arguments))
    if arguments and not arguments[0].startswith("-"):
        name, command, rest = group.resolve_command(context, list(arguments))
        command.make_context(name, rest, parent=context)


def slugs(text):
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_page_parses(page):
    for arguments in inrr_commands(page.read_text(encoding="utf-8")):
        try:
            parse(arguments)
        except TyperException as error:
            pytest.fail(f"{page.name}: inrr {shlex.join(arguments)}: {error.format_message()}")


def test_commands_are_found_in_the_readme():
    names = {arguments[0] for arguments in inrr_commands(PAGES[0].read_text(encoding="utf-8"))}
    assert names >= {"demo", "inpaint", "superres", "paper"}


def test_a_wrong_command_does_not_parse():
    for line in (
        "inpaint a.png --mask m.png --no-such-option",
        "no-such-command",
        "inpaint a.png",
        "superres a --lr x",
    ):
        with pytest.raises(TyperException):
            parse(line.split())


def test_a_shell_line_is_split():
    line = "pip install . && inrr mask --text 'a b' # inrr demo"
    assert simple_commands(line) == [["pip", "install", "."], ["inrr", "mask", "--text", "a b"]]
    assert simple_commands("cat a | inrr inpaint - -o - > b*.png") == [
        ["cat", "a"],
        ["inrr", "inpaint", "-", "-o", "-"],
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}: no such file"
        if anchor:
            assert anchor in slugs(target.read_text(encoding="utf-8")), f"{page.name}: {link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_code_in_a_page_uses_existing_names(page):
    unknown, fields = set(), {field.name for field in dataclasses.fields(inrr_cli.Result)} | set(vars(inrr_cli.Result))
    for block in blocks(page.read_text(encoding="utf-8"), "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module == "inrr_cli":
                unknown |= {name.name for name in node.names} - set(inrr_cli.__all__)
            elif isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "result":
                unknown |= {node.attr} - fields
    assert not unknown, f"{page.name}: inrr_cli and its Result have no {', '.join(sorted(unknown))}"


def test_the_option_table_equals_the_help():
    spec = importlib.util.spec_from_file_location("options", ROOT / "examples" / "options.py")
    options = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(options)
    written = options.PAGE.read_text(encoding="utf-8")
    assert written == options.page(), f"{options.PAGE} is out of date; run: python examples/options.py"


def test_the_readme_is_a_front_door():
    text = PAGES[0].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert '<!-- test command -->\n```sh\npip install ".[test]" && pytest -n auto\n```\n' in text
