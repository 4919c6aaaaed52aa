"""The JSON document of `feint worldviews`; `docs/schemas` holds its published schema."""

from __future__ import annotations

from math import isfinite
from typing import Any, Literal

from pydantic import Field, NonNegativeInt

from feint.scenarios.argument.evaluate_claim import Evaluation
from feint.scenarios.argument.worldview import WorldView
from feint.scenarios.argument.worldviews import LEVELS, Matrix
from feint.sim.analysis.claims import Claim
from feint.sim.results.part import Part
from feint.sim.statistics.intervals import Interval


class DepartureFacts(Part):
    """A parameter that a view has elsewhere than the default."""

    name: str
    value: Any
    default: Any
    because: str = Field(description="what it rests on in the source, with how that was read: [V], [S], [D] or [K]")


class ViewFacts(Part):
    """A world view: whose text, how it was read, and what departs."""

    name: str
    title: str
    author: str
    year: int | None
    sources: list[str] = Field(description="keys of the bibliography")
    reading: str
    departures: list[DepartureFacts]


class ClaimFacts(Part):
    """A claim that was tried."""

    number: NonNegativeInt
    name: str
    title: str
    statement: str


class Effect(Part):
    """A quantity with its interval; null where it is not finite."""

    quantity: str
    estimate: float | None
    low: float | None
    high: float | None


class PartFacts(Effect):
    """One number that a claim stands or falls by."""

    name: str
    rule: str
    verdict: str
    tested: bool = Field(description="whether the claim's verdict hangs on it")


class Cell(Part):
    """A claim at a view."""

    view: str
    claim: str
    verdict: str
    effect: Effect
    parts: list[PartFacts]


class Level(Effect):
    """How often a way of training ends in deception at a view."""

    view: str
    arm: str


class WorldviewsDocument(Part):
    """What `feint worldviews --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    seed: int
    runs: int
    confidence: float
    views: list[ViewFacts]
    claims: list[ClaimFacts]
    cells: list[Cell]
    levels: list[Level]
    passport: dict[str, Any]


def worldviews_document(matrix: Matrix) -> WorldviewsDocument:
    """A matrix as its document."""
    return WorldviewsDocument(
        schema=1,
        seed=matrix.seed,
        runs=matrix.runs,
        confidence=matrix.confidence,
        views=[_view(view) for view in matrix.views],
        claims=[_claim(claim) for claim in matrix.claims],
        cells=[_cell(view, found) for view, _, found in matrix.cells()],
        levels=[
            Level(view=view, arm=arm, **_numbers(LEVELS[arm].words, each))
            for (view, arm), each in matrix.levels.items()
        ],
        passport=matrix.passport(),
    )


def _view(view: WorldView) -> ViewFacts:
    return ViewFacts(
        name=view.name,
        title=view.title,
        author=view.author,
        year=view.year,
        sources=list(view.sources),
        reading=view.reading.strip(),
        departures=[
            DepartureFacts(name=each.name, value=each.value, default=each.default, because=each.because)
            for each in view.departures()
        ],
    )


def _claim(claim: Claim) -> ClaimFacts:
    return ClaimFacts(number=claim.number, name=claim.name, title=claim.title, statement=claim.statement)


def _cell(view: WorldView, found: Evaluation) -> Cell:
    part = found.claim.effect
    return Cell(
        view=view.name,
        claim=found.claim.name,
        verdict=found.verdict.value,
        effect=Effect(**_numbers(part.estimand.words, found.effect)),
        parts=_parts(found),
    )


def _parts(found: Evaluation) -> list[PartFacts]:
    verdicts = found.verdicts
    return [
        PartFacts(
            name=part.name,
            rule=part.rule.words,
            verdict=verdicts[part.name].value,
            tested=part.tested,
            **_numbers(part.estimand.words, found.intervals[part.name]),
        )
        for part in found.claim.parts
    ]


def _numbers(words: str, interval: Interval) -> dict[str, Any]:
    limits = {name: getattr(interval, name) for name in ("estimate", "low", "high")}
    return {"quantity": words, **{name: value if isfinite(value) else None for name, value in limits.items()}}
