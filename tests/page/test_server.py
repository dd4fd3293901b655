"""Nobody but the page may speak with the server, nor through it reach a file elsewhere; each over a real socket."""

import json
import os
import re
import socket
import time

import numpy as np
import pytest
from PIL import Image

from inrr_cli.cli.console import verbosity
from inrr_cli.errors import InputError
from inrr_cli.page import bits, routes
from inrr_cli.page.guard import DENIED, USED
from inrr_cli.page.routes import ROUTES
from inrr_cli.page.server import PageServer

POSTS = [path for method, path in ROUTES if method == "POST"]
GETS = ["/", "/static/main.js", *(path for method, path in ROUTES if method == "GET")]


@pytest.fixture
def page(serve, files):
    """A client that is let in to a small picture."""
    return serve(files["grey"])


@pytest.fixture
def new(serve, files):
    """A client that is not let in yet."""
    return serve(files["grey"], enters=False)


@pytest.fixture
def closed(page, monkeypatch):
    """The same, and every answer fails the test: a request that is refused must not come so far."""

    def answer(session, request):
        pytest.fail("a request that must be refused was answered")

    for key in list(ROUTES):
        monkeypatch.setitem(ROUTES, key, routes.Route(answer))
    return page


def raw(page, data, *, ends=True):
    """Send bytes as they are; return all bytes of the answer."""
    host, port = page.host.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(2**16):
            answer += chunk
    return answer


class TestTheToken:
    def test_it_sets_a_strict_cookie_and_leads_to_the_page(self, new):
        answer = new.ask("GET", new.address.removeprefix(f"http://{new.host}"), cookie=None)
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        port = new.host.partition(":")[2]
        pattern = rf"inrr-{port}=[\w-]{{43,}}; HttpOnly; SameSite=Strict; Path=/"
        assert re.fullmatch(pattern, answer.headers["Set-Cookie"])
        assert new.ask("GET", "/", cookie=answer.headers["Set-Cookie"].split(";")[0]).status == 200

    def test_it_works_once(self, page):
        assert page.refused("GET", page.address.removeprefix(f"http://{page.host}"), 403, cookie=None) == USED

    def test_whoever_has_the_cookie_may_use_the_address_again(self, page):
        answer = page.ask("GET", page.address.removeprefix(f"http://{page.host}"))
        assert (answer.status, answer.headers["Location"], answer.headers["Set-Cookie"]) == (303, "/", None)

    @pytest.mark.parametrize("query", ["?token=", "?token=x", "?token=%00%ff", "?token", "", "?token=A&token=B"])
    def test_another_one_opens_nothing_and_does_not_use_it_up(self, new, query):
        assert new.refused("GET", "/" + query, 403, cookie=None) == DENIED
        new.enter()

    def test_twice_in_one_address_opens_nothing(self, new):
        token = new.address.partition("=")[2]
        new.refused("GET", f"/?token={token}&token={token}", 403, cookie=None)
        new.enter()

    @pytest.mark.parametrize(("method", "path"), [("HEAD", "/"), ("POST", "/"), ("GET", "/api/image")])
    def test_it_opens_the_page_alone(self, new, method, path):
        answer = new.ask(method, path + "?token=" + new.address.partition("=")[2], cookie=None)
        assert (answer.status, answer.headers["Set-Cookie"]) == (403, None)
        new.enter()

    def test_a_link_elsewhere_leads_on_by_a_page_of_ours(self, new):
        """With a redirect from another site the browser would not send the strict cookie."""
        answer = new.ask("GET", "/" + new.address.rpartition("/")[2], cookie=None, sec_fetch_site="cross-site")
        assert answer.status == 200
        assert b'content="0;url=/"' in answer.data
        assert answer.headers["Set-Cookie"].startswith("inrr-")

    def test_it_is_long_and_another_one_each_time(self, page):
        servers = [PageServer(page.session) for _ in range(2)]
        tokens = {server.guard.token for server in servers}
        for server in servers:
            server.server_close()
        assert len(tokens) == 2
        assert min(map(len, tokens)) >= 43  # 256 bits


class TestWhoAsks:
    @pytest.mark.parametrize("path", GETS)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_nothing_is_read_without_the_cookie(self, closed, method, path):
        assert closed.ask(method, path, cookie=None).status == 403

    @pytest.mark.parametrize("path", POSTS)
    def test_nothing_is_done_without_the_cookie(self, closed, path):
        assert closed.refused("POST", path, 403, cookie=None) == DENIED

    def test_another_cookie_does_not_do(self, closed):
        name, _, secret = closed.cookie.partition("=")
        for cookie in (
            f"{name}={secret[:-1]}",
            f"{name}=",
            f"{name}",
            f"other={secret}",
            f"{name}={secret}x",
            "=\xff;;=",
        ):
            closed.refused("GET", "/api/image", 403, cookie=cookie)

    def test_the_cookie_is_found_among_others(self, page):
        page.get("/api/image", cookie=f"a=b; {page.cookie} ;x")

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:{port}",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.0.0.2:{port}",
            "[::1]:{port}",
            "",
            None,
        ],
    )
    def test_a_name_that_was_bound_to_this_machine_does_not_do(self, closed, host):
        host = host and host.format(port=closed.host.partition(":")[2])
        closed.refused("GET", "/api/image", 403, host=host)
        closed.refused("POST", "/api/close", 403, host=host)

    def test_localhost_is_this_machine_too(self, page):
        host = page.host.replace("127.0.0.1", "localhost")
        page.get("/api/image", host=host)
        page.post("/api/command", host=host, origin=f"http://{host}")
        page.refused("POST", "/api/command", 403, host=host)  # the origin is the other name

    def test_two_hosts_are_none(self, closed):
        request = (
            f"GET /api/image HTTP/1.1\r\nHost: {closed.host}\r\nHost: {closed.host}\r\nCookie: {closed.cookie}\r\n\r\n"
        )
        assert raw(closed, request.encode()).startswith(b"HTTP/1.1 403 ")

    @pytest.mark.parametrize("path", POSTS)
    @pytest.mark.parametrize(
        "origin", ["http://evil.example", "http://127.0.0.1:1", "https://{host}", "null", "", None]
    )
    def test_another_site_can_do_nothing(self, closed, path, origin):
        closed.refused("POST", path, 403, origin=origin and origin.format(host=closed.host))

    @pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "SAME-ORIGIN", ""])
    def test_a_browser_that_says_that_another_site_asks_is_believed(self, closed, site):
        closed.refused("POST", "/api/close", 403, sec_fetch_site=site)
        if site != "none":  # who types the address
            closed.refused("GET", "/api/image", 403, sec_fetch_site=site)

    def test_a_browser_that_does_not_say_who_asks_is_served(self, page):
        page.post("/api/command", sec_fetch_site=None)

    @pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH"])
    def test_a_browser_that_asks_before_gets_no_leave(self, closed, method):
        answer = closed.ask(method, "/api/save", cookie=None, origin="http://evil.example")
        assert answer.status == 403
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]

    def test_who_is_refused_learns_nothing(self, page, files):
        texts = {
            page.refused(method, path, 403, cookie=None)
            for method in ("GET", "POST", "DELETE")
            for path in ("/", "/api/image", "/nothing", "/static/main.js", "/static/nothing.js", "/api/tile?level=99")
        }
        assert texts == {DENIED}

    def test_the_body_of_a_request_that_is_refused_is_not_taken(self, closed):
        start = time.monotonic()
        closed.refused("POST", "/api/fill", 403, b"x" * 10**6, cookie=None)
        assert time.monotonic() - start < 5

    @pytest.mark.parametrize("target", ["http://evil.example/api/image", "*", "evil.example:80"])
    def test_a_proxy_is_not_at_work_here(self, closed, target):
        request = f"GET {target} HTTP/1.1\r\nHost: {closed.host}\r\nCookie: {closed.cookie}\r\n\r\n"
        assert raw(closed, request.encode()).startswith(b"HTTP/1.1 403 ")


class TestAnswers:
    @pytest.mark.parametrize("path", ["/", "/static/main.js", "/static/style.css", "/api/image", "/nothing"])
    def test_each_says_that_nobody_may_embed_or_keep_it(self, page, path):
        headers = page.ask("GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "inrr"
        assert not [name for name in headers if name.lower().startswith("access-control")]

    def test_refusals_carry_the_same(self, page):
        headers = page.ask("GET", "/", cookie=None).headers
        assert headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"

    def test_a_tile_is_kept_by_the_browser_for_this_session_alone(self, page):
        tile = "/api/tile?layer=image&level=0&row=0&column=0"
        kept = page.ask("GET", f"{tile}&id={page.get('/api/image')['id']}")
        assert kept.headers["Cache-Control"] == "private, max-age=3600"
        assert page.ask("GET", f"{tile}&id=another").headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/image", "/api/mask"])
    def test_head_is_get_without_the_body(self, page, path):
        got, head = page.ask("GET", path), page.ask("HEAD", path)
        assert (head.status, head.data) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))

    def test_the_page_and_its_files_have_their_types(self, page):
        types = {
            path: page.ask("GET", path).headers["Content-Type"]
            for path in ("/", "/static/main.js", "/static/style.css")
        }
        assert types == {
            "/": "text/html; charset=utf-8",
            "/static/main.js": "text/javascript; charset=utf-8",
            "/static/style.css": "text/css; charset=utf-8",
        }

    def test_a_connection_serves_several_requests(self, page):
        request = f"GET /api/image HTTP/1.1\r\nHost: {page.host}\r\nCookie: {page.cookie}\r\n\r\n".encode()
        assert raw(page, request * 3).count(b"HTTP/1.1 200 ") == 3

    def test_requests_are_logged_nowhere(self, page, capfd, monkeypatch):
        page.get("/api/image")
        page.refused("GET", "/?token=x", 403, cookie=None)
        assert capfd.readouterr() == ("", "")
        monkeypatch.setattr(verbosity, "verbose", True)
        page.ask("GET", "/?token=secret")
        assert capfd.readouterr() == ("", "GET /\n")


class TestAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/static/../server.py",
            "/static/..%2fserver.py",
            "/static/%2e%2e/%2e%2e/errors.py",
            "/static//etc/passwd",
            "/static/\\..\\server.py",
            "/static/",
            "/static",
            "/static/main.js/",
            "/static/main.js%00.css",
            "/static/nothing.js",
            "/static/__init__.py",
            "//static/main.js/..",
            "/grey.png",
            "/api",
            "/api/",
            "/api/image/",
            "/API/IMAGE",
        ],
    )
    def test_there_is_nothing_beside_the_files_of_the_page(self, page, path):
        assert page.refused("GET", path, 404) == "there is nothing at this address"

    @pytest.mark.parametrize("path", POSTS)
    def test_what_changes_something_is_no_get(self, page, path):
        answer = page.ask("GET", path)
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(("method", "path"), [("POST", "/api/image"), ("PUT", "/"), ("DELETE", "/static/main.js")])
    def test_what_shows_something_is_a_get(self, page, method, path):
        answer = page.ask(method, path)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")

    @pytest.mark.parametrize(
        "request_", [b"NONSENSE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"BREW /pot HTTP/1.1\r\n\r\n"]
    )
    def test_what_is_no_request_gets_one_line(self, page, request_):
        head, _, body = raw(page, request_).partition(b"\r\n\r\n")
        assert json.loads(body or head)["error"]
        assert b"Traceback" not in head + body


class TestBodies:
    def test_one_that_is_too_large_is_refused_before_it_is_read(self, page):
        limit = bits.limit(page.session.image.shape)
        text = page.refused("POST", "/api/fill", 413, b"x" * (limit + 1))
        assert "bytes" in text
        page.refused("POST", "/api/close", 413, b"x" * 70_000)
        answer = raw(page, head(page, "POST", "/api/fill", f"Content-Length: {10**14}"), ends=False)
        assert answer.startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize(
        ("header", "status"),
        [
            ("X-Nothing: 1", 411),
            ("Transfer-Encoding: chunked", 411),
            ("Content-Length: -1", 400),
            ("Content-Length: 1e3", 400),
        ],
    )
    def test_one_without_a_length_is_refused(self, page, header, status):
        assert raw(page, head(page, "POST", "/api/fill", header)).startswith(f"HTTP/1.1 {status} ".encode())

    def test_one_that_ends_early_does_nothing(self, page):
        assert raw(page, head(page, "POST", "/api/close", "Content-Length: 9") + b"half") == b""
        page.get("/api/image")


class TestParameters:
    @pytest.mark.parametrize(
        "query",
        [
            "",
            "layer=image",
            "layer=nothing&level=0&row=0&column=0",
            "layer=image&level=-1&row=0&column=0",
            "layer=image&level=1e9&row=0&column=0",
            "layer=image&level=99999999999999999999999999&row=0&column=0",
            "layer=image&level=0&row=x&column=0",
            "layer=image&level=0&row=0&column=٣",
            "layer=image&level=0&row=0&column=0&low=nan",
            "layer=image&level=0&row=0&column=0&high=inf",
            "layer=image&level=0&row=0&column=0&low=1e999",
            "layer=image&level=0&level=0&row=0&column=0",
            "layer=image&level=%ff&row=0&column=0",
            "layer=filled&level=0&row=0&column=0",
            "&".join(f"a{number}=1" for number in range(1000)),
        ],
    )
    def test_absurd_ones_of_a_tile(self, page, query):
        assert page.refused("GET", f"/api/tile?{query.replace('٣', '%D9%A3')}", 400)

    @pytest.mark.parametrize(
        "path",
        [
            "/api/similar?x=-1&y=0&tolerance=1",
            "/api/similar?x=0&y=48&tolerance=1",
            "/api/similar?x=0&y=0&tolerance=101",
            "/api/similar?x=0&y=0",
            "/api/find?what=everything",
            "/api/find?what=nan",
            "/api/find",
            "/api/change?grow=1001",
            "/api/fill?fill=other",
            "/api/fill?fill=expected&variants=2",
            "/api/fill?fill=texture&variants=17",
            "/api/fill?seed=-1",
            "/api/fill?seed=99999999999999999999",
            "/api/fill?reg=nothing",
            "/api/fill?fill=texture&reg=inrr",
            "/api/save?version=x",
            "/api/save",
            "/api/command?variant=1",
            "/api/cancel",
            "/api/upload",
        ],
    )
    def test_absurd_ones_of_what_is_to_do(self, page, path):
        body = bits.pack(np.ones((2, 2), bool)) if "upload" in path else bits.pack(np.eye(48, 64, dtype=bool))
        assert len(page.refused("POST", path, 400, body).splitlines()) == 1

    @pytest.mark.parametrize("path", ["/api/progress?job=1", "/api/tile?layer=filled&version=1&level=0&row=0&column=0"])
    def test_what_is_not_there(self, page, path):
        assert page.refused("GET", path, 404)

    @pytest.mark.parametrize("window", ["0,0,65,1", "x", "0,0,1"])
    def test_a_window_beyond_the_image(self, page, window):
        assert "X-Window" in page.refused("POST", "/api/fill", 400, bits.pack(np.ones((1, 1), bool)), x_window=window)

    def test_bits_that_are_none(self, page):
        assert "bits" in page.refused("POST", "/api/change?grow=1", 400, b"nothing of the kind")

    def test_nothing_to_fill(self, page):
        assert "nothing is painted" in page.refused("POST", "/api/fill", 400, bits.pack(np.zeros((48, 64), bool)))

    def test_an_error_that_nobody_expects_is_one_line_too(self, page, monkeypatch):
        def fail(session, request):
            raise RuntimeError("no\nidea")

        monkeypatch.setitem(ROUTES, ("GET", "/api/image"), routes.Route(fail))
        assert page.refused("GET", "/api/image", 500) == "RuntimeError: no idea"


class TestNames:
    NAMES = (
        "",
        ".",
        "..",
        "../x.png",
        "a/b.png",
        "/etc/x.png",
        "a\\b.png",
        "C:x.png",
        "x\0.png",
        "x\n.png",
        "é" * 120 + ".png",
    )

    @pytest.mark.parametrize("name", NAMES)
    def test_a_mask_is_saved_beside_the_image_alone(self, page, name, tmp_path):
        before = sorted(tmp_path.parent.rglob("*"))
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        quoted = "".join(f"%{byte:02x}" for byte in name.encode())
        assert "name" in page.refused("POST", f"/api/save-mask?force=1&output={quoted}", 400, mask)
        assert sorted(tmp_path.parent.rglob("*")) == before

    @pytest.mark.parametrize("name", ["grey.png", "x.txt", "x", "x.exe", "passwd"])
    def test_neither_the_image_nor_anything_that_is_no_image_is_written(self, page, name, files):
        before = files["grey"].read_bytes()
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        assert name in page.refused("POST", f"/api/save-mask?force=1&output={name}", 400, mask)
        assert files["grey"].read_bytes() == before

    def test_a_link_is_not_followed(self, page, tmp_path):
        target = tmp_path.parent / "target.png"
        target.write_bytes(b"precious")
        os.symlink(target, tmp_path / "link.png")
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        assert "symbolic link" in page.refused("POST", "/api/save-mask?force=1&output=link.png", 400, mask)
        assert target.read_bytes() == b"precious"

    def test_a_hard_link_to_the_image_is_the_image(self, page, files, tmp_path):
        os.link(files["grey"], tmp_path / "same.png")
        mask = bits.pack(np.eye(48, 64, dtype=bool))
        assert "image itself" in page.refused("POST", "/api/save-mask?force=1&output=same.png", 400, mask)

    def test_a_file_that_exists_is_a_conflict_until_it_may_be_overwritten(self, page, tmp_path):
        (tmp_path / "m.png").write_bytes(b"another file")
        mask = np.eye(48, 64, dtype=bool)
        assert "already exists" in page.refused("POST", "/api/save-mask?output=m.png", 409, bits.pack(mask))
        assert (tmp_path / "m.png").read_bytes() == b"another file"
        page.post("/api/save-mask?output=m.png&force=1", bits.pack(mask))
        assert np.array_equal(np.asarray(Image.open(tmp_path / "m.png")) == 255, mask)


class TestPorts:
    def test_only_this_machine_is_served(self, page):
        server = PageServer(page.session)
        assert server.socket.getsockname()[0] == "127.0.0.1"
        server.server_close()

    def test_two_servers_run_side_by_side(self, serve, files):
        pages = [serve(files[name]) for name in ("grey", "colour")]
        assert [page.get("/api/image")["name"] for page in pages] == ["grey.png", "colour.png"]
        pages[0].refused("GET", "/api/image", 403, cookie=pages[1].cookie)

    def test_a_port_in_use_is_one_line(self, page):
        with pytest.raises(InputError, match=r"--port \d+: cannot be served"):
            PageServer(page.session, int(page.host.partition(":")[2]))

    def test_done_ends_the_server(self, page):
        assert page.post("/api/close") == {"saved": []}
        page.thread.join(10)
        assert not page.thread.is_alive()


def head(page, method, path, *lines):
    """Return the head of a request of the page, with these lines instead of a length."""
    own = (f"Host: {page.host}", f"Cookie: {page.cookie}", f"Origin: http://{page.host}")
    return "\r\n".join([f"{method} {path} HTTP/1.1", *own, *lines, "", ""]).encode()
