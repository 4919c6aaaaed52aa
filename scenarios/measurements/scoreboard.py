"""The calibration scoreboard: published measurements, what the model gives, and how probable it makes them.

The claim. None: a scoreboard reports how far a toy is from what was measured of real models. A poor fit stays in it.

The experiment. The rows of a CSV are scored at the default point by their log predictive density; nuisance parameters,
such as how many published iterations one step stands for, have the middle of their priors. Nothing is fitted.

What would count against reading anything into it. The stand-ins: a mode is no parameter, a step is no batch, and
performance on an objective is no harmful answer. Agreement is weak evidence, disagreement shows where the analogy ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from feint.scenarios.bibliography import SOURCES
from feint.scenarios.measurements.board_figure import drawn_board
from feint.scenarios.measurements.networks import network_numbers
from feint.scenarios.measurements.rows import NONE, MeasurementRow, by_source, read_rows, shipped_rows
from feint.scenarios.measurements.score import joint, scored
from feint.scenarios.measurements.stand_ins import STAND_INS, measured, nuisance_values
from feint.sim.results.report import Hidden, Number, Report, Table, from_attributes, wrapped
from feint.sim.results.request import POINT, Option, Progress, Request, Runs, Seed
from feint.sim.statistics.intervals import Interval
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHIPPED = "shipped"
SOURCES_FOLLOW = "Sources:"
NEAR = 2.0  #: standard deviations within which a row is marked
TITLES = {
    "fit": "Rows for fitting",
    "hold out": "Rows held out of fits",
    "show": "Rows that are only shown",
}


@dataclass(frozen=True, kw_only=True)
class ScoredRow:
    """A measurement with the numbers that stand in for it."""

    name: str
    what: str
    use: Literal["fit", "hold out", "show"]
    unit: str
    value: Annotated[float, Field(description="as published, in the unit")]
    error: Annotated[Number, Field(description="standard error; null if none is known")]
    k: int | None
    n: int | None
    source: Annotated[str, Field(description="key of the bibliography, or free text")]
    where: str
    checked: Annotated[str, Field(description="V read in the source, A in its abstract, S in a summary, D derived")]
    note: str
    stand_in: Annotated[str, Field(description="name of what is measured in the model instead; none if nothing is")]
    words: Annotated[str, Field(description="what is measured in the model, in words")]
    discrepancy: Annotated[float | None, Field(description="standard deviation of the error of the model")]
    model: Interval | None
    networks: Annotated[
        Interval | None, Field(description="null if small networks have no number, or were not requested")
    ]
    log_density: Annotated[float | None, Field(description="log predictive density, natural, per unit of the row")]
    best: Annotated[float | None, Field(description="log density if the model gave the published number exactly")]
    deviation: Annotated[float | None, Field(description="published less model, in standard deviations")]
    row: Hidden[MeasurementRow]

    @classmethod
    def of(cls, row: MeasurementRow, model: Interval | None, networks: Interval | None) -> Self:
        """Return a row with the numbers of its stand-in."""
        stand_in = STAND_INS.get(row.stand_in)
        score = scored(row, model) if model is not None and row.scored else None
        more: dict[str, Any] = {name: getattr(score, name, None) for name in ("log_density", "best", "deviation")}
        more |= {"words": stand_in.words if stand_in else "", "discrepancy": getattr(stand_in, "discrepancy", None)}
        return from_attributes(cls, row, model=model, networks=networks, row=row, **more)

    @property
    def near(self) -> bool:
        """Whether model and measurement are within two standard deviations of each other."""
        return self.deviation is not None and abs(self.deviation) <= NEAR

    def cells(self) -> list[str]:
        """Return the texts of the row in the table of its use."""
        published = f"{self.value:,.4g}" + (f" ±{self.error:.2g}" if self.row.scored else "")
        number, density, lost = "-", "-", "-"
        if self.model is not None and self.log_density is not None and self.best is not None:
            number, density = f"{self.model:,.4g}", f"{self.log_density:.1f}"
            lost = f"{self.best - self.log_density:.1f}"
        return [fill(f"{self.name}, {self.unit}", 24), published, number, density, lost + " ·" * self.near]


@dataclass(frozen=True, kw_only=True)
class JointScore:
    """The joint score of several rows."""

    rows: Annotated[str, Field(description="which rows: those of a use, or of a source")]
    scored: Annotated[int, Field(description="rows that have a number of the model")]
    log_density: Annotated[float, Field(description="joint log predictive density, natural")]
    best: Annotated[float, Field(description="the same if the model gave every published number exactly")]

    @classmethod
    def of(cls, name: str, rows: Sequence[ScoredRow]) -> Iterator[JointScore]:
        """Yield the score of these rows, if any has a number."""
        chosen = [row for row in rows if row.log_density is not None]
        numbers = {row.stand_in: row.model for row in chosen if row.model is not None}
        density, best = (joint([row.row for row in chosen], numbers, exact=exact) for exact in (False, True))
        if chosen:
            yield cls(rows=name, scored=len(chosen), log_density=density, best=best)

    def cells(self) -> list[str]:
        """Return the texts of the score in a table."""
        numbers = f"{self.log_density:,.1f}", f"{self.best - self.log_density:,.1f}"
        return [fill(self.rows, 40), str(self.scored), *numbers]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Scoreboard(Report):
    """Published measurements with the numbers that stand in for them, and their scores."""

    scenario: Literal["calibration"] = "calibration"
    runs: int
    seed: int
    networks: bool
    nuisances: Annotated[dict[str, float], Field(description="values of the nuisance parameters")]
    scores: Annotated[list[ScoredRow], Field(alias="rows")]
    joint: Annotated[list[JointScore], Field(description="of all rows of a use, then of each source's for fitting")]
    request: Hidden[CalibrationRequest]

    def rows(self) -> list[ScoredRow]:
        """Return one row per published measurement."""
        return self.scores

    def blocks(self) -> Iterator[str | Table]:
        """Yield the rows by use, the joint scores, the networks' numbers, and the source of every row."""
        yield wrapped(
            f"Calibration: {self.runs:,} runs of each way of training at the default point, seed {self.seed}; 95 % "
            "intervals of the model, standard errors of what was published. log p is the log predictive density of the "
            "published number, lost is how much more it would be if the model gave that number exactly; · marks rows "
            "within two standard deviations."
        )
        for use, title in TITLES.items():
            if rows := [score.cells() for score in self.scores if score.use == use and score.stand_in != NONE]:
                yield Table.of_cells(("row", "published", "model", "log p", "lost"), rows, title=title)
        yield Table.of_cells(("together", "rows", "log p", "lost"), [score.cells() for score in self.joint])
        if self.networks:
            rows = [[*score.cells()[:2], f"{score.networks:,.4g}"] for score in self.scores if score.networks]
            yield Table.of_cells(("row", "published", "small networks"), rows)
        named = (f"{name} {value:.3g}" for name, value in self.nuisances.items())
        yield wrapped(f"Nuisance parameters, each the middle of its prior: {', '.join(named)}.")
        yield "\n".join(["What stands in, with its discrepancy:", *self.stand_ins()])
        yield "\n".join([SOURCES_FOLLOW, *self.sources()])

    def stand_ins(self) -> Iterator[str]:
        """Yield every stand-in in words, with its discrepancy."""
        for name in dict.fromkeys(score.stand_in for score in self.scores if score.stand_in != NONE):
            known = STAND_INS[name]
            yield wrapped(f"  {name} (±{known.discrepancy:g} {known.unit}): {known.words}; {known.reason}", "    ")

    def sources(self) -> Iterator[str]:
        """Yield the source, conditions and stand-in of every row."""
        for source, rows in by_source([score.row for score in self.scores]):
            yield wrapped(source_text(source))
            for row in rows:
                place = ", ".join(filter(None, [row.where, f"[{row.checked}]" if row.checked else ""]))
                here = f"; here: {row.stand_in}" if row.stand_in != NONE else ""
                note = f"; {row.note}" if row.note else ""
                yield wrapped(f"  {row.name} ({place}): {row.what}{here}{note}", "    ")

    def drawing(self) -> Figure:
        """Return a panel per kind of unit, and a line per row."""
        return drawn_board([score for score in self.scores if score.stand_in != NONE])


def source_text(source: str) -> str:
    """Return a source as a reader can find it: author, year, title and address of a key of the bibliography."""
    if source not in SOURCES:
        return source
    known = SOURCES[source]
    return f"{short(source)}, {known.title}, {known.where}"


def short(source: str) -> str:
    """Return author and year of a key of the bibliography, or the text as it is."""
    known = SOURCES.get(source)
    return f"{known.author.split(',')[0]} et al. ({known.year})" if known else source


@dataclass(frozen=True, kw_only=True)
class CalibrationRequest(Request):
    """Score published measurements at the default point and, if requested, show what small real networks give."""

    kind = "calibration"
    unit = ""

    measurements: Annotated[
        str, Option("CSV file of measurements, or `shipped` for the table that comes with Feint.", "FILE.csv")
    ] = SHIPPED
    networks: Annotated[bool, Option("Train small real networks too.")] = False
    runs: Runs = 1000
    seed: Seed = 0

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; one of version 1 also holds the default point."""
        return super().from_configuration({name: v for name, v in configuration.items() if name not in POINT})

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Scoreboard:
        """Compute the scoreboard; runs are those of the model."""
        rows = shipped_rows() if self.measurements == SHIPPED else read_rows(self.measurements)
        model = self._model(rows, threads, progress)
        networks = dict(network_numbers(self.seed, threads)) if self.networks else {}
        scores = [ScoredRow.of(row, model.get(row.stand_in), networks.get(row.stand_in)) for row in rows]
        return Scoreboard(
            runs=self.runs,
            seed=self.seed,
            networks=self.networks,
            nuisances=nuisance_values(),
            scores=scores,
            joint=list(_joint_scores(scores)),
            request=self,
        )

    def _model(
        self, rows: Sequence[MeasurementRow], threads: int | None, progress: Progress | None
    ) -> dict[str, Interval]:
        """Return the number of every stand-in of the rows: first those that share trainings, then laws."""
        names = [row.stand_in for row in rows if row.stand_in != NONE]
        numbers: dict[str, Interval] = {}
        for law in (False, True):
            chosen = [name for name in names if STAND_INS[name].law is law]
            numbers |= measured(chosen, Point(), runs=self.runs, seed=self.seed, threads=threads)
            if progress is not None:
                progress(0.5)
        return numbers


def _joint_scores(scores: Sequence[ScoredRow]) -> Iterator[JointScore]:
    for use in ("fit", "hold out"):
        yield from JointScore.of(TITLES[use].lower(), [score for score in scores if score.use == use])
    fitted = {score.name: score for score in scores if score.use == "fit"}
    for source, rows in by_source([score.row for score in fitted.values()]):
        yield from JointScore.of(short(source), [fitted[row.name] for row in rows])
