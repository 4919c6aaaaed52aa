"""The page of a session, with controls at the left and results at the right, and its server on this machine."""

import socket
import warnings
import webbrowser
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import panel as pn
from bokeh.document import Document
from tornado.web import RequestHandler

from feint.agents.errors import InputError
from feint.explorer import texts
from feint.explorer.charts import Bars, Difference, Flow, Lives
from feint.explorer.controls import SLIDER, STAGES, Controls, asset, text
from feint.explorer.state import Life, Reader, State, Tally, WorkQueue, answers, companions, described
from feint.interrupts import on_interrupt
from feint.sim.ensembles.companions import Beside
from feint.sim.ensembles.comparison import compare
from feint.sim.results.figure_style import save

ADDRESS = "127.0.0.1"
FOREIGN = (
    r"(?!(127\.0\.0\.1|localhost|\[?::1\]?)$).*"  # Host names that a page of another site can point to this machine
)
WARM = 64  # runs that are trained before the first session
SIDE_BY_SIDE = {"display": "grid", "grid-template-columns": "repeat(auto-fit, minmax(280px, 1fr))", "gap": "0 20px"}
Post = Callable[[Callable[[], None]], object]


class Frame(pn.Template):
    """The whole page, added to its document at once: otherwise Bokeh recounts all parts whenever one is linked."""

    def _init_doc(self, doc: Any = None, *rest: Any, **more: Any) -> Any:
        document = doc or pn.state.curdoc or Document()
        with document.models.freeze():
            return super()._init_doc(document, *rest, **more)

    def __repr__(self, *_: Any) -> str:
        """Return the names of its parts; Panel calls this whenever one is added."""
        return f"Frame of {', '.join(self._render_items)}"


class Page:
    """Page of a session, and its reactions to the controls."""

    def __init__(self, state: State, *, queue: WorkQueue, final: int, post: Post) -> None:
        self.state, self.final, self._post = state, final, post
        self.reader, self.beside_reader = Reader(queue), Reader(queue)
        self.rows: list[Beside] = []  # shown beside the difference
        self.runs = 0
        self._received: deque[tuple[Any, Callable[[], bool]]] = deque()
        self.location: Any = None
        self.bars, self.gap, self.flow = Bars(), Difference(), Flow()
        self.lives = [Lives(label) for label in STAGES.values()]
        self.texts = {name: text("") for name in ("status", "verdict", "beside", "view", "ended", "again")}
        self.message = text("")
        self.preset = pn.widgets.Select(
            name="Choose an author's view",
            options=texts.names(),
            value=state.view,
            sizing_mode="stretch_width",
            margin=(0, 5),
            stylesheets=[SLIDER],
        )
        self.reset = pn.widgets.Button(name="Back to this view", margin=(6, 5), stylesheets=[SLIDER])
        self.beside = pn.widgets.Button(name="Beside it", width=130, margin=(6, 5), stylesheets=[SLIDER])
        self.controls = Controls(state, self.turn)
        self.numbers = {
            name: pn.widgets.IntInput(name=label, value=getattr(state, name), width=130, stylesheets=[SLIDER])
            for name, label in (("run", "Run number"), ("seed", "Random seed"))
        }
        self.preset.param.watch(lambda event: self.stand(event.new), "value")
        self.reset.on_click(lambda _: self.stand(self.state.view))
        self.beside.on_click(lambda _: self.show_beside())
        for name, widget in self.numbers.items():
            widget.param.watch(lambda event, name=name: self._try(lambda: {name: event.new or 0}), "value")

    def turn(self, name: str, value: Any) -> None:
        """React to a control that was released."""
        self._try(lambda: {"point": self.state.point.at({name: value})})

    def _try(self, changes: Callable[[], dict[str, Any]]) -> None:
        """Go to the state with these changes, or show why it is not valid."""
        try:
            self.show(replace(self.state, **changes()))
        except InputError as error:
            self.message.object = boxed(str(error))

    def stand(self, view: str) -> None:
        """React to a chosen world view."""
        with pn.io.hold():
            self.show(replace(self.state, view=view, point=described(view).point))
            self.controls.set(self.state)

    def show(self, state: State) -> None:
        """Go to a state and request its results."""
        self.state, self.message.object = state, ""
        self.texts["view"].object = texts.view(state)
        if self.location is not None:
            self.location.search = f"?{state.query() or 'view=default'}"
        self.leave_beside()
        self.reader.ask(answers(state, self.final), self._receive)

    def show_beside(self) -> None:
        """Request the difference of this state with other stops, among converged runs, and without the gate."""
        self.leave_beside()
        self.texts["beside"].object = '<p class="status">Training with other stops, and without the gate…</p>'
        self.beside_reader.ask(companions(self.state), self._receive)

    def leave_beside(self) -> None:
        """Drop what was shown beside the difference, and what is being trained for it."""
        self.beside_reader.leave()
        self.rows, self.texts["beside"].object = [], ""

    def leave(self) -> None:
        """Drop all requests."""
        self.reader.leave()
        self.beside_reader.leave()

    def _receive(self, piece: Any, wanted: Callable[[], bool]) -> None:
        """Take a result, on the worker's thread."""
        self._received.append((piece, wanted))
        self._post(self._draw_received)

    def _draw_received(self) -> None:
        """Draw the results received so far, in order."""
        while self._received:
            piece, wanted = self._received.popleft()
            if wanted():
                with pn.io.hold():
                    self._draw(piece)

    def _draw(self, piece: Any) -> None:
        if isinstance(piece, Tally):
            self.runs = piece.runs
            for chart in (self.bars, self.gap, self.flow):
                chart.show(piece)
            self.texts["status"].object = texts.status(piece, self.state, self.final)
            self.texts["verdict"].object = texts.verdict(piece.difference())
            self.texts["again"].object = texts.again(self.state, piece.runs)
        elif isinstance(piece, Life):
            for stage, lives in enumerate(self.lives):
                lives.show(piece, stage)
            self.texts["ended"].object = texts.ended(piece, self.state)
        elif isinstance(piece, Beside):
            self.rows.append(piece)
            self.texts["beside"].object = texts.beside(self.rows, self.state)
        elif piece is not None:  # else a batch of runs is trained
            self.message.object = boxed(f"This point cannot be trained: {piece}")

    def _file(self, kind: str) -> BytesIO:
        """Return the figure that `feint compare` draws, with its passport, as a file of this kind: svg or png."""
        at = self.state.point
        options: dict[str, Any] = {"model": at.model, "start": at.start, "match": at.match, "seed": self.state.seed}
        comparison = compare(at.curriculum, runs=self.runs or self.final, **options)
        with TemporaryDirectory() as folder:
            path = Path(folder, f"feint.{kind}")
            save(comparison.figure(), path, comparison.passport())
            return BytesIO(path.read_bytes())

    def framed(self) -> Frame:
        """Return the whole page, its parts by their places in the frame."""
        shown = self.texts
        files = [
            pn.widgets.FileDownload(
                callback=lambda kind=kind: self._file(kind),
                filename=f"feint.{kind}",
                label=f"Figure with its passport, {kind.upper()}",
                width=270,
                stylesheets=[SLIDER],
            )
            for kind in ("svg", "png")
        ]
        beside, bars = [column(self.beside, shown["beside"])], [text(texts.LEGEND), drawn(self.bars)]
        parts = {
            "head": text(texts.HEAD),
            "message": self.message,
            "preset": column(self.preset, shown["view"], self.reset),
            "premises": column(text("<h2>Assumptions, by argument</h2>"), self.controls.layout),
            "bars": column(shown["verdict"], drawn(self.gap), *beside, *bars, shown["status"]),
            "flow": column(text(texts.FLOW), drawn(self.flow), text(texts.outcomes())),
            "life": column(
                text(texts.LIFE),
                pn.FlexBox(*self.numbers.values()),
                shown["ended"],
                column(*map(drawn, self.lives), styles=SIDE_BY_SIDE),
                text(texts.curves()),
            ),
            "again": column(text(texts.AGAIN), pn.FlexBox(*files), shown["again"]),
        }
        frame = Frame(asset("frame.html"))
        for name, part in parts.items():
            frame.add_panel(name, part)
        frame.location = True
        frame.title = texts.TITLE  # pyright: ignore[reportAttributeAccessIssue]
        return frame


def column(*parts: Any, **look: Any) -> pn.Column:
    """Return parts one below the other."""
    return pn.Column(*parts, sizing_mode="stretch_width", margin=0, **look)


def drawn(part: Any) -> pn.pane.Bokeh:
    """Return a chart as a part of the page."""
    return pn.pane.Bokeh(part.sheet, sizing_mode="stretch_width", margin=0)


def boxed(message: str) -> str:
    """Return a message in a box; empty if there is no message."""
    return f'<div class="message" role="alert">{escape(message)}</div>' if message else ""


class Refused(RequestHandler):
    """Answer to a request for another host than this machine, of a page or of its websocket."""

    def prepare(self) -> None:
        """Say for whom the page is, whatever is requested."""
        self.set_status(403)
        self.finish(f"This page is for this machine alone: open it at http://{ADDRESS} and its port.\n")

    def _log(self) -> None:
        """Print nothing: another site could fill the terminal."""


class Explorer:
    """Server of the page; `start` is its state if the link names none. Kernels are compiled before it is ready."""

    def __init__(self, start: State, *, port: int, final: int) -> None:
        self.start, self.final, self.queue = start, final, WorkQueue()
        try:
            with socket.socket() as free:
                free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                free.bind((ADDRESS, port))
                port = int(free.getsockname()[1])
            pn.extension()
            list(answers(start, min(WARM, final)))
            origins = [f"{host}:{port}" for host in (ADDRESS, "localhost")]
            look: dict[str, Any] = {"address": ADDRESS, "websocket_origin": origins, "title": texts.TITLE}
            self.server: Any = pn.io.server.get_server({"/": self._page}, port=port, **look)
            self.server._tornado.add_handlers(FOREIGN, [(".*", Refused)])
        except OSError as error:  # it is taken, or was while the kernels were compiled
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"port = {port} cannot be used: {reason}; name another.") from None

    @property
    def address(self) -> str:
        """Address of the page."""
        return f"http://{ADDRESS}:{self.server.port}/"

    def serve(self, *, browser: bool, ready: Callable[[], object] = lambda: None) -> None:
        """Serve until Ctrl-C, which lets the callback in progress finish; a second one does not."""
        self.server.start()
        loop = self.server.io_loop
        try:
            with on_interrupt(lambda: loop.asyncio_loop.call_soon_threadsafe(loop.stop)):
                ready()
                if browser:
                    loop.add_callback(webbrowser.open, self.address)
                loop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.server.stop()
            self.queue.stop()

    def _page(self) -> Frame:
        """Return the page of a new session."""
        document: Any = pn.state.curdoc
        location = pn.state.location
        query = location.search if location is not None else ""

        def post(draw: Callable[[], None]) -> None:
            try:
                document.add_next_tick_callback(draw)
            except RuntimeError as error:  # the session ended meanwhile
                warnings.warn(f"a session ended: {error}", ResourceWarning, stacklevel=2)

        page = opened(query, self.start, queue=self.queue, final=self.final, post=post)
        page.location = location
        pn.state.on_session_destroyed(lambda _: page.leave())
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
