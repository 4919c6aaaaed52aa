"""The page of one reader: knobs at the left, what comes of them at the right."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import Any

import panel as pn
from bokeh.document import Document

from feint.agents.errors import InputError
from feint.explorer import texts
from feint.explorer.computing import Life, Tally, answers
from feint.explorer.controls import Controls, text
from feint.explorer.desk import Desk, Reader
from feint.explorer.exporting import picture
from feint.explorer.pictures import Bars, Difference, Flow, Lives
from feint.explorer.premises import STAGES
from feint.explorer.state import State, described
from feint.explorer.styles import FRAME, SIDE_BY_SIDE, SLIDER

Post = Callable[[Callable[[], None]], object]


class Frame(pn.Template):
    """The whole page, put into its document at once: else all its parts are counted anew for each that is linked."""

    def _init_doc(self, doc: Any = None, *rest: Any, **more: Any) -> Any:
        document = doc or pn.state.curdoc or Document()
        with document.models.freeze():
            return super()._init_doc(document, *rest, **more)

    def __repr__(self, *_: Any) -> str:
        """Its parts' names alone; Panel asks for it whenever one is added."""
        return f"Frame of {', '.join(self._render_items)}"


class Page:
    """What a session shows, and what it does when a knob is turned."""

    def __init__(self, state: State, *, desk: Desk, final: int, post: Post) -> None:
        self.state, self.final, self._post = state, final, post
        self.reader = Reader(desk)
        self.runs = 0
        self._news: deque[tuple[Any, Callable[[], bool]]] = deque()
        self.location: Any = None
        self.bars, self.gap, self.flow = Bars(), Difference(), Flow()
        self.lives = [Lives(label) for label in STAGES.values()]
        self.said = {name: text("") for name in ("status", "verdict", "view", "ended", "again")}
        self.message = text("")
        self.preset = pn.widgets.Select(
            name="Where to stand: a world view",
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
            for name, label in (("run", "Which run"), ("seed", "Seed of all"))
        }
        self.preset.param.watch(lambda event: self.stand(event.new), "value")
        self.reset.on_click(lambda _: self.stand(self.state.view))
        for name, widget in self.numbers.items():
            widget.param.watch(lambda event, name=name: self._number(name, event.new), "value")

    def turn(self, name: str, value: Any) -> None:
        """A knob was let go."""
        try:
            self.show(self.state.turned({name: value}))
        except InputError as error:
            self.message.object = boxed(str(error))

    def stand(self, view: str) -> None:
        """A world view was chosen."""
        with pn.io.hold():
            self.show(replace(self.state, view=view, point=described(view).point))
            self.controls.set(self.state)

    def _number(self, name: str, value: int | None) -> None:
        try:
            self.show(replace(self.state, **{name: value or 0}))
        except InputError as error:
            self.message.object = boxed(str(error))

    def show(self, state: State) -> None:
        """Stand there, and ask for what comes of it."""
        self.state, self.message.object = state, ""
        self.said["view"].object = texts.view(state)
        if self.location is not None:
            self.location.search = f"?{state.query() or 'view=default'}"
        self.reader.ask(answers(state, self.final), self._told)

    def _told(self, piece: Any, wanted: Callable[[], bool]) -> None:
        """Something came from the desk, on its thread."""
        self._news.append((piece, wanted))
        self._post(self._hear)

    def _hear(self) -> None:
        """Draw what came, in the order in which it came; calls that were posted before a reader is there have none."""
        while self._news:
            piece, wanted = self._news.popleft()
            if wanted():
                self._draw(piece)

    def _draw(self, piece: Any) -> None:
        with pn.io.hold():
            if isinstance(piece, Tally):
                self._draw_tally(piece)
            elif isinstance(piece, Life):
                for stage, lives in enumerate(self.lives):
                    lives.show(piece, stage)
                self.said["ended"].object = texts.ended(piece, self.state)
            else:
                self.message.object = boxed(f"This point cannot be trained: {piece}")

    def _draw_tally(self, tally: Tally) -> None:
        self.runs = tally.runs
        for picture_ in (self.bars, self.gap, self.flow):
            picture_.show(tally)
        self.said["status"].object = texts.status(tally, self.state, self.final)
        self.said["verdict"].object = texts.verdict(tally.difference())
        self.said["again"].object = texts.again(self.state, tally.runs)

    def _file(self, kind: str) -> BytesIO:
        """The command line's figure, with its passport."""
        return BytesIO(picture(self.state, self.runs or self.final, kind))

    def parts(self) -> dict[str, Any]:
        """The page by the places of its frame."""
        said = self.said
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
            "preset": column(self.preset, said["view"], self.reset),
            "premises": column(text("<h2>Premises, by argument</h2>"), self.controls.layout),
            "bars": column(said["verdict"], drawn(self.gap), text(texts.LEGEND), drawn(self.bars), said["status"]),
            "flow": column(text(texts.FLOW), drawn(self.flow), text(texts.outcomes())),
            "life": column(
                text(texts.LIFE),
                pn.FlexBox(*self.numbers.values()),
                said["ended"],
                pn.Column(*map(drawn, self.lives), styles=SIDE_BY_SIDE, sizing_mode="stretch_width", margin=0),
                text(texts.curves()),
            ),
            "again": column(text("<h2>Make it again</h2>"), pn.FlexBox(*files), said["again"]),
        }

    def framed(self) -> Frame:
        """The whole page."""
        frame = Frame(FRAME)
        for name, part in self.parts().items():
            frame.add_panel(name, part)
        frame.location = True
        frame.title = texts.TITLE  # pyright: ignore[reportAttributeAccessIssue]
        return frame


def column(*parts: Any) -> pn.Column:
    """Parts one under the other."""
    return pn.Column(*parts, sizing_mode="stretch_width", margin=0)


def drawn(part: Any) -> pn.pane.Bokeh:
    """A picture as a part of the page."""
    return pn.pane.Bokeh(part.sheet, sizing_mode="stretch_width", margin=0)


def boxed(message: str) -> str:
    """A message to the reader, in a box; nothing where there is none."""
    return f'<div class="message" role="alert">{escape(message)}</div>' if message else ""
