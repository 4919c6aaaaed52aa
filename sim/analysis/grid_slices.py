"""Sections: a grid of points along one or two parameters, with one more as panels and the rest held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.sim.analysis.plotted_responses import Layer
from feint.sim.analysis.response_surface import DIFFERENCE, plain_cell
from feint.sim.statistics.intervals import CONFIDENCE, check_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import pandas as pd

MOST_PANELS = 6  # levels of the parameter that is shown as panels


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """Layers over a grid: a table with a row a layer and point."""

    axes: tuple[Factor, ...]
    panels: Factor | None
    at: dict[str, Any]  #: what the others are held at
    layers: tuple[Layer, ...]
    table: pd.DataFrame  #: the factors, and `layer`, `outcome`, `estimate`, `low`, `high`, `method`

    def values(self, layer: Layer, panel: Any, column: str = "estimate") -> np.ndarray:
        """A column of one layer and panel over two axes (y, x)."""
        x, y = self.axes
        rows = self.table[self.table["layer"] == layer.name]
        if self.panels is not None:
            rows = rows[rows[self.panels.name] == panel]
        wide = rows.pivot(index=y.name, columns=x.name, values=column)
        return wide.loc[levels(y), levels(x)].to_numpy()

    def largest(self, layer: Layer) -> float:
        """The largest absolute value of a layer, and of those that are frequencies as it is; 1 where all are 0."""
        alike = [each.name for each in self.layers if (each.name == DIFFERENCE) == (layer.name == DIFFERENCE)]
        return float(self.table.loc[self.table["layer"].isin(alike), "estimate"].abs().max()) or 1.0

    @property
    def panel_levels(self) -> list[Any]:
        """The levels of the parameter that is shown as panels; one that is nothing where there is none."""
        return levels(self.panels) if self.panels is not None else [None]


def section(
    layers: Sequence[Layer],
    axes: Sequence[str],
    at: Mapping[str, Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> Section:
    """The section of a grid along `axes`, with the parameters in `at` held at one of their levels.

    Raises `InputError` for a design that is no grid over the axes, and where more than one other parameter is not held.
    """
    import pandas as pd

    check_confidence(confidence)
    study = layers[0].responses[0].study
    factors = {factor.name: factor for factor in study.factors}
    _check_axes(study.design, factors, axes, at or {})
    held = {name: _level(factors[name], value) for name, value in (at or {}).items()}
    free = [factor for factor in study.factors if factor.name not in {*axes, *held} and len(factor.grid) > 1]
    _check_free(free)
    table = pd.concat([layer.frame(confidence) for layer in layers], ignore_index=True)
    for name, value in held.items():
        table = table[table[name] == value]
    return Section(
        axes=tuple(factors[name] for name in axes),
        panels=free[0] if free else None,
        at=held,
        layers=tuple(layers),
        table=table.reset_index(drop=True),
    )


def _check_axes(design: str, factors: Mapping[str, Factor], axes: Sequence[str], at: Mapping[str, Any]) -> None:
    """Raise unless the axes, and what is held, are different parameters of a grid."""
    if design != "grid":
        raise InputError(f"design = {design!r} is no grid over {' and '.join(axes)}: vary them by design = 'grid'.")
    for name in (*axes, *at):
        if name not in factors:
            raise unknown("varied parameter", name, factors)
    for name in axes:
        if len(factors[name].grid) < 2:
            raise InputError(f"{name} has one level in this study: a grid over it needs two or more.")
    named = [*axes, *at]
    for name in named:
        if named.count(name) > 1:
            raise InputError(f"{name} is named twice: name each parameter once.")


def _check_free(free: list[Factor]) -> None:
    """Raise unless what is left is one parameter of a few levels, or nothing."""
    if len(free) > 1:
        names = ", ".join(factor.name for factor in free)
        raise InputError(
            f"{names} vary too, and one at most can be shown as panels: "
            "hold the others by --at NAME=VALUE (at in Python)."
        )
    if free and len(free[0].grid) > MOST_PANELS:
        raise InputError(
            f"{free[0].name} varies too and has {len(free[0].grid)} levels, more than {MOST_PANELS} panels: "
            "hold it by --at NAME=VALUE (at in Python)."
        )


def _level(factor: Factor, value: Any) -> Any:
    """The level of a factor that a value means."""
    for level in levels(factor):
        same = level == plain_cell(value)
        if same or (is_number(level) and is_number(value) and np.isclose(level, value, rtol=1e-3, atol=0)):
            return level
    told = ", ".join(level_text(level) for level in levels(factor))
    raise InputError(f"{factor.name} = {value!r} is not a level of the grid: it has {told}.")


def levels(factor: Factor) -> list[Any]:
    """The levels of a factor as the points hold them, numbers from the lowest."""
    found = [plain_cell(value) for value in factor.grid]
    return sorted(found) if all(is_number(value) for value in found) else found


def is_number(value: Any) -> bool:
    """Whether it can stand on a scale."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def is_log(factor: Factor) -> bool:
    """Whether its scale is logarithmic: where it varies so, or is declared so and listed above 0."""
    if factor.is_range:
        return factor.log
    name = factor.name.rpartition(".")[2]
    declared = (Stage if "." in factor.name else Model).parameters().get(name)
    return declared is not None and declared.log and all(is_number(level) and level > 0 for level in levels(factor))


def level_text(value: Any) -> str:
    """A level in words."""
    return f"{value:.3g}" if isinstance(value, float) else str(plain(value))
