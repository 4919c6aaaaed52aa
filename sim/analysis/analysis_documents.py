"""The JSON documents of what is made of a sweep: sensitivity, regions, shares of the prior, maps."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt

from feint.sim.results.part import Part
from feint.sim.results.provenance import passport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from feint.sim.analysis.grid_slices import Section
    from feint.sim.analysis.prior_shares import Shares
    from feint.sim.analysis.response_profiles import Profile
    from feint.sim.analysis.scenario_discovery import Regions
    from feint.sim.analysis.sensitivity import Sensitivity
    from feint.sim.analysis.trees import Condition
    from feint.sim.statistics.intervals import Interval
    from feint.sim.sweeps.sweep_results import Sweep

INTERVAL = ("estimate", "low", "high", "method")
LIBRARIES = {"sensitivity": ("SALib", "scipy"), "regions": ("scikit-learn", "scipy"), "share": ("scipy",), "map": ()}


class Estimate(Part):
    """A number with its interval; null where there is none."""

    estimate: float | None
    low: float | None
    high: float | None


class Index(Part):
    """What one parameter, or one argument's parameters together, do."""

    name: str
    argument: str
    first: Estimate | None = Field(description="share of the variance that it explains alone")
    total: Estimate | None = Field(description="share of the variance that is left if all else is known")
    effect: Estimate | None = Field(description="Morris: mean absolute change of the response over the whole range")
    mean_effect: float | None = Field(description="Morris, of a parameter: the mean change with its sign")
    spread: float | None = Field(description="Morris, of a parameter: standard deviation of the changes")


class ArgumentSum(Part):
    """First-order indices of an argument's parameters added up; what they do only together is not in it."""

    argument: str
    parameters: list[str]
    first_summed: Estimate


class SensitivityDocument(Part):
    """What `feint sensitivity --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    of: str
    outcome: str
    method: Literal["Sobol", "Morris"]
    by: Literal["parameter", "argument"]
    points: int
    streams: str
    variance: float = Field(description="of the response over points; Monte Carlo variance taken out where subtracted")
    monte_carlo_variance: float | None = Field(description="of a point, the mean over points; null of single runs")
    subtracted: bool
    confidence: float
    resamples: int
    indices: list[Index]
    arguments: list[ArgumentSum]
    passport: dict[str, Any]


class Asked(Part):
    """What a region asks of one parameter; null is no limit."""

    name: str
    above: float | None
    below: float | None
    among: list[str]


class RegionFacts(Part):
    """A region, by points that it was not found on."""

    where: str
    conditions: list[Asked]
    points: NonNegativeInt
    share: float
    mean: Estimate


class RegionsDocument(Part):
    """What `feint regions --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    of: str
    outcome: str
    found_on: int
    held_out: int
    explained: float | None = Field(description="share of the variance over held-out points; null where there is none")
    confidence: float
    regions: list[RegionFacts]
    passport: dict[str, Any]


class KindFacts(Part):
    """The points of one kind."""

    points: NonNegativeInt
    certain: NonNegativeInt = Field(description="points whose own interval lies within the kind")
    possible: NonNegativeInt = Field(description="points whose own interval reaches into the kind")
    share: Estimate = Field(description="from the lower limit of certain to the upper limit of possible")
    sampling: Estimate = Field(description="limits of points alone, which takes each for what its runs say")


class ShareDocument(Part):
    """What `feint share --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    of: str
    outcome: str
    of_what: str
    least: float
    points: int
    unresolved: NonNegativeInt
    confidence: float
    holds: KindFacts
    reversed: KindFacts
    neither: KindFacts
    passport: dict[str, Any]


class Cell(Part):
    """One point of a map or profile, in one layer."""

    layer: str
    at: dict[str, Any]
    outcome: str
    estimate: float
    low: float
    high: float
    method: str = Field(description="of the interval")


class MapDocument(Part):
    """What `feint map --json` prints."""

    schema_: Literal[1] = Field(1, alias="schema")
    axes: list[str]
    held: dict[str, Any]
    confidence: float
    cells: list[Cell]
    passport: dict[str, Any]


ANALYSES: dict[str, type[Part]] = {
    "sensitivity": SensitivityDocument,
    "regions": RegionsDocument,
    "share": ShareDocument,
    "map": MapDocument,
}


def analysis_passport(sweep: Sweep, kind: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The passport of what is made of a sweep: what was asked, and the sweep's own passport."""
    from importlib.metadata import version

    told = passport(kind, {"asked": dict(asked), "sweep": sweep.passport()})
    return {**told, "versions": told["versions"] | {name: version(name) for name in LIBRARIES[kind]}}


def sensitivity_document(found: Sensitivity, passport: dict[str, Any], confidence: float) -> SensitivityDocument:
    """Indices as their document, from the largest total index or effect to the smallest."""
    measures, groups = found.measures, found.groups

    def index(name: str) -> Index:
        first, total, effect = (_estimate(measures.get(each, {}).get(name)) for each in ("first", "total", "effect"))
        return Index(
            name=name,
            argument=groups[name],
            first=first,
            total=total,
            effect=effect,
            mean_effect=found.mean_effect.get(name),
            spread=found.spread.get(name),
        )

    sums = [
        ArgumentSum(
            argument=group,
            parameters=[name for name in groups if groups[name] == group],
            first_summed=_needed(interval),
        )
        for group, interval in measures.get("first_summed", {}).items()
    ]
    return SensitivityDocument(
        schema=1,
        of=found.response.of,
        outcome=found.response.outcome,
        method="Sobol" if found.method == "Sobol" else "Morris",
        by="argument" if found.response.study.by_group else "parameter",
        points=len(found.response.value),
        streams=found.response.study.streams,
        variance=found.variance,
        monte_carlo_variance=_finite(found.noise),
        subtracted=found.subtracted,
        confidence=confidence,
        resamples=found.resamples,
        indices=[index(name) for name in found.order],
        arguments=sums,
        passport=passport,
    )


def regions_document(found: Regions, passport: dict[str, Any], confidence: float) -> RegionsDocument:
    """Regions as their document."""
    return RegionsDocument(
        schema=1,
        of=found.response.of,
        outcome=found.response.outcome,
        found_on=found.found_on,
        held_out=found.held_out,
        explained=found.explained,
        confidence=confidence,
        regions=[
            RegionFacts(
                where=each.where,
                conditions=[_asked(condition) for condition in each.conditions],
                points=each.points,
                share=each.share,
                mean=_needed(each.mean),
            )
            for each in found.regions
        ],
        passport=passport,
    )


def share_document(found: Shares, passport: dict[str, Any], confidence: float) -> ShareDocument:
    """Shares as their document."""
    kinds = {
        name: KindFacts(
            points=kind.count,
            certain=kind.certain,
            possible=kind.possible,
            share=_needed(kind.interval),
            sampling=_needed(kind.sampling),
        )
        for name, kind in found.kinds.items()
    }
    return ShareDocument(
        schema=1,
        of=found.response.of,
        outcome=found.response.outcome,
        of_what=found.of_what,
        least=found.least,
        points=found.points,
        unresolved=found.unresolved,
        confidence=confidence,
        **kinds,
        passport=passport,
    )


def map_document(found: Section, passport: dict[str, Any], confidence: float) -> MapDocument:
    """A section as its document."""
    shown = [*found.axes, *([found.panels] if found.panels else [])]
    cells = [_cell(row, {axis.name: row[axis.name] for axis in shown}) for row in found.table.to_dict("records")]
    axes = [axis.name for axis in found.axes]
    return MapDocument(schema=1, axes=axes, held=found.at, confidence=confidence, cells=cells, passport=passport)


def profile_document(found: Profile, passport: dict[str, Any], confidence: float) -> MapDocument:
    """A profile as its document."""
    cells = []
    for row in found.table.to_dict("records"):
        line = {found.lines.name: row["line"]} if found.lines else {}
        cells.append(_cell(row, {row["parameter"]: row["value"], **line}))
    axes = [factor.name for factor in found.factors]
    return MapDocument(schema=1, axes=axes, held=found.at, confidence=confidence, cells=cells, passport=passport)


def _cell(row: dict[Any, Any], at: dict[str, Any]) -> Cell:
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in at.items()}
    return Cell(at=plain, **{name: row[name] for name in ("layer", "outcome", *INTERVAL)})


def _estimate(interval: Interval | None) -> Estimate | None:
    return None if interval is None else _needed(interval)


def _needed(interval: Interval) -> Estimate:
    return Estimate(**{name: _finite(getattr(interval, name)) for name in ("estimate", "low", "high")})


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _asked(condition: Condition) -> Asked:
    above, below = _finite(condition.above), _finite(condition.below)
    return Asked(name=condition.name, above=above, below=below, among=list(condition.among))
