"""Nobody but the page may speak with the server; each over a real socket."""

import re
import time

import pytest

from inrr_cli.page.guard import DENIED, USED
from inrr_cli.page.routes import ROUTES
from inrr_cli.page.server import PageServer

POSTS = [path for method, path in ROUTES if method == "POST"]
GETS = ["/", "/static/main.js", *(path for method, path in ROUTES if method == "GET")]


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
        assert closed.raw(request.encode()).startswith(b"HTTP/1.1 403 ")

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
        assert closed.raw(request.encode()).startswith(b"HTTP/1.1 403 ")
