"""Settings that are written to a file, and read from it again."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inrr_cli.configuration import Option, read_configuration, write_settings
from inrr_cli.errors import InputError

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXTS, TEXTS, st.lists(TEXTS), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), st.booleans())
def test_settings_that_are_written_are_read_again(tmp_path_factory, text, path, texts, whole, number, flag):
    values = {"a_text": text, "path": Path(path), "texts": texts, "whole": whole, "number": number, "flag": flag}
    options = {name.replace("_", "-"): Option(name == "flag", name == "texts") for name in values}
    file = tmp_path_factory.getbasetemp() / "written.toml"
    file.write_bytes(write_settings(values | {"nothing": None}, "do").encode())
    found = {name: one.value for name, one in read_configuration({"do": options}, file).settings["do"].items()}
    assert found.pop("texts") == texts
    assert (int(found["whole"]), float(found["number"])) == (whole, number)
    assert (found["a-text"], Path(found["path"]), found["flag"]) == (text, Path(path), flag)
    assert "nothing" not in found


HARD = [
    "'",
    '"',
    '"""',
    "\\",
    "\\n",
    "\n",
    "\r\n",
    "\t",
    "\x7f",
    "\x1b[31m",
    "\u00fc\u2028\U0001f600",
    "#",
    "",
    " a = [1]",
]


@pytest.mark.parametrize("text", HARD)
def test_a_hard_text_is_read_again_by_the_command(run, text):
    path = str(Path(text))
    values = {"images": [path], "kernel": text, "output": path, "tile": 64, "lr": 1e-05, "force": True}
    Path("run.toml").write_bytes(write_settings(values, "superres").encode())
    found = json.loads(run("config", "superres", "--json", "--config", "run.toml").stdout)["commands"]["superres"]
    assert {name: one["value"] for name, one in found.items()} == values


def test_a_name_that_is_no_unicode_is_refused():
    with pytest.raises(InputError, match=r"'output = .*udc80.*: is not valid Unicode"):
        write_settings({"mask": ["a"], "output": "b\udc80", "tile": 3}, "inpaint")
