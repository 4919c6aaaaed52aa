"""Serves the page on this machine alone."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import urlsplit

from feint.agents.errors import InputError
from feint.explorer.page import card

ADDRESS = "127.0.0.1"
NAMES = (ADDRESS, "localhost", "::1")  # of this machine, to which a page of another site can point its own
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class PageServer(ThreadingHTTPServer):
    """Server of one page and its picture."""

    daemon_threads = True

    def __init__(self, page: str, port: int) -> None:
        self.page = page.encode()
        try:
            super().__init__((ADDRESS, port), Handler)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"port = {port} cannot be used: {reason}; name another.") from None

    @cached_property
    def card(self) -> bytes:
        """Picture that a link to the page is shown with."""
        return card()

    @property
    def address(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.server_port}/"

    def file(self, path: str) -> tuple[str, bytes] | None:
        """Return the type and the content of what stands at a path; None if nothing does."""
        if path in ("/", "/index.html"):
            return "text/html; charset=utf-8", self.page
        return ("image/png", self.card) if path == "/card.png" else None

    def serve(self, *, browser: bool, ready: Callable[[], object] = lambda: None) -> None:
        """Serve until Ctrl-C."""
        try:
            ready()
            if browser:
                webbrowser.open(self.address)
            self.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            self.server_close()


def is_this_machine(host: str) -> bool:
    """Return whether the host that a request names is this machine, by whatever port it is reached."""
    try:
        return urlsplit(f"//{host}").hostname in NAMES
    except ValueError:
        return False


class Handler(BaseHTTPRequestHandler):
    """Answers a request that names this machine."""

    def do_GET(self) -> None:
        """Send a file of the page."""
        self._answer(content=True)

    def do_HEAD(self) -> None:
        """Send what is known of a file of the page."""
        self._answer(content=False)

    def _answer(self, *, content: bool) -> None:
        server = cast(PageServer, self.server)
        if not is_this_machine(self.headers.get("Host", "")):
            return self.send_error(HTTPStatus.FORBIDDEN, f"open it at {ADDRESS}: it is for this machine alone")
        found = server.file(self.path.partition("?")[0])
        if found is None:
            return self.send_error(HTTPStatus.NOT_FOUND)
        kind, body = found
        self.send_response(HTTPStatus.OK)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **HEADERS}.items():
            self.send_header(name, value)
        self.end_headers()
        if content:
            self.wfile.write(body)
        return None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Print nothing: the reader sees the page."""
