"""The JSON document of `feint scenario release`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from feint.scenarios.release.conditions import QUANTITIES
from feint.scenarios.release.contests import RUN
from feint.scenarios.release.training_protocols import USES
from feint.sim.markets.fine_tuning_uses import deceives
from feint.sim.results.part import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from feint.scenarios.release.conditions import Found
    from feint.scenarios.release.contests import Raced
    from feint.scenarios.release.lineage import Heir
    from feint.scenarios.release.release import Release
    from feint.sim.markets.fine_tuning_uses import Taken
    from feint.sim.markets.market_parameters import Assumed
    from feint.sim.statistics.intervals import Interval


class MeanFacts(Part):
    """A mean with its interval; a limit that so few markets do not have is null."""

    estimate: float
    low: float | None
    high: float | None


class TermFacts(Part):
    """Something that is taken for granted."""

    value: float | None = Field(description="null where it is without end")
    words: str
    span: str = Field(description="its range, as it is assumed")
    tag: str


class FactorFacts(Part):
    """One reason why the price falls."""

    halving: float = Field(description="years in which it halves the price")
    low: float
    high: float
    most: float | None = Field(description="by how much it lowers the price at most")
    tag: str
    source: str


class TakenFacts(Part):
    """What fine-tunes of a release for a use took."""

    release: str
    use: str
    steps: list[float | None] = Field(description="quartiles; null where the target was not reached")
    missed: float
    deceptive: float
    by_the_way: float = Field(description="share that shows the wrapped hazard, whatever it was fine-tuned for")


class CourseFacts(Part):
    """What came of a condition; all lists are by year."""

    name: str
    experiment: str
    release: str
    changes: dict[str, Any]
    step_price: float = Field(description="dollars at the release")
    quantities: dict[str, list[MeanFacts]]
    reach: dict[str, list[MeanFacts]] = Field(description="share of those who want a use who have it")
    money: dict[str, float] = Field(description="dollars over all years, the mean over markets")


class RaceFacts(Part):
    """What came of a competition among those who want no hazard; all lists are by year."""

    name: str
    changes: dict[str, Any]
    step_price: float = Field(description="dollars at the release")
    quantities: dict[str, list[MeanFacts]] = Field(
        description="without, owner, average: shares of actors; pays: share whom a system pays; better: budgets more"
    )


class HeirFacts(Part):
    """One model of the lineage."""

    name: str
    kind: str
    owner: str
    parents: list[str]
    dollars: float = Field(description="of it and all its ancestors, the median")
    shows: MeanFacts = Field(description="performance on Y")
    hides: MeanFacts = Field(description="how well Y can be read, r²")
    plays: MeanFacts = Field(description="share that is deceptive")
    general: MeanFacts = Field(description="mean performance on the harmless uses")


class KeptFacts(Part):
    """What the merged model has left of one parent."""

    parent: str
    goal: MeanFacts
    gate: MeanFacts


class ReleaseDocument(Part):
    """What `feint scenario release --json` prints."""

    schema_: int = Field(1, alias="schema")
    markets: int
    seed: int
    streams: int
    step_price: float
    terms: dict[str, TermFacts]
    stakes: dict[str, TermFacts]
    factors: dict[str, FactorFacts]
    taken: list[TakenFacts]
    found: list[CourseFacts]
    competition: list[RaceFacts]
    lineage: list[HeirFacts]
    kept: list[KeptFacts]
    passport: dict[str, Any]


def document(found: Release) -> ReleaseDocument:
    """The scenario as its document."""
    setting = found.setting
    return ReleaseDocument(
        schema=1,
        markets=setting.runs,
        seed=setting.seed,
        streams=setting.streams,
        step_price=setting.step_price,
        terms=_terms(setting.terms),
        stakes=_terms(setting.stakes),
        factors=_factors(found),
        taken=[
            _taken(release, use, each, setting.terms.spills_at)
            for release, uses in found.taken.items()
            for use, each in uses.items()
        ],
        found=[_course(each, setting.step_price) for each in found.found],
        competition=[_race(each, setting.step_price) for each in found.raced],
        lineage=[_heir(each) for each in found.heirs],
        kept=[KeptFacts(parent=each.parent, goal=_mean(each.goal), gate=_mean(each.gate)) for each in found.kept],
        passport=found.passport(),
    )


def _terms(terms: Assumed) -> dict[str, TermFacts]:
    return {
        each.name: TermFacts(
            value=_finite(getattr(terms, each.name)),
            words=each.metadata["words"],
            span=each.metadata["span"],
            tag=each.metadata["tag"],
        )
        for each in fields(terms)
    }


def _factors(found: Release) -> dict[str, FactorFacts]:
    return {
        each.name: FactorFacts(
            halving=each.halving,
            low=each.span[0],
            high=each.span[1],
            most=_finite(each.most),
            tag=each.tag,
            source=each.source,
        )
        for each in found.setting.price.factors
    }


def _taken(release: str, use: str, taken: Taken, spills_at: float) -> TakenFacts:
    quartiles = np.quantile(taken.steps, (0.25, 0.5, 0.75), method="nearest")
    return TakenFacts(
        release=release,
        use=use,
        steps=[_finite(float(each)) for each in quartiles],
        missed=float(np.isinf(taken.steps).mean()),
        deceptive=float(deceives(taken).mean()),
        by_the_way=float((taken.by_the_way >= spills_at).mean()),
    )


def _course(found: Found, step_price: float) -> CourseFacts:
    condition = found.condition
    return CourseFacts(
        name=condition.name,
        experiment=condition.experiment,
        release=condition.release,
        changes=dict(condition.changes),
        step_price=condition.dollars(step_price),
        quantities={
            name: _years(found, lambda _, year, of=of: found.mean(of, year)) for name, of in QUANTITIES.items()
        },
        reach={use.name: _years(found, found.reach, use.name) for use in USES},
        money=found.money,
    )


def _years(found: Found, at: Callable[[str, int], Interval], name: str = "") -> list[MeanFacts]:
    return [_mean(at(name, year)) for year in range(len(found.courses[0].hazard))]


def _race(each: Raced, step_price: float) -> RaceFacts:
    years = range(len(each.courses[0].better))
    return RaceFacts(
        name=each.contest.name,
        changes=dict(each.contest.changes),
        step_price=step_price * each.contest.dearer,
        quantities={name: [_mean(each.mean(of, year)) for year in years] for name, of in RUN.items()},
    )


def _heir(each: Heir) -> HeirFacts:
    told: Mapping[str, Any] = {name: getattr(each, name) for name in ("name", "kind", "owner", "dollars")}
    read = {name: _mean(getattr(each, name)) for name in ("shows", "hides", "plays", "general")}
    return HeirFacts.model_validate({"parents": list(each.parents), **told, **read})


def _mean(each: Interval) -> MeanFacts:
    return MeanFacts(estimate=each.estimate, low=_finite(each.low), high=_finite(each.high))


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
