"""Importance sampling: frequencies of outcomes that are too rare to count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite, sqrt
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, NonNegativeInt, computed_field

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.outcome import Outcome, is_converged
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import Sums, Timing, add_up
from feint.sim.ensembles.streaming_summary import MOST_SUMMED
from feint.sim.ensembles.tilt import Tilt
from feint.sim.results.figure_style import COLUMN_WIDTH
from feint.sim.results.report import KEPT, Hidden, Report, wrapped
from feint.sim.results.request import Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import (
    CONFIDENCE,
    Interval,
    check_confidence,
    fay_feuer,
    frequency_interval,
    look_confidence,
    share_of_selected,
)
from feint.sim.training.configuration import ModelValues, Stages, point_of
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import PlainModel, Point
from feint.sim.training.train import PRECISION, RunSpec

RUNS = 100_000
TILTS = (
    "Move the start's draw of a scalar by X standard deviations, such as capability=-1 with --outcome unconverged; "
    "repeatable."
)
LEAST = 50.0  # effective size below which tilted runs give no interval
SHOWN = 0.25  # standard deviations from the origin from which on a scalar's centre is shown


@dataclass(frozen=True, kw_only=True)
class Event:
    """Sums over tilted runs of weight w; e is 1 for a run with an event, else 0."""

    seen: int = 0  #: Σ e
    weight: float = 0.0  #: Σ w e
    squares: float = 0.0  #: Σ (w e)²
    largest: float = 0.0  #: max w e

    @classmethod
    def of(cls, weights: np.ndarray, events: np.ndarray) -> Self:
        """Return the sums of runs from their weights and whether each has the event (runs,)."""
        hit = weights[events]
        squares, largest = float((hit**2).sum()), float(hit.max(initial=0.0))
        return cls(seen=len(hit), weight=float(hit.sum()), squares=squares, largest=largest)

    def __add__(self, other: Event) -> Event:
        return Event(
            seen=self.seen + other.seen,
            weight=self.weight + other.weight,
            squares=self.squares + other.squares,
            largest=max(self.largest, other.largest),
        )

    def mean(self, runs: int, confidence: float) -> Interval:
        """Return the mean of w e over runs, with an interval of the normal distribution."""
        mean = self.weight / runs
        reach = NormalDist().inv_cdf(0.5 + confidence / 2) * sqrt(max(0.0, self.squares / runs - mean**2) / runs)
        return Interval(estimate=mean, low=mean - reach, high=mean + reach, confidence=confidence, method="normal")

    def share(self, every: Event, confidence: float) -> Interval:
        """Return the share p = Σ w e / Σ w of the weight, whose scatter is less than that of a mean if p is near 1.

        Its interval is that of the normal distribution, with the variance Σ w² (e - p)² / (Σ w)² (Owen, "Monte Carlo
        theory, methods and examples", 2013, section 9.2).
        """
        share = self.weight / every.weight
        error = sqrt((1 - share) ** 2 * self.squares + share**2 * (every.squares - self.squares)) / every.weight
        reach = NormalDist().inv_cdf(0.5 + confidence / 2) * error
        low, high = max(0.0, share - reach), min(1.0, share + reach)
        return Interval(estimate=share, low=low, high=high, confidence=confidence, method="normal, self-normalised")

    def frequency(self, runs: int, confidence: float) -> Interval:
        """Return the frequency of an event over untilted runs, by `fay_feuer`."""
        return fay_feuer(self.weight, self.squares, self.largest, runs, confidence)


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedSums(Sums):
    """Sums over tilted runs of weight w."""

    every: Event  #: of all runs
    event: Event  #: of those with the outcome
    converged: Event  #: of those that converged
    both: Event  #: of those that converged and have the outcome
    place: np.ndarray  #: Σ w e z (scalars,)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rare(Report):
    """Results of `rare`: `interval` is the frequency of the outcome, `centre` where its runs start, in deviations."""

    series: ClassVar = {"interval": "frequency in all runs", "among_converged": "in the converged runs"}
    size = (COLUMN_WIDTH, 1)

    seed: int  #: of all random streams
    runs: int  #: number of tilted runs
    model: PlainModel
    outcome: str  #: label of the type that was looked for
    stage: str  #: name of the stage at whose end it was counted
    tilt: Annotated[dict[str, float], Field(description="standard deviations by which the start's draws were moved")]
    timing: Timing
    spec: Hidden[RunSpec]  #: what was trained
    sums: Hidden[WeightedSums]  #: over the tilted runs
    scalars: Hidden[tuple[str, ...]]  #: those of `sums.place`
    request: Hidden[RareRequest]  #: what was asked for

    @computed_field(
        alias="frequency", description="of the outcome over untilted runs; where none was seen, high bounds it"
    )
    @property
    def interval(self) -> Interval:
        """Frequency of the outcome over untilted runs.

        Untilted, by `frequency_interval`: an upper bound if none was seen. Tilted, by `fay_feuer`, since intervals
        from the normal distribution, of the mean or of its logarithm, cover too seldom if weights differ.
        """
        if not self.tilt:
            return frequency_interval(self.seen, self.runs, self.request.confidence)
        return self.sums.event.frequency(self.runs, self.request.confidence)

    @computed_field(
        description="share of the untilted runs that converge: they do not miss a target or stay unconverged"
    )
    @property
    def converged(self) -> Interval:
        """Share of untilted runs that converge."""
        if not self.tilt:
            return frequency_interval(self.sums.converged.seen, self.runs, self.request.confidence)
        return self.sums.converged.share(self.sums.every, self.request.confidence)

    @computed_field(alias="frequency_converged", description="of the outcome among the converged runs")
    @property
    def among_converged(self) -> Interval:
        """Frequency of the outcome among the untilted runs that converge; NaN if that is not known.

        Untilted, by `frequency_interval`. Tilted, the ratio of the frequency of both to that of converging, from the
        limits of each at the level 1 - α/2, which hold at once (Bonferroni); not known if no tilted run has both.
        """
        sums, level = self.sums, self.request.confidence
        if not self.tilt:
            return share_of_selected(sums.both.seen, sums.converged.seen, level)
        if not sums.both.seen:
            return share_of_selected(0, 0, level)
        above = sums.both.frequency(self.runs, look_confidence(level, 2))
        below = sums.converged.share(sums.every, look_confidence(level, 2))
        low, high = above.low / below.high, min(1.0, above.high / below.low) if below.low > 0 else 1.0
        estimate, method = min(1.0, above.estimate / below.estimate), f"{above.method}, over a share"
        return Interval(estimate=estimate, low=low, high=high, confidence=level, method=method)

    @computed_field
    @property
    def seen(self) -> NonNegativeInt:
        """Number of tilted runs with the outcome."""
        return self.sums.event.seen

    @computed_field
    @property
    def effective(self) -> float:
        """Effective size of weight × event, (Σ w e)² / Σ (w e)²: as many runs with the event and equal weights."""
        event = self.sums.event
        return event.weight**2 / event.squares if event.squares > 0 else 0.0

    @computed_field
    @property
    def mean_weight(self) -> Interval:
        """Mean of the weights, which is 1 up to sampling error, with an interval of the normal distribution."""
        return self.sums.every.mean(self.runs, self.request.confidence)

    @computed_field(description="mean of the start over runs with the outcome, in standard deviations")
    @property
    def centre(self) -> dict[str, float]:
        """Mean z of each scalar over untilted runs with the event; empty if none was seen.

        Of all tilts the one by these numbers is the nearest to the starts of such runs, in relative entropy (Rubinstein
        and Kroese, "The Cross-Entropy Method", 2004, doi:10.1007/978-1-4757-4321-0).
        """
        if not self.sums.event.weight > 0:
            return {}
        return dict(zip(self.scalars, (self.sums.place / self.sums.event.weight).tolist(), strict=True))

    def blocks(self) -> list[str]:
        """Return the frequency with its interval, and how much the tilted runs contribute to it."""
        share, spec = self.interval, self.spec
        shifts = ", ".join(f"{name}{KEPT}{shift:+g}" for name, shift in self.tilt.items())
        often = f"{share:.3g}" if self.seen else f"≤ {share.high:.3g}"
        level = f"{100 * share.confidence:g} %"
        lines = [
            wrapped(f"{self.outcome} after {self.stage}: {often}, {level} interval ({share.method})"),
            f"seen in {self.seen:,} runs, effective size of weight × event {self.effective:,.1f}",
        ]
        if isfinite(self.among_converged.estimate) and self.sums.converged.seen < self.runs:
            share, among = self.converged.estimate, self.among_converged
            often = f"{among:.3g}" if self.sums.both.seen else f"≤ {among.high:.3g}"
            lines.append(wrapped(f"among the converged runs, {share:.3f} of all: {often} ({among.method})"))
        if shifts:
            lines.append(f"mean weight {self.mean_weight:.3f}, 1 up to sampling error")
        if self.centre:
            centre = self._places(KEPT + "{:+.1f}")
            lines.append(wrapped(f"where it lies, in standard deviations of the start: {centre}"))
        return [
            f"{self.runs:,} runs, seed {self.seed}, start {spec.start}, matched by {spec.match.value}\n"
            + (wrapped(f"tilted by {shifts} standard deviations of the start") if shifts else "not tilted"),
            "\n".join([*lines, str(self.timing)]),
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return one row with the outcome, the runs, and the frequency."""
        names = ("outcome", "stage", "runs", "seed", "interval", "among_converged", "effective", "mean_weight")
        return [{name: getattr(self, name) for name in names}]

    def _places(self, form: str) -> str:
        """Return the scalars whose centre is away from the origin, each with it."""
        away = {name: z for name, z in self.centre.items() if abs(z) >= SHOWN}
        return ", ".join(name + form.format(z) for name, z in away.items()) or "the centre of all starts"

    def check_size(self) -> Self:
        """Return the report; raises `InputError` if tilted runs have too small an effective size."""
        if not self.tilt or self.effective >= LEAST:
            return self
        if not self.sums.event.weight > 0:
            raise InputError(
                f"{self.outcome!r} was seen in none of {self.runs:,} tilted runs, which bounds nothing (effective size "
                f"0, at least {LEAST:g} is needed): tilt differently, or leave the tilt out for an upper bound."
            )
        needed = float(f"{self.runs * LEAST / self.effective * 1.05:.1e}")
        raise InputError(
            f"the effective size of weight × event is {self.effective:.1f} for {self.outcome!r}, and at least "
            f"{LEAST:g} is needed: train {needed:,.0f} runs or more, or tilt to where it was seen "
            f"({self._places('={:.1f}')})."
        )


@dataclass(frozen=True, kw_only=True)
class RareRequest(Request):
    """Estimate how often training ends in a rare outcome, from starts that are tilted towards it."""

    kind = "rare"
    unit = " runs"
    started = True

    outcome: Annotated[str, Option("Outcome to look for, for example deceptive.")] = Outcome.DECEPTIVE.label
    tilt: Annotated[Mapping[str, float], Option(TILTS, "NAME=X")] = field(default_factory=dict)
    arm: Annotated[str, Option("from_scratch or pretrain_finetune.")] = FROM_SCRATCH
    point: Point = field(default_factory=Point)
    runs: Annotated[int, Option("Number of runs.", "N", least=1, most=MOST_SUMMED)] = RUNS
    seed: Seed = 0
    precision: Precision = PRECISION
    confidence: Confidence = CONFIDENCE
    stage: int = -1  #: at whose end the outcome is counted
    objectives: int | None = None  #: number of base objectives, if more than the curriculum names

    def __post_init__(self) -> None:
        super().__post_init__()
        check_confidence(self.confidence)
        if self.arm not in ARM_NAMES:
            raise unknown("arm", self.arm, ARM_NAMES)

    def work(self) -> float:
        """Return the number of runs."""
        return self.runs

    def spec(self) -> RunSpec:
        """Return the specification of the runs; a curriculum of one stage is its own arm."""
        known: dict[str, Any] = {"seed": self.seed, "precision": self.precision}
        if self.arm == PRETRAIN_FINETUNE or len(self.point.curriculum) == 1:
            return self.point.spec(**known, objectives=self.objectives)
        return TrainingProtocol(self.arm).spec(self.point, **known)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Rare:
        """Train the runs; raises `InputError`, also if the effective size of tilted runs is below LEAST."""
        spec = self.spec()
        event, tilt, stages = Outcome.named(self.outcome), Tilt.of(self.tilt, spec), len(spec.curriculum)
        stage = check_whole("stage", self.stage, -stages, stages - 1) % stages
        spec.warm_up()

        def train(block: range) -> WeightedSums:
            starts = tilt.begin(spec, np.arange(block.start, block.stop))
            stops = list(islice(spec.train(starts.state), stage + 1))
            weights, outcomes = starts.weights, stops[-1].readings.outcome
            events, converged = outcomes == event, is_converged(outcomes, stops[-1].missed)
            return WeightedSums(
                runs=len(weights),
                run_steps=sum(int(stop.state.taken.sum()) for stop in stops),
                lane_steps=sum(stop.lane_steps for stop in stops),
                every=Event.of(weights, np.ones(len(weights), bool)),
                event=Event.of(weights, events),
                converged=Event.of(weights, converged),
                both=Event.of(weights, events & converged),
                place=(weights[events, None] * starts.deviations[events]).sum(axis=0),
            )

        sums, timing = add_up(train, self.runs, threads=threads, progress=progress)
        counted: dict[str, Any] = {"outcome": event.label, "stage": spec.curriculum.names[stage], "tilt": tilt.shifts}
        known: dict[str, Any] = {"seed": self.seed, "runs": self.runs, "model": spec.model, "spec": spec}
        return Rare(**known, **counted, timing=timing, sums=sums, scalars=tilt.known, request=self).check_size()


def rare(
    curriculum: Stages | None = None,
    outcome: Outcome | str = Outcome.DECEPTIVE,
    *,
    tilt: Mapping[str, float] | None = None,
    stage: int = -1,
    model: ModelValues | None = None,
    runs: int = RUNS,
    seed: int = 0,
    start: str = "fresh",
    match: str | Match = Match.TARGET,
    threads: int | None = None,
    objectives: int | None = None,
    precision: str = PRECISION,
    confidence: float = CONFIDENCE,
    progress: Progress | None = None,
) -> Rare:
    """Estimate how often runs end a stage as a type, from runs whose start is tilted towards it.

    Parameters
    ----------
    curriculum, model, seed, start, match, threads, objectives, precision, progress
        As for `summarize`.
    outcome
        Type to look for.
    stage
        Index of the stage at whose end it is counted.
    runs
        Number of runs, at most 10^12; 100,000 by default, as for the command.
    confidence
        Confidence level of all intervals, between 0 and 1.
    tilt
        Numbers of standard deviations by which the start's draws of scalars are moved, as in {"plasticity_goal": -2.0}:
        of representation, gate, capability, awareness and horizon, and of the inductive bias on a plasticity. Each run
        counts with its weight, see `Tilt`. Without a tilt, runs are counted.

    Returns
    -------
    Rare
        Frequency of the outcome over untilted runs, with its interval, and what it rests on.

    Raises
    ------
    InputError
        If an argument is not valid, or the effective size of tilted runs is below LEAST.

    Source
    ------
    Owen, "Monte Carlo theory, methods and examples" (2013), chapter 9.

    """
    point = point_of(curriculum, model, start, match)
    tilt, outcome = {} if tilt is None else tilt, Outcome.named(outcome).label
    known: dict[str, Any] = {"point": point, "objectives": objectives, "precision": precision, "confidence": confidence}
    sought: dict[str, Any] = {"arm": PRETRAIN_FINETUNE, "outcome": outcome, "stage": stage, "tilt": tilt}
    return RareRequest(runs=runs, seed=seed, **sought, **known).run(threads=threads, progress=progress)
