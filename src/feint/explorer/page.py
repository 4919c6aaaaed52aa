"""The page of one reader: controls at the left, results at the right."""

from __future__ import annotations

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

from feint.agents.errors import InputError
from feint.explorer import texts
from feint.explorer.charts import Bars, Difference, Flow, Lives
from feint.explorer.controls import STAGES, Controls, text
from feint.explorer.state import State, described
from feint.explorer.styles import FRAME, SIDE_BY_SIDE, SLIDER
from feint.explorer.tallies import Life, Reader, Tally, WorkQueue, answers
from feint.sim.ensembles.comparison import compare
from feint.sim.results.figure_style import save

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
    """What a session shows, and how it reacts to its controls."""

    def __init__(self, state: State, *, queue: WorkQueue, final: int, post: Post) -> None:
        self.state, self.final, self._post = state, final, post
        self.reader = Reader(queue)
        self.runs = 0
        self._received: deque[tuple[Any, Callable[[], bool]]] = deque()
        self.location: Any = None
        self.bars, self.gap, self.flow = Bars(), Difference(), Flow()
        self.lives = [Lives(label) for label in STAGES.values()]
        self.texts = {name: text("") for name in ("status", "verdict", "view", "ended", "again")}
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
        self.controls = Controls(state, self.turn)
        self.numbers = {
            name: pn.widgets.IntInput(name=label, value=getattr(state, name), width=130, stylesheets=[SLIDER])
            for name, label in (("run", "Run number"), ("seed", "Random seed"))
        }
        self.preset.param.watch(lambda event: self.stand(event.new), "value")
        self.reset.on_click(lambda _: self.stand(self.state.view))
        for name, widget in self.numbers.items():
            widget.param.watch(lambda event, name=name: self._number(name, event.new), "value")

    def turn(self, name: str, value: Any) -> None:
        """React to a control that was released."""
        try:
            self.show(self.state.turned({name: value}))
        except InputError as error:
            self.message.object = boxed(str(error))

    def stand(self, view: str) -> None:
        """React to a chosen world view."""
        with pn.io.hold():
            self.show(replace(self.state, view=view, point=described(view).point))
            self.controls.set(self.state)

    def _number(self, name: str, value: int | None) -> None:
        try:
            self.show(replace(self.state, **{name: value or 0}))
        except InputError as error:
            self.message.object = boxed(str(error))

    def show(self, state: State) -> None:
        """Go to a state and request its results."""
        self.state, self.message.object = state, ""
        self.texts["view"].object = texts.view(state)
        if self.location is not None:
            self.location.search = f"?{state.query() or 'view=default'}"
        self.reader.ask(answers(state, self.final), self._receive)

    def _receive(self, piece: Any, wanted: Callable[[], bool]) -> None:
        """Receive a result, on the worker's thread."""
        self._received.append((piece, wanted))
        self._post(self._draw_received)

    def _draw_received(self) -> None:
        """Draw the results received so far, in order."""
        while self._received:
            piece, wanted = self._received.popleft()
            if wanted():
                self._draw(piece)

    def _draw(self, piece: Any) -> None:
        with pn.io.hold():
            if isinstance(piece, Tally):
                self._draw_tally(piece)
            elif isinstance(piece, Life):
                for stage, lives in enumerate(self.lives):
                    lives.show(piece, stage)
                self.texts["ended"].object = texts.ended(piece, self.state)
            else:
                self.message.object = boxed(f"This point cannot be trained: {piece}")

    def _draw_tally(self, tally: Tally) -> None:
        self.runs = tally.runs
        for picture_ in (self.bars, self.gap, self.flow):
            picture_.show(tally)
        self.texts["status"].object = texts.status(tally, self.state, self.final)
        self.texts["verdict"].object = texts.verdict(tally.difference())
        self.texts["again"].object = texts.again(self.state, tally.runs)

    def _file(self, kind: str) -> BytesIO:
        """Return the command line's figure, with its passport."""
        return BytesIO(picture(self.state, self.runs or self.final, kind))

    def parts(self) -> dict[str, Any]:
        """Return the parts of the page by their places in its frame."""
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
        return {
            "head": text(texts.HEAD),
            "message": self.message,
            "preset": column(self.preset, shown["view"], self.reset),
            "premises": column(text("<h2>Assumptions, by argument</h2>"), self.controls.layout),
            "bars": column(shown["verdict"], drawn(self.gap), text(texts.LEGEND), drawn(self.bars), shown["status"]),
            "flow": column(text(texts.FLOW), drawn(self.flow), text(texts.outcomes())),
            "life": column(
                text(texts.LIFE),
                pn.FlexBox(*self.numbers.values()),
                shown["ended"],
                pn.Column(*map(drawn, self.lives), styles=SIDE_BY_SIDE, sizing_mode="stretch_width", margin=0),
                text(texts.curves()),
            ),
            "again": column(text(texts.AGAIN), pn.FlexBox(*files), shown["again"]),
        }

    def framed(self) -> Frame:
        """Return the whole page."""
        frame = Frame(FRAME)
        for name, part in self.parts().items():
            frame.add_panel(name, part)
        frame.location = True
        frame.title = texts.TITLE  # pyright: ignore[reportAttributeAccessIssue]
        return frame


def column(*parts: Any) -> pn.Column:
    """Return parts one below the other."""
    return pn.Column(*parts, sizing_mode="stretch_width", margin=0)


def drawn(part: Any) -> pn.pane.Bokeh:
    """Return a chart as a part of the page."""
    return pn.pane.Bokeh(part.sheet, sizing_mode="stretch_width", margin=0)


def boxed(message: str) -> str:
    """Return a message in a box; empty if there is no message."""
    return f'<div class="message" role="alert">{escape(message)}</div>' if message else ""


def picture(state: State, runs: int, kind: str) -> bytes:
    """Return the figure that `feint compare` draws for a state, as a file of this kind: svg, png or pdf."""
    point = state.point
    found = compare(
        point.curriculum, model=point.model, runs=runs, seed=state.seed, start=point.start, match=point.match
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, f"feint.{kind}")
        save(found.figure(), path, found.passport())
        return path.read_bytes()
