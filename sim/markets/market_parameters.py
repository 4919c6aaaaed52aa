"""Assumptions on a market of released models, with bounds, ranges and sources; actors, and the cost of fine-tuning.

    price(y) = price(0) / Π_i min(2^(fall · y / halving_i), most_i)

with y in years since the release. Each factor has its own limit: a factor with `most` is a saving that can be made
once, after which it lowers the price no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from feint.agents.errors import InputError
from feint.agents.parameters import Bounds, Declared, parameter
from feint.sim.markets.fine_tuning_uses import Use
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Number

SHARE = (0.0, 1.0)
BENIGN, NEGLIGENT, MALICIOUS = range(3)
AIMS = ("benign", "negligent", "malicious")
MOST_HALVINGS = 150.0  # of one factor: keeps prices above 0


def assumption(default: float, valid: Bounds, prior: tuple[float, float] | None, meaning: str, unit: str = "1") -> Any:
    """Declare a number for which there is no source, as `parameter` does."""
    more: dict[str, Any] = {"unit": unit, "argument": "release", "source": "assumption"}
    return parameter(default, valid=valid, prior=prior, meaning=meaning, **more)


class Assumptions(Declared):
    """Base of sets of assumptions, which may be infinite if they have no upper bound."""

    model_config = ConfigDict(allow_inf_nan=True)


class Terms(Assumptions):
    """Assumptions on a market; raises `InputError` for a number that is not valid."""

    name: ClassVar[str] = "market"

    actors: int = assumption(10_000, (1, 10**7), None, "actors in a market", "actors")
    years: int = assumption(20, (1, 200), None, "years after the release", "years")
    budget: float = assumption(
        1000.0, (0.0, None), (100, 100_000), "dollars a year of the median actor for one purpose", "dollars per year"
    )
    budget_spread: float = assumption(2.0, (0.0, 10.0), (1, 3), "standard deviation of the logarithm of budgets")
    malicious: float = assumption(0.05, SHARE, (0.001, 0.1), "share of actors who want a hazard")
    negligent: float = assumption(0.15, SHARE, (0, 0.5), "share who do not look at what else a model does")
    wants_new: float = assumption(0.5, SHARE, (0, 1), "share of malicious ones after what was never there")
    saving: float = assumption(0.0, SHARE, (0, 1), "share of what is not spent that is kept for next year")
    fall: float = assumption(1.0, (0.0, 100.0), (0, 2), "pace at which the price falls, in that of its sources")
    sharing: float = assumption(0.1, SHARE, (0, 0.5), "share of those who made a model who publish it")
    finding: float = assumption(0.5, SHARE, (0.1, 1), "chance in a year to find what is public")
    members: int = assumption(1, (1, 10_000), (1, 100), "actors in a pool; 1 is no pooling", "actors")
    pooling_loss: float = assumption(0.3, (0.0, None), (0, 1), "pools work at members^-loss of what is paid")
    detection: float = assumption(0.3, SHARE, (0, 0.9), "chance that an evaluation finds a hazard made alone")
    evasion: float = assumption(0.5, (0.0, None), (0, 1), "in a pool that chance is times members^-evasion")
    takedown: float = assumption(0.2, SHARE, (0, 0.9), "chance in a year that a public hazard is removed")
    tamper: float = assumption(1.0, (1.0, None), (1, 100), "times the steps that undoing a wrapper takes")
    screening: float = assumption(0.0, SHARE, (0, 0.99), "structured access: chance that a hazard is refused; 0: open")
    false_alarm: float = assumption(0.05, SHARE, (0, 0.2), "structured access: chance that the harmless is refused")
    staged: int = assumption(0, (0, 200), (0, 5), "years in which the vetted alone are served", "years")
    vetted: float = assumption(0.1, SHARE, (0, 0.5), "share of benign actors who are vetted")
    protection: float = assumption(0.5, SHARE, (0, 0.9), "by how much defence at full reach lowers vulnerability")
    spills_at: float = assumption(0.7, SHARE, (0.5, 0.9), "performance from which a hazard is there by the way")
    composing: float = assumption(0.0, SHARE, (0, 1), "chance in a year to merge public experts, and one's own")

    @model_validator(mode="after")
    def _check_shares(self) -> Terms:
        total = self.malicious + self.negligent
        if total > 1:
            raise InputError(f"malicious + negligent = {total:g} is not valid: it must be at most 1.")
        return self


@dataclass(frozen=True, kw_only=True, eq=False)
class Actors:
    """Actors as arrays of shape (actors,); members of a pool are adjacent."""

    aim: np.ndarray  #: BENIGN, NEGLIGENT or MALICIOUS
    use: np.ndarray  #: index of the wanted use
    budget: np.ndarray  #: dollars per year
    stream: np.ndarray  #: which of the fine-tunes for that use the actor would make
    vetted: np.ndarray  #: whether served before the others in a staged release
    pool: np.ndarray  #: number of its pool

    def __len__(self) -> int:
        return len(self.aim)


def world_seed(seed: int, world: int) -> int:
    """Return the seed of the market in one of several worlds."""
    return seed + world * 1_000_003


def draw_actors(terms: Terms, uses: Sequence[Use], streams: int, seed: int) -> tuple[Actors, np.random.Generator]:
    """Draw the actors of a market, and return them with the market's generator, from which they are drawn first.

    Benign and negligent actors want one of the harmless uses with equal probability; malicious actors want the wrapped
    hazard or the new one. Budgets B are log-normal, ln B ~ N(ln median, spread²). Members of a pool want the same use;
    the last pool of a use may be smaller.
    """
    generator = np.random.default_rng([seed, 0x6D61726B])
    harmless = [i for i, use in enumerate(uses) if not use.hazard]
    (wrapped,) = (i for i, use in enumerate(uses) if use.hazard and use.wrapped)
    (new,) = (i for i, use in enumerate(uses) if use.hazard and not use.wrapped)
    count = terms.actors
    limits = [1 - terms.malicious - terms.negligent, 1 - terms.malicious]
    aim = np.searchsorted(limits, generator.random(count), "right")
    wanted = generator.choice(harmless, size=count)
    hazard = np.where(generator.random(count) < terms.wants_new, new, wrapped)
    use = np.where(aim == MALICIOUS, hazard, wanted)
    order = np.argsort(use, kind="stable")
    place = np.arange(count) - np.searchsorted(use[order], use[order])
    actors = Actors(
        aim=aim[order],
        use=use[order],
        budget=terms.budget * np.exp(terms.budget_spread * generator.standard_normal(count)),
        stream=generator.integers(streams, size=count),
        vetted=(aim[order] == BENIGN) & (generator.random(count) < terms.vetted),
        pool=np.cumsum(place % terms.members == 0) - 1,
    )
    return actors, generator


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One reason why the price of a step falls; `low` and `high` are the range of `halving`, found or assumed."""

    name: Hidden[str]
    halving: Annotated[float, Field(description="years in which it halves the price")]
    low: float
    high: float
    most: Annotated[Number, Field(description="by how much it lowers the price at most")]
    tag: str
    source: str

    def at(self, years: np.ndarray | float, fall: float = 1.0) -> np.ndarray:
        """Return what it has divided the price by after some years, at `fall` times its pace."""
        halvings = np.minimum(fall * np.asarray(years, float) / self.halving, MOST_HALVINGS)
        return np.minimum(np.exp2(halvings), self.most)


@dataclass(frozen=True, kw_only=True)
class PublishedCost:
    """A published cost of removing safety behaviour, or of failing to remove it."""

    dollars: float | None = None  #: upper bound; None if the source gives steps only
    span: tuple[float, float]  #: range of the dollars, or of the steps
    year: int
    tag: str
    source: str


_COSTS = data_beside(__file__, "training_costs.toml")
FACTORS = TypeAdapter(tuple[Factor, ...]).validate_python(_COSTS["factor"])
PUBLISHED = TypeAdapter(dict[str, PublishedCost]).validate_python(_COSTS["published"])
"""Published costs by model."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """Price of a step of fine-tuning over the years; raises `InputError` for a number that is not valid."""

    step_price: float  #: dollars per step at the release
    fall: float = 1.0  #: pace of all factors; at 0 the price stays the same

    def __post_init__(self) -> None:
        if not self.step_price > 0:
            raise InputError(f"step_price = {self.step_price!r} is not valid: a step costs more than 0 dollars.")
        if not 0 <= self.fall < inf:
            raise InputError(f"fall = {self.fall!r} is not valid: it must be a number of at least 0.")

    def at(self, years: np.ndarray | float) -> np.ndarray:
        """Return the dollars per step after some years."""
        price = np.full(np.shape(years), float(self.step_price))
        for factor in FACTORS:
            price = price / factor.at(years, self.fall)
        return price


def cost(steps: np.ndarray, price: np.ndarray | float) -> np.ndarray:
    """Return the dollars that steps cost: 0 for no step at any price, infinite for infinitely many steps."""
    with np.errstate(invalid="ignore"):
        return np.where(steps > 0, np.multiply(steps, price), 0.0)
