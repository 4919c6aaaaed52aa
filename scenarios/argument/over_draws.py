"""Evaluates claims over a table of weighted draws, beside the prior: which table, and its shares in words and a figure.

The experiment. The draws are points as those of the prior are: each has its own runs, and a claim holds at it, is
reversed, or is neither. Verdicts stay those of the point and of the declared rules; a table changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.scenarios.argument.evaluate_claim import Robustness, over_prior
from feint.sim.analysis.claims import HOLDS, NEITHER, REVERSED, Claim
from feint.sim.analysis.prior_shares import EffectSpread, Share
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, panels
from feint.sim.results.report import Table, from_attributes, wrapped
from feint.sim.results.request import Option, Request
from feint.sim.sweeps.weighted_draws import WeightedDraws
from feint.sim.training.parameter_point import Point, as_pair

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDS = ("estimate", "low", "high")
Kind = Literal["holds", "reversed", "neither"]
PRIOR, KEPT = REST = ("prior", "point")
FACES = {HOLDS: ("#0072b2", ""), NEITHER: ("#d9d9d9", ""), REVERSED: ("#e69f00", "///")}
"""Colour and hatch of each kind: Okabe and Ito's hues."""
OverFile = Annotated[
    Path | Mapping[str, Any] | None,
    Option("Table of weighted draws, .csv or .parquet, such as a posterior: evaluate over it too.", "FILE"),
]
Rest = Annotated[
    str,
    Option("With --over: parameters that the table lacks are drawn from their prior (prior) or kept (point).", "WHERE"),
]


@dataclass(frozen=True, kw_only=True)
class PriorShare:
    """Share of the prior; the interval also covers mistakes at draws that their runs leave open."""

    estimate: float
    low: float
    high: float
    certain: Annotated[int, Field(description="draws that certainly belong to it, beyond sampling error")]
    possible: Annotated[int, Field(description="draws that may belong to it")]

    def __str__(self) -> str:
        return f"{self.estimate:.2f} [{self.low:.2f}, {self.high:.2f}]"


Shares = dict[Kind, PriorShare]


def reported(shares: Mapping[str, Share]) -> Shares:
    """Return shares as they are reported."""
    limits = {kind: {name: getattr(of.interval, name) for name in ENDS} for kind, of in shares.items()}
    return {kind: from_attributes(PriorShare, of, **limits[kind]) for kind, of in shares.items()}  # pyright: ignore


@dataclass(frozen=True, kw_only=True)
class OverTable:
    """A table of draws over which something was evaluated."""

    file: str
    draws: Annotated[int, Field(description="rows of the table with a weight above 0")]
    effective: Annotated[float, Field(description="effective sample size of the table")]
    evaluated: Annotated[int, Field(description="different draws that were evaluated")]
    evaluated_effective: Annotated[float, Field(description="effective sample size of these; limits are those of it")]
    parameters: Annotated[list[str], Field(description="dotted names of the table's columns")]
    rest: Annotated[str, Field(description="the other parameters that have a prior: drawn from it, or kept (point)")]
    lacking: Annotated[list[str], Field(description="dotted names of these")]

    @classmethod
    def of(cls, table: WeightedDraws, evaluated: WeightedDraws, rest: str, point: Point) -> Self:
        """Return the facts of a table, and of the draws of it that were evaluated."""
        return cls(
            file=table.path.name,
            draws=len(table),
            effective=table.effective,
            evaluated=len(evaluated),
            evaluated_effective=evaluated.effective,
            parameters=[str(name) for name in table.values.columns],
            rest=rest,
            lacking=table.lacking(point),
        )

    def text(self) -> str:
        """Return which draws were evaluated, and what became of the parameters that the table lacks."""
        size = "effective sample size {:.1f}".format
        parameters = "1 parameter" if len(self.parameters) == 1 else f"{len(self.parameters)} parameters"
        sentence = f"{self.file}: {self.draws:,} draws of {parameters} ({size(self.effective)})"
        if (self.evaluated, self.evaluated_effective) != (self.draws, self.effective):
            drawn = f"{self.evaluated:,}, drawn by weight, are evaluated ({size(self.evaluated_effective)})"
            sentence = f"{sentence}, of which {drawn}"
        if not self.lacking:
            return f"{sentence}; it has every parameter that has a prior."
        what = "are drawn from it" if self.rest == PRIOR else "keep the point's values"
        return f"{sentence}; {len(self.lacking)} other parameters that have a prior {what}."


class OverRequest(Request):
    """Base of requests that evaluate something over a table of draws; a subclass has the fields `over` and `rest`."""

    over: Path | Mapping[str, Any] | None  #: a name may be a text, too; a mapping is that of a passport
    rest: str

    def __post_init__(self) -> None:
        super().__post_init__()
        digest = ""
        if isinstance(self.over, Mapping):  # of a passport
            digest = self.over["digest"]
            object.__setattr__(self, "over", Path(self.over["path"]))
        elif isinstance(self.over, str):
            object.__setattr__(self, "over", Path(self.over))
        if self.rest not in REST:
            raise unknown("rest", self.rest, REST)
        if self.over is None and self.rest != PRIOR:
            raise InputError(f"rest = {self.rest!r} needs a table of draws: give --over FILE with it.")
        if self.over is not None and digest not in ("", self.table.digest):
            right = f"this result is of one with the digest {digest}"
            raise InputError(f"over = {str(self.over)!r} holds another table ({self.table.digest}): {right}.")

    @property
    def around(self) -> Point:
        """The point around which draws lie: that of the request, as claims name its stages, or the default one."""
        return as_pair(getattr(self, "point", Point()))

    @cached_property
    def table(self) -> WeightedDraws:
        """The table of draws; raises `InputError` if it is not one."""
        assert isinstance(self.over, Path)
        return WeightedDraws.of(self.over, self.around)

    def over_table(
        self, tested: Iterable[Claim], size: Mapping[str, Any], **keys: Any
    ) -> tuple[OverTable | None, Robustness | None]:
        """Return the facts of the table, and claims at its draws; `size` and `keys` are those of `over_prior`."""
        if self.over is None:
            return None, None
        evaluated = self.evaluated(size["draws"], keys["seed"])
        spread = over_prior(tested, self.around, over=evaluated, **size, **keys)
        return OverTable.of(self.table, evaluated, self.rest, self.around), spread

    def sampled(self, most: int, seed: int) -> tuple[OverTable, WeightedDraws]:
        """Return the facts of the table, and draws of equal weight, no more than there are in effect."""
        draws = self.table.resampled(max(1, min(most, round(self.table.effective))), seed)
        draws = draws.completed(self.around, seed) if self.rest == PRIOR else draws
        return OverTable.of(self.table, draws, self.rest, self.around), draws

    def evaluated(self, most: int, seed: int) -> WeightedDraws:
        """Return at most `most` draws of the table, with the parameters that it lacks."""
        draws = self.table.thinned(most, seed)
        return draws.completed(self.around, seed) if self.rest == PRIOR else draws

    def configuration(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults; of the table its path and the digest of its content."""
        own = super().configuration()
        return own | ({"over": {"path": str(self.over), "digest": self.table.digest}} if self.over else {})


def beside_prior(results: Sequence[Any], over: OverTable) -> Iterator[str | Table]:
    """Yield which table was evaluated, and how much of the prior, and of the table, each claim holds or is reversed."""
    yield wrapped(f"{over.text()} Verdicts are those of the point; the table changes none of them.")
    rows = [
        (name, of, *(str(shares[kind]) for kind in (HOLDS, REVERSED)))
        for result in results
        for name, of, shares in ((result.name, "prior", result.prior), ("", "table", result.over))
    ]
    yield Table.of_cells(("claim", "over", HOLDS, REVERSED), rows)


def shares_figure(results: Sequence[Any], over: OverTable | None, note: str) -> Figure:
    """Return a panel for the prior and one for the table, with a bar per claim.

    The share over which a claim holds lies to the left, that over which it is reversed to the right. Beside them are
    the median and the quartiles of its effect over the prior.
    """
    names = [f"{result.number}  {result.name}" for result in results]
    columns = {"over the prior": [result.prior for result in results]}
    if over:
        columns[f"over {over.file}"] = [result.over for result in results]
    with canvas((PAGE_WIDTH, 1.3 + 0.25 * len(names))) as drawn:
        *shown, last = panels(drawn, 1, len(columns) + 1, sharey=True)[0]
        for axes, (title, shares) in zip(shown, columns.items(), strict=True):
            _draw_shares(axes, shares)
            axes.set_title(title, fontsize=8)
        _draw_spreads(last, [result.spread for result in results])
        shown[0].set_yticks(range(len(names)), names)
        shown[0].set_ylim(len(names) - 0.4, -0.6)
        handles, labels = shown[0].get_legend_handles_labels()
        drawn.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        drawn.suptitle(note, fontsize=8)
    return drawn


def _draw_shares(axes: Any, shares: Sequence[Mapping[Any, Any]]) -> None:
    rows, left = np.arange(len(shares)), np.zeros(len(shares))
    for kind, (colour, hatch) in FACES.items():
        seen = np.array([(of[kind].estimate, of[kind].low, of[kind].high) for of in shares])
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "#222222", "linewidth": 0.5}
        axes.barh(rows, seen[:, 0], 0.7, left=left, label=kind, **look)
        left = left + seen[:, 0]
        if kind != NEITHER:
            _draw_limits(axes, rows, seen if kind == HOLDS else 1 - seen, 0.16 if kind == REVERSED else -0.16)
    axes.set(xlim=(0, 1), xlabel="share")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_spreads(axes: Any, spreads: Sequence[EffectSpread | None]) -> None:
    """Draw the median of each effect as a dot, and a line from its lower to its upper quartile."""
    for row, spread in enumerate(spreads):
        if spread:
            axes.plot([spread.lower, spread.upper], [row, row], color="#222222", linewidth=1.5)
            axes.plot(spread.median, row, "o", color="#222222", markersize=3)
    axes.axvline(0, color="#999999", linewidth=0.5)
    axes.set_title("effect over the prior", fontsize=8)
    axes.set_xlabel("median and quartiles")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_limits(axes: Any, rows: np.ndarray, seen: np.ndarray, beside: float) -> None:
    """Draw intervals, estimate and limits in columns, at the edges of bars: white below black."""
    reach = np.abs(seen[:, 1:].T - seen[:, 0])
    for colour, width, cap in (("white", 2.2, 0), ("black", 0.8, 1.5)):
        look: dict[str, Any] = {"ecolor": colour, "elinewidth": width, "capsize": cap}
        axes.errorbar(seen[:, 0], rows + beside, xerr=reach, fmt="none", **look)
