"""What the server answers, over a real socket: headers, addresses, bodies, ports."""

import json

import pytest

from inrr_cli.cli.console import verbosity
from inrr_cli.errors import InputError
from inrr_cli.page import bits
from inrr_cli.page.routes import ROUTES
from inrr_cli.page.server import PageServer

POSTS = [path for method, path in ROUTES if method == "POST"]


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
        assert page.raw(request * 3).count(b"HTTP/1.1 200 ") == 3

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
        head, _, body = page.raw(request_).partition(b"\r\n\r\n")
        assert json.loads(body or head)["error"]
        assert b"Traceback" not in head + body


class TestBodies:
    def test_one_that_is_too_large_is_refused_before_it_is_read(self, page):
        limit = bits.limit(page.session.image.shape)
        text = page.refused("POST", "/api/fill", 413, b"x" * (limit + 1))
        assert "bytes" in text
        page.refused("POST", "/api/close", 413, b"x" * 70_000)
        answer = page.raw(page.head("POST", "/api/fill", f"Content-Length: {10**14}"), ends=False)
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
        assert page.raw(page.head("POST", "/api/fill", header)).startswith(f"HTTP/1.1 {status} ".encode())

    def test_one_that_ends_early_does_nothing(self, page):
        assert page.raw(page.head("POST", "/api/close", "Content-Length: 9") + b"half") == b""
        page.get("/api/image")


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
