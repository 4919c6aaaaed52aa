"""Response profiles: layers along one parameter of a grid, or along each of several alone, and slices of grids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.agents.parameters import Parameter, plain
from feint.sim.analysis.among_converged import CONVERGED, in_two_lines
from feint.sim.analysis.response_surface import DIFFERENCE, LIMITS, Analysis, Layer
from feint.sim.results.figure_style import COLUMN_WIDTH, LINE, LINE_HEIGHT, LOOKS, PAGE_WIDTH, canvas, plain_number
from feint.sim.results.figure_style import panels as grid
from feint.sim.results.report import Hidden, Number, Table, folded
from feint.sim.statistics.intervals import CONFIDENCE, check_confidence
from feint.sim.sweeps.factors import Factor
from feint.sim.training.parameter_point import as_cell, of_cell
from feint.sim.training.stage import Stage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

MOST_PANELS = 6  # levels of the parameter that is shown as panels
UNKNOWN = "–"  # in place of an estimate that is not known
FEW = 4  # levels up to which each has a tick
ACROSS, HEIGHT = 3, 1.7  # panels in a row of a page, and inches of each
DODGE = 0.1  # between the lines of a panel, of the distance to the next level, so that their intervals do not overlap
COLUMNS = ["parameter", "layer", "line", "value", "outcome", *LIMITS]


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
    outcome: Annotated[str | None, Field(description="null if the most frequent one is not known")]
    estimate: Number
    low: float
    high: float
    method: Annotated[str, Field(description="of the interval")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GridAnalysis(Analysis):
    """Base of maps and profiles: layers at points along parameters."""

    kind = "map"

    axes: list[str]
    held: dict[str, Any]
    among: Annotated[str, Field(description="runs that are counted: all, or converged")]
    left_out: Annotated[int, Field(description="cells without an estimate: no run of an arm converged there")]
    cells: list[Cell]
    layers: Hidden[tuple[Layer, ...]]
    factors: Hidden[tuple[Factor, ...]]  #: of the axes
    other: Hidden[Factor | None]  #: one more factor that varies, with one panel or line per level
    table: Hidden[Any]  #: one row per cell

    @classmethod
    def of(cls, layers: Sequence[Layer], part: Slice, at: Callable[[Any], dict[str, Any]], confidence: float) -> Self:
        """Return the analysis of a slice; `at` returns the parameters of each row.

        Raises `InputError` if converged runs are counted, and no cell has an estimate.
        """
        cells, among = [], layers[0].among
        left_out = int(part.table["estimate"].isna().sum()) if among == CONVERGED else 0
        if left_out and left_out == len(part.table):
            raise InputError(f"{layers[0].title} is known at no point: no run of an arm converged at any of them.")
        for row in part.table.to_dict("records"):
            values = {name: value.item() if isinstance(value, np.generic) else value for name, value in at(row).items()}
            outcome = row["outcome"] if isinstance(row["outcome"], str) else None
            cells.append(Cell(at=values, outcome=outcome, **{name: row[name] for name in ("layer", *LIMITS)}))
        common: dict[str, Any] = {
            "among": among,
            "left_out": left_out,
            "layers": tuple(layers),
            "study": layers[0].study,
            "confidence": confidence,
        }
        return cls(axes=[factor.name for factor in part.factors], cells=cells, **common, **part._asdict())

    @property
    def held_text(self) -> str:
        """Further lines of an axis label that say what is held."""
        return "".join(f"\n({name} = {level_text(value)})" for name, value in self.held.items())

    @property
    def notes(self) -> list[str]:
        """What the sign of a cell without an estimate means; empty if there is none."""
        cells = "1 cell" if self.left_out == 1 else f"{self.left_out:,} cells"
        return [f"{UNKNOWN}: no run of an arm converged ({cells})"] if self.left_out else []

    def frame(self) -> pd.DataFrame:
        """Return one row per cell, with the passport in `attrs`."""
        frame = self.table.copy()
        frame.attrs.update(self.passport())
        return frame


def grid_slice(
    layers: Sequence[Layer], axes: Sequence[str], at: Mapping[str, Any] | None = None, *, confidence: float = CONFIDENCE
) -> Slice:
    """Return the slice of a grid along `axes` with the factors in `at` held; at most one other factor may vary."""
    import pandas as pd

    check_confidence(confidence)
    study, at = layers[0].study, at or {}
    factors = {factor.name: factor for factor in study.factors}
    _check_axes(study.design, factors, axes, at)
    held = {name: _level(factors[name], value) for name, value in at.items()}
    free = [factor for factor in study.factors if factor.name not in {*axes, *held} and len(factor.grid) > 1]
    hold = "by --at NAME=VALUE (at in Python)."
    if len(free) > 1:
        names = ", ".join(factor.name for factor in free)
        raise InputError(f"{names} vary too, and one at most can be shown as panels: hold the others {hold}")
    if free and len(free[0].grid) > MOST_PANELS:
        panels = f"has {len(free[0].grid)} levels, more than {MOST_PANELS} panels"
        raise InputError(f"{free[0].name} varies too and {panels}: hold it {hold}")
    table = pd.concat([layer.frame(confidence) for layer in layers], ignore_index=True)
    for name, value in held.items():
        table = table[table[name] == value]
    return Slice(tuple(factors[name] for name in axes), free[0] if free else None, held, table.reset_index(drop=True))


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


def _level(factor: Factor, value: Any) -> Any:
    for level in levels(factor):
        same = of_cell(level) == of_cell(as_cell(value))
        if same or (is_number(level) and is_number(value) and np.isclose(level, value, rtol=1e-3, atol=0)):
            return level
    known = ", ".join(map(level_text, levels(factor)))
    raise InputError(f"{factor.name} = {value!r} is not a level of the grid: it has {known}.")


def levels(factor: Factor) -> list[Any]:
    """Return the levels of a factor as the table of points holds them, numbers in increasing order."""
    return sorted(factor.cells) if all(map(is_number, factor.cells)) else factor.cells


def is_number(value: Any) -> bool:
    """Return whether a value has a place on a scale."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _declared(factor: Factor) -> Parameter | None:
    return (Stage if "." in factor.name else Model).parameters().get(factor.name.rpartition(".")[2])


def is_log(factor: Factor) -> bool:
    """Return whether a factor's scale is logarithmic, as it varies or, for values above 0, as it is declared."""
    if factor.is_range:
        return factor.log
    declared = _declared(factor)
    return declared is not None and declared.log and all(is_number(level) and level > 0 for level in levels(factor))


def level_text(value: Any) -> str:
    """Return a level in words."""
    return f"{value:.3g}" if isinstance(value, float) else str(plain(value))


class Scale:
    """Positions of a factor's levels, or of other values of it, on an axis: numbers at their values, names in turn."""

    def __init__(self, factor: Factor, values: Sequence[Any] | None = None) -> None:
        values = levels(factor) if values is None else list(values)
        numbers = all(map(is_number, values))
        self.log = numbers and is_log(factor) and all(value > 0 for value in values)
        self.names = () if numbers else tuple(map(level_text, values))  #: of levels that are no numbers
        self.centres = np.array(values if numbers else range(len(values)), float)  #: (levels,)
        declared = _declared(factor) if numbers else None
        self.valid = declared.valid if declared else (None, None)  #: closed bounds; None is unbounded

    @property
    def edges(self) -> np.ndarray:
        """Half-way between neighbours, and as far beyond the outer ones as values are valid (levels + 1,)."""
        at = np.log(self.centres) if self.log else self.centres
        middle = (at[1:] + at[:-1]) / 2
        edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
        edges = np.exp(edges) if self.log else edges
        low, high = (np.inf * sign if end is None else end for end, sign in zip(self.valid, (-1, 1), strict=True))
        inside = np.clip(edges, low, high)
        return inside if (np.diff(inside) > 0).all() else edges

    @property
    def middles(self) -> np.ndarray:
        """Middles of the cells as they are drawn (levels,)."""
        at = np.log(self.edges) if self.log else self.edges
        middle = (at[1:] + at[:-1]) / 2
        return np.exp(middle) if self.log else middle

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
            axis.set_ticks(self.centres.tolist(), [level_text(centre) for centre in self.centres.tolist()])
        if self.log:
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # pyright: ignore[reportAttributeAccessIssue]
            axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
            axis.set_minor_formatter(NullFormatter())


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResponseProfile(GridAnalysis):
    """Layers along parameters, as lines with intervals; the columns of its table are COLUMNS."""

    def blocks(self) -> Iterator[str | Table]:
        """Yield one table per parameter: its values down, layers across."""
        if self.held:
            yield f"at {', '.join(f'{name} = {level_text(value)}' for name, value in self.held.items())}"
        line = [folded(self.other.name)] if self.other else []
        titles = [",\n".join(map(folded, layer.title.split(", "))) for layer in self.layers]
        for factor in self.factors:
            rows = []
            along = self.table[self.table["parameter"] == factor.name]
            for (value, of_line), part in along.groupby(["value", "line"], sort=False):
                limits = part.set_index("layer").loc[[layer.name for layer in self.layers], list(LIMITS[:3])]
                cells = [
                    UNKNOWN if np.isnan(middle) else f"{middle:.3f} [{low:.3f}, {high:.3f}]"
                    for middle, low, high in limits.to_numpy()
                ]
                rows.append([level_text(value), *([of_line] if line else []), *cells])
            headings = [folded(factor.name), *line, *titles]
            yield replace(Table.of_cells(headings, rows), rule=False, fixed=1 + len(line))
        yield from self.notes

    def drawing(self) -> Figure:
        """Return lines with intervals: arms in one panel, one panel per layer with its lines, or one per parameter."""
        import seaborn as sns

        panels, several = list(self._panels()), len(self.factors) > 1
        across = ACROSS if several else 1
        down = -(-len(panels) // across)
        height = HEIGHT * down + LINE_HEIGHT * (4 + len(self.held) + 2 * down * (self.among == CONVERGED))
        with canvas((PAGE_WIDTH if several else COLUMN_WIDTH, height)) as drawn:
            every = grid(drawn, down, across, sharey=several).ravel()
            if self.other is not None and not several:  # the arms have one scale, a difference its own
                arms = [axes for axes, layer in zip(every, self.layers, strict=False) if layer.name != DIFFERENCE]
                for axes in arms[1:]:
                    axes.sharey(arms[0])
            last = every[len(panels) - 1]
            for axes, (title, factor, rows) in zip(every, panels, strict=False):
                _draw_lines(axes, factor, rows)
                axes.set_title(title, fontsize=8, loc="left")
                axes.set_xlabel(factor.name if several or axes is last else "")
            for axes in every[len(panels) :]:
                axes.set_visible(False)
            last.set_xlabel(last.get_xlabel() + self.held_text)
            handles, labels = every[0].get_legend_handles_labels()
            if len(handles) > 1 or several:
                title = self.other.name if self.other is not None else None
                columns = 3 if several or self.other is not None else 1
                drawn.legend(handles, labels, title=title, loc="outside lower center", ncols=columns, frameon=False)
            sns.despine(fig=drawn)
            return drawn

    def _panels(self) -> Iterator[tuple[str, Factor, pd.DataFrame]]:
        """Yield title, parameter and rows of each panel, the rows with the label of their line in `label`."""
        titles = {layer.name: in_two_lines(layer.title) for layer in self.layers}
        table = self.table.assign(label=self.table["layer"].map(titles))
        compared, noun = table["layer"] == DIFFERENCE, self.layers[0].responses[0].noun
        first, *others = self.factors
        if others:
            shown = table[~compared] if not compared.all() else table  # the difference is the gap between the arms
            yield from (("", factor, shown[shown["parameter"] == factor.name]) for factor in self.factors)
        elif self.other is not None:
            rows = table.assign(label=table["line"])
            yield from ((title, first, rows[rows["layer"] == name]) for name, title in titles.items())
        else:
            for title, rows in ((noun, table[~compared]), (titles.get(DIFFERENCE, ""), table[compared])):
                if len(rows):
                    yield title, first, rows


def _draw_lines(axes: Axes, factor: Factor, rows: pd.DataFrame) -> None:
    along = Scale(factor, list(dict.fromkeys(rows["value"])))
    lines = list(rows.groupby("label", sort=False))
    for i, ((colour, marker, dashes), (label, line)) in enumerate(zip(LOOKS, lines, strict=False)):
        reach = [line["estimate"] - line["low"], line["high"] - line["estimate"]]
        x = along.moved((i - (len(lines) - 1) / 2) * DODGE)
        look = {"color": colour, "marker": marker, "linestyle": dashes, "label": str(label)}
        axes.errorbar(x, line["estimate"], yerr=reach, **look, **LINE)
    if (rows["low"] < 0).any():
        axes.axhline(0, color="#888888", linewidth=0.6)
    along.label(axes.xaxis)


def response_profile(
    layers: Sequence[Layer],
    x: str | None = None,
    at: Mapping[str, Any] | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> ResponseProfile:
    """Return the profile of layers (see `layers_of`) along one factor of a grid, or those that vary one at a time.

    Parameters
    ----------
    x
        Dotted name of the factor; without it, each that varies one at a time.
    at
        Levels that other factors of a grid are held at, by dotted name.

    """
    study = layers[0].study
    if study.design == "one-at-a-time":
        if at:
            raise InputError("at is not allowed where parameters vary one at a time: the others are held as they are.")
        part = _one_at_a_time(layers, x, confidence)
    elif study.design != "grid":
        needed = "a profile needs design = 'grid' or 'one-at-a-time'"
        raise InputError(f"design = {study.design!r} has no lines of points: {needed}.")
    elif x is None:
        raise InputError(f"x is missing: name one of {', '.join(factor.name for factor in study.factors)}.")
    else:
        part = grid_slice(layers, (x,), at, confidence=confidence)
        line = "" if part.other is None else [level_text(level) for level in part.table[part.other.name]]
        part = part._replace(table=part.table.assign(parameter=x, value=part.table[x], line=line)[COLUMNS])

    def parameters(row: Any) -> dict[str, Any]:
        return {row["parameter"]: row["value"]} | ({part.other.name: row["line"]} if part.other else {})

    return ResponseProfile.of(layers, part, parameters, confidence)


def _one_at_a_time(layers: Sequence[Layer], x: str | None, confidence: float) -> Slice:
    """Return the rows of each factor: the base point, and those that differ from it in that factor alone."""
    import pandas as pd

    factors = {factor.name: factor for factor in layers[0].study.factors}
    if x is not None and x not in factors:
        raise unknown("varied parameter", x, factors)
    shown, parts = [x] if x else list(factors), []
    for layer in layers:
        table = layer.frame(confidence)
        differs = table[list(factors)] != table[list(factors)].iloc[0]
        for name in shown:
            rows = table[~differs.drop(columns=name).any(axis=1)]
            part = rows.assign(parameter=name, line="", value=rows[name].astype(object))
            parts.append(part.sort_values("value") if all(map(is_number, part["value"])) else part)
    table = pd.concat(parts, ignore_index=True)[COLUMNS]
    return Slice(tuple(factors[name] for name in shown), None, {}, table)
