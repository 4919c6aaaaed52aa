"""The manual's account of world views: how each text is read, what departs from the defaults, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from feint.agents.parameters import plain
from feint.scenarios.argument.worldview_files import Departure, WorldView


def departures_markdown(views: Iterable[WorldView]) -> str:
    """Return one section per world view, with a table of its departures."""
    return "\n\n".join(map(_section, views))


def _section(view: WorldView) -> str:
    cited = "; ".join(f"{source.author} ({source.year}), [{source.title}]({source.where})" for source in view.cited)
    rows = "\n".join(map(_row, view.departures))
    head = "| parameter | default | here | because |\n|---|---|---|---|"
    return f"### {view.name}\n\n{cited}.\n\n{view.reading}\n\n{head}\n{rows}"


def _row(departure: Departure) -> str:
    default, here = shown(departure.default), shown(departure.value)
    return f"| `{departure.name}` | {default} | {here} | {departure.because.strip()} |"


def shown(value: Any) -> str:
    """Return a parameter's value as text."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "nothing"
    return plain(value)
