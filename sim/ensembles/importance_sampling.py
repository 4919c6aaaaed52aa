"""Rare outcomes: how often a run ends in one that plain counting would hardly ever see."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any, Self

import numpy as np

from feint.agents.errors import InputError
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.sim.ensembles.runner import Timing, blocks, check_threads, in_order
from feint.sim.ensembles.streaming_summary import MOST_SUMMED
from feint.sim.ensembles.tilt import Tilt
from feint.sim.results.provenance import passport
from feint.sim.results.request import Progress
from feint.sim.results.text_tables import KEPT, wrapped
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, fay_feuer, frequency_interval
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.train import PRECISION

RUNS = 100_000
LEAST = 50.0  # effective size below which tilted runs give no interval
TOLD = 0.25  # standard deviations from where on a scalar's centre is worth telling


@dataclass(frozen=True, kw_only=True, eq=False)
class Sums:
    """Sums over tilted runs, w the weight of a run and e whether the event was seen in it; they can be added."""

    runs: int
    seen: int  #: Σ e
    weight: float  #: Σ w
    weight_squares: float  #: Σ w²
    event: float  #: Σ w e
    event_squares: float  #: Σ (w e)²
    largest: float  #: max w e
    place: np.ndarray  #: Σ w e z (scalars,)
    run_steps: int
    lane_steps: int

    @classmethod
    def of(cls, weights: np.ndarray, events: np.ndarray, z: np.ndarray, run_steps: int, lane_steps: int) -> Self:
        """The sums of some runs, from w (runs,), e (runs,) and z (runs, scalars)."""
        hit = weights[events]
        return cls(
            runs=len(weights),
            seen=len(hit),
            weight=float(weights.sum()),
            weight_squares=float((weights**2).sum()),
            event=float(hit.sum()),
            event_squares=float((hit**2).sum()),
            largest=float(hit.max(initial=0.0)),
            place=(hit[:, None] * z[events]).sum(axis=0),
            run_steps=run_steps,
            lane_steps=lane_steps,
        )

    def __add__(self, other: Sums) -> Sums:
        added: dict[str, Any] = {name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        added["largest"] = max(self.largest, other.largest)
        return Sums(**added)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rare:
    """Results of `rare`."""

    spec: RunSpec
    outcome: Outcome
    stage: int
    tilt: Tilt
    confidence: float
    sums: Sums
    timing: Timing

    @property
    def runs(self) -> int:
        """Runs trained."""
        return self.sums.runs

    @property
    def interval(self) -> Interval:
        """How often untilted runs end so.

        Of untilted runs `frequency_interval`: where none was seen, an upper bound. Of tilted ones `fay_feuer`, since
        intervals from the normal distribution, of the mean or of its logarithm, cover too seldom where weights differ.
        """
        if not self.tilt.shifts:
            return frequency_interval(self.sums.seen, self.runs, self.confidence)
        sums = self.sums
        return fay_feuer(sums.event, sums.event_squares, sums.largest, sums.runs, self.confidence)

    @property
    def effective(self) -> float:
        """Effective size of weight × event, (Σ w e)² / Σ (w e)²: so many runs with the event of equal weight."""
        return self.sums.event**2 / self.sums.event_squares if self.sums.event_squares > 0 else 0.0

    @property
    def mean_weight(self) -> Interval:
        """Mean of the weights, which is 1 but for chance, with an interval of the normal distribution."""
        sums = self.sums
        mean = sums.weight / sums.runs
        error = sqrt(max(0.0, sums.weight_squares / sums.runs - mean**2) / sums.runs)
        reach = NormalDist().inv_cdf(0.5 + self.confidence / 2) * error
        return Interval(estimate=mean, low=mean - reach, high=mean + reach, confidence=self.confidence, method="normal")

    @property
    def centre(self) -> dict[str, float]:
        """Where the event lies: mean z of each scalar over untilted runs with it; empty where none was seen.

        Of all tilts the one by these numbers is the nearest to the starts of such runs, in relative entropy (Rubinstein
        and Kroese, "The Cross-Entropy Method", 2004, doi:10.1007/978-1-4757-4321-0).
        """
        if not self.sums.event > 0:
            return {}
        return dict(zip(self.tilt.known, (self.sums.place / self.sums.event).tolist(), strict=True))

    def passport(self) -> dict[str, Any]:
        """What is needed to make this result again."""
        asked = {"outcome": self.outcome.label, "stage": self.spec.curriculum.names[self.stage]}
        asked |= {"tilt": self.tilt.shifts, "confidence": self.confidence}
        return passport("rare", self.spec.configuration({"runs": self.runs}) | asked)


def rare(
    curriculum: Curriculum,
    outcome: Outcome | str = Outcome.DECEPTIVE,
    *,
    tilt: Mapping[str, float] | None = None,
    stage: int = -1,
    model: Model | None = None,
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
    """How often runs end a stage as this type, from runs whose start is tilted towards it (importance sampling).

    `tilt` says by how many standard deviations the start's draw of a scalar is moved: of representation, gate,
    capability, awareness and horizon, and of the inductive bias on a plasticity, as in {"plasticity_goal": -2.0}. Each
    run counts with its weight, see `Tilt`; without a tilt this is plain counting. Other arguments as for `summarize`:
    memory does not grow with `runs`, and no number depends on threads.

    Raises `InputError`, also where the effective size of tilted runs is below LEAST.
    """
    if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or not 1 <= runs <= MOST_SUMMED:
        raise InputError(f"runs = {runs!r} is not valid: it must be a whole number from 1 to {MOST_SUMMED:,}.")
    spec = RunSpec.of(
        curriculum, model=model, seed=seed, start=start, match=match, objectives=objectives, precision=precision
    )
    event, place, tilted = Outcome.named(outcome), _stage(stage, spec), Tilt.of(tilt, spec)
    check_confidence(confidence)
    threads = check_threads(threads)
    spec.warm_up()
    begun, sums = time.perf_counter(), None
    work, cut = lambda block: _summed(spec, tilted, event, place, block), blocks(0, int(runs))
    for one in in_order(work, cut, threads=threads, ahead=2 * threads):
        sums = sums + one if sums else one
        if progress is not None:
            progress(one.runs)
    assert sums is not None
    seconds = time.perf_counter() - begun
    timing = Timing(run_steps=sums.run_steps, lane_steps=sums.lane_steps, seconds=seconds, threads=threads)
    found = Rare(spec=spec, outcome=event, stage=place, tilt=tilted, confidence=confidence, sums=sums, timing=timing)
    _check_size(found)
    return found


def _summed(spec: RunSpec, tilt: Tilt, event: Outcome, stage: int, block: range) -> Sums:
    """One block of runs, trained to the end of a stage."""
    starts = tilt.begin(spec, np.arange(block.start, block.stop))
    run_steps = lane_steps = 0
    for i, stop in enumerate(spec.train(starts.state)):
        run_steps += int(stop.state.taken.sum())
        lane_steps += stop.lane_steps
        if i == stage:
            return Sums.of(starts.weights, stop.readings.outcome == event, starts.deviations, run_steps, lane_steps)
    raise AssertionError(stage)


def _stage(stage: Any, spec: RunSpec) -> int:
    """The place of a stage, counted from the first."""
    stages = len(spec.curriculum)
    if isinstance(stage, bool) or not isinstance(stage, (int, np.integer)) or not -stages <= stage < stages:
        raise InputError(f"stage = {stage!r} is not one of the curriculum: it must be from {-stages} to {stages - 1}.")
    return int(stage) % stages


def _check_size(found: Rare) -> None:
    """Raise where tilted runs have too small an effective size."""
    if not found.tilt.shifts or found.effective >= LEAST:
        return
    name = f"{found.outcome.label!r}"
    if not found.sums.event > 0:
        raise InputError(
            f"{name} was seen in none of {found.runs:,} tilted runs, which bounds nothing (effective size 0, at least "
            f"{LEAST:g} is needed): tilt otherwise, or leave the tilt out for an upper bound."
        )
    needed = float(f"{found.runs * LEAST / found.effective * 1.05:.1e}")
    raise InputError(
        f"the effective size of weight × event is {found.effective:.1f} for {name}, and at least {LEAST:g} is needed: "
        f"train {needed:,.0f} runs or more, or tilt to where it was seen ({_places(found, '={:.1f}')})."
    )


def _places(found: Rare, form: str) -> str:
    """The scalars whose centre is worth telling, each with it."""
    told = {name: z for name, z in found.centre.items() if abs(z) >= TOLD}
    return ", ".join(name + form.format(z) for name, z in told.items()) or "the centre of all starts"


def document(found: Rare) -> dict[str, Any]:
    """A result as the content of its JSON document."""
    timing = asdict(found.timing)
    del timing["lane_steps"]
    return {
        "schema": 1,
        "seed": found.spec.seed,
        "runs": found.runs,
        "model": found.spec.model.model_dump(mode="json"),
        "outcome": found.outcome.label,
        "stage": found.spec.curriculum.names[found.stage],
        "tilt": found.tilt.shifts,
        "frequency": asdict(found.interval),
        "seen": found.sums.seen,
        "effective": found.effective,
        "mean_weight": asdict(found.mean_weight),
        "centre": found.centre,
        "timing": timing,
        "passport": found.passport(),
    }


def told(found: Rare) -> str:
    """A result in words, for a person to read."""
    spec, share, weight, level = found.spec, found.interval, found.mean_weight, f"{100 * found.confidence:g} %"
    stage = spec.curriculum.names[found.stage]
    moved = ", ".join(f"{name}{KEPT}{shift:+g}" for name, shift in found.tilt.shifts.items())
    often = f"{share.estimate:.3g} [{share.low:.3g}, {share.high:.3g}]" if found.sums.seen else f"≤ {share.high:.3g}"
    lines = [
        f"{found.runs:,} runs, seed {spec.seed}, start {spec.start}, matched by {spec.match.value}",
        wrapped(f"tilted by {moved} standard deviations of the start") if moved else "not tilted",
        "",
        wrapped(f"{found.outcome.label} after {stage}: {often}, {level} interval ({share.method})"),
        f"seen in {found.sums.seen:,} runs, effective size of weight × event {found.effective:,.1f}",
    ]
    if moved:
        lines.append(f"mean weight {weight.estimate:.3f} [{weight.low:.3f}, {weight.high:.3f}], 1 but for chance")
    if found.centre:
        lines.append(wrapped(f"where it lies, in standard deviations of the start: {_places(found, KEPT + '{:+.1f}')}"))
    timing = found.timing
    return "\n".join([*lines, f"{timing.run_steps:,} SGD steps in {timing.seconds:.2f} s on {timing.threads} threads"])
