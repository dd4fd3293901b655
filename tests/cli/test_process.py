"""The command as a real process: imports, start-up time, terminal."""

import os
import pty
import subprocess
import sys

import pytest

INRR = (sys.executable, "-m", "inrr_cli")


def start(*arguments, **options):
    command = [str(a) for a in (*INRR, *arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["mask", "-o", "m.png"], ["inpaint", "--help"], ["paint", "--help"]]
)
def test_heavy_libraries_are_not_imported_before_they_are_needed(tmp_path, arguments):
    code = (
        "import sys, atexit\n"
        "heavy = ('torch', 'skimage', 'scipy', 'tifffile', 'matplotlib')\n"
        "atexit.register(lambda: print('imported:', *filter(sys.modules.get, heavy), file=sys.stderr))\n"
        f"sys.argv = ['inrr', *{arguments!r}]\n"
        "from inrr_cli.__main__ import main\nmain()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr.splitlines() == ["imported:"]


def test_the_api_does_not_import_torch():
    code = "import sys, inrr_cli; inrr_cli.make_mask((9, 9)); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_progress_bar_in_a_pipe(files):
    process = start("inpaint", files["grey"], "--mask", files["mask"])
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0
    assert error.splitlines() == ["filling 1,536 of 3,072 pixels (50.0%)"]
    assert "sigma_mean" in out


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file(files):
    outputs = [files["mask"].with_name(name) for name in ("a.png", "b.png")]
    for output in outputs:
        process = start("inpaint", files["grey"], "--mask", files["mask"], "-o", output)
        assert process.wait(timeout=60) == 0
        process.communicate()
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_a_reader_that_leaves_is_no_error(tmp_path):
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [*INRR, "mask", "-o", str(tmp_path / "m.png")], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error == ""
    assert (tmp_path / "m.png").exists()


def test_a_picture_is_not_written_to_or_read_from_a_terminal(files):
    terminal, end = pty.openpty()
    for ask, options, message in [
        (
            ("inpaint", files["grey"], "--mask", files["mask"], "-o", "-", "--format", "png"),
            {"stdout": end},
            "a picture is not written to a terminal",
        ),
        (("inpaint", "-", "--mask", files["mask"], "-o", "x.png"), {"stdin": end}, "standard input is a terminal"),
    ]:
        command = [str(a) for a in (*INRR, *ask)]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, **options)
        assert done.returncode == 2
        assert message in done.stderr
    os.close(end)
    os.close(terminal)


NAME = "\uff42r\u00fccke.png"  # a full-width b, and an umlaut


@pytest.mark.parametrize("ask", [("mask", "-o"), ("mask", "--json", "-o"), ("mask", "--like", "\u00e4", "-o")])
def test_a_name_beyond_ascii_is_printed_on_an_ascii_terminal(tmp_path, ask):
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run([*INRR, *ask, NAME], cwd=tmp_path, env=environment, capture_output=True, text=True)
    fails = "--like" in ask
    assert done.returncode == (2 if fails else 0), done.stderr
    assert (tmp_path / NAME).exists() is not fails
    assert "Traceback" not in done.stderr
    assert "\\uff42r\\" in done.stdout or (fails and "\\xe4: no such file" in done.stderr)
