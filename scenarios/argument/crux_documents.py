"""The JSON documents of `feint crux` and `feint why`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from feint.scenarios.argument.graph import bare, meaning, standing, value_text
from feint.scenarios.argument.premises import Premise
from feint.sim.results.part import Part

if TYPE_CHECKING:
    from feint.scenarios.argument.graph import Chain, Resting
    from feint.scenarios.argument.mechanisms import Mechanism
    from feint.scenarios.argument.subset_lattice import Lattice
    from feint.sim.analysis import claims
    from feint.sim.statistics.intervals import Interval


class Told(Part):
    """A number with its interval."""

    estimate: float
    low: float
    high: float
    method: str


class ShareOf(Part):
    """What one part contributes."""

    part: str
    share: Told


class PairOf(Part):
    """By how much more two parts add together than apart."""

    parts: list[str]
    interaction: Told


class CornerOf(Part):
    """What was found with exactly these parts."""

    parts: list[str]
    value: Told


class CruxDocument(Part):
    """What `feint crux --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    of: Literal["carried", "premises"] = Field(description="groups carried over, or premises switched on")
    outcome: str
    runs: int
    seed: int
    confidence: float
    whole: Told = Field(description="all parts against none; the shares add up to its estimate")
    shares: list[ShareOf] = Field(description="Shapley values, from the largest down by absolute value")
    pairs: list[PairOf] = Field(description="Shapley interaction indices")
    corners: list[CornerOf]
    passport: dict[str, Any]


class SourceFacts(Part):
    """Where something comes from."""

    key: str
    author: str
    title: str
    year: int
    where: str
    bibtex: str


class PartFacts(Part):
    """One number that a claim is tried by."""

    name: str
    quantity: str
    holds: str
    tested: bool = Field(description="whether the verdict hangs on it")


class MechanismFacts(Part):
    """A step of the argument."""

    name: str
    words: str
    term: str
    premises: list[str]
    sources: list[str] = Field(description="keys")
    disputed_by: list[str] = Field(description="keys")


class ParameterFacts(Part):
    """What stands for a premise in the model."""

    name: str
    meaning: str
    default: str
    prior: str | None


class PremiseFacts(Part):
    """Something taken for granted."""

    name: str
    words: str
    switchable: bool
    parameters: list[ParameterFacts]


class WhyDocument(Part):
    """What `feint why --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    claim: str
    number: int
    title: str
    statement: str
    source: str = Field(description="key")
    section: str
    any_part: bool = Field(description="whether one part is enough")
    parts: list[PartFacts]
    mechanisms: list[MechanismFacts]
    premises: list[PremiseFacts]
    sources: list[SourceFacts]


def crux_document(lattice: Lattice) -> CruxDocument:
    """A lattice as its document."""
    found = lattice.attribution
    return CruxDocument(
        schema=1,
        of="carried" if lattice.of == "carried" else "premises",
        outcome=lattice.outcome,
        runs=lattice.game.runs,
        seed=lattice.seed,
        confidence=lattice.confidence,
        whole=_told(found.whole),
        shares=[ShareOf(part=part, share=_told(found.shares[part])) for part in found.order],
        pairs=[PairOf(parts=list(pair), interaction=_told(each)) for pair, each in found.pairs.items()],
        corners=[CornerOf(parts=list(parts), value=_told(lattice.corner(*parts))) for parts in lattice.game.corners()],
        passport=lattice.passport(),
    )


def _told(interval: Interval) -> Told:
    return Told(**{name: getattr(interval, name) for name in ("estimate", "low", "high", "method")})


def why_document(chain: Chain) -> WhyDocument:
    """A chain as its document."""
    claim = chain.claim
    return WhyDocument(
        schema=1,
        claim=claim.name,
        number=claim.number,
        title=claim.title,
        statement=claim.statement,
        source=claim.source.key,
        section=claim.section,
        any_part=claim.any_part,
        parts=[_part(part) for part in claim.parts],
        mechanisms=[_mechanism(step) for step in chain.mechanisms],
        premises=[_premise(premise) for premise in chain.premises],
        sources=[_source(source) for source in chain.sources],
    )


def _part(part: claims.Part) -> PartFacts:
    return PartFacts(name=part.name, quantity=part.estimand.words, holds=part.rule.words, tested=part.tested)


def _mechanism(step: Mechanism) -> MechanismFacts:
    return MechanismFacts(
        name=step.name,
        words=step.words,
        term=step.term,
        premises=list(step.premises),
        sources=[source.key for source in step.sources],
        disputed_by=[source.key for source in step.against],
    )


def _premise(premise: Resting) -> PremiseFacts:
    return PremiseFacts(
        name=premise.name,
        words=premise.words,
        switchable=isinstance(premise, Premise),
        parameters=[_parameter(name) for name in premise.parameters],
    )


def _parameter(name: str) -> ParameterFacts:
    prior = standing(bare(name)).get("prior", "–")
    told = None if prior == "–" else prior
    return ParameterFacts(name=name, meaning=meaning(bare(name)), default=value_text(name), prior=told)


def _source(source: claims.Source) -> SourceFacts:
    names = ("key", "author", "title", "year", "where")
    return SourceFacts(**{name: getattr(source, name) for name in names}, bibtex=source.bibtex())
