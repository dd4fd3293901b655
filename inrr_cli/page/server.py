"""The server of the page: this machine's loopback alone, and the standard library."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.resources.abc import Traversable
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from inrr_cli.cli.console import describe_error, explain, verbosity
from inrr_cli.errors import InputError, OutputExistsError
from inrr_cli.page.exchange import Request, Response
from inrr_cli.page.guard import DENIED, HEADERS, Denial, Guard, Welcome
from inrr_cli.page.routes import ROUTES
from inrr_cli.page.session import Session
from inrr_cli.page.versions import GoneError

ADDRESS = "127.0.0.1"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
PATIENCE = 60.0  # seconds that a connection may be silent
DRAINED = 2**22  # bytes of a refused body that are read, so that the browser reads the answer
# for a link on another page: a browser sends no strict cookie with a redirect from there, but does from a page of ours
MOVED = b'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>inrr</title>'


class PageServer(ThreadingHTTPServer):
    """Serves a session to the page.

    Parameters
    ----------
    session : Session
    port : int
        0 takes a free one.

    Raises
    ------
    InputError
        If the port is not free.
    """

    daemon_threads = True  # connections that a browser holds open end with the program
    allow_reuse_address = os.name == "posix"  # elsewhere it lets two servers share a port

    def __init__(self, session: Session, port: int = 0) -> None:
        try:
            super().__init__((ADDRESS, port), Handler)
        except OSError as error:
            raise InputError(f"--port {port}: cannot be served ({error.strerror}); give another or none") from None
        self.session, self.guard = session, Guard(self.port)
        self.static = _list_static()

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        """What opens the page, once."""
        return f"http://{ADDRESS}:{self.port}/?token={self.guard.token}"

    def server_bind(self) -> None:
        """Bind the port, without the look-up of this machine's name, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(self.allow_reuse_address))
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = ADDRESS, self.port

    def stop(self) -> None:
        """Let `serve_forever` return; from any thread."""
        Thread(target=self.shutdown, name="stop").start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone, unless for debugging."""
        if verbosity.debug:
            traceback.print_exc(file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of a connection."""

    server: PageServer
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def _handle(self) -> None:
        """Answer a request: who asks is checked before anything else."""
        explain(f"{self.command} {self.path.partition('?')[0]}")
        if not self.path.startswith("/"):
            self._refuse(Response.error(HTTPStatus.FORBIDDEN, DENIED))
            return
        parts = urlsplit(self.path)
        tokens = parse_qs(parts.query, keep_blank_values=True).get("token", [])
        verdict = self.server.guard.check(self.command, parts.path, tokens, self.headers)
        if isinstance(verdict, Denial):
            self._refuse(Response.error(HTTPStatus.FORBIDDEN, verdict.text))
        elif isinstance(verdict, Welcome):
            self._welcome(verdict)
        else:
            self._answer(parts.path)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _handle

    def _welcome(self, welcome: Welcome) -> None:
        """Set the cookie, and lead to the address without the token."""
        headers = {"Set-Cookie": welcome.cookie} if welcome.cookie is not None else {}
        if self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin"):
            self._send(Response(HTTPStatus.SEE_OTHER, TYPES[".html"], b"", headers | {"Location": "/"}))
        else:
            self._send(Response(HTTPStatus.OK, TYPES[".html"], MOVED, headers))

    def _answer(self, path: str) -> None:
        method = "GET" if self.command == "HEAD" else self.command
        if path in self.server.static and method == "GET":
            file = self.server.static[path]
            self._send(Response(HTTPStatus.OK, TYPES[_suffix(file.name)], file.read_bytes()))
            return
        route = ROUTES.get((method, path))
        if route is None:
            allowed = [each for each, known in ROUTES if known == path] + ["GET"] * (path in self.server.static)
            if allowed:
                text = f"{path} takes {' and '.join(allowed)} alone"
                self._refuse(Response.error(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": ", ".join(allowed)}))
            else:
                self._refuse(Response.error(HTTPStatus.NOT_FOUND, "there is nothing at this address"))
            return
        body = self._read_body(route.limit(self.server.session))
        if body is not None:
            window = self.headers.get("X-Window")
            response = _respond(lambda: route.answer(self.server.session, Request.of(self.path, body, window)))
            self._send(response)
            if response.is_last:
                self.server.stop()

    def _read_body(self, limit: int) -> bytes | None:
        """Return the body; None if the request was refused because of the body."""
        if self.headers.get("Transfer-Encoding") is not None or (
            self.command == "POST" and self.headers.get("Content-Length") is None
        ):
            self._refuse(Response.error(HTTPStatus.LENGTH_REQUIRED, "the length of the body must be given"))
            return None
        text = self.headers.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            self._refuse(Response.error(HTTPStatus.BAD_REQUEST, "Content-Length must be a number of bytes"))
            return None
        if int(text) > limit:
            self._refuse(Response.error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {limit:,} bytes were sent"))
            return None
        body = self.rfile.read(int(text))
        if len(body) < int(text):
            self.close_connection = True
            return None
        return body

    def _send(self, response: Response) -> None:
        """Send an answer, with what every answer carries."""
        self.send_response(response.status)
        given = {"Cache-Control": "no-store", "Content-Type": response.kind, "Content-Length": str(len(response.body))}
        for name, value in {**HEADERS, **given, **response.headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _refuse(self, response: Response) -> None:
        """Answer without the body of the request; the connection then ends."""
        self.close_connection = True
        self._send(response)
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1.0)
            drained = 0
            while drained < DRAINED and (chunk := self.connection.recv(2**16)):
                drained += len(chunk)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer to what is no request, as the standard library finds."""
        self.close_connection = True
        if not hasattr(self, "command") or self.command is None:
            self.command = ""
        self._send(Response.error(code, message or HTTPStatus(code).phrase))

    def version_string(self) -> str:
        """Return the name of the server, which says nothing of this machine."""
        return "inrr"

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing; `-v` tells of requests, without their secrets."""


def _list_static() -> dict[str, Traversable]:
    """Return the files of the page by their paths: those that are there at the start, and no other."""
    folder = files("inrr_cli.page") / "static"
    found = {file.name: file for file in folder.iterdir() if _suffix(file.name) in TYPES and file.is_file()}
    return {"/": found.pop("index.html")} | {f"/static/{name}": file for name, file in found.items()}


def _respond(answer: Callable[[], Response]) -> Response:
    """Return an answer, or its error as one line."""
    try:
        return answer()
    except GoneError as error:
        return Response.error(HTTPStatus.NOT_FOUND, str(error))
    except OutputExistsError as error:
        return Response.error(HTTPStatus.CONFLICT, str(error))
    except InputError as error:
        return Response.error(HTTPStatus.BAD_REQUEST, str(error))
    except Exception as error:
        if verbosity.debug:
            traceback.print_exc(file=sys.stderr)
        return Response.error(HTTPStatus.INTERNAL_SERVER_ERROR, describe_error(error)[0])


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1]
