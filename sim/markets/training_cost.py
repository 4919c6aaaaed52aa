"""Prices: what a step of fine-tuning costs, and how that falls after a release.

    price(y) = price(0) / Π_i min(2^(fall · y / halving_i), most_i)

with y in years since the release. Factors are separate because they end separately: a factor with `most` is a saving
that can be made once, and no price falls by it for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan

import numpy as np

from feint.agents.errors import InputError, unknown

LOWEST = 150.0  # halvings, below which no factor lowers a price: there is no such money


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One reason why a price falls."""

    name: str
    halving: float  #: years in which it halves the price
    span: tuple[float, float]  #: of `halving`, as far as its source tells or as it is assumed
    most: float = inf  #: by how much it lowers the price at most
    tag: str
    source: str

    def at(self, years: np.ndarray | float, fall: float = 1.0) -> np.ndarray:
        """By how much it has lowered the price after so many years, at `fall` times its rate."""
        halvings = np.minimum(fall * np.asarray(years, float) / self.halving, LOWEST)
        return np.minimum(np.exp2(halvings), self.most)


FACTORS = (
    Factor(
        name="algorithms",
        halving=8 / 12,
        span=(5 / 12, 14 / 12),
        tag="V abstract",
        source="Ho et al. 2024, arXiv 2403.05812, of pre-training; that fine-tuning gains alike is assumed",
    ),
    Factor(
        name="hardware",
        halving=2.46,
        span=(2.24, 2.72),
        tag="S",
        source="Hobbhahn and Besiroglu 2022, Trends in GPU price-performance: FLOP/s per dollar",
    ),
    Factor(
        name="parameter-efficient tuning",
        halving=2.0,
        span=(1.0, 4.0),
        most=3.0,
        tag="K",
        source="size: LoRA's third of the memory, arXiv 2106.09685; pace: assumed",
    ),
    Factor(
        name="quantization",
        halving=1.0,
        span=(0.5, 2.0),
        most=16.0,
        tag="S",
        source="size: QLoRA's 780 to 48 GB of a 65B model, arXiv 2305.14314; pace: assumed",
    ),
    Factor(
        name="synthetic data",
        halving=2.0,
        span=(1.0, 4.0),
        most=10.0,
        tag="assumption",
        source="no source: data are a part of what a fine-tune costs",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A published cost of taking safety behaviour away, or of failing to."""

    name: str
    dollars: float | None  #: no more than; None where no money is told
    span: tuple[float, float]  #: of dollars, or of steps where no money is told
    year: int
    tag: str
    source: str


PUBLISHED = {
    point.name: point
    for point in (
        Anchor(
            name="llama-2-70b",
            dollars=200.0,
            span=(50.0, 200.0),
            year=2023,
            tag="V abstract",
            source="arXiv 2310.20624: safety fine-tuning undone for less than $200; lower end assumed",
        ),
        Anchor(
            name="llama-3-8b",
            dollars=0.5,
            span=(0.1, 0.5),
            year=2024,
            tag="S",
            source="arXiv 2407.01376: 5 minutes on one A100, less than $0.50; lower end assumed",
        ),
        Anchor(
            name="gpt-3.5",
            dollars=0.2,
            span=(0.05, 0.2),
            year=2023,
            tag="S",
            source="arXiv 2310.03693: ten examples for less than $0.20; lower end assumed",
        ),
        Anchor(
            name="filtered-6.9b",
            dollars=None,
            span=(10_000, 10_000),
            year=2025,
            tag="V abstract",
            source="Deep Ignorance: filtered pre-training resists 10,000 steps",
        ),
    )
}
"""By name."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """Of a step of fine-tuning, in dollars."""

    at_release: float
    fall: float = 1.0  #: pace of all factors; 0 is a price that stays
    factors: tuple[Factor, ...] = FACTORS

    def __post_init__(self) -> None:
        if isnan(self.at_release) or self.at_release <= 0:
            raise InputError(f"at_release = {self.at_release!r} is not valid: a step costs more than 0 dollars.")
        if not 0 <= self.fall < inf:
            raise InputError(f"fall = {self.fall!r} is not valid: it must be a number of at least 0.")

    def at(self, years: np.ndarray | float) -> np.ndarray:
        """In dollars, after so many years."""
        found = np.full(np.shape(years), float(self.at_release))
        for factor in self.factors:
            found = found / factor.at(years, self.fall)
        return found


def cost(steps: np.ndarray, price: np.ndarray | float) -> np.ndarray:
    """What so many steps cost, in dollars; no step costs nothing at any price, steps without end are beyond any."""
    with np.errstate(invalid="ignore"):
        return np.where(steps > 0, np.multiply(steps, price), 0.0)


def step_price(point: str, steps: float) -> float:
    """Dollars a step, if a published fine-tune took as many steps as the engine needs; `InputError` if it cannot be."""
    if point not in PUBLISHED:
        raise unknown("published point", point, PUBLISHED)
    dollars = PUBLISHED[point].dollars
    if dollars is None:
        raise InputError(f"published point = {point!r} tells no money: choose one that does.")
    if not 0 < steps < inf:
        raise InputError(f"steps = {steps!r} is not valid: what is calibrated took a number of steps above 0.")
    return dollars / steps
