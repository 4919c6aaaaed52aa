"""The calibration scoreboard: published measurements, what the race gives, and what small real networks give.

The claim. None: a scoreboard reports how far a toy is from what was measured of real models. A poor fit stays in it.

The experiment. Rows are declared with their sources in `measurements.toml`; the race is run at its default point. One
number is fitted: how many of the published iterations one step stands for, so that learning from scratch takes as long.

What would count against reading anything into it. The stand-ins: a mode is no parameter, a step is no batch, and
performance on an objective is no harmful answer. Agreement is weak evidence, disagreement shows where the toy ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from feint.agents.errors import InputError
from feint.scenarios.networks.battery import NetworksRequest
from feint.scenarios.transfer.stand_ins import ROWS, Compared, Row, StandIns, network_numbers
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.report import Hidden, Report, Table, folded, from_attributes, wrapped
from feint.sim.results.request import Progress
from feint.sim.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_ASKED, NONE = "not asked for: --networks trains them", "the small networks have no number for it"
PANELS = {
    "exponents": ("exponent",),
    "ratios, iterations, units (log scale)": ("ratio", "iterations", "steps", "neurons"),
    "per cent, and points of per cent": ("%", "points"),
}
"""Title of a panel → its units."""
MARKS: dict[str, dict[str, Any]] = {
    "published": {"color": "#000000", "marker": "D", "markersize": 4},  # colours of Okabe and Ito
    "race": {"color": "#d55e00", "marker": "o", "markersize": 4},
    "networks": {"color": "#0072b2", "marker": "s", "markersize": 4},
}


@dataclass(frozen=True, kw_only=True)
class PublishedNumber:
    """A published number, and where it is published."""

    value: Annotated[float | None, Field(description="null if only a direction is published")]
    low: float | None
    high: float | None
    direction: Annotated[Literal[-1, 0, 1], Field(description="the sign, if that is what is published; else 0")]
    source: Annotated[str, Field(description="key of the source")]
    title: str
    year: int
    where: str
    provenance: Annotated[str, Field(description="[V] read in the source, [S] in a summary, [D] derived from such")]
    conditions: str


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
        """Return a row with its numbers, and why there is none of networks."""
        source = {name: getattr(row.source, name) for name in ("title", "year", "where")}
        published = from_attributes(PublishedNumber, row, value=row.published, **{**source, "source": row.source.key})
        return from_attributes(
            cls,
            row,
            residual_is="factor" if row.by_factor else "difference",
            published=published,
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

    def cells(self, compared: Compared | None) -> list[str]:
        """Return the texts of a number, and of its residual with its mark."""
        mark = "=" if self.fitted else "*" if compared and compared.agrees else ""
        if compared is None:
            return ["-", mark or "-"]
        shown = "{:+.3g} " if self.residual_is == "difference" else "×{:.2g} "
        residual = "" if compared.residual is None else shown.format(compared.residual)
        return [f"{compared.value:,.4g}", f"{residual}{mark}".rstrip() or "-"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scoreboard(Report):
    """Published measurements with the numbers that stand in for them."""

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
        named = [(folded(f"{score.name}, {score.unit}", 26), score) for score in self.scores]
        rows = [[name, score.published_text, *score.cells(score.toy)] for name, score in named]
        yield Table.of_cells(("row", "published", "race", "residual"), rows)
        if self.networks:
            rows = [[name, *score.cells(score.networks)] for name, score in named]
            yield Table.of_cells(("row", "networks", "residual"), rows)
        agrees = [score.toy.agrees for score in self.scores if score.toy and score.toy.agrees is not None]
        count = (
            f"Of {len(agrees)} predictions of the race {sum(agrees)} meet what was published; "
            f"{len(self.scores) - len(agrees)} rows were fitted or have no number."
        )
        missing = dict.fromkeys(score.networks_missing for score in self.scores if score.networks_missing)
        yield "\n".join(map(wrapped, [count, *(f"Networks: {why}." for why in missing)]))
        yield "\n".join(self.sources())

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
        from matplotlib.lines import Line2D

        of_units = {title: [score for score in self.scores if score.unit in PANELS[title]] for title in PANELS}
        panels = {title: scores for title, scores in of_units.items() if scores}
        with canvas((PAGE_WIDTH, 1.6 + 0.27 * len(self.scores))) as drawn:
            sizes = [len(scores) + 1.2 for scores in panels.values()]
            places = drawn.subplots(len(panels), 1, height_ratios=sizes, squeeze=False)[:, 0]
            for axes, (title, scores) in zip(places, panels.items(), strict=True):
                axes.set_title(title, loc="left")
                if "log" in title:
                    axes.set_xscale("log")
                draw_scores(axes, scores)
                sns.despine(ax=axes, left=True)
            kinds = [kind for kind in MARKS if kind != "networks" or any(score.networks for score in self.scores)]
            handles = [Line2D([], [], linewidth=1, label=kind, **MARKS[kind]) for kind in kinds]
            drawn.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
        return drawn


def draw_scores(axes: Axes, scores: Sequence[Score]) -> None:
    """Draw one panel, a line per row."""
    for line, score in enumerate(scores):
        axes.axhline(line, color="#eeeeee", linewidth=0.8, zorder=0)
        numbers, value = [], score.published.value
        if value is None:
            place = ("axes fraction", "data")
            axes.annotate("published: above 0", (0.99, line), xycoords=place, ha="right", fontsize=7)
        else:
            low, high = (value if end is None else end for end in (score.published.low, score.published.high))
            numbers.append(("published", line - 0.18, 1.2, low, value, high))
        for kind, shift, compared in (("race", 0.05, score.toy), ("networks", 0.25, score.networks)):
            if compared:
                interval = compared.value
                numbers.append((kind, line + shift, 1, interval.low, interval.estimate, interval.high))
        for kind, y, width, low, value, high in numbers:
            axes.plot([low, high], [y] * 2, color=MARKS[kind]["color"], linewidth=width)
            axes.plot(value, y, linestyle="none", **MARKS[kind])
    axes.set_yticks(range(len(scores)), [f"{score.name}{' (fitted)' if score.fitted else ''}" for score in scores])
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest(NetworksRequest):
    """Compare published measurements with the race, and with small real networks if asked for; no setting is taken."""

    kind = "calibration"
    default_runs = 1000

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Scoreboard:
        """Compute the scoreboard; runs are those of the race. Raises `InputError` if a setting is given."""
        if self.settings:
            wrong = f"set = {dict(self.settings)!r} is not allowed with scenario 'calibration'"
            raise InputError(f"{wrong}: it is run at the default point.")
        runs = self.default_runs if self.runs is None else self.runs
        toy = StandIns(runs=runs, seed=self.seed, threads=threads, progress=progress).numbers()
        networks = dict(network_numbers(self.seed, threads)) if self.networks else {}
        why = NONE if self.networks else NOT_ASKED
        scores = [Score.of(row, toy.get(row.name), networks.get(row.name), why) for row in ROWS]
        return Scoreboard(runs=runs, seed=self.seed, networks=self.networks, scores=scores, request=self)
