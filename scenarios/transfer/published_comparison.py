"""The calibration scoreboard: published measurements, what the race gives, and what small real networks give.

The claim. None: a scoreboard says how far a toy is from what was measured of real models, row by row, and whether a
free parameter was fitted to the row or it is a prediction. A poor fit stays in the table.

The experiment. Every row is declared with its source, conditions and stand-in in `published_measurements`; the race is
run at its default point (`stand_ins`). One number is fitted: how many of the published iterations one step stands for,
so that learning from scratch takes as long. Everything else is predicted, with no parameter moved.

What would count against reading anything into it. The stand-ins: a mode is no parameter, a step is no batch, and
performance on an objective is no harmful answer. Agreement is weak evidence, disagreement shows where the toy ends.

Sources: those of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from feint.agents.errors import InputError
from feint.scenarios.networks.seeds import NetworksRequest
from feint.scenarios.transfer.published_measurements import (
    EXPONENT,
    ITERATIONS,
    NEURONS,
    PERCENT,
    POINTS,
    RATIO,
    ROWS,
    STEPS,
    Compared,
    PublishedNumber,
    Row,
)
from feint.scenarios.transfer.stand_ins import StandIns, network_numbers
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.report import Hidden, Report, Table, folded, wrapped
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_ASKED, NONE = "not asked for: --networks trains them", "the small networks have no number for it"
PANELS = {
    "exponents": ((EXPONENT,), False),
    "ratios, iterations, units (log scale)": ((RATIO, ITERATIONS, STEPS, NEURONS), True),
    "per cent, and points of per cent": ((PERCENT, POINTS), False),
}
"""Title of a panel → its units, and whether its scale is logarithmic."""
BLACK, ORANGE, BLUE = "#000000", "#d55e00", "#0072b2"  # Okabe and Ito's
MARKS = {"published": (BLACK, "D"), "race": (ORANGE, "o"), "networks": (BLUE, "s")}


@dataclass(frozen=True, kw_only=True)
class Score:
    """One row of the scoreboard."""

    name: str
    what: str
    unit: str
    residual_is: Literal["factor", "difference"]
    published: PublishedNumber
    stand_in: Annotated[str, Field(description="what is measured in the race instead")]
    toy: Compared | None
    toy_missing: Annotated[str, Field(description="why the race has no number; empty if it has one")]
    networks: Compared | None
    networks_missing: Annotated[str, Field(description="why there is no number of networks; empty if there is one")]
    fitted: Annotated[str, Field(description="the free parameter that was fitted to the row; empty is a prediction")]
    caveat: str
    row: Hidden[Row]

    @classmethod
    def of(cls, row: Row, toy: Interval | None, networks: Interval | None, why: str) -> Score:
        """Return a row with what was found, and why there is nothing of networks."""
        names = ("name", "what", "unit", "stand_in", "fitted", "caveat")
        return cls(
            **{name: getattr(row, name) for name in names},
            residual_is="factor" if row.by_factor else "difference",
            published=row.number(),
            toy=row.compared(toy) if toy else None,
            toy_missing="" if toy else row.without or "too few runs to measure it",
            networks=row.compared(networks) if networks else None,
            networks_missing="" if networks else why,
            row=row,
        )

    @property
    def published_text(self) -> str:
        """The published number with its range, or its direction."""
        value, low, high = self.published.value, self.published.low, self.published.high
        if value is None:
            return "above 0" if self.published.direction > 0 else "below 0"
        return f"{value:,.4g}" if low is None and high is None else f"{low:,.4g} to {high:,.4g}"

    def residual_text(self, compared: Compared | None) -> str:
        """Return the residual of a number with its mark."""
        mark = "=" if self.fitted else "*" if compared and compared.agrees else ""
        if compared is None or compared.residual is None:
            return mark or "-"
        residual = f"{compared.residual:+.3g}" if self.residual_is == "difference" else f"×{compared.residual:.2g}"
        return f"{residual} {mark}".rstrip()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scoreboard(Report):
    """Published measurements with what stands in for them."""

    scenario: Literal["calibration"] = "calibration"
    runs: int
    seed: int
    networks: bool
    scores: Annotated[list[Score], Field(alias="rows")]
    request: Hidden[CalibrationRequest]

    def rows(self) -> list[Score]:
        """Return one row per published measurement."""
        return self.scores

    def blocks(self) -> Iterator[str | Table]:
        """Yield the table, how many rows agree, and the source of every row."""
        yield (
            f"Calibration: {self.runs:,} runs of each way of training at the default point, seed {self.seed}; 95 % "
            "intervals. A residual is a factor (×) or a difference; * marks a number whose interval meets the "
            "published range, = the one that was fitted."
        )
        name = {"row": lambda score: folded(f"{score.name}, {score.unit}", 26)}
        yield Table(self.scores, {**name, "published": "published_text", **_columns("race", "toy")})
        if self.networks:
            yield Table(self.scores, {**name, **_columns("networks", "networks")})
        yield "\n".join(map(wrapped, self.count()))
        yield "\n".join(self.sources())

    def count(self) -> Iterator[str]:
        """Yield how many predictions agree, and why rows have no number of networks."""
        judged = [score.toy.agrees for score in self.scores if score.toy and score.toy.agrees is not None]
        yield (
            f"Of {len(judged)} predictions of the race {sum(judged)} meet what was published; "
            f"{len(self.scores) - len(judged)} rows were fitted or have no number."
        )
        for why in dict.fromkeys(score.networks_missing for score in self.scores if score.networks_missing):
            yield f"Networks: {why}."

    def sources(self) -> Iterator[str]:
        """Yield the source, conditions, caveats and stand-in of every row."""
        for source, group in groupby(self.scores, key=lambda score: score.row.source):
            yield wrapped(f"{source.author.split(',')[0]} et al. ({source.year}), {source.title}, {source.where}")
            scores = list(group)
            notes = [f"measured on: {score.row.conditions}" for score in scores]
            notes += [f"caveat: {score.caveat}" for score in scores if score.caveat]
            for score in scores:
                fitted = f"; fitted: {score.fitted}" if score.fitted else ""
                here = f"here: {score.row.without or score.stand_in}{fitted}"
                notes.append(f"{score.name} {score.row.provenance}: {score.what}; {here}")
            yield from (wrapped(f"  {note}", "    ") for note in dict.fromkeys(notes))

    def figure(self) -> Figure:
        """Return a panel per kind of unit, and a line per row."""
        import seaborn as sns

        of_units = {title: [s for s in self.scores if s.unit in units] for title, (units, _) in PANELS.items()}
        panels = {title: scores for title, scores in of_units.items() if scores}
        with canvas((PAGE_WIDTH, 1.6 + 0.27 * len(self.scores))) as drawn:
            sizes = [len(scores) + 1.2 for scores in panels.values()]
            places = drawn.subplots(len(panels), 1, height_ratios=sizes, squeeze=False)[:, 0]
            for axes, (title, scores) in zip(places, panels.items(), strict=True):
                axes.set_title(title, loc="left")
                if PANELS[title][1]:
                    axes.set_xscale("log")
                draw_scores(axes, scores)
                sns.despine(ax=axes, left=True)
            self.draw_legend(drawn)
        return drawn

    def draw_legend(self, drawn: Figure) -> None:
        """Draw the legend, without networks if there are none."""
        from matplotlib.lines import Line2D

        with_networks = any(score.networks for score in self.scores)
        handles = [
            Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1, label=kind)
            for kind, (colour, marker) in MARKS.items()
            if kind != "networks" or with_networks
        ]
        drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def _columns(heading: str, name: str) -> dict[str, Any]:
    """Return the columns of the numbers of the race, or of networks."""

    def value(score: Score) -> str:
        compared: Compared | None = getattr(score, name)
        return f"{compared.value:,.4g}" if compared else "-"

    return {heading: value, "residual": lambda score: score.residual_text(getattr(score, name))}


def draw_scores(axes: Axes, scores: Sequence[Score]) -> None:
    """Draw one panel, a line per row."""
    for line, score in enumerate(scores):
        axes.axhline(line, color="#eeeeee", linewidth=0.8, zorder=0)
        value = score.published.value
        if value is not None:
            ends = [value if end is None else end for end in (score.published.low, score.published.high)]
            _draw_number(axes, value, ends, line - 0.18, "published", 1.2)
        else:
            axes.annotate(
                "published: above 0", (0.99, line), xycoords=("axes fraction", "data"), ha="right", fontsize=7
            )
        for compared, place, kind in ((score.toy, line + 0.05, "race"), (score.networks, line + 0.25, "networks")):
            if compared:
                interval = compared.value
                _draw_number(axes, interval.estimate, [interval.low, interval.high], place, kind, 1)
    names = [f"{score.name}{' (fitted)' if score.fitted else ''}" for score in scores]
    axes.set_yticks(range(len(scores)), names)
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _draw_number(axes: Axes, value: float, ends: list[float], line: float, kind: str, width: float) -> None:
    colour, marker = MARKS[kind]
    axes.plot(ends, [line] * 2, color=colour, linewidth=width)
    axes.plot(value, line, marker, color=colour, markersize=4)


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest(NetworksRequest):
    """Compare published measurements with the race, and with small real networks if asked for; no setting is taken."""

    kind = "calibration"
    default_runs = 1000

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Scoreboard:
        """Compute the scoreboard; runs are those of the race. Raises `InputError` if a setting is given."""
        if self.settings:
            raise InputError(
                f"set = {dict(self.settings)!r} is not allowed with scenario 'calibration': it stands at the default "
                "point."
            )
        runs = self.default_runs if self.runs is None else self.runs
        toy = StandIns(runs=runs, seed=self.seed, threads=threads, progress=progress).numbers()
        networks = dict(network_numbers(self.seed, threads)) if self.networks else {}
        why = NONE if self.networks else NOT_ASKED
        scores = [Score.of(row, toy.get(row.name), networks.get(row.name), why) for row in ROWS]
        return Scoreboard(runs=runs, seed=self.seed, networks=self.networks, scores=scores, request=self)
