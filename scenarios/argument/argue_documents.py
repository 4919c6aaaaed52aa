"""The JSON document of `feint argue`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from feint.scenarios.argument.argue import Argument, Finding
from feint.scenarios.argument.argue_texts import variant_name, variants
from feint.scenarios.argument.crux import Crux
from feint.sim.analysis.claims import Claim
from feint.sim.analysis.nearest_flip import Flip
from feint.sim.analysis.prior_shares import Share
from feint.sim.results.part import Part
from feint.sim.statistics.intervals import Interval

Verdicts = Literal["supported", "contradicted", "neither", "mixed", "undecided"]
Kind = Literal["holds", "reversed", "neither"]


class Cited(Part):
    """Where a claim comes from."""

    author: str
    title: str
    year: int
    section: str
    where: str


class Effect(Part):
    """A number with its interval."""

    quantity: str
    estimate: float
    low: float
    high: float
    confidence: float
    method: str


class PriorShare(Part):
    """Over what share of the prior something is so; the interval reaches over draws that their runs leave open."""

    estimate: float
    low: float
    high: float
    certain: int = Field(description="draws at which it is so beyond the luck of their runs")
    possible: int = Field(description="draws at which it may be so")


class PriorShares(Part):
    """Over what shares of the prior a number is such that the claim holds, is reversed, or is neither."""

    holds: PriorShare
    reversed: PriorShare
    neither: PriorShare


class ClaimPart(Part):
    """One number that the claim stands or falls by, or that is shown beside it."""

    name: str
    rule: str = Field(description="where it must lie, declared before it was run")
    tested: bool = Field(description="whether the claim's verdict hangs on it")
    verdict: Verdicts
    effect: Effect
    prior: PriorShares


class Variant(Part):
    """The shares of the prior with a functional form swapped or a tolerance moved."""

    name: str
    prior: PriorShares


class CruxPart(Part):
    """The premise that the effect hangs on most at the point."""

    premise: str | None = Field(description="whose absence changes the effect most; null where none is seen to")
    ties: list[str] = Field(description="premises on which as much may hang, as far as these runs tell")
    without: dict[str, Effect] = Field(description="the effect with each premise off, the most important first")


class Change(Part):
    """A parameter at the point and at the flip."""

    name: str
    here: Any
    there: Any


class FlipPart(Part):
    """The nearest point found at which the claim is turned over."""

    kind: Literal["holds", "reversed"] = Field(description="what it is there")
    distance: float = Field(description="Euclidean, each parameter's prior of length 1")
    changes: list[Change]
    effects: dict[str, Effect] = Field(description="of each part there, on fresh runs; they hold for all looks")


class ClaimFound(Part):
    """What was found of one claim."""

    number: int
    name: str
    title: str
    source: Cited
    statement: str
    verdict: Verdicts
    effect: Effect = Field(description="at the point, of the first part; where one part is enough, of the largest")
    prior: PriorShares = Field(description="of the claim: of all its parts together, or of any where one is enough")
    baked_in: Kind | None = Field(description="the kind that it is of nearly everywhere, for sure; else null")
    crux: CruxPart
    nearest_flip: FlipPart | None = Field(description="null where none was found")
    parts: list[ClaimPart]
    variants: list[Variant]


class ArgueDocument(Part):
    """What `feint argue --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    claims: list[ClaimFound]
    passport: dict[str, Any]


def argue_document(argument: Argument) -> ArgueDocument:
    """An argument as its document."""
    found = [_found(finding) for finding in argument.findings.values()]
    return ArgueDocument(schema=1, claims=found, passport=argument.passport())


def _found(finding: Finding) -> ClaimFound:
    claim, spread = finding.claim, finding.robustness
    return ClaimFound(
        number=claim.number,
        name=claim.name,
        title=claim.title,
        source=Cited(
            author=claim.source.author,
            title=claim.source.title,
            year=claim.source.year,
            section=claim.section,
            where=claim.source.where,
        ),
        statement=claim.statement,
        verdict=finding.verdict.value,
        effect=_effect(finding.evaluation.headline_part.estimand.words, finding.evaluation.effect),
        prior=_shares(spread.shares(claim)),
        baked_in=spread.baked_in(claim),  # pyright: ignore[reportArgumentType] - one of the kinds
        crux=_crux(finding.crux),
        nearest_flip=_flip(finding.flip, claim),
        parts=[
            ClaimPart(
                name=part.name,
                rule=part.rule.words,
                tested=part.tested,
                verdict=finding.evaluation.verdicts[part.name].value,
                effect=_effect(part.estimand.words, finding.evaluation.intervals[part.name]),
                prior=_shares(spread.shares(claim, part.name)),
            )
            for part in claim.parts
        ],
        variants=[
            Variant(name=variant_name(*each), prior=_shares(spread.shares(claim, form=each[0], reading=each[1])))
            for each in variants(finding)
        ],
    )


def _effect(words: str, interval: Interval) -> Effect:
    return Effect(
        quantity=words,
        estimate=interval.estimate,
        low=interval.low,
        high=interval.high,
        confidence=interval.confidence,
        method=interval.method,
    )


def _shares(shares: dict[str, Share]) -> PriorShares:
    return PriorShares(
        **{
            kind: PriorShare(
                estimate=share.sampling.estimate,
                low=share.interval.low,
                high=share.interval.high,
                certain=share.certain,
                possible=share.possible,
            )
            for kind, share in shares.items()
        }
    )


def _crux(crux: Crux) -> CruxPart:
    without = {name: _effect(f"the effect without {name}", each) for name, each in crux.off.items()}
    return CruxPart(premise=crux.premise, ties=list(crux.ties), without=without)


def _flip(flip: Flip | None, claim: Claim) -> FlipPart | None:
    if flip is None:
        return None
    changes = [Change(name=name, here=here, there=there) for name, (here, there) in flip.changes.items()]
    effects = {part.name: _effect(part.estimand.words, flip.effects[part.name]) for part in claim.tested}
    return FlipPart(kind=flip.kind, distance=flip.distance, changes=changes, effects=effects)  # pyright: ignore[reportArgumentType] - one of the two
