"""The JSON document of `feint scenario calibration`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from feint.scenarios.argument.crux_documents import Told
from feint.sim.results.part import Part

if TYPE_CHECKING:
    from feint.scenarios.transfer.published_comparison import Score, Scoreboard
    from feint.sim.statistics.intervals import Interval


class PublishedNumber(Part):
    """What was measured, and where it stands."""

    value: float | None = Field(description="null where only a direction is published")
    low: float | None
    high: float | None
    direction: Literal[-1, 0, 1] = Field(description="the sign, where that is what is published; else 0")
    source: str = Field(description="key of the source")
    title: str
    year: int
    where: str
    provenance: str = Field(description="[V] read in the source, [S] in a summary of it, [D] derived from such numbers")
    conditions: str


class Compared(Part):
    """A number beside the published one."""

    value: Told
    residual: float | None = Field(description="a factor or a difference, by the row; null where none is published")
    agrees: bool | None = Field(description="whether the interval meets the published range; null of a fitted row")


class RowDocument(Part):
    """One row of the scoreboard."""

    name: str
    what: str
    unit: str
    residual_is: Literal["factor", "difference"]
    published: PublishedNumber
    stand_in: str = Field(description="what is measured in the race in its place")
    toy: Compared | None
    toy_missing: str = Field(description="why the race has no number; empty where it has one")
    networks: Compared | None
    networks_missing: str = Field(description="why there is no number of networks; empty where there is one")
    fitted: str = Field(description="the free parameter that was fitted to the row; empty is a prediction")
    caveat: str


class CalibrationDocument(Part):
    """What `feint scenario calibration --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    scenario: Literal["calibration"] = "calibration"
    runs: int
    seed: int
    networks: bool
    rows: list[RowDocument]
    passport: dict[str, Any]


def document(board: Scoreboard) -> CalibrationDocument:
    """The document of a scoreboard."""
    return CalibrationDocument(
        schema=1,
        runs=board.runs,
        seed=board.seed,
        networks=board.networks,
        rows=[_row(score) for score in board.scores],
        passport=board.passport(),
    )


def _row(score: Score) -> RowDocument:
    row = score.row
    missing = "" if score.toy else row.without or "too few runs to measure it"
    return RowDocument(
        **{name: getattr(row, name) for name in ("name", "what", "unit", "stand_in", "fitted", "caveat")},
        residual_is="factor" if row.by_factor else "difference",
        published=_published(score),
        toy=_compared(score, score.toy),
        toy_missing=missing,
        networks=_compared(score, score.networks),
        networks_missing=score.why,
    )


def _published(score: Score) -> PublishedNumber:
    row = score.row
    return PublishedNumber(
        value=row.published,
        low=row.low,
        high=row.high,
        direction=1 if row.direction > 0 else -1 if row.direction < 0 else 0,
        source=row.source.key,
        title=row.source.title,
        year=row.source.year,
        where=row.source.where,
        provenance=row.provenance,
        conditions=row.conditions,
    )


def _compared(score: Score, found: Interval | None) -> Compared | None:
    if found is None:
        return None
    value = Told(estimate=found.estimate, low=found.low, high=found.high, method=found.method)
    return Compared(value=value, residual=score.residual(found), agrees=score.agrees(found))
