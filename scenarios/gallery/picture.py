"""Figures of the gallery: each is computed from nothing into a table, and drawn from that table alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from feint.agents.errors import load_extra
from feint.sim.results.figure_style import STYLE, WIDTH_NOW
from feint.sim.statistics.intervals import CONFIDENCE, Interval

LIMITS = ("estimate", "low", "high")
Size = Mapping[str, int]
"""How much a figure computes: `runs` of each training protocol, and what else it counts."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure of the gallery."""

    name: str  #: on the command line, and of its files
    title: str  #: what it shows
    compute: Callable[..., pd.DataFrame]  #: returns its data for a point, a size, `seed`, `precision` and `threads`
    draw: Callable[[pd.DataFrame], Figure]  #: draws such data
    full: Size
    quick: Size  #: its size with `feint figures --quick`
    extra: Sequence[str] = ()  #: optional libraries from which its numbers come

    def size(self, *, quick: bool = False, runs: int | None = None) -> dict[str, int]:
        """Return how much it computes; `runs` replaces the runs of each training protocol."""
        return {**(self.quick if quick else self.full), **({} if runs is None else {"runs": runs})}

    def check_libraries(self) -> None:
        """Raise `InputError` if an optional library that it needs is not installed."""
        for name in self.extra:
            load_extra(name, f"the figure {self.name!r}")

    def drawn(self, table: pd.DataFrame) -> Figure:
        """Return the figure of a table in the common style."""
        with mpl.rc_context(STYLE), sns.axes_style("ticks"), mpl.rc_context(WIDTH_NOW.get()[1]):
            return self.draw(table)


def limits(interval: Interval) -> dict[str, float]:
    """Return an interval as cells of a table."""
    return {name: float(getattr(interval, name)) for name in LIMITS}


def interval_of(row: Mapping[str, Any], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval whose limits a row holds."""
    return Interval(**{name: float(row[name]) for name in LIMITS}, confidence=confidence, method="")


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries by column."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
