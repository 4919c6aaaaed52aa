"""Screening: how much each premise that has a prior changes an outcome, which of them matter, and what to run next."""

from __future__ import annotations

import json
import re
import shlex
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from math import pi, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_output
from feint.sim.analysis.among_converged import ALL as EVERY_RUN
from feint.sim.analysis.among_converged import Among
from feint.sim.analysis.designed_data import LEAST as FEWEST
from feint.sim.analysis.estimands import DECEPTIVE
from feint.sim.analysis.prior_shares import check_least
from feint.sim.analysis.response_surface import DIFFERENCE, Of, OutcomeName, Response, checked_quantity
from feint.sim.analysis.response_surface import response as read_response
from feint.sim.analysis.sensitivity import Sensitivity, sensitivity
from feint.sim.ensembles.protocols import ARM_NAMES, PRETRAIN_FINETUNE
from feint.sim.results.figure_style import draw_intervals
from feint.sim.results.files import write_whole
from feint.sim.results.report import KEPT, Hidden, Report, Table, line_width, wrapped
from feint.sim.results.request import Confidence, Option, Output, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence
from feint.sim.sweeps import experimental_designs as designs
from feint.sim.sweeps.study import ALL, Study
from feint.sim.sweeps.sweep import sweep
from feint.sim.training.configuration import ModelValues, Stages, point_of
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import Point, differing, options
from feint.sim.training.train import PRECISION

TRAJECTORIES, RUNS = 32, 100
LEAST = 0.05  # change over the whole of a prior that matters, by default
ENOUGH = 16  # trajectories without which nothing is said not to matter: few changes of 0 have an interval of no width
STEP = designs.MORRIS_LEVELS / (2 * (designs.MORRIS_LEVELS - 1))  # of a trajectory, in units of the prior
SAMPLES, SAMPLE_RUNS = 64, 200  # base points of the study that divides the variance, and runs of each
YES, NO, UNDECIDED = "yes", "no", "undecided"
Answer = Literal["yes", "no", "undecided"]


@dataclass(frozen=True, kw_only=True)
class ScreenedPremise:
    """How much one premise changes the response if it moves over its whole prior, at points of the whole prior."""

    name: str
    argument: Annotated[str, Field(description="argument that it belongs to")]
    effect: Annotated[Interval, Field(description="mean absolute change")]
    mean_effect: Annotated[Interval, Field(description="mean change, with its sign")]
    spread: Annotated[float, Field(description="standard deviation of the changes between points")]
    noise: Annotated[float, Field(description="what sampling error of the runs may add to it")]
    matters: Annotated[Answer, Field(description="yes, no or undecided, as the page says")]

    @property
    def direction(self) -> str:
        """Whether it raises or lowers the response, as far as its mean change says."""
        return "raises" if self.mean_effect.low > 0 else "lowers" if self.mean_effect.high < 0 else "either"


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """A question, and the command lines that answer it."""

    why: Annotated[str, Field(description="what they answer")]
    commands: list[str]

    @classmethod
    def of(cls, why: str, *commands: list[str]) -> NextStep:
        """Return the step of commands, each given by its words."""
        return cls(why=why, commands=[shlex.join(["feint", *words]) for words in commands])

    def __str__(self) -> str:
        kept = (re.sub(r"(--\S+) (?!-)", rf"\1{KEPT}", line) for line in self.commands)  # options with their values
        lines = (wrap(line, line_width() - 8, break_long_words=False, break_on_hyphens=False) for line in kept)
        text = "\n".join([f"{self.why}:", *("  " + " \\\n      ".join(parts) for parts in lines)])
        return text.replace(KEPT, " ")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Screen(Report):
    """Results of `screen`: a row for each premise, from the largest effect down, and what to run next."""

    seed: int  #: of all random streams
    of: Annotated[str, Field(description="arm, or difference")]
    outcome: str  #: outcome whose frequency is the response
    among: Annotated[str, Field(description="runs that are counted: all, or converged")]
    least: float  #: change over a whole prior that matters
    trajectories: int  #: number of trajectories through the prior
    left_out: Annotated[int, Field(description="points of trajectories where no run of an arm converged")]
    points: int  #: number of points that were trained
    runs: int  #: per arm at each point
    premises: list[ScreenedPremise]  #: from the largest mean absolute change down
    next: Annotated[list[NextStep], Field(description="commands to run next, with reasons")]
    analysis: Hidden[Sensitivity]  #: elementary effects of the sweep
    request: Hidden[ScreenRequest]  #: what was asked for

    size = (5.4, 1)
    series: ClassVar = {"effect": "mean absolute change", "mean_effect": "mean change"}

    def matter(self, answer: str = YES) -> list[ScreenedPremise]:
        """Return the premises that matter or, for another answer, those that do not, or of which it is undecided."""
        return [premise for premise in self.premises if premise.matters == answer]

    def blocks(self) -> Iterator[str | Table]:
        """Yield what was screened, the effects, which premises matter, and what to run next."""
        level = 100 * self.request.confidence
        size = f"{self.trajectories} trajectories, {self.points:,} points of {self.runs:,} runs per arm"
        about = f"{len(self.premises)} premises over their priors, {size}, seed {self.seed}; {level:g} % intervals"
        yield "\n".join([self.analysis.response.heading, wrapped(about)])
        columns: dict[str, Any] = {
            "premise": "name",
            "mean absolute\nchange": "effect",
            "mean\nchange": lambda row: f"{row.mean_effect.estimate:+.3f}",
            "spread": lambda row: f"{row.spread:.3f}",
            "matters": "matters",
        }
        yield Table(self.premises, columns)
        yield from self._sentences()
        if self.next:
            yield "\n".join(["What to run next", *map(str, self.next)])

    def _sentences(self) -> Iterator[str]:
        """Yield which premises matter, in which direction, and what sampling error can add."""
        counts = {answer: len(self.matter(answer)) for answer in (YES, NO, UNDECIDED)}
        noise = max(premise.noise for premise in self.premises)
        yield (
            f"{counts[YES]} of {len(self.premises)} premises matter: over its whole prior each changes the response by "
            f"{self.least:g} or more on average, also without what sampling error of the runs may add, at most "
            f"{noise:.3f}. {counts[NO]} change it by less; {counts[UNDECIDED]} are undecided."
        )
        words = {"raises": "Raise it: ", "lowers": "Lower it: ", "either": "Raise or lower it, depending on others: "}
        listed = {way: [each.name for each in self.matter() if each.direction == way] for way in words}
        if counts[YES]:
            yield " ".join(f"{words[way]}{', '.join(names)}." for way, names in listed.items() if names)

    def draw(self, panels: Any) -> None:
        """Draw the changes by those premises that matter or are undecided; `least` is shaded."""
        (axes,) = panels[0]
        shown = [premise for premise in self.premises if premise.matters != NO] or self.premises[:1]
        names = [premise.name + ("" if premise.matters == YES else " (undecided)") for premise in shown]
        of_each = {words: [getattr(premise, name) for premise in shown] for name, words in self.series.items()}
        limits = {words: [(at.estimate, at.low, at.high) for at in ends] for words, ends in of_each.items()}
        draw_intervals(axes, names, limits)
        axes.axvspan(-self.least, self.least, color="#dddddd", linewidth=0, zorder=-1)
        rest = len(self.premises) - len(shown)
        less = f"\n{rest} other premises change it by less than {self.least:g}" if rest else ""
        axes.set_title(f"{self.analysis.response.title}{less}".replace(", ", ",\n", 1), fontsize=8, loc="left")
        axes.set_xlabel("change over the whole of the prior")

    def write_study(self, path: Path) -> None:
        """Write a study that divides the variance among the premises that matter; else the undecided, or the first."""
        names = [premise.name for premise in self.matter() or self.matter(UNDECIDED) or self.premises[:1]]
        request = self.request
        own = {"design": "saltelli", "samples": SAMPLES, "runs": SAMPLE_RUNS, "seed": self.seed}
        own |= {"arms": list(request.study.arms), "start": request.point.start, "match": request.point.match}
        made = [f"{name} = {json.dumps(value)}" for name, value in own.items()]
        made += ["", "[vary]", *(f'"{name}" = "prior"' for name in names)]
        tables = [("[model]", request.point.configuration().get("model"))]
        tables += [("[[stage]]", stage) for stage in request.point.curriculum.configuration()]
        for heading, values in tables:
            lines = [f"{name} = {json.dumps(value)}" for name, value in (values or {}).items()]
            made += ["", heading, *lines] if lines else []
        write_whole("study", path, "\n".join([*made, ""]))


@dataclass(frozen=True, kw_only=True)
class ScreenRequest(Request):
    """Screen every premise that has a prior: which ones matter for an outcome, and what to run next."""

    kind = "screen"
    unit = " runs"
    started = True
    outputs = {
        "study": Output(
            "Write a study of the premises that matter, for feint sweep.",
            "FILE.toml",
            "write_study",
            partial(check_output, "study", endings=[".toml"]),
        )
    }

    of: Of = None
    outcome: OutcomeName = DECEPTIVE
    among: Among = EVERY_RUN
    least: Annotated[float, Option("A premise that changes the response by less does not matter.", "X")] = LEAST
    trajectories: Annotated[
        int, Option("Number of trajectories through the prior.", "N", least=FEWEST["morris"], most=10**4)
    ] = TRAJECTORIES
    runs: Annotated[int, Option("Number of runs per arm at each point.", "N", least=1, most=10**6)] = RUNS
    out: Annotated[
        Path | None, Option("Keep the sweep in this folder; it must not exist, unless you resume.", "DIR")
    ] = None
    resume: Annotated[bool, Option("Go on with the sweep in --out, also with more trajectories or runs.")] = False
    point: Point = field(default_factory=Point)
    seed: Seed = 0
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE

    def __post_init__(self) -> None:
        super().__post_init__()
        checked_quantity(tuple(ARM_NAMES), self.of, self.outcome, self.among)
        check_confidence(self.confidence)
        check_least(self.least)
        if self.resume and self.out is None:
            raise InputError("resume = True is not allowed without out: name the folder of the sweep.")
        self.work()

    @property
    def study(self) -> Study:
        """The study that is carried out."""
        known: dict[str, Any] = {"arms": (self.of,)} if self.of not in (None, DIFFERENCE) else {}
        known |= {"model": self.point.model, "curriculum": self.point.curriculum, "start": self.point.start}
        known |= {"match": self.point.match, "runs": self.runs, "seed": self.seed, "precision": self.precision}
        return Study(vary=ALL, design="morris", samples=self.trajectories, **known)

    def configuration(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, without where the sweep is kept."""
        return {name: value for name, value in super().configuration().items() if name not in ("out", "resume")}

    def work(self) -> float:
        """Return the number of runs of each arm."""
        return designs.count(self.study) * self.runs

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Screen:
        """Carry out the sweep and return what it says of each premise; raises `InputError`, also without SALib."""

        def advance(fresh: int, before: int, _: int) -> None:
            if progress is not None:
                progress(fresh or before)

        with TemporaryDirectory() as folder:
            out = Path(folder, "sweep") if self.out is None else self.out
            hooks: dict[str, Any] = {"progress": advance, "warn": partial(warnings.warn, stacklevel=2)}
            made = sweep(self.study, out, resume=self.resume, threads=threads, **hooks)
            found = read_response(made, self.of, self.outcome, self.among)
        analysis = sensitivity(found, confidence=self.confidence, seed=self.seed)
        premises = list(self._screened(analysis))
        return Screen(
            **{name: getattr(analysis, name) for name in ("of", "outcome", "among", "left_out")},
            **{name: getattr(self, name) for name in ("seed", "least", "trajectories", "runs")},
            points=len(made.points),
            premises=premises,
            next=list(self._next(premises)),
            analysis=analysis,
            request=self,
        )

    def _screened(self, analysis: Sensitivity) -> Iterator[ScreenedPremise]:
        """Yield what elementary effects say of each premise, from the largest down."""
        from scipy.stats import t

        noise = _noise(analysis.response)
        count = analysis.points // (len(analysis.indices) + 1)
        reach = float(t.ppf(0.5 + self.confidence / 2, count - 1)) / sqrt(count)
        for index in analysis.indices:
            assert index.effect is not None
            assert index.mean_effect is not None
            assert index.spread is not None
            middle, half, added = index.mean_effect, reach * index.spread, noise[index.name]
            ends: dict[str, Any] = {"low": middle - half, "high": middle + half, "confidence": self.confidence}
            sure = index.effect.low - added >= self.least
            yield ScreenedPremise(
                name=index.name,
                argument=index.argument,
                effect=index.effect,
                mean_effect=Interval(estimate=middle, **ends, method="Student, trajectories"),
                spread=index.spread,
                noise=added,
                matters=YES if sure else NO if index.effect.high < self.least and count >= ENOUGH else UNDECIDED,
            )

    def _next(self, premises: list[ScreenedPremise]) -> Iterator[NextStep]:
        """Yield commands to run next, for the same point and response."""
        names = {answer: [each.name for each in premises if each.matters == answer] for answer in (YES, UNDECIDED)}
        here, response = self._here(), self._given("of", "outcome", "among")
        if len(names[YES]) > 1:
            axes = ["--x", names[YES][0], "--y", names[YES][1], *self._followed()]
            yield NextStep.of("Where the border runs, over the two that matter most", ["boundary", *axes, *here])
            written = ["screen", *response, *self._size(1), *here, "--study", "next.toml"]
            read = ["sensitivity", "next", *response]
            why = f"How the variance divides among the {len(names[YES])} that matter"
            yield NextStep.of(why, written, ["sweep", "next.toml", "--out", "next"], read)
        if names[UNDECIDED]:
            why = f"Whether the {len(names[UNDECIDED])} undecided premises matter"
            yield NextStep.of(why, ["screen", *response, *self._size(2), *here])

    def _here(self) -> list[str]:
        """Return the options that give a command the same point and seed."""
        if self.point.curriculum.names != Point().curriculum.names:
            return ["--curriculum", "FILE.toml", *self._given("seed")]
        return [*options(differing(self.point, Point())), *self._given("seed")]

    def _given(self, *names: str) -> list[str]:
        """Return the options of those of these fields that depart from their defaults."""
        given = self.configuration()
        return [word for name in names if name in given for word in (f"--{name}", f"{given[name]}")]

    def _followed(self) -> list[str]:
        """Return the options that let `feint boundary` follow the same response, which may be no difference."""
        arm = PRETRAIN_FINETUNE if self.of in (None, DIFFERENCE) else str(self.of)
        if self.of in (None, DIFFERENCE) and self.outcome == DECEPTIVE:
            return []
        return ["--of", self.outcome, *(["--arm", arm] if arm != PRETRAIN_FINETUNE else [])]

    def _size(self, times: int) -> list[str]:
        """Return the options that give a screening this many times the runs, and its square times the trajectories."""
        size = ["--trajectories", str(times**2 * self.trajectories), "--runs", str(times * self.runs)]
        return [*size, *self._given("least"), *([] if self.out is None else ["--out", str(self.out), "--resume"])]


def _noise(response: Response) -> dict[str, float]:
    """Return what errors of the frequencies may add to each premise's mean absolute effect.

    Common streams do not correlate errors at both ends of a step negatively, so that a difference has at most the
    variance v + v'; a normal error of it has the mean size √(2/π (v + v')). No step gains more than the change seen.
    """
    names = list(response.study.groups)
    values = response.points[names].to_numpy(float).reshape(-1, len(names) + 1, len(names))
    moved = (np.diff(values, axis=1) != 0).argmax(axis=2)  # number of the premise that each step moves
    variance = np.nan_to_num(response.variance, nan=1.0).reshape(moved.shape[0], -1)
    seen = np.abs(np.diff(response.value.reshape(variance.shape), axis=1))
    added = np.minimum(seen, np.sqrt(2 / pi * (variance[:, 1:] + variance[:, :-1]))) / STEP
    return {name: float(added[moved == i].mean()) for i, name in enumerate(names)}


def screen(
    curriculum: Stages | None = None,
    *,
    of: str | None = None,
    outcome: str = DECEPTIVE,
    among: str = EVERY_RUN,
    least: float = LEAST,
    trajectories: int = TRAJECTORIES,
    runs: int = RUNS,
    out: str | Path | None = None,
    resume: bool = False,
    model: ModelValues | None = None,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    progress: Progress | None = None,
) -> Screen:
    """Screen every premise that has a prior, by Morris's elementary effects, and say what to run next.

    Parameters
    ----------
    of
        "difference", that of the arms, which is the default, or an arm: "from_scratch" or "pretrain_finetune".
    outcome, among
        Outcome whose frequency is the response, and the runs that are counted, "all" or "converged".
    least
        Smallest change over the whole of a prior that matters.
    trajectories, runs
        Number of trajectories through the prior, and of runs per arm at each of their points.
    out, resume
        Folder in which the sweep is kept, and whether to go on with the sweep that it holds.
    curriculum, model, seed, start, match, threads, precision
        As for `compare`.
    confidence
        Confidence level of all intervals, between 0 and 1.
    progress
        Called with the number of runs per arm each time a part of the sweep is finished.

    Returns
    -------
    Screen
        A row for each premise, and the commands to run next.

    Raises
    ------
    InputError
        If an argument is not valid, the folder cannot be used, or SALib is not installed.

    Source
    ------
    Morris, "Factorial sampling plans for preliminary computational experiments" (1991).

    """
    point = point_of(curriculum, model, start, match)
    own: dict[str, Any] = {"of": of, "outcome": outcome, "among": among, "least": least, "runs": runs}
    own |= {"trajectories": trajectories, "out": None if out is None else Path(out), "resume": resume, "seed": seed}
    request = ScreenRequest(**own, point=point, precision=precision, confidence=confidence)
    return request.run(threads=threads, progress=progress)
