"""Scales: where the levels of a parameter lie on an axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.sim.analysis.grid_slices import is_log, is_number, level_text, levels
from feint.sim.sweeps.factors import Factor

if TYPE_CHECKING:
    from matplotlib.axis import Axis

FEW = 4  # levels up to which each has a tick


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """Positions of levels on an axis: numbers where they are, names one after another."""

    centres: np.ndarray  #: (levels,)
    log: bool
    names: tuple[str, ...]  #: of levels that are no numbers

    @property
    def edges(self) -> np.ndarray:
        """Half-way between neighbours, and as far beyond the outer ones (levels + 1,)."""
        at = np.log(self.centres) if self.log else self.centres
        middle = (at[1:] + at[:-1]) / 2
        found = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
        return np.exp(found) if self.log else found

    def beside(self, share: float) -> np.ndarray:
        """The centres moved by a share of the mean distance between neighbours (levels,)."""
        at = np.log(self.centres) if self.log else self.centres
        moved = at + share * np.ptp(at) / max(len(at) - 1, 1)
        return np.exp(moved) if self.log else moved

    def label(self, axis: Axis) -> None:
        """Give an axis this scale and its ticks."""
        from matplotlib.ticker import FuncFormatter, NullFormatter

        if self.names:
            axis.set_ticks(list(range(len(self.names))), self.names)
        elif len(self.centres) <= FEW and not self.log:
            axis.set_ticks(self.centres.tolist(), [level_text(float(each)) for each in self.centres])
        if self.log:
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # pyright: ignore[reportAttributeAccessIssue]
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())


def scale(factor: Factor, values: Sequence[Any] | None = None) -> Scale:
    """The scale of a factor's levels, or of other values of it."""
    found = levels(factor) if values is None else list(values)
    if all(is_number(level) for level in found):
        log = is_log(factor) and all(level > 0 for level in found)
        return Scale(centres=np.array(found, float), log=log, names=())
    return Scale(centres=np.arange(len(found), dtype=float), log=False, names=tuple(level_text(each) for each in found))
