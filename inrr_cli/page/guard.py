"""Who may speak with the server: the browser that opened its address, and in it nothing but its own page."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from email.message import Message
from threading import Lock

# What every answer carries: the page may use itself alone, nobody may frame or embed it, and nothing is kept.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SAFE_METHODS = ("GET", "HEAD")  # change nothing
DENIED = "this server speaks only with the page that it opened; open the address that the command printed"
USED = "this address was used already; go to the page that it opened, or stop the command and start it again"


@dataclass(frozen=True)
class Denial:
    """A request that is refused, always with the status 403, and why."""

    text: str = DENIED


@dataclass(frozen=True)
class Welcome:
    """The request that opens the page: the cookie to set, None if the browser has it."""

    cookie: str | None


class Guard:
    """Checks each request before anything of it is read.

    Nothing that is refused tells whether a path, a file or a session is there.

    Parameters
    ----------
    port : int

    Attributes
    ----------
    token : str
        Opens the page, once.
    """

    def __init__(self, port: int) -> None:
        self.token, self._secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._cookie = f"inrr-{port}"
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._lock, self._is_used = Lock(), False

    def check(self, method: str, path: str, tokens: list[str], headers: Message) -> Denial | Welcome | None:
        """Check a request; None lets it pass.

        Parameters
        ----------
        method, path : str
        tokens : list of str
            Each parameter of the name token.
        headers : Message
        """
        hosts = headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:  # another name that leads here: DNS rebinding
            return Denial()
        has_cookie = self._has_cookie(headers)
        if method in SAFE_METHODS and path == "/" and tokens:
            return self._open(method, tokens, has_cookie=has_cookie)
        site = headers.get("Sec-Fetch-Site")
        if method in SAFE_METHODS:
            is_own = site in (None, "none", "same-origin")
        else:
            origins = headers.get_all("Origin", [])
            is_own = site in (None, "same-origin") and origins == [f"http://{hosts[0]}"]
        return None if is_own and has_cookie else Denial()

    def _open(self, method: str, tokens: list[str], *, has_cookie: bool) -> Denial | Welcome:
        """Answer to an address with a token, which is used up by the first who knows it."""
        if has_cookie:
            return Welcome(None)
        if method != "GET" or len(tokens) != 1 or not _are_equal(tokens[0], self.token):
            return Denial()
        with self._lock:
            if self._is_used:
                return Denial(USED)
            self._is_used = True
        return Welcome(f"{self._cookie}={self._secret}; HttpOnly; SameSite=Strict; Path=/")

    def _has_cookie(self, headers: Message) -> bool:
        cookies = [part.strip().partition("=") for line in headers.get_all("Cookie", []) for part in line.split(";")]
        return any(name == self._cookie and _are_equal(value, self._secret) for name, _, value in cookies)


def _are_equal(given: str, secret: str) -> bool:
    """Compare in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), secret.encode())
