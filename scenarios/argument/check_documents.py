"""The JSON documents of `feint counting` and `feint audit`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from feint.agents.outcome import Outcome
from feint.scenarios.argument.counting_argument import Counting
from feint.scenarios.argument.model_audit import Audit
from feint.sim.results.part import Part
from feint.sim.statistics.intervals import Interval


class TypeShare(Part):
    """A share of the draws that are of a type, with its interval."""

    estimate: float
    low: float
    high: float


class TypeCounted(Part):
    """How often minds of one type are met, counted in three ways."""

    outcome: str
    kept: int = Field(description="draws that do well in training and are of this type")
    volume: TypeShare = Field(description="their share of the draws that do well in training")
    functions: int = Field(description="distinct patterns of signs of their deployed objectives; those seen")
    rarefied: float = Field(description="of those, how many are to be expected among `alike` of the type's draws")
    trained: int = Field(description="of the draws that were trained, whether they did well or not, those that end so")
    after_sgd: TypeShare = Field(description="their share of the draws that were trained")


class CountingDocument(Part):
    """What `feint counting --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    draws: int
    trains: int
    width: float
    alike: int = Field(description="the fewest kept draws that a type has, of those that have any")
    types: list[TypeCounted]
    distance: float = Field(description="total variation of shares in the volume and after SGD, of what does well")
    passport: dict[str, Any]


class ReactionPart(Part):
    """How far claims' effects move when a parameter goes from one end of its prior to the other."""

    parameter: str
    claim: str = Field(description="the one whose effect moves most, for the declared minimum of its rule")
    change: float = Field(description="of that effect, from the low end to the high one")
    low: float
    high: float
    seen: bool = Field(description="some effect moves beyond the luck of the runs, over all claims and points")
    identical: bool = Field(description="not one run of any way of training ended otherwise")


class ReachedPart(Part):
    """How often an outcome is met over the prior."""

    outcome: str
    draws: int
    largest: float = Field(description="share of an arm's runs, the largest over draws and arms")


class AbsurdPart(Part):
    """An absurd input, and what came of it."""

    name: str
    changes: dict[str, Any]
    expected: str
    as_expected: bool
    moved: float = Field(description="share of the runs that end otherwise than at the point")


class AuditDocument(Part):
    """What `feint audit --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    reactions: list[ReactionPart]
    inert: list[str] = Field(description="parameters to which no claim is seen to react")
    reached: list[ReachedPart]
    unreachable: list[str]
    absurd: list[AbsurdPart]
    ignored: list[str] = Field(description="absurd inputs that hardly move the answer, or do not do what they must")
    passport: dict[str, Any]


def counting_document(found: Counting) -> CountingDocument:
    """A counting as its document."""
    types = [
        TypeCounted(
            outcome=outcome.label,
            kept=int(found.kept[outcome]),
            volume=_share(found.share(outcome, "kept")),
            functions=len(found.patterns[outcome]),
            rarefied=found.rarefied(outcome),
            trained=int(found.trained[outcome]),
            after_sgd=_share(found.share(outcome, "trained")),
        )
        for outcome in Outcome
    ]
    told = {"draws": found.draws, "trains": found.trains, "width": found.width}
    compared = {"alike": found.alike, "distance": found.distance}
    return CountingDocument(schema=1, types=types, passport=found.passport(), **told, **compared)


def audit_document(found: Audit) -> AuditDocument:
    """An audit as its document."""
    return AuditDocument(
        schema=1,
        reactions=[
            ReactionPart(
                parameter=each.parameter,
                claim=each.claim,
                change=each.change.estimate,
                low=each.change.low,
                high=each.change.high,
                seen=each.seen,
                identical=each.identical,
            )
            for each in found.reactions
        ],
        inert=[each.parameter for each in found.inert],
        reached=[ReachedPart(**vars(each)) for each in found.reached],
        unreachable=found.unreachable,
        absurd=[
            AbsurdPart(
                name=each.absurd.name,
                changes=dict(each.absurd.changes),
                expected=each.absurd.expected,
                as_expected=each.as_expected,
                moved=each.moved,
            )
            for each in found.tested
        ],
        ignored=[each.absurd.name for each in found.ignored],
        passport=found.passport(),
    )


def _share(interval: Interval) -> TypeShare:
    return TypeShare(estimate=interval.estimate, low=interval.low, high=interval.high)
