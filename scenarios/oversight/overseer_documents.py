"""The JSON document of `feint scenario overseer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from feint.agents.outcome import LABELS, Outcome
from feint.sim.environments.task import ACTIONS
from feint.sim.results.part import Part

if TYPE_CHECKING:
    from feint.scenarios.oversight.overseer_baselines import Found, Row
    from feint.sim.statistics.intervals import Interval


class EstimateFacts(Part):
    """A mean or a share, with its interval."""

    estimate: float
    low: float
    high: float
    method: str


class OverseenFacts(Part):
    """What an overseer made of a population."""

    population: str
    overseer: str
    value: EstimateFacts = Field(description="return: performance less harm less cost, its mean over runs")
    deployed: EstimateFacts = Field(description="share of the runs that were deployed")
    outcomes: dict[str, EstimateFacts] = Field(description="share of the runs that were deployed as each type")
    performance: float = Field(description="mean over runs; 0 where nothing was deployed")
    harm: float
    cost: float
    slices: float
    orders: dict[str, dict[str, float]] = Field(description="share of the slices with each value of each choice")


class OverseerDocument(Part):
    """What `feint scenario overseer --json` prints."""

    schema_: int = Field(1, alias="schema")
    runs: int
    seed: int
    overseers: list[OverseenFacts]
    passport: dict[str, Any]


def document(found: Found) -> OverseerDocument:
    """The document of what was found."""
    facts: dict[str, Any] = {"schema": 1, "runs": found.runs, "seed": found.seed, "passport": found.passport()}
    return OverseerDocument(**facts, overseers=[_overseen(row) for row in found.rows])


def _overseen(row: Row) -> OverseenFacts:
    return OverseenFacts(
        population=row.population,
        overseer=row.overseer,
        value=_estimate(row.value),
        deployed=_estimate(row.deployed),
        outcomes={label: _estimate(row.share(Outcome.named(label))) for label in LABELS},
        performance=row.mean("performance"),
        harm=row.mean("harm"),
        cost=row.mean("cost"),
        slices=row.mean("slices"),
        orders={
            choice: {str(value): float(share) for value, share in zip(values, row.played.ordered(choice), strict=True)}
            for choice, values in ACTIONS.items()
            if choice != "decision"
        },
    )


def _estimate(interval: Interval) -> EstimateFacts:
    return EstimateFacts(estimate=interval.estimate, low=interval.low, high=interval.high, method=interval.method)
