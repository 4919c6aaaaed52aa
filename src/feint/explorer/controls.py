"""Knobs as widgets, grouped by argument."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import param

from feint.explorer.knobs import Knob, groups, knobs
from feint.explorer.state import State
from feint.explorer.styles import CARD, SLIDER, TEXT

OPEN = ("distance between losses", "nearness to deception")  # arguments whose knobs are visible at once
Turn = Callable[[str, Any], None]


def text(said: str, **look: Any) -> pn.pane.HTML:
    """Return a piece of text in the page's style."""
    return pn.pane.HTML(said, stylesheets=[TEXT], sizing_mode="stretch_width", margin=(0, 5), **look)


class Controls:
    """One widget per knob; `turn` is called whenever a reader releases one."""

    def __init__(self, state: State, turn: Turn) -> None:
        self._turn, self._setting = turn, False
        self.widgets = {name: self._widget(knob, state.point.value(name)) for name, knob in knobs().items()}
        self.layout = pn.Column(*map(self._card, groups().items()), sizing_mode="stretch_width", margin=0)

    def _card(self, group: tuple[str, list[Knob]]) -> pn.Card:
        """Return the knobs of an argument, behind its name."""
        title, found = group
        look: dict[str, Any] = {"header_background": "#fff", "stylesheets": [CARD], "sizing_mode": "stretch_width"}
        rows = map(self._row, found)
        return pn.Card(*rows, title=title, collapsed=title not in OPEN, margin=0, **look)

    def _widget(self, knob: Knob, value: Any) -> Any:
        look: dict[str, Any] = {"sizing_mode": "stretch_width", "stylesheets": [SLIDER]}
        if knob.several:
            made = pn.widgets.CheckBoxGroup(options=list(knob.declared.choices), value=list(value), **look)
        elif knob.declared.choices:
            made = pn.widgets.Select(options=list(knob.declared.choices), value=value, **look)
        else:
            made = pn.widgets.DiscreteSlider(name=knob.title, options=knob.values(value), value=value, **look)
        made.param.watch(lambda event: self._let_go(knob, event.new), _watched(knob))
        return made

    def _row(self, knob: Knob) -> pn.Row:
        """Return the widget, its meaning in one line, and the rest in a tooltip."""
        tip = pn.widgets.TooltipIcon(value=knob.tip, width=24, margin=(4, 0))
        widget = self.widgets[knob.name]
        caption = text(f'<p class="caption">{escape(knob.declared.meaning)}</p>')
        parts = [text(f"<b>{knob.title}</b>"), widget, caption] if knob.declared.choices else [widget, caption]
        inner = pn.Column(*parts, sizing_mode="stretch_width", margin=0)
        return pn.Row(inner, tip, sizing_mode="stretch_width", margin=(0, 0, 8, 0))

    def _let_go(self, knob: Knob, value: Any) -> None:
        if not self._setting:
            self._turn(knob.name, tuple(value) if knob.several else value)

    def set(self, state: State) -> None:
        """Set every knob to the state without calling `turn`."""
        self._setting = True
        try:
            for name, knob in knobs().items():
                self._set(knob, self.widgets[name], state.point.value(name))
        finally:
            self._setting = False

    def _set(self, knob: Knob, widget: Any, value: Any) -> None:
        value = list(value) if knob.several else value
        if widget.value == value:
            return
        widget.value = value
        if _watched(knob) == "value_throttled":  # else releasing the slider at its previous place would go unnoticed
            with param.edit_constant(widget):
                widget.value_throttled = value


def _watched(knob: Knob) -> str:
    return "value" if knob.declared.choices else "value_throttled"
