"""The page without a server: slices through a point, computed when the file is written."""

import html
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import panel as pn
from bokeh.resources import INLINE
from panel.io.resources import _env

from feint.explorer import texts
from feint.explorer.charts import Bars, Difference, Flow
from feint.explorer.controls import PAGE, SLIDER, asset, knobs, text
from feint.explorer.page import boxed, column, drawn
from feint.explorer.state import State, Tally, described, tally
from feint.scenarios.argument.worldview_files import DEFAULT
from feint.sim.results.provenance import passport, passport_line

PREMISES: list[str] = PAGE["premises"]  # that can be changed
LEVELS = {
    "as the view has it": None,
    "low end": 0.0,
    "lower quarter": 0.25,
    "middle": 0.5,
    "upper quarter": 0.75,
    "high end": 1.0,
}
"""Positions in the prior of a premise, as shares of the way from the low end to the high one."""
HERE = "this point"
DIST = Path(pn.__file__).parent / "dist"
FETCHED = re.compile(r"https://cdn\.holoviz\.org/panel/[\w.]+/dist/(?P<file>[\w./-]+\.(?:css|png|ico))(?:\?v=[\w.]+)?")


def view_choices(start: State) -> dict[str, str]:
    """Return the world views by title, preceded by the requested point if it is not the default."""
    return texts.names() if start.point == described(DEFAULT).point else {"The requested point": HERE, **texts.names()}


def moved(start: State, view: str, name: str, share: float | None) -> State:
    """Return the state of a view with a premise moved along its prior."""
    at = start if view == HERE else replace(start, view=view, point=described(view).point)
    return at if share is None else replace(at, point=at.point.at({name: knobs()[name].along(share)}))


def key_of(state: State) -> str:
    """Return a key that states with the same numbers share."""
    return passport_line(state.point.described())


def count(start: State) -> int:
    """Return how many points a page trains."""
    choices = product(view_choices(start).values(), PREMISES, LEVELS.values())
    return len({key_of(moved(start, *choice)) for choice in choices})


class Slices:
    """A page with a world view, a premise and its level, and the results."""

    def __init__(self, state: State, runs: int, progress: Callable[[int], object]) -> None:
        self.start, self.runs, self.progress = state, runs, progress
        self.known: dict[Any, Tally] = {}
        self.bars, self.gap, self.flow = Bars(), Difference(), Flow()
        self.verdict, self.caption, self.again = text(""), text(""), text("")
        look: dict[str, Any] = {"sizing_mode": "stretch_width", "stylesheets": [SLIDER], "margin": (5, 5)}
        self.view = pn.widgets.Select(name="Choose an author's view", options=view_choices(state), **look)
        titles = {knobs()[name].title: name for name in PREMISES}
        self.premise = pn.widgets.Select(name="Change an assumption", options=titles, **look)
        self.level = pn.widgets.DiscreteSlider(name="Value", options=list(LEVELS), value=next(iter(LEVELS)), **look)
        self.widgets = (self.view, self.premise, self.level)
        for widget in self.widgets:
            widget.param.watch(lambda _: self.show(), "value")
        self.show()

    def show(self) -> None:
        """Draw the results of the state that the controls show."""
        name = str(self.premise.value)
        state = moved(self.start, str(self.view.value), name, LEVELS[self.level.value])
        key, knob = key_of(state), knobs()[name]
        for part in (self.caption, self.verdict, self.again):
            part.object = ""  # Panel writes into the file only the texts that change from one state to the next
        if key not in self.known:
            self.known[key] = tally(state, range(self.runs))
            self.progress(1)
        for chart in (self.bars, self.gap, self.flow):
            chart.show(self.known[key])
        words = html.escape(f"{knob.title} = {knob.label(state.point.value(name))}")
        self.caption.object = f"<p><b>{words}</b>: {html.escape(knob.declared.meaning)}.</p>"
        self.verdict.object = texts.verdict(self.known[key].difference())
        self.again.object = texts.commands(state, self.runs)

    def page(self) -> pn.Column:
        """Return the whole page."""
        note = "All points were computed when this file was written; `feint explore` changes every assumption freely."
        status = f"<p class='status'>{self.runs:,} runs each way, seed {self.start.seed}.</p>"
        start: dict[str, Any] = {"point": self.start.point.described(), "seed": self.start.seed}
        made = html.escape(passport_line(passport("explorer", {**start, "runs": self.runs, "premises": PREMISES})))
        return column(
            text(texts.HEAD),
            text(boxed(note)),
            *self.widgets,
            self.caption,
            self.verdict,
            drawn(self.gap),
            text(texts.LEGEND),
            drawn(self.bars),
            text(status + texts.outcomes()),
            text(texts.FLOW),
            drawn(self.flow),
            text(texts.AGAIN),
            self.again,
            text(f'<details><summary>How this page was made</summary><pre class="passport">{made}</pre></details>'),
        )


def write(path: Path, state: State, *, runs: int, progress: Callable[[int], object] = lambda _: None) -> None:
    """Write the page of a state as one file without server or network; `progress` is called once per point."""
    pn.extension()
    page, file = Slices(state, runs, progress).page(), StringIO()
    page.save(
        file,
        title=texts.TITLE,
        resources=INLINE,
        template=_env.from_string(asset("still.html")),
        embed=True,
        max_states=len(view_choices(state)) * len(PREMISES) * len(LEVELS) + 1,
        max_opts=max(len(LEVELS), len(PREMISES), len(texts.names()) + 1),
        progress=False,
    )

    def inside(match: re.Match[str]) -> str:
        """Return a file that the page would fetch, as a data address."""
        fetched = DIST / match["file"]
        if not fetched.is_file():
            return match[0]
        kind = {".css": "text/css", ".png": "image/png", ".ico": "image/x-icon"}[fetched.suffix]
        return f"data:{kind};base64,{b64encode(fetched.read_bytes()).decode()}"

    path.write_text(FETCHED.sub(inside, file.getvalue()), encoding="utf-8")
