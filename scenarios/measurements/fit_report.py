"""What a fit reports: history match, posterior beside the prior, predictions of every row, and what would decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError
from feint.sim.analysis.history_matching import CUT, HistoryMatch, RowMatch, draw_pairs
from feint.sim.analysis.posterior import IDENTIFIED, Calibration
from feint.sim.analysis.value_of_information import Candidate
from feint.sim.results.figure_look import Look
from feint.sim.results.figure_style import PAGE_WIDTH, canvas, save
from feint.sim.results.files import written_whole
from feint.sim.results.provenance import passport_line
from feint.sim.results.report import Hidden, Number, Report, Table, folded, wrapped
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SAID = 0.1  # least distance (Kolmogorov and Smirnov) from the prior at which the data say something about a parameter
FAR = 2.0  # deviations beyond which the posterior does not meet a row
UNUSUAL = 0.95  # share of simulated tables nearer to the prior's middle beyond which the rows are unusual
MOST_CORNERS = 5
ENDS = (0.0, 0.5, 1.0)  # ticks of the corner plot
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the figure of ranges
NAME = 22  # width of a row's name in tables


@dataclass(frozen=True, kw_only=True)
class ParameterRange:
    """A parameter over the posterior, beside its prior."""

    name: str
    low: Annotated[float, Field(description="5 % of the posterior lies below")]
    middle: float
    high: Annotated[float, Field(description="5 % of the posterior lies above")]
    prior_low: Annotated[float, Field(description="5 % of the prior lies below")]
    prior_high: float
    distance: Annotated[float, Field(description="largest distance of the distribution functions, 0 to 1")]
    learnt: Annotated[bool, Field(description="false if no measure was seen to depend on it: it keeps its prior")]

    @property
    def said(self) -> bool:
        """Whether the data say anything about it."""
        return self.distance >= SAID


@dataclass(frozen=True, kw_only=True)
class PredictedRow:
    """A row with what the posterior predicts for it, its own error and the discrepancy included."""

    name: str
    source: str
    stand_in: str
    unit: str
    use: Literal["fit", "hold out"]
    predicted: Number
    low: Annotated[Number, Field(description="lower limit of the 90 % prediction interval")]
    high: Number
    value: Annotated[float, Field(description="what was measured")]
    error: float
    deviation: Annotated[Number, Field(description="measured less predicted, in standard deviations")]

    @property
    def mark(self) -> str:
        """The deviation in words, with a star if it is large."""
        return f"{self.deviation:+.1f}{' *' if abs(self.deviation) > FAR else ''}"


@dataclass(frozen=True, kw_only=True)
class WithoutSource:
    """The posterior if one source is left out."""

    source: str
    rows: int
    share: Annotated[Number, Field(description="share of the posterior in which the headline holds, by an emulator")]
    moved: Annotated[dict[str, float], Field(description="parameters that move most, as a distance from 0 to 1")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Fit(Report):
    """Measurements held to the model."""

    file: str
    draws: Annotated[int, Field(description="draws from the prior that were simulated")]
    runs: Annotated[int, Field(description="per training and draw")]
    seed: int
    history: HistoryMatch
    unusual: Annotated[
        Number, Field(description="share of simulated tables nearer to the prior's middle than the rows")
    ]
    calibration: Calibration | None
    parameters: list[ParameterRange]
    rows_predicted: Annotated[list[PredictedRow], Field(serialization_alias="rows")]
    not_predicted: Annotated[dict[str, str], Field(description="rows that are only shown, with the reason")]
    prior_share: Interval | None
    posterior_share: Interval | None
    emulated_share: Annotated[Number, Field(description="posterior share of the headline by the emulator")]
    sources: list[WithoutSource]
    candidates: list[Candidate]
    request: Hidden[Any]
    posterior: Hidden[Mapping[str, np.ndarray] | None]  #: draws by dotted name, and their weight
    units: Hidden[np.ndarray | None]  #: the same in units of the prior (draws, parameters), with nuisance parameters

    def blocks(self) -> Iterator[str | Table]:
        """Yield the history match and, if there is a posterior, calibration, ranges, predictions and what decides."""
        yield from history_blocks(self)
        if self.posterior is None:
            return
        yield self._calibrated()
        yield from self._ranges()
        yield from self._predictions()
        yield from self._headline()

    def _calibrated(self) -> str:
        if self.calibration is None:
            return "No row is fitted, or no parameter acts on one: the posterior is the prior."
        check = self.calibration
        regions = ", ".join(
            f"{100 * a:g} %: {100 * b:.0f} %" for a, b in zip(check.levels, check.expected, strict=True)
        )
        covers = [parameter.covered for parameter in check.identified]
        least = f", from {100 * min(covers):.0f} to {100 * max(covers):.0f} % by parameter" if covers else ""
        unlike = sum(parameter.uniform < 0.05 / len(check.parameters) for parameter in check.parameters)
        return wrapped(
            f"Calibration over {check.draws} draws that the networks have not seen: the truth lies within the smallest "
            f"regions of probability {regions}; within 90 % intervals of the {len(covers)} parameters whose variance "
            f"falls by {100 * IDENTIFIED:g} % or more{least}; ranks are not uniform for {unlike} of "
            f"{len(check.parameters)} parameters (Bonferroni). A table gains {check.gained:.1f} nats on average."
        )

    def _ranges(self) -> Iterator[str | Table]:
        said = sorted((p for p in self.parameters if p.said), key=lambda p: -p.distance)
        headings = ("parameter", "posterior\n5 %", "50 %", "95 %", "prior\n5 %", "95 % ", "distance")
        rows = [
            [
                folded(p.name, NAME),
                *(f"{x:.3g}" for x in (p.low, p.middle, p.high, p.prior_low, p.prior_high)),
                f"{p.distance:.2f}",
            ]
            for p in said
        ]
        if rows:
            yield Table.of_cells(headings, rows, title="Premises about which the data say something")
        silent = [f"{p.name} ({p.distance:.2f})" for p in self.parameters if not p.said]
        yield wrapped(
            f"The data say nothing about {len(silent)} premises (distance from the prior below {SAID:g}): "
            + ", ".join(silent)
            + "."
        )

    def _predictions(self) -> Iterator[str | Table]:
        if self.unusual > UNUSUAL:  # false if it is not known
            yield wrapped(
                f"The rows together are further from the prior's predictions than {100 * self.unusual:.0f} % of "
                "simulated tables: the posterior is an extrapolation."
            )
        for use, title in (
            ("hold out", "Held-out rows, predicted before they are shown"),
            ("fit", "Rows that were fitted"),
        ):
            rows = [
                [
                    folded(row.name, NAME),
                    f"{row.predicted:.3g}",
                    f"{row.low:.3g} to {row.high:.3g}",
                    f"{row.value:.3g}",
                    row.mark,
                ]
                for row in self.rows_predicted
                if row.use == use
            ]
            if rows:
                yield Table.of_cells(("row", "predicted", "90 %", "measured", "deviation"), rows, title=title)
        far = [f"“{row.name}”" for row in self.rows_predicted if abs(row.deviation) > FAR]
        if far:
            yield wrapped(f"The posterior does not meet {', '.join(far)}: more than {FAR:g} deviations away (*).")

    def _headline(self) -> Iterator[str | Table]:
        if self.prior_share is not None and self.posterior_share is not None:
            yield wrapped(
                f"The headline holds in {self.prior_share:.2f} of the prior and in {self.posterior_share:.2f} of what "
                f"the measurements leave (by the emulator {self.emulated_share:.2f})."
            )
        if self.sources:
            rows = [
                [
                    folded(s.source, NAME),
                    str(s.rows),
                    f"{s.share:.2f}",
                    "\n".join(f"{n} {d:.2f}" for n, d in s.moved.items()),
                ]
                for s in self.sources
            ]
            headings = ("without", "rows", "headline\nholds in", "moves most, by")
            yield Table.of_cells(headings, rows, title="The posterior without one source")
        if self.candidates:
            rows = [
                [folded(c.name, NAME), f"{c.noise:.2g} {c.unit}", f"{100 * c.change:.1f}", f"{100 * c.settled:.0f} %"]
                for c in self.candidates
            ]
            headings = ("measurement", "error and\ndiscrepancy", "expected change\nof share, points", "settled")
            yield Table.of_cells(headings, rows, title="What would decide: measurements not yet made")

    def rows(self) -> list[PredictedRow]:
        """Return the rows with their predictions."""
        return self.rows_predicted

    def draws_frame(self) -> pd.DataFrame:
        """Return the weighted draws of the posterior: a column per parameter, and `weight`; passport in `attrs`."""
        import pandas as pd

        if self.posterior is None:
            raise InputError("history = True gives no posterior: leave it out.")
        frame = pd.DataFrame({"point": np.arange(len(self.posterior["weight"])), **self.posterior})
        frame.attrs.update(self.passport())
        return frame

    def write_posterior(self, path: Path) -> None:
        """Write the weighted draws as a parquet file, with the passport in its metadata."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        frame = self.draws_frame()
        frame.attrs = {}
        table = pa.Table.from_pandas(frame, preserve_index=False)
        kept = {**(table.schema.metadata or {}), b"passport": passport_line(self.passport()).encode()}
        with written_whole("posterior", path) as beside:
            pq.write_table(table.replace_schema_metadata(kept), beside)

    def drawing(self) -> Figure:
        """Return the matrix of pairs of rows."""
        if not self.history.rows:
            raise InputError("a fit without fitted rows has no figure: use text().")
        side = min(PAGE_WIDTH, 2.6 + 0.14 * len(self.history.rows))
        with canvas((side, side)) as drawn:
            draw_pairs(drawn.subplots(), self.history)
            return drawn

    def ranges(self, **look: Any) -> Figure:
        """Return ranges as a figure; keywords as of `figure`."""
        return Look(**look).drawn(self.ranges_drawing)

    def corner(self, **look: Any) -> Figure:
        """Return the corner plot as a figure; keywords as of `figure`."""
        return Look(**look).drawn(self.corner_drawing)

    def ranges_drawing(self) -> Figure:
        """Return the figure of ranges, in units of the prior, of the parameters about which the data say something."""
        shown = sorted((p for p in self.parameters if p.said), key=lambda p: -p.distance)
        if self.units is None or not shown:
            raise InputError("a fit whose data say nothing about any premise has no ranges to draw: use figure().")
        places = {p.name: i for i, p in enumerate(self.parameters)}
        quantiles = np.quantile(self.units[:, [places[p.name] for p in shown]], QUANTILES, axis=0).T
        with canvas((PAGE_WIDTH, 1 + 0.28 * len(shown))) as drawn:
            _draw_ranges(drawn.subplots(), shown, quantiles)
            return drawn

    def corner_drawing(self) -> Figure:
        """Return the corner plot of the parameters about which the data say most, in units of the prior."""
        names = [p.name for p in sorted(self.parameters, key=lambda p: -p.distance)][:MOST_CORNERS]
        if self.units is None or not names:
            raise InputError("a fit without a posterior has no corner plot: use figure().")
        places = {p.name: i for i, p in enumerate(self.parameters)}
        columns = self.units[:, [places[name] for name in names]]
        with canvas((PAGE_WIDTH, PAGE_WIDTH)) as drawn:
            _draw_corner(drawn, columns, names)
            return drawn

    def save_corner(self, path: Path, **look: Any) -> None:
        """Draw the corner plot into a file; keywords as of `figure`."""
        save(self.corner(**look), path, self.passport(), Look(**look))

    def save_ranges(self, path: Path, **look: Any) -> None:
        """Draw the ranges of premises beside those of the prior into a file; keywords as of `figure`."""
        save(self.ranges(**look), path, self.passport(), Look(**look))

    def drawings(self) -> tuple[Callable[[], Figure], ...]:
        """Return the functions that draw the matrix of pairs and, if there is a posterior, corner plot and ranges."""
        if self.units is None:
            return (self.drawing,)
        return (
            self.drawing,
            self.corner_drawing,
            *([self.ranges_drawing] if any(p.said for p in self.parameters) else []),
        )


def _draw_ranges(axes: Any, shown: list[ParameterRange], quantiles: np.ndarray) -> None:
    """Draw one line per parameter, from its quantiles (parameters, 5), with median and limits as numbers beside it."""
    low, first, middle, third, high = quantiles.T
    lines = -np.arange(len(shown))
    axes.barh(lines, 0.9, left=0.05, height=0.6, color="#e6e6e6", label="prior, 5 to 95 %")
    axes.hlines(lines, low, high, color="#0072b2", linewidth=1.2, label="posterior, 5 to 95 %")
    axes.hlines(lines, first, third, color="#0072b2", linewidth=4, label="posterior, 25 to 75 %")
    axes.plot(middle, lines, "o", color="#ffffff", markeredgecolor="#0072b2", markersize=4, label="its median")
    for line, p in zip(lines, shown, strict=True):
        middle_of, low_of, high_of = (f"{x:,.0f}" if abs(x) >= 100 else f"{x:.2g}" for x in (p.middle, p.low, p.high))
        axes.text(1.02, line, f"{middle_of} [{low_of}, {high_of}]", va="center", fontsize=7)
    axes.set_yticks(lines, [p.name for p in shown])
    axes.set_xlim(0, 1)
    axes.set_ylim(lines[-1] - 0.6, 0.6)
    axes.set_xlabel("place in the prior, from 0 to 1; at the right the values")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def _draw_corner(drawn: Any, columns: np.ndarray, names: list[str]) -> None:
    """Draw histograms on the diagonal, beside the prior's, and pairs below it."""
    panels = drawn.subplots(len(names), len(names), squeeze=False)
    for i, j in np.ndindex(panels.shape):
        axes = panels[i, j]
        if j > i:
            axes.set_axis_off()
            continue
        if i == j:
            axes.hist(columns[:, i], bins=20, range=(0, 1), density=True, color="#56b4e9")
            axes.axhline(1, color="#222222", linewidth=0.8, linestyle="--")
            axes.set_yticks([])
        else:
            axes.hist2d(columns[:, j], columns[:, i], bins=20, range=((0, 1), (0, 1)), cmap="Blues", rasterized=True)
        axes.set_xlabel(folded(names[j]) if i == len(names) - 1 else "")
        axes.set_ylabel(folded(names[i]) if j == 0 and i > 0 else "")
        axes.set_xlim(0, 1)
        axes.set_xticks(ENDS)
        axes.tick_params(labelbottom=i == len(names) - 1, labelleft=j == 0)
        if i != j:
            axes.set_yticks(ENDS)
    drawn.text(0.98, 0.97, "places in the prior, from 0 to 1\ndashed: the prior", ha="right", va="top")


def history_blocks(fit: Fit) -> Iterator[str | Table]:
    """Yield the history match: emulators, what each row leaves, and which rows exclude each other."""
    match = fit.history
    left, met = 100 * match.left, 100 * match.simulated / match.simulations
    yield wrapped(
        f"{fit.file}: history match over {match.points:,} points of the prior, by emulators of {match.simulations:,} "
        f"simulated draws of {fit.runs} runs a training, seed {fit.seed}. A row rules out points whose implausibility "
        f"is above {CUT:g}; its variance includes what the emulator does not know. No row rules out {left:.2g} % of "
        f"the prior; {met:.2g} % of the draws meet every row by what they gave."
    )
    if match.rows:
        rows = [
            [
                folded(row.name, NAME),
                f"{100 * row.left:.1f}",
                f"{100 * row.simulated / match.simulations:.1f}",
                _narrowed(row),
            ]
            for row in match.rows
        ]
        yield Table.of_cells(("row", "leaves\n%", "of draws\nmeet it, %", "narrows, to units of the prior"), rows)
    if match.unmet:
        unmet = ", ".join(f"“{row.name}” (nearest {row.nearest:.1f})" for row in match.unmet)
        yield wrapped(f"Rows that no setting meets: {unmet}.")
    if match.exclusions:
        yield "\n".join(wrapped(exclusion.sentence) for exclusion in match.exclusions)
    elif match.rows:
        yield "No two or three rows that are met singly are excluded by each other."
    if match.emulators:
        rows = [
            [folded(e.name, NAME), f"{e.explained:.2f}", f"{e.error:.2g}", f"{e.noise:.2g}", f"{100 * e.covered:.0f} %"]
            for e in match.emulators
        ]
        headings = ("emulator,\ncross-validated", "explains", "error", "of which\nnoise", "within 2\ndeviations")
        yield Table.of_cells(headings, rows)


def _narrowed(row: RowMatch) -> str:
    return "\n".join(f"{n.parameter} {n.low:.2f}–{n.high:.2f}" for n in row.narrowed)
