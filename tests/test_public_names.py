"""The public names of the package, and the former ones."""

import subprocess
import sys
from typing import get_args

import pytest

import inrr_cli
from inrr_cli.cli.files import EXTRA_OUTPUTS, Files
from inrr_cli.neural.presets import PRESETS
from inrr_cli.settings import Preset


def test_every_public_name_exists():
    assert all(hasattr(inrr_cli, name) for name in inrr_cli.__all__)
    assert sorted(inrr_cli.MODULES) == sorted(inrr_cli.__all__)
    assert set(inrr_cli.__all__) <= set(dir(inrr_cli))


@pytest.mark.parametrize("first", ["inrr_cli.superres", "inrr_cli.superres.options", "inrr_cli.superresolution"])
def test_the_function_superres_is_not_hidden_by_the_subpackage(first):
    code = f"import {first}, inrr_cli; assert inrr_cli.superres.__module__ == 'inrr_cli.superresolution'"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("former", inrr_cli.RENAMED)
def test_a_former_name_is_accepted_with_a_warning(former):
    with pytest.warns(DeprecationWarning, match=f"{former} is now inrr_cli.{inrr_cli.RENAMED[former]}"):
        found = getattr(inrr_cli, former)
    assert found is getattr(inrr_cli, inrr_cli.RENAMED[former])


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'restore'"):
        _ = inrr_cli.restore


def test_the_presets_of_the_command_line_are_those_of_the_table():
    assert get_args(Preset) == tuple(PRESETS)


def test_every_further_output_is_a_file_of_the_command():
    assert set(EXTRA_OUTPUTS) <= set(Files.__dataclass_fields__)
