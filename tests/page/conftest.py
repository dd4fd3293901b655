"""A server for a picture, in this process, and a client that speaks with it over a real socket."""

import http.client
import json
import socket
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit

import numpy as np
import pytest

from inrr_cli.cli.paint import open_image
from inrr_cli.page import bits
from inrr_cli.page.routes import ROUTES, Route
from inrr_cli.page.server import PageServer
from inrr_cli.page.session import Session
from inrr_cli.result import Result


class Client:
    """Speaks as the page does, once it is let in."""

    def __init__(self, server, thread):
        self.server, self.thread, self.session, self.address = server, thread, server.session, server.address
        self.host = urlsplit(server.address).netloc
        self.cookie = None

    def enter(self):
        answer = self.ask("GET", "/?" + urlsplit(self.address).query, cookie=None)
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return self

    def ask(self, method, path, body=b"", **changes):
        """Send a request with the headers of the page; those that are changed to None are left out."""
        headers = {"Host": self.host, "Cookie": self.cookie}
        if method not in ("GET", "HEAD"):
            headers |= {"Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin"}
        headers |= {name.replace("_", "-").title(): value for name, value in changes.items()}
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if method not in ("GET", "HEAD") and "Content-Length" not in headers:
                headers["Content-Length"] = str(len(body))
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            answer.data = answer.read()
        finally:
            connection.close()
        return answer

    def get(self, path, **changes):
        return self._checked(self.ask("GET", path, **changes))

    def post(self, path, body=b"", **changes):
        return self._checked(self.ask("POST", path, body, **changes))

    def _checked(self, answer):
        assert answer.status == 200, (answer.status, answer.data)
        return json.loads(answer.data) if answer.headers["Content-Type"] == "application/json" else answer.data

    def refused(self, method, path, status, body=b"", **changes):
        """Return the error of a request, which must have this status."""
        answer = self.ask(method, path, body, **changes)
        assert answer.status == status, (answer.status, answer.data)
        return json.loads(answer.data)["error"]

    def mask(self, path, body=b"", **changes):
        """Return the mask of an answer, of the whole image, and its note."""
        answer = self.ask("GET" if path == "/api/mask" else "POST", path, body, **changes)
        assert answer.status == 200, answer.data
        return bits.unpack(answer.data, self.session.image.shape), answer.headers["X-Note"]

    def fill(self, mask, query=""):
        """Fill a mask and return how that went, which must be well."""
        done = self.wait(self.post(f"/api/fill?{query}", bits.pack(mask))["job"])
        assert done["state"] == "done", done
        return done

    def raw(self, data, *, ends=True):
        """Send bytes as they are; return all bytes of the answer."""
        host, port = self.host.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(data)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := connection.recv(2**16):
                answer += chunk
        return answer

    def head(self, method, path, *lines):
        """Return the head of a request of the page, with these lines instead of a length."""
        own = (f"Host: {self.host}", f"Cookie: {self.cookie}", f"Origin: http://{self.host}")
        return "\r\n".join([f"{method} {path} HTTP/1.1", *own, *lines, "", ""]).encode()

    def wait(self, job):
        state = {"state": "running", "done": -1}
        while state["state"] == "running":
            state = self.get(f"/api/progress?job={job}&after={state['done']}")
        return state


@contextmanager
def serving(path, sources=(), number=0, axes=None):
    """Serve the picture of a file."""
    session = Session(open_image(path, list(sources), number, axes=axes))
    server = PageServer(session)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Client(server, thread)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        session.close()


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Serve pictures until the end of a test: a function of the parameters of `serving` returns a client."""
    monkeypatch.chdir(tmp_path)
    running = []

    def start(path, *arguments, enters=True, **options):
        context = serving(path, *arguments, **options)
        running.append(context)
        client = context.__enter__()
        return client.enter() if enters else client

    yield start
    for context in running:
        context.__exit__(None, None, None)


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
        monkeypatch.setitem(ROUTES, key, Route(answer))
    return page


@pytest.fixture
def stroke():
    """A function that returns a mask with a thin stroke in an image of a shape."""

    def make(shape):
        mask = np.zeros(shape[:2], bool)
        mask[shape[0] // 3, 4 : shape[1] // 2] = mask[shape[0] // 3 : -5, 7:9] = True
        return mask

    return make


def fill_by_mean(image, missing, settings, control, known):
    """Fill with the mean of what is known: in no time, and so that it can be told what was known."""
    filled = image.copy()
    filled[missing] = image[known].mean(dtype=np.float64).astype(image.dtype)
    if control.progress is not None:
        control.progress(1000, 1000, 0.0)
    sigma = np.where(missing, np.float32(2.5), 0).astype(np.float32)
    return Result(filled, None, None, None, sigma, 1.0, "cpu", None, 0.1, True, "by the mean")


@pytest.fixture
def by_mean(monkeypatch):
    """Let `fill_by_mean` stand for the engine."""
    monkeypatch.setattr("inrr_cli.inpainting.windows.inpaint_whole", fill_by_mean)
