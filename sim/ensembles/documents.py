"""The JSON documents that the command line prints; `docs/schemas` holds their published schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt

from feint.agents.errors import unknown
from feint.agents.model import Model
from feint.agents.outcome import LABELS
from feint.agents.parameters import Declared
from feint.sim.analysis.analysis_documents import ANALYSES
from feint.sim.ensembles.comparison import Comparison
from feint.sim.ensembles.ensemble import Ensemble
from feint.sim.ensembles.runner import Timing
from feint.sim.ensembles.streaming_summary import MEASURED, Summary
from feint.sim.results.part import Part
from feint.sim.statistics.intervals import HALF_WIDTH
from feint.sim.training.replay import Trajectory
from feint.sim.training.stage import Stage

DIALECT = "https://json-schema.org/draft/2020-12/schema"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
AT_STOP = ("performance", "capability", "train_error")


class Counts(Part):
    """Runs by outcome; they add up to the runs."""

    unconverged: NonNegativeInt
    internal: NonNegativeInt
    corrigible: NonNegativeInt
    deceptive: NonNegativeInt
    proxy: NonNegativeInt


class Spread(Part):
    """Quantiles over the runs that are finite; null where none is."""

    q05: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    q95: float | None


class StageResult(Part):
    """How the runs ended one stage."""

    name: str
    counts: Counts
    missed_target: int = Field(description="runs that were never found at the target; they are counted above too")
    diverged: int = Field(description="runs whose state stopped being finite; they are counted as unconverged")
    median_steps: float
    at_stop: dict[str, Spread] = Field(description="performance, capability and error on the objective, at the stop")


class Arm(Part):
    """One way of training."""

    stages: list[StageResult]


class Difference(Part):
    """Frequency after pre-training + fine-tuning minus from scratch."""

    outcome: str
    estimate: float
    low: float
    high: float
    confidence: float
    method: str


class RunsNeeded(Part):
    """How many runs an arm give the difference an interval of this half-width, were frequencies to stay."""

    half_width: float
    runs: int


class Clock(Part):
    """Work done by the kernels."""

    run_steps: int = Field(description="SGD steps over all runs, stages and arms")
    seconds: float = Field(
        description="wall-clock time of draws, training and reading, once compiled, all threads together"
    )
    threads: int


class Arms(Part):
    """The two arms of a comparison."""

    from_scratch: Arm
    pretrain_finetune: Arm


class CompareDocument(Part):
    """What `feint compare --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    runs: int
    model: dict[str, Any]
    arms: Arms
    difference: Difference
    runs_needed: RunsNeeded
    transitions: dict[str, Counts] = Field(description="final outcomes by the outcome of the first stage")
    timing: Clock
    passport: dict[str, Any]


class SimulateDocument(Part):
    """What `feint simulate --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    runs: int
    model: dict[str, Any]
    stages: list[StageResult]
    timing: Clock
    passport: dict[str, Any]


class Measure(Part):
    """Over the runs in which it is finite; the deviation of fewer than two is null."""

    runs: NonNegativeInt
    mean: float | None
    deviation: float | None


class StageSummary(Part):
    """How the runs ended one stage, summed up."""

    name: str
    counts: Counts
    missed_target: NonNegativeInt
    diverged: NonNegativeInt
    measures: dict[str, Measure]


class SummaryDocument(Part):
    """What `feint simulate --summary --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    runs: int
    model: dict[str, Any]
    stages: list[StageSummary]
    timing: Clock
    passport: dict[str, Any]


class Share(Part):
    """A frequency, or a mean, with its interval."""

    estimate: float
    low: float
    high: float
    confidence: float
    method: str


class RareDocument(Part):
    """What `feint rare --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    runs: int
    model: dict[str, Any]
    outcome: str
    stage: str
    tilt: dict[str, float] = Field(description="standard deviations by which the start's draws were moved")
    frequency: Share = Field(description="of the outcome over untilted runs; where none was seen, high bounds it")
    seen: NonNegativeInt = Field(description="tilted runs with the outcome")
    effective: float = Field(description="effective size of weight × event")
    mean_weight: Share = Field(description="1 but for chance")
    centre: dict[str, float] = Field(description="mean of the start over runs with the outcome, in standard deviations")
    timing: Clock
    passport: dict[str, Any]


class StageTrajectory(Part):
    """One stage of a replayed run: a number a recorded step in every list."""

    name: str
    step: list[int]
    outcome: list[str]
    readings: dict[str, list[float | None]]


class ReplayDocument(Part):
    """What `feint replay --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    run: int
    model: dict[str, Any]
    stages: list[StageTrajectory]
    passport: dict[str, Any]


class ParameterFacts(Part):
    """One parameter's declaration."""

    of: Literal["model", "stage"]
    name: str
    default: int | float | str
    valid: tuple[int | float | None, int | float | None]
    choices: list[str]
    prior: tuple[float, float] | None
    log: bool
    off: float | None
    meaning: str
    unit: str
    argument: str
    source: str


class ParametersDocument(Part):
    """What `feint parameters --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    parameters: list[ParameterFacts]


DOCUMENTS: dict[str, type[Part]] = {
    "compare": CompareDocument,
    "simulate": SimulateDocument,
    "summary": SummaryDocument,
    "rare": RareDocument,
    "replay": ReplayDocument,
    "parameters": ParametersDocument,
    **ANALYSES,
}


def schema_text(name: str, known: Mapping[str, type[Part]] = DOCUMENTS) -> str:
    """The published JSON schema of a document."""
    if name not in known:
        raise unknown("document", name, known)
    return json.dumps({"$schema": DIALECT} | known[name].model_json_schema(by_alias=True), indent=2, ensure_ascii=False)


def compare_document(comparison: Comparison, half_width: float = HALF_WIDTH) -> CompareDocument:
    """A comparison as its document."""
    interval = comparison.difference()
    return CompareDocument(
        schema=1,
        seed=comparison.scratch.seed,
        runs=comparison.runs,
        model=comparison.scratch.model.model_dump(mode="json"),
        arms=Arms(**{name: Arm(stages=_stages(arm)) for name, arm in comparison.arms.items()}),
        difference=Difference(
            outcome="deceptive",
            estimate=interval.estimate,
            low=interval.low,
            high=interval.high,
            confidence=interval.confidence,
            method=interval.method,
        ),
        runs_needed=RunsNeeded(half_width=half_width, runs=comparison.runs_needed(half_width)),
        transitions={label: _counts(row) for label, row in zip(LABELS, comparison.flow().tolist(), strict=True)},
        timing=_clock(comparison.timing),
        passport=comparison.passport(),
    )


def simulate_document(ensemble: Ensemble) -> SimulateDocument:
    """An ensemble as its document."""
    return SimulateDocument(
        schema=1,
        seed=ensemble.seed,
        runs=ensemble.runs,
        model=ensemble.model.model_dump(mode="json"),
        stages=_stages(ensemble),
        timing=_clock(ensemble.timing),
        passport=ensemble.passport(),
    )


def summary_document(summary: Summary) -> SummaryDocument:
    """A summary as its document."""
    spec, tally = summary.spec, summary.tally
    return SummaryDocument(
        schema=1,
        seed=spec.seed,
        runs=summary.runs,
        model=spec.model.model_dump(mode="json"),
        stages=[
            StageSummary(
                name=name,
                counts=Counts(**summary.counts(i)),
                missed_target=int(tally.missed[i]),
                diverged=int(tally.diverged[i]),
                measures={measure: _measure(summary, measure, i) for measure in MEASURED},
            )
            for i, name in enumerate(spec.curriculum.names)
        ],
        timing=_clock(summary.timing),
        passport=summary.passport(),
    )


def _measure(summary: Summary, name: str, stage: int) -> Measure:
    runs = int(summary.moments.count[stage, MEASURED.index(name)])
    mean, deviation = (_finite(value) for value in (summary.mean(name, stage), summary.deviation(name, stage)))
    return Measure(runs=runs, mean=mean if runs else None, deviation=deviation)


def parameters_document() -> ParametersDocument:
    """Every declaration as a document."""
    kinds: tuple[tuple[Literal["model", "stage"], type[Declared]], ...] = (("model", Model), ("stage", Stage))
    rows = [ParameterFacts(of=kind, **asdict(p)) for kind, cls in kinds for p in cls.parameters().values()]
    return ParametersDocument(schema=1, parameters=rows)


def replay_document(trajectory: Trajectory) -> ReplayDocument:
    """A trajectory as its document."""
    spec = trajectory.spec
    return ReplayDocument(
        schema=1,
        seed=spec.seed,
        run=trajectory.run,
        model=spec.model.model_dump(mode="json"),
        stages=[_along(trajectory, i) for i in range(len(trajectory.curriculum))],
        passport=trajectory.passport(),
    )


def _along(trajectory: Trajectory, stage: int) -> StageTrajectory:
    readings = trajectory.readings(stage)._asdict()
    return StageTrajectory(
        name=trajectory.curriculum[stage].name,
        step=trajectory.states[stage].taken.tolist(),
        outcome=[LABELS[code] for code in readings.pop("outcome")],
        readings={name: [_finite(value) for value in values] for name, values in readings.items()},
    )


def _counts(row: list[int]) -> Counts:
    return Counts.model_validate(dict(zip(LABELS, row, strict=True)))


def _stages(ensemble: Ensemble) -> list[StageResult]:
    return [
        StageResult(
            name=name,
            counts=Counts(**ensemble.counts(i)),
            missed_target=int(ensemble["missed"][:, i].sum()),
            diverged=int(ensemble["diverged"][:, i].sum()),
            median_steps=float(np.median(ensemble.steps[:, i])),
            at_stop={quantity: spread(ensemble[quantity][:, i]) for quantity in AT_STOP},
        )
        for i, name in enumerate(ensemble.curriculum.names)
    ]


def spread(values: np.ndarray) -> Spread:
    """Quantiles over the finite values."""
    finite = values[np.isfinite(values)]
    found = np.quantile(finite, QUANTILES).tolist() if len(finite) else [None] * len(QUANTILES)
    return Spread(**{f"q{round(100 * q):02d}": value for q, value in zip(QUANTILES, found, strict=True)})


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _clock(timing: Timing) -> Clock:
    return Clock(run_steps=timing.run_steps, seconds=timing.seconds, threads=timing.threads)
