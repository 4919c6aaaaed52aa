"""Server of the page, reachable from this machine only; kernels are compiled before it reports that it is ready."""

from __future__ import annotations

import socket
import warnings
import webbrowser
from collections.abc import Callable
from typing import Any

import panel as pn

from feint.agents.errors import InputError
from feint.explorer import texts
from feint.explorer.page import Frame, Page, boxed
from feint.explorer.state import State
from feint.explorer.tallies import WorkQueue, answers

ADDRESS = "127.0.0.1"
WARM = 64  # runs that are trained before the first reader


class Explorer:
    """The served page; `start` is its state if the link names none."""

    def __init__(self, start: State, *, port: int, final: int) -> None:
        self.start, self.final, self.queue = start, final, WorkQueue()
        port = _free(port)
        pn.extension()
        list(answers(start, min(WARM, final)))
        origins = [f"{host}:{port}" for host in (ADDRESS, "localhost")]
        try:
            self.server: Any = pn.io.server.get_server(
                {"/": self._page}, port=port, address=ADDRESS, websocket_origin=origins, title=texts.TITLE
            )
        except OSError as error:  # it was taken while the kernels were warmed
            raise taken(port, error) from None

    @property
    def address(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.server.port}/"

    def serve(self, *, browser: bool, ready: Callable[[], object] = lambda: None) -> None:
        """Serve until Ctrl-C."""
        self.server.start()
        ready()
        if browser:
            self.server.io_loop.add_callback(webbrowser.open, self.address)
        try:
            self.server.io_loop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.server.stop()

    def _page(self) -> Frame:
        """Return the page of a new session."""
        document, location = pn.state.curdoc, pn.state.location
        query = location.search if location is not None else ""
        page = opened(query, self.start, queue=self.queue, final=self.final, post=_posting(document))
        page.location = location
        pn.state.on_session_destroyed(lambda _: page.reader.leave())
        return page.framed()


def opened(query: str, start: State, **more: Any) -> Page:
    """Return the page of a link, or the page of the defaults with a message if the link is not valid."""
    try:
        state, message = State.read(query, start), ""
    except InputError as error:
        state, message = start, f"This link is not valid, so the defaults are shown: {error}"
    page = Page(state, **more)
    page.show(state)
    page.message.object = boxed(message)
    return page


def _posting(document: Any) -> Callable[[Callable[[], None]], object]:
    """Return the function that sends results to a session's document."""

    def post(draw: Callable[[], None]) -> None:
        try:
            document.add_next_tick_callback(draw)
        except RuntimeError as error:  # the session ended meanwhile
            warnings.warn(f"a session ended: {error}", ResourceWarning, stacklevel=2)

    return post


def _free(port: int) -> int:
    """Return a free port: this one, or any if it is 0."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((ADDRESS, port))
        except OSError as error:
            raise taken(port, error) from None
        return int(tried.getsockname()[1])


def taken(port: int, error: OSError) -> InputError:
    """Return the error for a port that cannot be used."""
    return InputError(f"port = {port} cannot be used: {(error.strerror or str(error)).lower()}; name another.")
