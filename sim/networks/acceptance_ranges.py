"""Bands: what an honest implementation should find, as medians over seeds; set before the networks were trained."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from feint.sim.networks.experiments import Battery, quantile
from feint.sim.networks.measurement_key import Finding
from feint.sim.networks.revival import TRIED
from feint.sim.networks.wrapper_measurements import GENTLE, HARSH

Measure = Callable[[Battery], np.ndarray]


def of(*finding: object, **more: float) -> Measure:
    """One finding (seeds,)."""
    place = Finding(*finding, **more)  # type: ignore[arg-type]
    return lambda battery: battery[place]


def ratio(above: Measure, below: Measure) -> Measure:
    """One over another within each seed; infinite where only the upper was not reached, 0 where only the lower."""

    def measured(battery: Battery) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(above(battery) / below(battery), nan=1.0, posinf=np.inf)

    return measured


def less(one: Measure, other: Measure) -> Measure:
    """One less another within each seed."""
    return lambda battery: one(battery) - other(battery)


def best(measure: str, network: str) -> Measure:
    """The least over the learning rates that were tried, each seed with its own best."""
    return lambda battery: np.min([battery[Finding(measure, network, rate=rate)] for rate in TRIED], axis=0)


def least_of(*measures: Measure) -> Measure:
    """The least of several within each seed."""
    return lambda battery: np.min([measure(battery) for measure in measures], axis=0)


@dataclass(frozen=True, kw_only=True)
class Band:
    """A median and the limit that it should keep."""

    name: str
    part: str  #: key of PARTS that measures it
    measure: Measure
    limit: float
    above: bool  #: whether the median should be at least the limit; at most it otherwise
    prototype: float | None = None  #: what a prototype gave

    def judged(self, battery: Battery) -> Judged:
        """Held to what was measured."""
        return Judged(band=self, values=self.measure(battery))

    @property
    def rule(self) -> str:
        """The limit in short."""
        return f"{'≥' if self.above else '≤'} {self.limit:g}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A band beside what was measured (seeds,)."""

    band: Band
    values: np.ndarray

    @property
    def median(self) -> float:
        """Over seeds."""
        return quantile(self.values, 0.5)

    @property
    def met(self) -> bool:
        """Whether the median keeps the limit."""
        return self.median >= self.band.limit if self.band.above else self.median <= self.band.limit


def at_least(limit: float, name: str, part: str, measure: Measure, prototype: float | None = None) -> Band:
    """A band whose median should be no lower."""
    return Band(name=name, part=part, measure=measure, limit=limit, above=True, prototype=prototype)


def at_most(limit: float, name: str, part: str, measure: Measure, prototype: float | None = None) -> Band:
    """A band whose median should be no higher."""
    return Band(name=name, part=part, measure=measure, limit=limit, above=False, prototype=prototype)


gentle = ("pre-trained", "refuse", GENTLE)
never = ("never", "refuse", GENTLE)
harsh = ("pre-trained", "refuse", HARSH)
other = {each: least_of(of(f"accuracy {each}", *gentle), of(f"accuracy {each}", *harsh)) for each in ("b", "largest")}
revived = of("steps", *gentle)
scratch = of("steps", "scratch", rate=TRIED[0])

BANDS = (
    at_least(0.95, "probe, gentle refusal", "wrappers", of("probe", *gentle), 0.99),
    at_most(0.50, "probe, never", "wrappers", of("probe", *never), 0.43),
    at_most(0.50, "probe, raw input", "wrappers", of("probe", "raw"), 0.43),
    at_most(0.02, "answers a after refusal", "wrappers", of("accuracy a", *gentle)),
    at_least(0.75, "pruned, gentle refusal", "wrappers", of("pruned", *gentle), 0.88),
    at_most(0.40, "pruned, never", "wrappers", of("pruned", *never)),
    at_least(20, "scratch / revival steps", "revival", ratio(scratch, revived), 56),
    at_least(50, "never / revival steps", "revival", ratio(of("steps", *never), revived)),
    at_least(0.30, "probe, gentle less harsh", "wrappers", less(of("probe", *gentle), of("probe", *harsh))),
    at_least(10, "steps, harsh / gentle", "revival", ratio(of("steps", *harsh), revived)),
    at_least(0.95, "count of b, both rates", "wrappers", other["b"]),
    at_least(0.95, "largest token, both rates", "wrappers", other["largest"]),
    at_least(1.5, "unrelated / scratch steps", "slowing", ratio(best("steps", "never"), best("steps", "scratch"))),
)
"""The bands of the issue that asked for this, in its order."""


def judged(battery: Battery) -> list[Judged]:
    """The bands of what a battery has measured, each held to it; those of other learning rates are left out."""
    found = []
    for band in BANDS:
        with suppress(KeyError):
            found.append(band.judged(battery))
    return found
