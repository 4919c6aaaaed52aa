"""Importance sampling: frequencies of outcomes that are too rare to count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from math import sqrt
from statistics import NormalDist
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from pydantic import Field, NonNegativeInt, computed_field

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.mind import PARTS
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.agents.state import State
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE, TrainingProtocol
from feint.sim.ensembles.runner import Sums, Timing, add_up
from feint.sim.ensembles.streaming_summary import MOST_SUMMED
from feint.sim.results.report import KEPT, Hidden, Report, wrapped
from feint.sim.results.request import Confidence, Option, Precision, Progress, Request, Seed
from feint.sim.statistics.intervals import CONFIDENCE, Interval, check_confidence, fay_feuer, frequency_interval
from feint.sim.training.curriculum import Curriculum, Match, pretrain_finetune
from feint.sim.training.parameter_point import PlainModel, Point
from feint.sim.training.train import PRECISION, RunSpec

RUNS = 100_000
TILTS = (
    "Move the start's draw of a scalar by X standard deviations, such as capability=-1 with --outcome unconverged; "
    "repeatable."
)
LEAST = 50.0  # effective size below which tilted runs give no interval
SHOWN = 0.25  # standard deviations from the origin from which on a scalar's centre is shown
LOGITS = ("representation", "gate", "capability", "awareness", "horizon")
BIASES = tuple(f"plasticity_{part}" for part in PARTS)
SPREAD_OF = dict.fromkeys(LOGITS, "init_spread") | dict.fromkeys(BIASES, "plasticity_spread")
SCALARS = tuple(SPREAD_OF)
"""Scalars that can be tilted: the logits of a start, and the inductive bias of a run on each plasticity."""
FURTHEST = 6.0  # standard deviations; no draw is further out than 6.7
SPREADS = (1e-6, 50.0)  # between these, a draw can be computed from a start, and a tilted draw is finite


class Starts(NamedTuple):
    """Tilted starts of some runs."""

    state: State
    deviations: np.ndarray  #: z, the tilted scalars in standard deviations of the untilted start (runs, scalars)
    weights: np.ndarray  #: w (runs,)


@dataclass(frozen=True, kw_only=True)
class Tilt:
    """Numbers δ of standard deviations by which the draws of scalars are moved, made with `Tilt.of`.

    A scalar whose standard normal number is moved has z ~ N(δ, 1) in place of N(0, 1), and the run has the weight

        w = Π exp(δ²/2 - δ z),

    the ratio of the two densities. So the mean of w over tilted runs is 1, and the mean of w · 1{event} the frequency
    of the event over untilted ones (Kahn and Marshall 1953, doi:10.1287/opre.1.5.263; Owen, "Monte Carlo theory,
    methods and examples", 2013, chapter 9).
    """

    shifts: dict[str, float]  #: δ of the scalars that are moved
    known: tuple[str, ...]  #: the scalars whose z can be computed

    @classmethod
    def of(cls, shifts: Mapping[str, float] | None, spec: RunSpec) -> Self:
        """Return a tilt of the starts of runs; raises `InputError` if one of its scalars is not drawn at random."""
        shifts = {} if shifts is None else shifts
        if not isinstance(shifts, Mapping):
            raise InputError(f"tilt = {shifts!r} is not valid: write {{'gate': 2.0}}, or leave it out.")
        for name, shift in shifts.items():
            if name not in SCALARS:
                raise unknown("scalar", name, SCALARS)
            number = isinstance(shift, (int, float, np.integer, np.floating)) and not isinstance(shift, bool)
            if not number or not abs(shift) <= FURTHEST:
                right = f"it must be from {-FURTHEST:g} to {FURTHEST:g}"
                raise InputError(f"tilt of {name} = {shift!r} is not valid: {right}.")
            if spec.start != "fresh":
                raise InputError(f"start = {spec.start!r} is prepared and not drawn: only a fresh start can be tilted.")
            if not _fits(spec, name):
                spread = SPREAD_OF[name]
                right = f"it must be from {SPREADS[0]:g} to {SPREADS[1]:g}"
                raise InputError(f"{spread} = {getattr(spec.model, spread)!r} does not let {name} be tilted: {right}.")
        known = tuple(name for name in SCALARS if spec.start == "fresh" and _fits(spec, name))
        return cls(shifts={name: float(shifts[name]) for name in SCALARS if shifts.get(name)}, known=known)

    def begin(self, spec: RunSpec, runs: np.ndarray) -> Starts:
        """Return the tilted starts of the runs with these numbers."""
        state = spec.begin(runs)
        shift = np.array([self.shifts.get(name, 0.0) for name in self.known])
        z = deviations(state, self.known) + shift
        weights = np.exp((shift**2 / 2 - shift * z).sum(axis=1))
        return Starts(moved(state, self.shifts), z, weights)


def deviations(state: State, names: Iterable[str]) -> np.ndarray:
    """Return (logit - init) / spread or ln R / spread of scalars of fresh starts (runs, scalars)."""
    model = state.model
    columns = [
        (getattr(state.initial, name) - getattr(model, f"{name}_init")) / model.init_spread
        if name in LOGITS
        else np.log(state.bias[:, BIASES.index(name)]) / model.plasticity_spread
        for name in names
    ]
    return np.column_stack(columns) if columns else np.empty((len(state), 0))


def moved(state: State, shifts: Mapping[str, float]) -> State:
    """Return the starts with scalars moved by numbers of standard deviations, also in their initial draw."""
    model, mind, bias = state.model, state.mind, state.bias.copy()
    for name, shift in shifts.items():
        if name in LOGITS:
            mind = mind._replace(**{name: getattr(mind, name) + model.init_spread * shift})
        else:
            bias[:, BIASES.index(name)] *= np.exp(model.plasticity_spread * shift)
    return replace(state.starting_from(mind), bias=bias) if shifts else state


def _fits(spec: RunSpec, name: str) -> bool:
    return SPREADS[0] <= getattr(spec.model, SPREAD_OF[name]) <= SPREADS[1]


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedSums(Sums):
    """Sums over tilted runs of weight w; e is 1 for a run with the event, else 0."""

    seen: int  #: Σ e
    weight: float  #: Σ w
    weight_squares: float  #: Σ w²
    event: float  #: Σ w e
    event_squares: float  #: Σ (w e)²
    largest: float  #: max w e
    place: np.ndarray  #: Σ w e z (scalars,)

    def __add__(self, other: Any) -> Self:
        return replace(super().__add__(other), largest=max(self.largest, other.largest))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Rare(Report):
    """Results of `rare`: `interval` is the frequency of the outcome, `centre` where its runs start, in deviations."""

    seed: int
    runs: int
    model: PlainModel
    outcome: str
    stage: str
    tilt: Annotated[dict[str, float], Field(description="standard deviations by which the start's draws were moved")]
    timing: Timing
    spec: Hidden[RunSpec]
    sums: Hidden[WeightedSums]
    scalars: Hidden[tuple[str, ...]]  #: those of `sums.place`
    request: Hidden[RareRequest]

    @computed_field(
        alias="frequency", description="of the outcome over untilted runs; where none was seen, high bounds it"
    )
    @property
    def interval(self) -> Interval:
        """Frequency of the outcome over untilted runs.

        Untilted, by `frequency_interval`: an upper bound if none was seen. Tilted, by `fay_feuer`, since intervals
        from the normal distribution, of the mean or of its logarithm, cover too seldom if weights differ.
        """
        sums = self.sums
        if not self.tilt:
            return frequency_interval(sums.seen, self.runs, self.request.confidence)
        return fay_feuer(sums.event, sums.event_squares, sums.largest, self.runs, self.request.confidence)

    @computed_field
    @property
    def seen(self) -> NonNegativeInt:
        """Number of tilted runs with the outcome."""
        return self.sums.seen

    @computed_field
    @property
    def effective(self) -> float:
        """Effective size of weight × event, (Σ w e)² / Σ (w e)²: as many runs with the event and equal weights."""
        return self.sums.event**2 / self.sums.event_squares if self.sums.event_squares > 0 else 0.0

    @computed_field
    @property
    def mean_weight(self) -> Interval:
        """Mean of the weights, which is 1 up to sampling error, with an interval of the normal distribution."""
        mean, level = self.sums.weight / self.runs, self.request.confidence
        error = sqrt(max(0.0, self.sums.weight_squares / self.runs - mean**2) / self.runs)
        reach = NormalDist().inv_cdf(0.5 + level / 2) * error
        return Interval(estimate=mean, low=mean - reach, high=mean + reach, confidence=level, method="normal")

    @computed_field(description="mean of the start over runs with the outcome, in standard deviations")
    @property
    def centre(self) -> dict[str, float]:
        """Mean z of each scalar over untilted runs with the event; empty if none was seen.

        Of all tilts the one by these numbers is the nearest to the starts of such runs, in relative entropy (Rubinstein
        and Kroese, "The Cross-Entropy Method", 2004, doi:10.1007/978-1-4757-4321-0).
        """
        if not self.sums.event > 0:
            return {}
        return dict(zip(self.scalars, (self.sums.place / self.sums.event).tolist(), strict=True))

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
        names = ("outcome", "stage", "runs", "seed", "interval", "effective", "mean_weight")
        return [{name: getattr(self, name) for name in names}]

    def _places(self, form: str) -> str:
        """Return the scalars whose centre is away from the origin, each with it."""
        away = {name: z for name, z in self.centre.items() if abs(z) >= SHOWN}
        return ", ".join(name + form.format(z) for name, z in away.items()) or "the centre of all starts"

    def check_size(self) -> Self:
        """Return the report; raises `InputError` if tilted runs have too small an effective size."""
        if not self.tilt or self.effective >= LEAST:
            return self
        if not self.sums.event > 0:
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
    drawn = False

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
            weights, events = starts.weights, stops[-1].readings.outcome == event
            hit = weights[events]
            return WeightedSums(
                runs=len(weights),
                run_steps=sum(int(stop.state.taken.sum()) for stop in stops),
                lane_steps=sum(stop.lane_steps for stop in stops),
                seen=len(hit),
                weight=float(weights.sum()),
                weight_squares=float((weights**2).sum()),
                event=float(hit.sum()),
                event_squares=float((hit**2).sum()),
                largest=float(hit.max(initial=0.0)),
                place=(hit[:, None] * starts.deviations[events]).sum(axis=0),
            )

        sums, timing = add_up(train, self.runs, threads=threads, progress=progress)
        counted: dict[str, Any] = {"outcome": event.label, "stage": spec.curriculum.names[stage], "tilt": tilt.shifts}
        known: dict[str, Any] = {"seed": self.seed, "runs": self.runs, "model": spec.model, "spec": spec}
        return Rare(**known, **counted, timing=timing, sums=sums, scalars=tilt.known, request=self).check_size()


def rare(
    curriculum: Curriculum | None = None,
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
    """Estimate how often runs end a stage as a type, from runs whose start is tilted towards it.

    Other parameters are those of `summarize`; 100,000 runs are the default, as for the command.

    Parameters
    ----------
    outcome, stage
        Type to look for, and the index of the stage at whose end it is counted.
    tilt
        Numbers of standard deviations by which the start's draws of scalars are moved, as in {"plasticity_goal": -2.0}:
        of representation, gate, capability, awareness and horizon, and of the inductive bias on a plasticity. Each run
        counts with its weight, see `Tilt`. Without a tilt, runs are counted.

    Raises
    ------
    InputError
        If an argument is not valid, or the effective size of tilted runs is below LEAST.

    """
    curriculum = pretrain_finetune() if curriculum is None else curriculum
    point = Point.of(curriculum, model=model, start=start, match=match)
    tilt, outcome = {} if tilt is None else tilt, Outcome.named(outcome).label
    known: dict[str, Any] = {"point": point, "objectives": objectives, "precision": precision, "confidence": confidence}
    sought: dict[str, Any] = {"arm": PRETRAIN_FINETUNE, "outcome": outcome, "stage": stage, "tilt": tilt}
    return RareRequest(runs=runs, seed=seed, **sought, **known).run(threads=threads, progress=progress)
