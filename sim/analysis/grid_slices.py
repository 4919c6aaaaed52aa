"""Grid slices: points along one or two parameters of a grid, one more as panels, the others held at a level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.agents.parameters import plain
from feint.sim.analysis.response_surface import LIMITS, Analysis, Layer, plain_cell
from feint.sim.results.report import Hidden
from feint.sim.statistics.intervals import CONFIDENCE, check_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axis import Axis

MOST_PANELS = 6  # levels of the parameter that is shown as panels
FEW = 4  # levels up to which each has a tick


class Slice(NamedTuple):
    """Layers along some factors of a study."""

    factors: tuple[Factor, ...]
    other: Factor | None  #: one more factor that varies, with one panel or line per level
    held: dict[str, Any]  #: levels that the others are held at
    table: pd.DataFrame  #: one row per layer and point


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One point of a map or profile, in one layer."""

    layer: str
    at: dict[str, Any]
    outcome: str
    estimate: float
    low: float
    high: float
    method: Annotated[str, Field(description="of the interval")]

    @classmethod
    def of(cls, row: Mapping[Any, Any], at: Mapping[str, Any]) -> Self:
        """Return the cell of a table's row."""
        values = {name: value.item() if isinstance(value, np.generic) else value for name, value in at.items()}
        return cls(at=values, **{name: row[name] for name in ("layer", "outcome", *LIMITS)})


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GridAnalysis(Analysis):
    """Base of maps and profiles: layers at points along parameters."""

    kind = "map"

    axes: list[str]
    held: dict[str, Any]
    cells: list[Cell]
    layers: Hidden[tuple[Layer, ...]]
    factors: Hidden[tuple[Factor, ...]]  #: of the axes
    other: Hidden[Factor | None]  #: one more factor that varies, with one panel or line per level
    table: Hidden[Any]  #: one row per cell

    @classmethod
    def of(cls, layers: Sequence[Layer], part: Slice, at: Callable[[Any], dict[str, Any]], confidence: float) -> Self:
        """Return the analysis of a slice; `at` gives the parameters of a row."""
        return cls(
            axes=[factor.name for factor in part.factors],
            cells=[Cell.of(row, at(row)) for row in part.table.to_dict("records")],
            layers=tuple(layers),
            study=layers[0].study,
            confidence=confidence,
            **part._asdict(),
        )

    def frame(self) -> pd.DataFrame:
        """Return one row per cell, with the passport in `attrs`."""
        table = self.table.copy()
        table.attrs.update(self.passport())
        return table


def grid_slice(
    layers: Sequence[Layer],
    axes: Sequence[str],
    at: Mapping[str, Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> Slice:
    """Return the slice of a grid along `axes`, with the factors in `at` held at one of their levels.

    Raises `InputError` if the design is no grid over the axes, or if more than one other factor is not held.
    """
    import pandas as pd

    check_confidence(confidence)
    study = layers[0].study
    factors = {factor.name: factor for factor in study.factors}
    _check_axes(study.design, factors, axes, at or {})
    held = {name: _level(factors[name], value) for name, value in (at or {}).items()}
    free = [factor for factor in study.factors if factor.name not in {*axes, *held} and len(factor.grid) > 1]
    _check_free(free)
    table = pd.concat([layer.frame(confidence) for layer in layers], ignore_index=True)
    for name, value in held.items():
        table = table[table[name] == value]
    shown = tuple(factors[name] for name in axes)
    return Slice(shown, free[0] if free else None, held, table.reset_index(drop=True))


def _check_axes(design: str, factors: Mapping[str, Factor], axes: Sequence[str], at: Mapping[str, Any]) -> None:
    """Raise `InputError` unless the axes, and what is held, are different factors of a grid."""
    if design != "grid":
        raise InputError(f"design = {design!r} is no grid over {' and '.join(axes)}: vary them by design = 'grid'.")
    named = [*axes, *at]
    for name in named:
        if name not in factors:
            raise unknown("varied parameter", name, factors)
    for name in axes:
        if len(factors[name].grid) < 2:
            raise InputError(f"{name} has one level in this study: a grid over it needs two or more.")
    for name in named:
        if named.count(name) > 1:
            raise InputError(f"{name} is named twice: name each parameter once.")


def _check_free(free: list[Factor]) -> None:
    """Raise `InputError` unless at most one factor of a few levels is left."""
    hold = "by --at NAME=VALUE (at in Python)."
    if len(free) > 1:
        names = ", ".join(factor.name for factor in free)
        raise InputError(f"{names} vary too, and one at most can be shown as panels: hold the others {hold}")
    if free and len(free[0].grid) > MOST_PANELS:
        raise InputError(
            f"{free[0].name} varies too and has {len(free[0].grid)} levels, more than {MOST_PANELS} panels: "
            f"hold it {hold}"
        )


def _level(factor: Factor, value: Any) -> Any:
    """Return the level of a factor that a value means."""
    for level in levels(factor):
        same = level == plain_cell(value)
        if same or (is_number(level) and is_number(value) and np.isclose(level, value, rtol=1e-3, atol=0)):
            return level
    known = ", ".join(level_text(level) for level in levels(factor))
    raise InputError(f"{factor.name} = {value!r} is not a level of the grid: it has {known}.")


def levels(factor: Factor) -> list[Any]:
    """Return the levels of a factor as the table of points holds them, numbers in increasing order."""
    cells = [plain_cell(value) for value in factor.grid]
    return sorted(cells) if all(is_number(cell) for cell in cells) else cells


def is_number(value: Any) -> bool:
    """Return whether a value has a place on a scale."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def is_log(factor: Factor) -> bool:
    """Return whether a factor's scale is logarithmic, as it varies or, for values above 0, as it is declared."""
    if factor.is_range:
        return factor.log
    name = factor.name.rpartition(".")[2]
    declared = (Stage if "." in factor.name else Model).parameters().get(name)
    return declared is not None and declared.log and all(is_number(level) and level > 0 for level in levels(factor))


def level_text(value: Any) -> str:
    """Return a level in words."""
    return f"{value:.3g}" if isinstance(value, float) else str(plain(value))


def held_text(at: Mapping[str, Any]) -> str:
    """Return further lines of an axis label that say what is held."""
    return "".join(f"\n({name} = {level_text(value)})" for name, value in at.items())


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """Positions of levels on an axis: numbers at their values, names one after another."""

    centres: np.ndarray  #: (levels,)
    log: bool
    names: tuple[str, ...]  #: of levels that are no numbers

    @classmethod
    def of(cls, factor: Factor, values: Sequence[Any] | None = None) -> Self:
        """Return the scale of a factor's levels, or of other values of it."""
        values = levels(factor) if values is None else list(values)
        if all(is_number(value) for value in values):
            log = is_log(factor) and all(value > 0 for value in values)
            return cls(centres=np.array(values, float), log=log, names=())
        return cls(centres=np.arange(len(values), dtype=float), log=False, names=tuple(map(level_text, values)))

    @property
    def edges(self) -> np.ndarray:
        """Half-way between neighbours, and as far beyond the outer ones (levels + 1,)."""
        at = np.log(self.centres) if self.log else self.centres
        middle = (at[1:] + at[:-1]) / 2
        edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
        return np.exp(edges) if self.log else edges

    def moved(self, share: float) -> np.ndarray:
        """Return the centres moved by a share of the mean distance between neighbours (levels,)."""
        at = np.log(self.centres) if self.log else self.centres
        moved = at + share * np.ptp(at) / max(len(at) - 1, 1)
        return np.exp(moved) if self.log else moved

    def label(self, axis: Axis) -> None:
        """Give an axis this scale and its ticks."""
        from matplotlib.ticker import FuncFormatter, NullFormatter

        if self.names:
            axis.set_ticks(list(range(len(self.names))), self.names)
        elif len(self.centres) <= FEW and not self.log:
            axis.set_ticks(self.centres.tolist(), [level_text(float(centre)) for centre in self.centres])
        if self.log:
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # pyright: ignore[reportAttributeAccessIssue]
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
