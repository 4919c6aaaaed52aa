"""The calibration scoreboard: published measurements, what the race gives, and what small real networks give.

The claim. None: a scoreboard reports how far a toy is from what was measured of real models. A poor fit stays in it.

The experiment. Rows are declared with their sources in `measurements.toml`; the race is run at its default point. One
number is fitted: how many of the published iterations one step stands for, so that learning from scratch takes as long.
In networks weak relevance is the least coverage of the capability in pre-training, and laws are fitted to errors, near
prompts for text and code, far ones for text.

What would count against reading anything into it. The stand-ins: a mode is no parameter, a step is no batch, and
performance on an objective is no harmful answer. Agreement is weak evidence, disagreement shows where the toy ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from feint.scenarios.bibliography import SOURCES
from feint.scenarios.finetuning.protocols import Y, finetuning, from_scratch, pretraining, retrained, retraining, staged
from feint.scenarios.networks.battery import SEEDS
from feint.scenarios.transfer.arms import measure
from feint.scenarios.transfer.laws import fit_arms, law_of
from feint.scenarios.transfer.transfer import FURTHER, NEARER
from feint.sim.analysis.claims import Source
from feint.sim.analysis.estimands import difference, frequency, middle, step_ratio
from feint.sim.ensembles.paired_runs import read_checkpoints, run_paired
from feint.sim.ensembles.protocols import pretrained, scratch
from feint.sim.networks.experiments import COVERAGES, GENTLE, battery
from feint.sim.networks.seed_models import REVERSE_RATE, Measurement
from feint.sim.networks.transfer import transfer
from feint.sim.results.figure_style import PAGE_WIDTH, canvas
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Report, Table, folded, from_attributes, wrapped
from feint.sim.results.request import POINT, Option, Progress, Request, Runs, Seed
from feint.sim.statistics.intervals import Interval, student
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST = 48_000  # steps of the transfer experiments
SIZES = (4, 8, 16, 32, 64)
RETRAINED = {
    "baseline": from_scratch(),
    "revival, strong relevance": retrained(similarity=0.9),
    "revival, weak relevance": retrained(similarity=0.1),
}
HARM_STEPS = (0, 2, 4, 6)
KEPT = {
    "kept through RL": scratch(start="deceptive", match="steps"),
    "kept through SFT": scratch(start="deceptive", match="steps"),
    "kept through red teaming": scratch(start="deceptive", match="steps", finetuning__honeypots=0.1),
}
SMALL, LARGE = (scratch(start="deceptive", match="steps", modes=modes) for modes in (4, 64))
NETWORKS_RETRAINED = {
    "baseline": Measurement("steps", "scratch", rate=REVERSE_RATE),
    "revival, strong relevance": Measurement("steps", "pre-trained", "refuse", GENTLE),
    "revival, weak relevance": Measurement("steps", "pre-trained", "refuse", GENTLE, coverage=min(COVERAGES)),
}
NETWORKS_ARMS = {"alpha, text": "far", "alpha, text and code": "near"}
Numbers = Iterator[tuple[str, Interval]]
NOT_ASKED, NONE = "not asked for: --networks trains them", "the small networks have no number for it"
PANELS = {  # title of a panel → its units
    "exponents": ("exponent",),
    "ratios, iterations, units (log scale)": ("ratio", "iterations", "steps", "neurons"),
    "per cent, and points of per cent": ("%", "points"),
}
MARKS: dict[str, dict[str, Any]] = {
    "published": {"color": "#000000", "marker": "D", "markersize": 4},  # colours of Okabe and Ito
    "race": {"color": "#d55e00", "marker": "o", "markersize": 4},
    "networks": {"color": "#0072b2", "marker": "s", "markersize": 4},
}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A number with its residual from the published one."""

    value: Interval
    residual: Annotated[float | None, Field(description="factor or difference; null if no number is published")]
    agrees: Annotated[bool | None, Field(description="whether it meets the published range; null if fitted")]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One published measurement, and what stands in for it in the race."""

    name: str
    what: str  #: in words
    published: float | None = None  #: None if only a direction is published
    stand_in: str  #: what is measured in the race instead
    unit: str
    source: Source
    provenance: str  #: [V] read in the source, [S] in a summary of it, [D] derived from such numbers
    conditions: str  #: of the measurement
    low: float | None = None  #: lower limit of a published range
    high: float | None = None
    direction: Literal[-1, 0, 1] = 0  #: the sign, if that is what is published
    fitted: str = ""  #: the free parameter that was fitted to this row; empty is a prediction
    without: str = ""  #: why the race has no number for it
    caveat: str = ""

    @property
    def residual_is(self) -> Literal["factor", "difference"]:
        """How a number is compared with the published one: of positive numbers the factor, else the difference."""
        return "factor" if self.unit in PANELS["ratios, iterations, units (log scale)"] else "difference"

    def compared(self, interval: Interval) -> Compared:
        """Return a number with its residual, and whether it agrees: for a direction, whether it lies on that side."""
        low, high = (self.published if end is None else end for end in (self.low, self.high))
        if self.published is None or low is None or high is None:
            residual, agrees = None, bool(self.direction * interval.low > 0 and self.direction * interval.high > 0)
        else:
            estimate = interval.estimate
            residual = estimate / self.published if self.residual_is == "factor" else estimate - self.published
            agrees = bool(interval.low <= high and interval.high >= low)
        return Compared(value=interval, residual=residual, agrees=None if self.fitted else agrees)


_TABLES = data_beside(__file__, "measurements.toml")["of"]
ROWS = [Row(**{**table, **row, "source": SOURCES[table["source"]]}) for table in _TABLES for row in table.pop("rows")]
BY_NAME: Mapping[str, Row] = {row.name: row for row in ROWS}
BASELINE = BY_NAME["baseline"].published or 1.0


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """Experiments of the race at the default point."""

    runs: int
    seed: int
    threads: int | None = None
    progress: Progress | None = None

    def numbers(self) -> dict[str, Interval]:
        """Return a number for each row that the race has one for, by the row's name."""
        parts = (self.transfer, self.revival, self.harm, self.kept, self.faking)
        numbers: dict[str, Interval] = {}
        for part in parts:
            numbers.update(part())
            if self.progress is not None:
                self.progress(1 / len(parts))
        return numbers

    def transfer(self) -> Numbers:
        """Yield the constants of the transfer law."""
        arms = partial(measure, Point(), longest=LONGEST, runs=self.runs, seed=self.seed, threads=self.threads)
        further, nearer = (law_of(arms(changes), self.seed).fit for changes in (FURTHER, NEARER))
        if further:
            yield "alpha, text", further.alpha
        if nearer:
            yield "alpha, text and code", nearer.alpha
        if beta := fit_arms([arms({"modes": modes}) for modes in SIZES], self.seed).beta:
            yield "beta", beta
        if further and nearer:
            above, below = nearer.k, further.k
            limits = {"low": above.low / below.high, "high": above.high / below.low}
            ratio = replace(above, estimate=above.estimate / below.estimate, **limits, method="by limits")
            yield "k, nearer over further", ratio

    def revival(self) -> Numbers:
        """Yield steps back to Y, in the published baseline's iterations: the one number that is fitted."""
        ended = run_paired(Point(), RETRAINED.values(), range(self.runs), seed=self.seed, threads=self.threads)
        for name, protocol in RETRAINED.items():
            log2_ratio = step_ratio(ended[protocol].steps, ended[RETRAINED["baseline"]].steps)
            yield name, log2_ratio.mapped(lambda end: BASELINE * 2.0**end)

    def harm(self) -> Numbers:
        """Yield performance on Y as it is trained again."""
        spec = staged(pretraining(), finetuning(), retraining(Y, brief=max(HARM_STEPS))).spec(Point(), seed=self.seed)
        readings = read_checkpoints(spec, range(self.runs), HARM_STEPS, threads=self.threads).readings
        for step, values in zip(HARM_STEPS, readings.performance, strict=True):
            yield f"harmful after {step} steps", student(100 * np.nan_to_num(values))

    def kept(self) -> Numbers:
        """Yield the percentage of the minds in which deception was put that are deceptive after training on X."""
        protocols = *KEPT.values(), SMALL, LARGE
        ended = run_paired(Point(), protocols, range(self.runs), seed=self.seed, threads=self.threads)
        shares = {name: frequency(name, protocol) for name, protocol in KEPT.items()}
        for name, estimand in {**shares, "kept, large less small": difference("", LARGE, SMALL)}.items():
            yield name, estimand.measured(ended).mapped(lambda share: 100 * share)

    def faking(self) -> Numbers:
        """Yield ψ before and after training on X."""
        spec = pretrained(match="steps").spec(Point(), seed=self.seed)
        ends = 0, spec.curriculum[-1].steps
        shares = read_checkpoints(spec, range(self.runs), ends, threads=self.threads).readings.instrumental
        for name, psi in zip(("faking before training", "faking after training"), shares, strict=True):
            yield name, student(100 * np.nan_to_num(psi))


def network_numbers(seed: int, threads: int | None = None) -> Numbers:
    """Yield the name of a row and its number; left out if not all seeds are finite, or if there is no law."""
    measured = battery(SEEDS, seed, (GENTLE,), parts=("revival",), threads=threads)
    for name, measurement in NETWORKS_RETRAINED.items():
        ratios = BASELINE * measured[measurement] / measured[NETWORKS_RETRAINED["baseline"]]
        if np.isfinite(ratios).all():
            yield name, middle(ratios, (float(ratios.min()), float(ratios.max())))
    curves = transfer(SEEDS, seed, threads=threads)
    for name, arm in NETWORKS_ARMS.items():
        if law := curves.law(arm, "error"):
            yield name, law.alpha
            if law.beta and arm == "far":
                yield "beta", law.beta


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

        panels = {title: [score for score in self.scores if score.unit in units] for title, units in PANELS.items()}
        panels = {title: scores for title, scores in panels.items() if scores}
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
class CalibrationRequest(Request):
    """Compare published measurements with the race at the default point and, if asked, with small real networks."""

    kind = "calibration"
    unit = ""

    networks: Annotated[bool, Option("Train small real networks too.")] = False
    runs: Runs = 1000
    seed: Seed = 0

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; one of version 1 also holds the default point."""
        return super().from_configuration({name: v for name, v in configuration.items() if name not in POINT})

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Scoreboard:
        """Compute the scoreboard; runs are those of the race."""
        toy = StandIns(runs=self.runs, seed=self.seed, threads=threads, progress=progress).numbers()
        networks, why = (dict(network_numbers(self.seed, threads)), NONE) if self.networks else ({}, NOT_ASKED)
        scores = [Score.of(row, toy.get(row.name), networks.get(row.name), why) for row in ROWS]
        return Scoreboard(runs=self.runs, seed=self.seed, networks=self.networks, scores=scores, request=self)
