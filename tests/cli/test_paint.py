"""``inrr paint`` as a command: what it prints and opens, how it ends, and what it refuses before it serves."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from importlib import import_module
from threading import Event
from urllib.parse import urlsplit

import numpy as np
import pytest
import tifffile
from checks import heed, refused

from inrr_cli.cli.paint import open_image
from inrr_cli.page.server import PageServer
from inrr_cli.page.session import Session

command = import_module("inrr_cli.cli.paint")  # inrr_cli.cli has the function of this name


def start(*arguments, **options):
    words = [sys.executable, "-m", "inrr_cli", "paint", "--no-open", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(words, text=True, preexec_fn=heed, **pipes, **options)
    return process, process.stdout.readline().strip()


def ask(address, method, path, cookie=None):
    host = urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=30)
    headers = {"Origin": f"http://{host}"} | ({"Cookie": cookie} if cookie else {})
    connection.request(method, path, body=b"" if method == "POST" else None, headers=headers)
    answer = connection.getresponse()
    answer.data = answer.read()
    connection.close()
    return answer


def enter(address):
    """Return the cookie that the address gives."""
    answer = ask(address, "GET", "/?" + urlsplit(address).query)
    return answer.headers["Set-Cookie"].split(";")[0]


def test_done_ends_the_command_which_tells_what_was_saved(files):
    process, address = start(files["grey"], "--mask", files["mask"])
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", address)
    cookie = enter(address)
    assert ask(address, "GET", "/api/image", cookie).status == 200
    ask(address, "POST", "/api/close", cookie)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    (line,) = error.splitlines()
    assert line.startswith(f"painting on {files['grey']}: the address opens once, on this machine alone; ")
    assert sorted(path.name for path in files["grey"].parent.iterdir()) == sorted(p.name for p in files.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_quietly(files, number):
    process, address = start(files["grey"], "-q")
    enter(address)
    process.send_signal(number)
    out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (128 + number, "", "")


@pytest.mark.slow
def test_what_was_saved_is_told_after_ctrl_c_too_and_a_fill_ends(files, grey):
    from inrr_cli.page import bits

    process, address = start(files["grey"], "-q")
    cookie, host = enter(address), urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=30)
    headers = {"Cookie": cookie, "Origin": f"http://{host}"}
    mask = bits.pack(np.eye(*grey.shape, dtype=bool))
    for path in ("/api/save-mask", "/api/fill?reg=inrr"):
        connection.request("POST", path, mask, headers)
        with connection.getresponse() as answer:
            assert answer.read()
    connection.close()
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out, error) == (130, f"{files['grey'].with_name('grey_mask.png')}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.png"], "nothing.png: no such file"),
        (["."], ".: is a folder; give an image file"),
        (["-"], "-: paint saves beside the image, so standard input does not do; give a file"),
        (["text.png"], "text.png: not an image that can be read"),
        (["photo.heic"], "photo.heic: is HEIC, which cannot be read here; convert it to a .tif or .png"),
        (["grey.png", "--page", "2"], "--page 2: grey.png has 1 page"),
        (["grey.png", "--mask", "no.png"], "no.png: no such file"),
        (["grey.png", "--mask", "nan"], "--mask nan is for floats; the image holds uint8"),
        (["grey.png", "--mask", "colour_mask.png"], "the mask is 32 x 40 but the image is 64 x 48"),
        (["grey.png", "--max-pixels", "100"], "64 x 48 pixels are more than 100; see --max-pixels"),
        (["bits.npy"], "the image must hold integers or floats, got bool"),
    ],
)
def test_what_cannot_be_painted_on_is_one_line_before_anything_is_served(run, files, tmp_path, arguments, message):
    (tmp_path / "text.png").write_text("this is no image, whatever its name says" * 4)
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(80))
    np.save(tmp_path / "bits.npy", np.eye(9, dtype=bool))
    result = run("paint", "--no-open", *arguments)
    refused(result, message)
    assert result.stdout == ""


def test_a_port_in_use_is_one_line(run, files):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused(run("paint", files["grey"], "--no-open", "--port", port), f"--port {port}: cannot be served")


@pytest.fixture
def server(files):
    """A server that does not serve yet."""
    server = PageServer(Session(open_image(files["grey"], [], 0)))
    yield server
    server.server_close()


class TestTheBrowser:
    def test_it_opens_the_address(self, server, monkeypatch):
        opened, done = [], Event()
        monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or done.set() or True)
        monkeypatch.setattr(command, "_has_display", lambda: True)
        command._open_browser(server)
        assert done.wait(10)
        assert opened == [server.address]

    def test_without_a_display_a_line_says_what_to_do(self, server, monkeypatch, capsys):
        monkeypatch.setattr(webbrowser, "open", lambda address: pytest.fail("a browser of text takes the terminal"))
        monkeypatch.setattr(sys, "platform", "linux")
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(name, raising=False)
        command._open_browser(server)
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("no browser opens here")
        assert f"ssh -L {server.port}:127.0.0.1:{server.port}" in line

    @pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"])
    def test_a_display_is_enough(self, monkeypatch, name):
        monkeypatch.setattr(sys, "platform", "linux")
        for each in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
            monkeypatch.delenv(each, raising=False)
        assert not command._has_display()
        monkeypatch.setenv(name, "x")
        assert command._has_display()


def test_the_other_pages_of_a_stack_are_kept_from_changes(tmp_path, grey):
    tifffile.imwrite(tmp_path / "s.tif", np.stack([grey, grey[::-1]]), photometric="minisblack")
    opened = open_image(tmp_path / "s.tif", [], 1)
    assert np.array_equal(opened.pixels, grey[::-1])
    assert not any(page.flags.writeable for page in opened.picture.pages)
