"""Declares what is assumed of a release and the conditions that are compared, and simulates their markets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isinf
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, TypeAdapter, computed_field

from feint.agents.parameters import plain
from feint.scenarios.release.affordability import PRICES
from feint.scenarios.release.training_protocols import NEW, PLACE, SIMILARITIES, SUPPRESSED, WRAPPED
from feint.sim.markets.competition import Competition, Stakes, systems_by_world
from feint.sim.markets.fine_tuning_uses import Catalogue, FineTuner
from feint.sim.markets.market import MONEY, Market
from feint.sim.markets.market_parameters import FACTORS, PUBLISHED, Assumptions, Price, Terms, draw_actors, world_seed
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Number
from feint.sim.statistics.intervals import Interval, student


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A number that is assumed."""

    value: Annotated[Number, Field(description="null if it is infinite")]
    words: str
    span: Annotated[str, Field(description="its range, as it is assumed")]
    tag: str

    @classmethod
    def all_of(cls, numbers: Assumptions) -> dict[str, Assumption]:
        """Return every number of a set, by name."""
        assumed = {}
        for name, declared in numbers.parameters().items():
            span = " to ".join(map(plain, declared.prior)) if declared.prior else "-"
            value = float(getattr(numbers, name))
            assumed[name] = cls(value=value, words=declared.meaning, span=span, tag=declared.source)
        return assumed


def assumed_lines(numbers: Mapping[str, Assumption]) -> Iterator[str]:
    """Yield every assumption with its range, tag and source."""
    for name, number in numbers.items():
        yield f"{name} = {number.value:g} ({number.span}): {number.words} [{number.tag}]"
    for name, point in PUBLISHED.items():
        low, high = point.span
        cost = f"${point.dollars:g} ({low:g} to {high:g})" if point.dollars else f"{low:,.0f} steps"
        yield f"{name}: {cost}, {point.year} [{point.tag}] {point.source}"
    for factor in FACTORS:
        most = "" if isinf(factor.most) else f", by {factor.most:g} at most"
        pace = f"{factor.halving:.2g} years ({factor.low:.2g} to {factor.high:.2g})"
        yield f"{factor.name}: halves the price in {pace}{most} [{factor.tag}] {factor.source}"
    similarities = ", ".join(f"{use} {similarity:g}" for use, similarity in SIMILARITIES.items())
    yield from (f"{assumed} [assumption]" for assumed in (f"similarity to Y: {similarities}", *_FILE["limits"]))


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Differences from the assumptions, and the model that is released."""

    name: str
    experiment: str = ""
    changes: dict[str, Any] = field(default_factory=dict)  #: to the assumptions
    release: str = SUPPRESSED
    dearer: float = 1.0  #: factor on the price of a step
    point: str | None = None  #: published cost on which the price of a step is based, wherever it is set elsewhere

    def price(self, step_price: float) -> float:
        """Return the dollars per step at the release under this condition, given those elsewhere."""
        return self.dearer * step_price if self.point is None else PRICES[self.point]


BASE, AS_ASSUMED = "open release", "as assumed"
FILTERED = "filtered"  # its pre-training data never contained the hazard: reaching it takes what a new hazard takes
RESISTANT = "filtered-6.9b"  # a filtered release that resists as many steps as were published
_FILE = data_beside(__file__, "conditions.toml")
CONDITIONS, CONTESTS = (TypeAdapter(tuple[Condition, ...]).validate_python(_FILE[key]) for key in ("market", "contest"))
"""Conditions of the market, and of the competition; what is not named is as in its terms or stakes."""
COMPETITION_YEARS = 11  # that are simulated, unless the market has fewer


def catalogues_of(tuners: Mapping[str, FineTuner]) -> dict[str, Catalogue]:
    """Return the catalogue of each release, including those whose pre-training data were filtered."""
    catalogues = {release: tuner.catalogue() for release, tuner in tuners.items()}
    filtered = catalogues[SUPPRESSED].filtered(PLACE[WRAPPED], PLACE[NEW])
    steps = filtered.steps.copy()
    steps[:, PLACE[WRAPPED]] = PUBLISHED[RESISTANT].span[0]
    return {**catalogues, FILTERED: filtered, RESISTANT: replace(filtered, steps=steps)}


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Steps that fine-tunes of a release for a use take, and the behaviour that results."""

    release: str
    use: str
    steps: Annotated[list[Number], Field(description="quartiles; null if the target was not reached")]
    missed: float
    deceptive: float
    by_the_way: Annotated[
        float, Field(description="share that shows the wrapped hazard in the use that it was tuned for")
    ]

    @classmethod
    def all_of(cls, catalogues: Mapping[str, Catalogue], spills_at: float) -> Iterator[Taken]:
        """Yield a summary per release and use; the wrapped hazard is shown from a performance of `spills_at` on."""
        for release, catalogue in catalogues.items():
            for use, place in PLACE.items():
                steps = catalogue.steps[:, place]
                yield cls(
                    release=release,
                    use=use,
                    steps=np.quantile(steps, (0.25, 0.5, 0.75), method="nearest").tolist(),
                    missed=float(np.isinf(steps).mean()),
                    deceptive=float(catalogue.deceptive[:, place, :, place].mean()),
                    by_the_way=float((catalogue.spillover[:, place, :, place] >= spills_at).mean()),
                )


@dataclass(frozen=True, kw_only=True)
class ConditionResult:
    """Result of one condition over all markets, or over their competitions."""

    shown: ClassVar[tuple[str, ...]]  #: quantities in the JSON document

    histories: Hidden[Sequence[Any]]
    name: str
    changes: dict[str, Any]
    step_price: Annotated[float, Field(description="dollars at the release")]

    def values(self, quantity: str) -> np.ndarray:
        """Return a quantity of each history year by year (markets, years)."""
        return np.array([getattr(history, quantity) for history in self.histories])

    def mean(self, quantity: str, year: int) -> Interval:
        """Return the mean of a quantity over markets in a year, or in the last one if there are fewer years."""
        values = self.values(quantity)
        return student(values[:, min(year, values.shape[1] - 1)])

    def yearly(self, quantity: str) -> list[Interval]:
        """Return the mean of a quantity over markets in every year."""
        return [student(values) for values in self.values(quantity).T]

    @computed_field(description="means over markets by year")
    @property
    def quantities(self) -> dict[str, list[Interval]]:
        """Means over markets by quantity and year."""
        return {name: self.yearly(name) for name in self.shown}


@dataclass(frozen=True, kw_only=True)
class CompetitionResult(ConditionResult):
    """Competition among the actors who want no hazard.

    Without, owner, average: shares of actors; pays: share whom a system pays; better: budgets more.
    """

    strategies: ClassVar[tuple[str, ...]] = ("without", "owner", "average")
    shown: ClassVar[tuple[str, ...]] = (*strategies, "pays", "better")

    @classmethod
    def of(
        cls, condition: Condition, stakes: Stakes, terms: Terms, tuner: FineTuner, step_price: float, seed: int
    ) -> CompetitionResult:
        """Simulate the competition in every world, among the actors of the market there."""
        stakes = stakes.replace(**condition.changes)
        terms = terms.replace(years=min(terms.years, COMPETITION_YEARS))
        price = Price(step_price=condition.price(step_price), fall=terms.fall)
        histories = []
        for world, systems in enumerate(systems_by_world(tuner, stakes)):
            key = world_seed(seed, world)
            actors, _ = draw_actors(terms, tuner.uses, len(systems.steps), key)
            histories.append(Competition(stakes, terms, actors, systems, price, key).run())
        own = {"name": condition.name, "changes": condition.changes, "step_price": price.step_price}
        return cls(histories=histories, **own)

    def values(self, quantity: str) -> np.ndarray:
        """Return a quantity, or the share of the actors with a strategy, year by year (markets, years)."""
        if quantity in self.strategies:
            return super().values("shares")[..., self.strategies.index(quantity)]
        return super().values(quantity)


@dataclass(frozen=True, kw_only=True)
class MarketResult(ConditionResult):
    """Markets under one condition."""

    shown: ClassVar[tuple[str, ...]] = (
        *("hazard", "exposure", "vulnerability", "risk", "caught"),
        *("inherited", "benefit", "breadth", "composite"),
    )

    experiment: str
    release: str

    @classmethod
    def of(cls, condition: Condition, terms: Terms, catalogue: Catalogue, step_price: float, seed: int) -> MarketResult:
        """Simulate one market per world."""
        terms = terms.replace(**condition.changes)
        price = Price(step_price=condition.price(step_price), fall=terms.fall)
        histories = [Market(terms, catalogue, price, seed, world).run() for world in range(len(catalogue))]
        own = {"name": condition.name, "changes": condition.changes, "step_price": price.step_price}
        return cls(histories=histories, experiment=condition.experiment, release=condition.release, **own)

    def values(self, quantity: str) -> np.ndarray:
        """Return a quantity, or the reach of a use, year by year (markets, years)."""
        if quantity in PLACE:
            return super().values("reach")[..., PLACE[quantity]]
        return super().values(quantity)

    @computed_field(description="share of those who want a use who have it, by year")
    @property
    def reach(self) -> dict[str, list[Interval]]:
        """Share of the actors wanting a use that have it, by use and year."""
        return {use: self.yearly(use) for use in PLACE}

    @computed_field(description="dollars over all years, the mean over markets; held at the end")
    @property
    def money(self) -> dict[str, float]:
        """Dollars over all years by kind, mean over markets; `held` at the end."""
        sums = {name: [history.money[name] for history in self.histories] for name in MONEY}
        return {
            name: float(np.mean([years[-1] if name == "held" else years.sum() for years in of_markets]))
            for name, of_markets in sums.items()
        }
