"""Borders: where a frequency or the difference of the arms is at a level, over two premises, and their law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.agents.outcome import LABELS, Outcome
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.level_sets import FIRST, METHOD, SIDE, Axis, Law, columns, followed, interval_of, lattice
from feint.sim.analysis.prior_shares import in_units
from feint.sim.analysis.response_surface import DIFFERENCE, NOUNS
from feint.sim.ensembles.paired_runs import run_paired
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import in_order
from feint.sim.results.figure_style import COLUMN_WIDTH, legend_entries, plain_log_ticks
from feint.sim.results.report import Hidden, Number, Report, Table
from feint.sim.results.request import Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.sweeps.factors import Factor, factor_of, prior_factors
from feint.sim.training.configuration import ModelValues, Stages, point_of
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import Point
from feint.sim.training.train import PRECISION

LEVELS = {True: 0.1, False: 0.5}  # by whether it is a difference, which is often 0 over a whole region
POINTS, RUNS, MOST_POINTS = 256, 50, 2048
SHOWN = 9  # rows of the table in the text
LINEAR, LOG = "linear", "log"
LINE, BAND = "#d55e00", "#e69f00"


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Where the border crosses one line."""

    at: Annotated[float, Field(description="value of the premise `along`, which is fixed on the line")]
    branch: Annotated[int, Field(description="number of the crossing on its line, from 0")]
    border: Annotated[Interval, Field(description="value of the other premise at the crossing")]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Boundary(Report):
    """Results of `boundary`: `border` has a row for each crossing of the border and a line, `law` is the fitted law."""

    seed: int  #: of all random streams
    points: int  #: number of points that were trained
    runs: int  #: per arm at each point
    of: Annotated[str, Field(description="difference, or an outcome")]
    arm: Annotated[str | None, Field(description="arm whose frequency is followed; null for a difference")]
    level: float  #: value of the frequency or difference on the border
    x: Axis  #: premise on the horizontal axis
    y: Axis  #: premise on the vertical axis
    lowest: Annotated[float, Field(description="lowest value of the fitted surface")]
    highest: Annotated[float, Field(description="highest value of the fitted surface")]
    along: Annotated[str, Field(description="x or y: the premise that is fixed on each line")]
    border: list[Crossing]  #: where it crosses lines, by value of the premise `along`
    lines: Annotated[int, Field(description="number of lines over the range")]
    several: Annotated[int, Field(description="lines that the border crosses more than once")]
    law: Annotated[Law | None, Field(description="null if too few lines are crossed exactly once")]
    misfit: Annotated[Number, Field(description="error of points left out, in predicted deviations (RMS)")]
    surface: Hidden[np.ndarray]  #: fitted values (x, y)
    places: Hidden[np.ndarray]  #: points in units of the ranges (points, 2)
    request: Hidden[BoundaryRequest]  #: what was asked for

    size = (COLUMN_WIDTH, 2.9)

    @property
    def title(self) -> str:
        """What is followed, in words."""
        both = f"{ARM_NAMES[PRETRAIN_FINETUNE]} minus {ARM_NAMES[FROM_SCRATCH]}"
        return f"{NOUNS[DECEPTIVE]}, {both}" if self.arm is None else f"{NOUNS[self.of]}, {ARM_NAMES[self.arm]}"

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The premise that is fixed on each line, and the other."""
        return (self.x, self.y) if self.along == "x" else (self.y, self.x)

    def blocks(self) -> Iterator[str | Table]:
        """Yield what is followed, the border at some lines, how many lines it crosses, its law and the fit's check."""
        point, request = self.request.point, f"{self.points:,} points of {self.runs:,} runs, seed {self.seed}"
        yield f"{self.title}: where it is {self.level:g}. {request}, start {point.start}, matched by {point.match}."
        if not self.border:
            yield self._nothing()
            return
        along, across = self.axes
        shown = sorted({round(i) for i in np.linspace(0, len(self.border) - 1, min(SHOWN, len(self.border)))})
        level = 100 * self.request.confidence
        shows = {
            along.name: lambda row: f"{row.at:.4g}",
            f"{across.name} of the border": lambda row: f"{row.border:.4g}",
        }
        yield Table([self.border[i] for i in shown], shows, note=f"{level:g} % bands, from {METHOD}")
        yield " ".join([*self._lines(), *([self.law.sentence(along, across)] if self.law else [])])
        yield f"Points left out of the fit are {self.misfit:.2f} predicted deviations off (1 if the band is right)."

    def _nothing(self) -> str:
        reach = f"{self.lowest:.3f} and {self.highest:.3f}"
        if self.lowest < self.level < self.highest:
            return f"It crosses {self.level:g} (it is between {reach}), but no line tells where: train more points."
        return f"Nowhere does it cross {self.level:g}: it is between {reach}."

    def _lines(self) -> Iterator[str]:
        along, across = self.axes
        known = len({row.at for row in self.border})
        if known < self.lines:
            ends = f"{min(row.at for row in self.border):.3g} to {max(row.at for row in self.border):.3g}"
            yield f"It is known at {known} of {self.lines} values of {along.name}, from {ends}."
        if self.several:
            yield f"At {self.several} of them it has more than one {across.name}."
        if self.law is None:
            yield "Too few lines are crossed once for a law."

    def rows(self) -> list[Crossing]:
        """Return where the border crosses lines."""
        return self.border

    def draw(self, panels: Any) -> None:
        """Draw the fitted surface, the points, the border with its band, and its law."""
        (panel,) = panels[0]
        side = np.linspace(0, 1, SIDE)
        look = {"cmap": "Greys", "vmin": 0, "vmax": 1} if self.arm else {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
        look |= {"shading": "nearest", "rasterized": True, "alpha": 0.7}
        mesh = panel.pcolormesh(self.x.value(side), self.y.value(side), self.surface.T, **look)
        panel.plot(self.x.value(self.places[:, 0]), self.y.value(self.places[:, 1]), "k.", markersize=1.2, zorder=3)
        self._draw_border(panel)
        for axis, name, shown in ((self.x, "x", panel.xaxis), (self.y, "y", panel.yaxis)):
            panel.set(**{f"{name}scale": LOG if axis.log else LINEAR, f"{name}label": axis.name})
            panel.set(**{f"{name}lim": (axis.low, axis.high)})
            if axis.log:
                plain_log_ticks(shown, axis.low, axis.high)
        panel.figure.colorbar(mesh, ax=panel).ax.axhline(self.level, color=LINE, linewidth=1.2)
        panel.set_title(self.title.replace(", ", ",\n"))

    def _draw_border(self, panel: Any) -> None:
        """Draw each branch of the border with its band, and the law."""
        fill, order = (panel.fill_between, 1) if self.along == "x" else (panel.fill_betweenx, -1)
        for branch in sorted({row.branch for row in self.border}):
            rows = [row for row in self.border if row.branch == branch]
            at, limits = [row.at for row in rows], [(row.border.low, row.border.high) for row in rows]
            fill(at, *np.transpose(limits), color=BAND, alpha=0.6)
            panel.plot(*(at, [row.border.estimate for row in rows])[::order], color=LINE, linewidth=1.2, label="border")
        if self.law:
            panel.plot(*self._law_line()[::order], "--", color="#009e73", linewidth=1, label=self.law.form)
        if self.border:
            panel.figure.legend(*legend_entries(panel), loc="outside lower center", ncols=2, frameon=False)

    def _law_line(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the law as a line over the values to which it is fitted."""
        assert self.law is not None
        along, across = self.axes
        at = (np.geomspace if along.log else np.linspace)(self.law.first, self.law.last, SIDE)
        constant, slope = self.law.constant.estimate, self.law.slope.estimate
        line = slope * (np.log(at) if along.log else at)
        return at, constant * np.exp(line) if across.log else constant + line


@dataclass(frozen=True, kw_only=True)
class BoundaryRequest(Request):
    """Follow the border at which an outcome reaches a level, over two premises, and fit a law to it."""

    kind = "boundary"
    unit = " runs"
    started = True

    x: Annotated[str, Option("Premise on the horizontal axis, such as pretraining.steps.", "NAME")]
    y: Annotated[str, Option("Premise on the vertical axis.", "NAME")]
    of: Annotated[str, Option("difference (of the arms, in deception), or an outcome, such as deceptive.", "WHAT")] = (
        DIFFERENCE
    )
    level: Annotated[
        float | None, Option("Level to follow; by default 0.1 for a difference and 0.5 for an outcome.", "X")
    ] = None
    arm: Annotated[str, Option("Arm whose outcome is followed: from_scratch or pretrain_finetune.")] = PRETRAIN_FINETUNE
    within: Annotated[
        Mapping[str, Any],
        Option("Range of a premise, as in modes=[4, 64]; its prior's by default.", "NAME=[LOW, HIGH]"),
    ] = field(default_factory=dict)
    scale: Annotated[
        Mapping[str, str], Option("Axis of a premise, log or linear; its prior's by default.", "NAME=SCALE")
    ] = field(default_factory=dict)
    points: Annotated[int, Option("Number of points to train.", "N", least=FIRST, most=MOST_POINTS)] = POINTS
    runs: Annotated[int, Option("Number of runs per arm at each point.", "N", least=1, most=10**6)] = RUNS
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_confidence(self.confidence)
        ranges = {name: tuple(ends) if isinstance(ends, list) else ends for name, ends in self.within.items()}
        object.__setattr__(self, "within", ranges)
        if self.of not in (DIFFERENCE, *LABELS):
            raise unknown("of", self.of, (DIFFERENCE, *LABELS))
        if self.arm not in ARM_NAMES:
            raise unknown("arm", self.arm, ARM_NAMES)
        least = -1 if self.of == DIFFERENCE else 0
        if isinstance(self.at_level, bool) or not least < self.at_level < 1:
            raise InputError(f"level = {self.level!r} is not valid for {self.of}: it must be between {least} and 1.")
        if self.x == self.y:
            raise InputError(f"y = {self.y!r} is the same premise as x: name another one.")
        for name in (*self.within, *self.scale):
            if name not in (self.x, self.y):
                raise unknown("premise of the axes", name, (self.x, self.y))
        for end in (0.0, 1.0):
            self.point.at({factor.name: factor.at(end) for factor in self.factors})

    @property
    def at_level(self) -> float:
        """The level that is followed."""
        return LEVELS[self.of == DIFFERENCE] if self.level is None else self.level

    @property
    def factors(self) -> tuple[Factor, Factor]:
        """The two premises over their ranges; raises `InputError` for a name, range or scale that is not valid."""
        return self._factor(self.x), self._factor(self.y)

    def _factor(self, name: str) -> Factor:
        model, curriculum = self.point.model, self.point.curriculum
        try:
            factor_of(name, [0], model, curriculum)
            known = {factor.name: factor for factor in prior_factors(model, curriculum)}
            if name not in self.within and name not in known:
                raise InputError(f"{name} has no prior: give its range, as in --within '{name}=[1, 10]'.")
            ends = self.within.get(name) or (known[name].low, known[name].high)
            if not isinstance(ends, (list, tuple)) or len(ends) != 2 or ends[0] == ends[1]:
                raise InputError(f"within: {name} = {ends!r} is not valid: it must be two numbers, [LOW, HIGH].")
            scale = self.scale.get(name)
            if scale not in (None, LINEAR, LOG):
                raise InputError(f"scale: {name} = {scale!r} is not valid: it must be {LOG} or {LINEAR}.")
            spec = {"low": ends[0], "high": ends[1]} | ({} if scale is None else {"log": scale == LOG})
            return factor_of(name, spec, model, curriculum)
        except InputError as error:
            raise InputError(str(error).replace("vary.", "")) from None

    def work(self) -> float:
        """Return the number of runs of each arm."""
        return self.points * self.runs

    @property
    def protocols(self) -> list[TrainingProtocol]:
        """Protocols that are trained; a difference is the first minus the second."""
        arms = (PRETRAIN_FINETUNE, FROM_SCRATCH) if self.of == DIFFERENCE else (self.arm,)
        return [TrainingProtocol(arm) for arm in arms]

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Boundary:
        """Train the points and return the border; raises `InputError`, also if a protocol cannot be carried out."""
        factors, first = self.factors, iter(range(0, self.points * self.runs, self.runs))
        for protocol in self.protocols:
            protocol.spec(self.point, seed=self.seed, precision=self.precision).warm_up()

        def counts(places: np.ndarray) -> np.ndarray:
            values = [tuple(factor.at(float(u)) for factor, u in zip(factors, place, strict=True)) for place in places]
            places[:] = [[in_units(*pair) for pair in zip(factors, here, strict=True)] for here in values]
            work, made = zip(values, first, strict=False), []
            for row in in_order(lambda item: self._trained(*item), [*work], threads=threads):
                made.append(row)
                if progress is not None:
                    progress(self.runs)
            return np.array(made, float)

        own: dict[str, Any] = {"points": self.points, "runs": self.runs, "seed": self.seed}
        paired = self.of == DIFFERENCE
        known = followed(counts, self.at_level, paired=paired, **own)
        every = lattice()
        margins = known.draws(every, self.seed).reshape(-1, SIDE, SIDE)
        surface = known.means(every).reshape(SIDE, SIDE)
        return Boundary(
            **own,
            **self._found(margins),
            of=self.of,
            arm=None if paired else self.arm,
            level=self.at_level,
            surface=surface,
            places=known.places,
            misfit=known.misfit(),
            lowest=float(surface.min()),
            highest=float(surface.max()),
            request=self,
        )

    def _trained(self, values: tuple[Any, Any], first: int) -> list[int]:
        """Return how many runs have the event in the first protocol alone and in the second alone, and the total."""
        here = self.point.at({self.x: values[0], self.y: values[1]})
        known: dict[str, Any] = {"seed": self.seed, "precision": self.precision, "threads": 1}
        ended = run_paired(here, self.protocols, range(first, first + self.runs), **known)
        event = Outcome.named(DECEPTIVE if self.of == DIFFERENCE else self.of)
        happened = [ended[protocol].outcome == event for protocol in self.protocols]
        one, other = happened[0], happened[1] if len(happened) > 1 else np.zeros(self.runs, bool)
        return [int((one & ~other).sum()), int((other & ~one).sum()), self.runs]

    def _found(self, margins: np.ndarray) -> dict[str, Any]:
        """Return the fields of the report that follow from draws of the margin (draws, x, y)."""
        x, y = (Axis(name=axis.name, low=axis.low, high=axis.high, log=axis.log) for axis in self.factors)
        ways = {"x": (x, y, columns(margins)), "y": (y, x, columns(margins.swapaxes(1, 2)))}
        sure = {
            way: [line for line in lines if line.share >= self.confidence and line.crossings.shape[1]]
            for way, (_, _, lines) in ways.items()
        }
        along = max(ways, key=lambda way: sum(line.crossings.shape[1] == 1 for line in sure[way]))
        axis, across, lines = ways[along]
        once = [line for line in sure[along] if line.crossings.shape[1] == 1]
        border = [
            Crossing(at=float(axis.value(line.at)), branch=i, border=interval_of(across.value(places), self.confidence))
            for line in sure[along]
            for i, places in enumerate(line.crossings.T)
        ]
        known: dict[str, Any] = {"x": x, "y": y, "along": along, "border": border, "lines": len(lines)}
        return known | {"several": len(sure[along]) - len(once), "law": Law.of(once, axis, across, self.confidence)}


def boundary(
    x: str,
    y: str,
    curriculum: Stages | None = None,
    *,
    of: str = DIFFERENCE,
    level: float | None = None,
    arm: str = PRETRAIN_FINETUNE,
    within: Mapping[str, tuple[float, float]] | None = None,
    scale: Mapping[str, str] | None = None,
    points: int = POINTS,
    runs: int = RUNS,
    model: ModelValues | None = None,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    progress: Progress | None = None,
) -> Boundary:
    """Follow the border at which an outcome reaches a level over two premises, by adaptive sampling.

    Parameters
    ----------
    x, y
        Dotted names of the premises, such as "pretraining.steps" and "similarity".
    of
        "difference", that of the arms in deception, or an outcome.
    level
        Level to follow; if None, 0.1 for a difference and 0.5 for an outcome.
    arm
        Arm whose outcome is followed, "from_scratch" or "pretrain_finetune".
    within
        Low and high end of each premise's range by name; those of its prior by default.
    scale
        Axis of each premise by name, "log" or "linear"; that of its prior by default.
    points
        Number of points, from 32 to 2048.
    runs
        Number of runs per arm at each point; those of different points share no random numbers.
    curriculum, model, seed, start, match, threads, precision
        As for `compare`.
    confidence
        Confidence level of the band and of all intervals, between 0 and 1.
    progress
        Called with the number of runs per arm each time a point is finished.

    Returns
    -------
    Boundary
        The border with its band, and the law that is fitted to it.

    Raises
    ------
    InputError
        If an argument is not valid, or scikit-learn is not installed.

    Source
    ------
    Bryan et al., "Active learning for identifying function threshold boundaries" (2005).

    """
    point = point_of(curriculum, model, start, match)
    axes: dict[str, Any] = {"x": x, "y": y, "within": within or {}, "scale": scale or {}}
    own: dict[str, Any] = {"of": of, "level": level, "arm": arm, "points": points, "runs": runs, "seed": seed}
    request = BoundaryRequest(**axes, **own, point=point, precision=precision, confidence=confidence)
    return request.run(threads=threads, progress=progress)
