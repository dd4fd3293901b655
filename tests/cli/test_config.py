"""Options from files and the environment: which wins, what is refused, and what `inrr config` prints."""

import json
import os
import tomllib
from pathlib import Path

import pytest
import typer
from checks import ok, refused

from inrr_cli.cli import app
from inrr_cli.cli.configured import configurable, describe

COMMANDS = typer.main.get_command(app).commands


@pytest.fixture
def user_file(monkeypatch, tmp_path):
    """The file of the user, in a folder of its own, not yet there."""
    monkeypatch.setattr("typer.get_app_dir", lambda name: str(tmp_path / "user" / name))
    path = tmp_path / "user" / "inrr" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def settings(run):
    """Return the values and the sources that `inrr config` tells of a command."""

    def ask(*arguments, command="inpaint"):
        found = json.loads(ok(run("config", command, "--json", *arguments)).stdout)["commands"][command]
        return {name: (one["value"], one["source"]) for name, one in found.items()}

    return ask


def write(path, text):
    Path(path).write_text(text, encoding="utf-8")


# From the lowest to the highest; each sets the tile to its own number.
LAYERS = [
    ("user file", "tile = 101"),
    ("user file", "[inpaint]\ntile = 102"),
    ("inrr.toml", "tile = 103"),
    ("inrr.toml", "[inpaint]\ntile = 104"),
    ("INRR_TILE", "105"),
    ("INRR_INPAINT_TILE", "106"),
]


@pytest.mark.parametrize("count", range(1, len(LAYERS) + 1))
def test_each_source_wins_over_those_before_it(settings, user_file, monkeypatch, count):
    texts = {}
    for place, text in LAYERS[:count]:
        texts[place] = f"{texts[place]}\n{text}" if place in texts else text
    for place, text in texts.items():
        if place.startswith("INRR_"):
            monkeypatch.setenv(place, text)
        else:
            write(user_file if place == "user file" else place, text)
    place = LAYERS[count - 1][0]
    assert settings() == {"tile": (100 + count, str(user_file) if place == "user file" else place)}
    assert settings(command="superres")["tile"][0] in (101, 103, 105)  # what is not for inpaint alone


def test_the_command_line_wins_over_the_environment(run, files, monkeypatch):
    monkeypatch.setenv("INRR_REG", "tv")
    monkeypatch.setenv("INRR_INPAINT_ROUNDS", "2")
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--similar", 15, "--radius", 4, "--json")
    assert json.loads(ok(run(*ask, "--reg", "patch")).stdout)["reg"] == "patch"


def test_one_file_takes_the_place_of_all_other_sources(settings, run, files, user_file, monkeypatch):
    write(user_file, "seed = 1")
    write("inrr.toml", "seed = 2\nreg = 'tv'")
    monkeypatch.setenv("INRR_GROW", "3")
    write("run.toml", "[inpaint]\nseed = 4\nrounds = 2\nsimilar = 15\nradius = 4")
    names = dict.fromkeys(("seed", "rounds", "similar", "radius"), "run.toml")
    assert {name: source for name, (_, source) in settings("--config", "run.toml").items()} == names
    ask = ("inpaint", files["grey"], "--mask", files["mask"], "--config", "run.toml", "--json", "--force")
    record = json.loads(ok(run(*ask)).stdout)
    assert (record["seed"], record["reg"]) == (4, "patch")
    assert json.loads(ok(run(*ask, "--seed", 5)).stdout)["seed"] == 5


def test_a_run_from_a_file_alone(run, files):
    write(
        "inrr.toml",
        f"""images = ["{files["grey"].name}"]
        [inpaint]
        mask = "{files["mask"].name}"
        mask_mode = "fill"
        output = "out.png"
        rounds = 2
        similar = 15
        radius = 4
        noise = 5
        json = true
        quiet = true
        """,
    )
    result = ok(run("inpaint"))
    assert result.stderr == ""
    record = json.loads(result.stdout)
    assert (record["output"], record["noise_sigma"]) == ("out.png", 5)
    refused(run("inpaint"), "already exists")
    assert "out.png" in ok(run("inpaint", "--force", "--no-json")).stdout


def test_a_flag_of_a_file_is_taken_back_on_the_command_line(run, files):
    write("inrr.toml", "force = true\n[inpaint]\nrounds = 2\nsimilar = 15\nradius = 4")
    ask = ("inpaint", files["grey"], "--mask", files["mask"])
    ok(run(*ask))
    ok(run(*ask))
    refused(run(*ask, "--no-force"), "already exists")
    assert "--no-force" not in run("inpaint", "--help").stdout


def test_pyproject_counts_only_without_a_file_of_ones_own(settings):
    write("pyproject.toml", "[project]\nname = 'x'\n[tool.inrr]\ntile = 64\n[tool.inrr.inpaint]\ngrow = 2")
    assert settings() == {"tile": (64, "pyproject.toml"), "grow": (2, "pyproject.toml")}
    assert settings("--config", "pyproject.toml")["tile"] == (64, "pyproject.toml")
    write("inrr.toml", "")
    assert settings() == {}


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("INRR_FORCE", "1", "force", True),
        ("INRR_FORCE", "No", "force", False),
        ("INRR_INPAINT_DENOISE", "TRUE", "denoise", True),
        ("INRR_MASK", f"nan{os.pathsep}lines", "mask", ["nan", "lines"]),
        ("INRR_IMAGES", "a.png", "images", ["a.png"]),
        ("INRR_DATA_RANGE", "0,1", "data-range", "0,1"),
        ("INRR_INPAINT_LR", "1e-3", "lr", 0.001),
    ],
)
def test_variables(settings, monkeypatch, variable, text, name, value):
    monkeypatch.setenv(variable, text)
    assert settings() == {name: (value, variable)}


def test_an_empty_variable_sets_nothing_and_an_unknown_one_is_warned_of(run, settings, monkeypatch):
    monkeypatch.setenv("INRR_TILE", "")
    assert settings() == {}
    monkeypatch.setenv("INRR_TLIE", "64")
    result = run("inpaint", "x.png", "--mask", "nan")
    assert "inrr: warning: INRR_TLIE: no option has this variable; did you mean INRR_TILE?" in result.stderr
    assert "warning" not in run("inpaint", "x.png", "--mask", "nan", "-q").stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rge = 'inrr'", "inrr.toml: unknown option 'rge'; did you mean 'reg'?"),
        ("[inpaint]\ntlie = 3", "inrr.toml: unknown option 'tlie' in [inpaint]; did you mean 'tile'?"),
        ("config = 'x'", "inrr.toml: unknown option 'config'"),
        ("lessons = 3", "inrr.toml: unknown option 'lessons'"),
        ("'a\\u001b' = 3".replace("'", '"'), r"inrr.toml: unknown option 'a\x1b'"),
        ("[inpant]", "inrr.toml: unknown table 'inpant'; did you mean [inpaint]?"),
        ("[superres]\nmask = 'nan'", "inrr.toml: unknown option 'mask' in [superres]; inpaint has it"),
        ("[mask]\nrate = 0.5", "inrr.toml: mask is an option; write mask = ..., not a table"),
        ("inpaint = 3", "inrr.toml: inpaint is a command; its options stand in a table [inpaint]"),
        ("mask-mode = 'fill'\nmask_mode = 'fill'", "inrr.toml: mask-mode is set twice, with - and with _"),
        ("force = 'yes'", "inrr.toml: force must be true or false, got 'yes'"),
        ("[inpaint]\nforce = 1", "inrr.toml: force in [inpaint] must be true or false, got 1"),
        ("tile = true", "inrr.toml: tile must be text or a number, got true"),
        ("tile = 2026-01-01", "inrr.toml: tile must be text or a number, got 2026-01-01"),
        ("tile = [3]", "inrr.toml: tile takes one value, got a list"),
        ("mask = [['a']]", "inrr.toml: mask must be text or a number, got a list"),
        ("[inpaint.mask]", "inrr.toml: mask in [inpaint] must be text or a number, got a table"),
        ('output = "a\\u0000"', r"inrr.toml: output must be text or a number, got 'a\x00'"),
        ("tile = ", "inrr.toml: is not valid TOML: Invalid value (at "),
        ("tile = 1\ntile = 2", "inrr.toml: is not valid TOML: "),
        ("tile = " + "[" * 10000, "inrr.toml: is not valid TOML: "),
        ("tile = 'big'", "Invalid value for tile in inrr.toml: "),
        ("[inpaint]\ngrow = -1", "Invalid value for grow in [inpaint] of inrr.toml: "),
        ("reg = 'inr'", "Invalid value for reg in inrr.toml: 'inr' is not one of"),
        ("reg = 'inr'", "did you mean 'inrr'? (see 'inrr inpaint --help')"),
    ],
)
@pytest.mark.parametrize("ask", [("inpaint", "x.png", "--mask", "nan"), ("config",)], ids=lambda ask: ask[0])
def test_what_a_file_may_not_say(run, ask, text, message):
    write("inrr.toml", text)
    refused(run(*ask), message)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("INRR_TILE", "big", "Invalid value for INRR_TILE: "),
        ("INRR_INPAINT_REG", "inr", "did you mean 'inrr'?"),
        ("INRR_FORCE", "maybe", "INRR_FORCE must be one of 1, true, yes, 0, false, no, got 'maybe'"),
    ],
)
def test_what_a_variable_may_not_say(run, monkeypatch, variable, text, message):
    monkeypatch.setenv(variable, text)
    refused(run("inpaint", "x.png", "--mask", "nan"), message)


def test_files_that_cannot_be_read(run):
    Path("folder.toml").mkdir()
    Path("latin.toml").write_bytes(b"output = '\xfc'")
    write("pyproject.toml", "[tool.black]")
    for name, message in [
        ("none.toml", "none.toml: no such file"),
        ("folder.toml", "folder.toml: cannot read this file: "),
        ("latin.toml", "latin.toml: is not UTF-8 text"),
        ("pyproject.toml", "pyproject.toml: has no table [tool.inrr]"),
    ]:
        refused(run("inpaint", "x.png", "--mask", "nan", "--config", name), message)
    ok(run("config"))
    for text in ("tool = 3", "[tool.black]"):
        write("pyproject.toml", text)
        ok(run("config"))
    write("pyproject.toml", "[tool]\ninrr = 3")
    refused(run("config"), "pyproject.toml: inrr must be a table, [tool.inrr]")


def test_a_file_with_a_byte_order_mark_is_read(settings):
    Path("inrr.toml").write_bytes(b"\xef\xbb\xbftile = 64\r\n")
    assert settings() == {"tile": (64, "inrr.toml")}


def test_an_error_of_the_command_names_the_file_that_is_to_blame(run, files):
    write("inrr.toml", "tile = 10\n[inpaint]\nreference = 'truth.png'")
    ask = ("inpaint", files["grey"], "--mask", files["mask"])
    refused(run(*ask), "--tile must be at least 64, got 10 (see tile in inrr.toml)")
    refused(run(*ask, "--tile", 64), "truth.png: no such file (see reference in [inpaint] of inrr.toml)")
    result = run(*ask, "--tile", 11)
    refused(result, "--tile must be at least 64, got 11")
    assert "inrr.toml" not in result.stderr
    assert 'tile in inrr.toml: "10"' in run(*ask, "-v").stderr


def test_help_is_printed_whatever_the_files_say(run):
    write("inrr.toml", "tile = ")
    text = ok(run("inpaint", "--help")).stdout
    assert "INRR_" not in text
    assert ok(run("mask", "--json")).stderr == ""


def test_config_prints_toml_that_a_command_reads_again(run, settings, user_file, monkeypatch):
    write(user_file, "tile = 64")
    write("inrr.toml", '[inpaint]\nmask = ["nan", "\u00fc\\"\\n"]\nmax-distance = inf')
    monkeypatch.setenv("INRR_FORCE", "yes")
    result = ok(run("config"))
    assert f"{user_file}: read" in result.stderr
    assert "max-distance = inf       # inrr.toml\nforce = true             # INRR_FORCE\n" in result.stdout
    assert f"  # {user_file}" in result.stdout
    assert "[superres]\nforce = true  # INRR_FORCE" in result.stdout
    write("run.toml", result.stdout)
    for command in ("inpaint", "superres"):
        before, after = settings(command=command), settings("--config", "run.toml", command=command)
        assert {name: value for name, (value, _) in before.items()} == {n: v for n, (v, _) in after.items()}
    assert "[superres]" not in run("config", "inpaint").stdout
    assert run("config", "-q").stderr == ""


def test_config_tells_of_built_in_defaults_only_if_asked(run, settings):
    result = ok(run("config"))
    assert result.stdout == "\n".join(
        f"[{name}]\n# built-in defaults only\n" for name in ("inpaint", "superres", "compare")
    )
    assert result.stderr.splitlines()[1:] == ["inrr.toml: not found", "pyproject.toml: not found"]
    everything = settings("--all")
    assert everything["noise"] == ("auto", "built-in default")
    assert everything["tile"] == (None, "built-in default")
    text = ok(run("config", "--all")).stdout
    assert "# mask: required" in text
    assert "# reg: patch; inrr for a network" in text
    assert set(tomllib.loads(text)["inpaint"]) == {name for name, (value, _) in everything.items() if value is not None}


def test_no_option_is_named_like_a_command_or_means_different_things():
    kinds = {}
    for command in ("inpaint", "superres", "compare"):
        for name, parameter in configurable(COMMANDS[command]).items():
            assert not name.startswith(("inpaint", "superres", "compare"))
            assert kinds.setdefault(name, describe(parameter)) == describe(parameter)
