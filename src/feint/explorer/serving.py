"""The server of the page: on this machine alone, warm before it says that it is ready."""

from __future__ import annotations

import socket
import warnings
import webbrowser
from collections.abc import Callable
from typing import Any

import panel as pn

from feint.agents.errors import InputError
from feint.explorer import texts
from feint.explorer.computing import answers
from feint.explorer.desk import Desk
from feint.explorer.page import Frame, Page, boxed
from feint.explorer.state import State

ADDRESS = "127.0.0.1"
WARM = 64  # runs that are trained before the first reader comes


class Explorer:
    """The page, served; `start` is where it stands where a link says nothing."""

    def __init__(self, start: State, *, port: int, final: int) -> None:
        self.start, self.final, self.desk = start, final, Desk()
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
        """Where the page is."""
        return f"http://{ADDRESS}:{self.server.port}/"

    def serve(self, *, browser: bool, ready: Callable[[], object] = lambda: None) -> None:
        """Answer until Ctrl-C."""
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
        """The page of a new session."""
        document, location = pn.state.curdoc, pn.state.location
        query = location.search if location is not None else ""
        page = opened(query, self.start, desk=self.desk, final=self.final, post=_posting(document))
        page.location = location
        pn.state.on_session_destroyed(lambda _: page.reader.leave())
        return page.framed()


def opened(query: str, start: State, **more: Any) -> Page:
    """The page of a link; where that is not valid, the page of the defaults, which says so."""
    try:
        state, message = State.read(query, start), ""
    except InputError as error:
        state, message = start, f"The link is not followed, and the page stands at its start: {error}"
    page = Page(state, **more)
    page.show(state)
    page.message.object = boxed(message)
    return page


def _posting(document: Any) -> Callable[[Callable[[], None]], object]:
    """How what the desk has found reaches a session's document."""

    def post(draw: Callable[[], None]) -> None:
        try:
            document.add_next_tick_callback(draw)
        except RuntimeError as error:  # the session ended meanwhile
            warnings.warn(f"a session ended: {error}", ResourceWarning, stacklevel=2)

    return post


def _free(port: int) -> int:
    """A port that can be had: this one, or any where it is 0."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((ADDRESS, port))
        except OSError as error:
            raise taken(port, error) from None
        return int(tried.getsockname()[1])


def taken(port: int, error: OSError) -> InputError:
    """What is said of a port that cannot be had."""
    return InputError(f"port = {port} cannot be used: {(error.strerror or str(error)).lower()}; name another.")
