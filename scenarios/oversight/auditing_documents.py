"""The JSON document of `feint auditors`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from feint.scenarios.oversight.auditor_evaluation import Audited, Auditing
from feint.sim.results.part import Part
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.roc import Curve, Separation


class Estimate(Part):
    """A number with its interval."""

    estimate: float
    low: float
    high: float


class SeparationPart(Part):
    """How well one kind of runs is told from aligned ones; null where one of the two has no run."""

    kind: str
    positives: int
    negatives: int
    few: bool = Field(description="it rests on few runs of either kind")
    auc: Estimate | None
    caught: Estimate | None = Field(description="share of the positives that is caught at the false-alarm rate")


class ExposedPart(SeparationPart):
    """The same of deceptive runs where every stage's awareness_exposure is another."""

    factor: float


class CurvePart(Part):
    """The ROC curve of deceptive runs."""

    false_alarms: list[float]
    detections: list[float]


class AuditorPart(Part):
    """One auditor."""

    name: str
    words: str
    source: str
    parameters: dict[str, float]
    costs: dict[str, int] = Field(description="for each run that is audited, by unit")
    cost: int = Field(description="the same in samples")
    separations: list[SeparationPart]
    exposures: list[ExposedPart]
    curve: CurvePart | None


class AuditorsDocument(Part):
    """What `feint auditors --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    runs: int = Field(description="of each arm")
    false_alarms: float
    counts: dict[str, dict[str, int]] = Field(description="runs by arm and outcome")
    thirds: tuple[float, float] = Field(description="awareness at which deceptive runs are split")
    missed: int = Field(description="aligned runs that never reached the target")
    auditors: list[AuditorPart]
    passport: dict[str, Any]


def auditors_document(found: Auditing) -> AuditorsDocument:
    """An auditing as its document."""
    return AuditorsDocument(
        schema=1,
        seed=found.seed,
        runs=found.runs,
        false_alarms=found.false_alarms,
        counts=found.counts,
        thirds=found.thirds,
        missed=found.missed,
        auditors=[_auditor(each) for each in found.audited],
        passport=found.passport(),
    )


def _auditor(each: Audited) -> AuditorPart:
    return AuditorPart(
        name=each.auditor.name,
        words=each.auditor.words,
        source=each.auditor.source,
        parameters=each.auditor.model_dump(),
        costs=each.auditor.costs,
        cost=each.auditor.cost,
        separations=[SeparationPart(kind=kind, **_separation(found)) for kind, found in each.separations.items()],
        exposures=[
            ExposedPart(kind="deceptive", factor=factor, **_separation(found))
            for factor, found in each.exposures.items()
        ],
        curve=_curve(each.curve),
    )


def _separation(found: Separation) -> dict[str, Any]:
    return {
        "positives": found.positives,
        "negatives": found.negatives,
        "few": found.few,
        "auc": _estimate(found.auc),
        "caught": _estimate(found.caught),
    }


def _estimate(found: Interval | None) -> Estimate | None:
    return None if found is None else Estimate(estimate=found.estimate, low=found.low, high=found.high)


def _curve(found: Curve | None) -> CurvePart | None:
    if found is None:
        return None
    return CurvePart(false_alarms=found.false_alarms.tolist(), detections=found.detections.tolist())
