"""Controls of the page: every parameter of the model and of both stages, with the values of its slider, as a widget."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import panel as pn
import param

from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.parameters import Parameter, plain
from feint.explorer.state import State
from feint.scenarios.argument.worldview_files import default_view, views
from feint.sim.results.provenance import data_beside
from feint.sim.sweeps.factors import NAMED, Factor
from feint.sim.training.parameter_point import Point
from feint.sim.training.stage import Stage

STOPS = 40  # steps from one end of a slider to the other
PAGE = data_beside(__file__, "assets/page.toml")
STAGES = {"pretraining": "pre-training", "finetuning": "fine-tuning"}
LAST = PAGE["last"]  # arguments at the end of the page
OPEN = ("distance between losses", "nearness to deception")  # arguments whose knobs are visible at once
Turn = Callable[[str, Any], None]


def asset(name: str) -> str:
    """Return the text of a file in `assets`, with the head of the page if it is a frame."""
    folder = Path(__file__).with_name("assets")
    head = (folder / "head.html").read_text(encoding="utf-8")
    return (folder / name).read_text(encoding="utf-8").replace("HEAD", head)


TEXT, SLIDER, CARD = map(asset, ("text.css", "slider.css", "card.css"))


@dataclass(frozen=True, kw_only=True)
class Knob:
    """A parameter that can be changed."""

    name: str  #: dotted, as a study has it
    declared: Parameter
    several: bool = False  #: whether several choices can be made

    @property
    def default(self) -> Any:
        """Default value."""
        return self.declared.default

    @property
    def title(self) -> str:
        """Name, with the stage in words."""
        stage, _, name = self.name.rpartition(".")
        return f"{name}, {STAGES[stage]}" if stage else name

    @property
    def ends(self) -> tuple[float, float, bool]:
        """Ends of its slider and whether it is logarithmic, from the prior if there is one."""
        prior = self.declared.prior
        return (*prior, self.declared.log) if prior else PAGE["reach"][self.declared.name]

    @property
    def whole(self) -> bool:
        """True for an integer."""
        return isinstance(self.default, int)

    def values(self, *more: Any) -> dict[str, Any]:
        """Return the slider's values by label: its range, its default, those of world views, off, and `more`."""
        values = {*(self.along(i / STOPS) for i in range(STOPS + 1)), self.default, self.declared.off, *more}
        values |= {view.point.value(self.name) for view in views().values()}
        return {self.label(value): value for value in sorted(values - {None})}

    def label(self, value: Any) -> str:
        """Return a value as the page shows it."""
        low, high, _ = self.ends
        text = plain(value) if self.whole else f"{value:g}"
        return f"{text} (off)" if value == self.declared.off and not low <= value <= high else text

    def along(self, share: float) -> Any:
        """Return the value at a share of the way from one end of its slider to the other, in few digits."""
        low, high, log = self.ends
        value = Factor(name=self.name, low=low, high=high, log=log).at(share)
        return round(float(f"{value:.2g}")) if self.whole else float(f"{value:.3g}")

    @property
    def tip(self) -> str:
        """Meaning, default, range and source."""
        facts, default = self.declared, self.default
        shown = ", ".join(default) if isinstance(default, tuple) else plain(default)
        lines = [f"{facts.meaning[0].upper()}{facts.meaning[1:]}.", f"Default {shown}, unit {facts.unit}."]
        if facts.prior:
            lines.append(f"Prior {facts.prior_text.replace(' L', ', uniform in the logarithm')}.")
        lines.append(f"Choices: {', '.join(facts.choices)}." if facts.choices else f"Valid: {facts.allowed}.")
        return " ".join([*lines, f"Source: {facts.source}."])


@cache
def knobs() -> dict[str, Knob]:
    """Return every knob by its dotted name, in the order of the page."""
    every, start = [Knob(name=name, declared=declared) for name, declared in Model.parameters().items()], default_view()
    for name, declared in Stage.parameters().items():
        for stage in start.point.curriculum if name != "objective" else ():
            facts = {"default": getattr(stage, name), "prior": stage.prior(name)}
            every.append(Knob(name=f"{stage.name}.{name}", declared=replace(declared, **facts)))
    for name, facts in PAGE["ways"].items():  # starts, matching and carrying
        default, choices = Point().value(name), tuple(NAMED.get(name, GROUPS))
        own: dict[str, Any] = {"unit": "name", "argument": LAST[0], "default": default, "choices": choices}
        declared = Parameter(name=name.rpartition(".")[2], **own, **facts)
        every.append(Knob(name=name, declared=declared, several=isinstance(default, tuple)))
    order = list(dict.fromkeys(knob.declared.argument for knob in every if knob.declared.argument not in LAST))
    every.sort(key=lambda knob: [*order, *LAST].index(knob.declared.argument))
    return {knob.name: knob for knob in every}


def groups() -> dict[str, list[Knob]]:
    """Return the knobs by argument."""
    by_argument: dict[str, list[Knob]] = {}
    for knob in knobs().values():
        by_argument.setdefault(knob.declared.argument, []).append(knob)
    return by_argument


def text(html: str, **look: Any) -> pn.pane.HTML:
    """Return a piece of text in the page's style."""
    return pn.pane.HTML(html, stylesheets=[TEXT], sizing_mode="stretch_width", margin=(0, 5), **look)


class Controls:
    """One widget per knob; `turn` is called whenever a reader releases one."""

    def __init__(self, state: State, turn: Turn) -> None:
        self._turn, self._setting = turn, False
        self.widgets = {name: self._widget(knob, state.point.value(name)) for name, knob in knobs().items()}
        look: dict[str, Any] = {"sizing_mode": "stretch_width", "margin": 0}
        card = {"header_background": "#fff", "stylesheets": [CARD], **look}
        rows = {title: map(self._row, members) for title, members in groups().items()}
        cards = (pn.Card(*row, title=title, collapsed=title not in OPEN, **card) for title, row in rows.items())
        self.layout = pn.Column(*cards, **look)

    def _widget(self, knob: Knob, value: Any) -> Any:
        look: dict[str, Any] = {"sizing_mode": "stretch_width", "stylesheets": [SLIDER]}
        if knob.several:
            made = pn.widgets.CheckBoxGroup(options=list(knob.declared.choices), value=list(value), **look)
        elif knob.declared.choices:
            made = pn.widgets.Select(options=list(knob.declared.choices), value=value, **look)
        else:
            made = pn.widgets.DiscreteSlider(name=knob.title, options=knob.values(value), value=value, **look)

        def release(event: Any) -> None:
            if not self._setting:
                self._turn(knob.name, tuple(event.new) if knob.several else event.new)

        made.param.watch(release, "value" if knob.declared.choices else "value_throttled")
        return made

    def _row(self, knob: Knob) -> pn.Row:
        """Return the widget, its meaning in one line, and the rest in a tooltip."""
        tip = pn.widgets.TooltipIcon(value=knob.tip, width=24, margin=(4, 0))
        widget = self.widgets[knob.name]
        caption = text(f'<p class="caption">{escape(knob.declared.meaning)}</p>')
        parts = [text(f"<b>{knob.title}</b>"), widget, caption] if knob.declared.choices else [widget, caption]
        inner = pn.Column(*parts, sizing_mode="stretch_width", margin=0)
        return pn.Row(inner, tip, sizing_mode="stretch_width", margin=(0, 0, 8, 0))

    def set(self, state: State) -> None:
        """Set every knob to the state without calling `turn`."""
        self._setting = True
        try:
            for name, knob in knobs().items():
                widget, value = self.widgets[name], state.point.value(name)
                value = list(value) if knob.several else value
                if widget.value != value:
                    widget.value = value
                    if not knob.declared.choices:  # else releasing the slider at its previous place has no effect
                        with param.edit_constant(widget):
                            widget.value_throttled = value
        finally:
            self._setting = False
