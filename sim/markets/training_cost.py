"""Cost of fine-tuning: what a step costs at a release, how that falls over the years, and published costs.

    price(y) = price(0) / Π_i min(2^(fall · y / halving_i), most_i)

with y in years since the release. Each factor has its own limit: a factor with `most` is a saving that can be made
once, after which it lowers the price no further.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan
from typing import Annotated

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.sim.results.report import Hidden, Number

MOST_HALVINGS = 150.0  # of one factor: keeps prices above 0


@dataclass(frozen=True)
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


HO_2024 = "Ho et al. 2024, arXiv 2403.05812, of pre-training; that fine-tuning gains alike is assumed"
HOBBHAHN_2022 = "Hobbhahn and Besiroglu 2022, Trends in GPU price-performance: FLOP/s per dollar"
LORA = "size: LoRA's third of the memory, arXiv 2106.09685; pace: assumed"
QLORA = "size: QLoRA's 780 to 48 GB of a 65B model, arXiv 2305.14314; pace: assumed"
DATA = "no source: data are a part of what a fine-tune costs"
FACTORS = (
    Factor("algorithms", 8 / 12, 5 / 12, 14 / 12, inf, "V abstract", HO_2024),
    Factor("hardware", 2.46, 2.24, 2.72, inf, "S", HOBBHAHN_2022),
    Factor("parameter-efficient tuning", 2.0, 1.0, 4.0, 3.0, "K", LORA),
    Factor("quantization", 1.0, 0.5, 2.0, 16.0, "S", QLORA),
    Factor("synthetic data", 2.0, 1.0, 4.0, 10.0, "assumption", DATA),
)


@dataclass(frozen=True)
class PublishedCost:
    """A published cost of removing safety behaviour, or of failing to remove it."""

    dollars: float | None  #: upper bound; None if the source gives steps only
    span: tuple[float, float]  #: range of the dollars, or of the steps
    year: int
    tag: str
    source: str


LERMEN_2023 = "arXiv 2310.20624: safety fine-tuning undone for less than $200; lower end assumed"
VOLKOV_2024 = "arXiv 2407.01376: 5 minutes on one A100, less than $0.50; lower end assumed"
QI_2023 = "arXiv 2310.03693: ten examples for less than $0.20; lower end assumed"
DEEP_IGNORANCE = "Deep Ignorance: filtered pre-training resists 10,000 steps"
PUBLISHED = {
    "llama-2-70b": PublishedCost(200.0, (50.0, 200.0), 2023, "V abstract", LERMEN_2023),
    "llama-3-8b": PublishedCost(0.5, (0.1, 0.5), 2024, "S", VOLKOV_2024),
    "gpt-3.5": PublishedCost(0.2, (0.05, 0.2), 2023, "S", QI_2023),
    "filtered-6.9b": PublishedCost(None, (10_000, 10_000), 2025, "V abstract", DEEP_IGNORANCE),
}
"""Published costs by model."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """Price of a step of fine-tuning over the years."""

    step_price: float  #: dollars per step at the release
    fall: float = 1.0  #: pace of all factors; at 0 the price stays the same
    factors: tuple[Factor, ...] = FACTORS

    def __post_init__(self) -> None:
        if isnan(self.step_price) or self.step_price <= 0:
            raise InputError(f"step_price = {self.step_price!r} is not valid: a step costs more than 0 dollars.")
        if not 0 <= self.fall < inf:
            raise InputError(f"fall = {self.fall!r} is not valid: it must be a number of at least 0.")

    def at(self, years: np.ndarray | float) -> np.ndarray:
        """Return the dollars per step after some years."""
        price = np.full(np.shape(years), float(self.step_price))
        for factor in self.factors:
            price = price / factor.at(years, self.fall)
        return price


def cost(steps: np.ndarray, price: np.ndarray | float) -> np.ndarray:
    """Return the dollars that steps cost: 0 for no step at any price, infinite for infinitely many steps."""
    with np.errstate(invalid="ignore"):
        return np.where(steps > 0, np.multiply(steps, price), 0.0)


def published_step_price(model: str, steps: float) -> float:
    """Return the dollars per step if the published fine-tune of a model took this number of the engine's steps.

    Raises `InputError` for a model that is not known or has no published cost in dollars.
    """
    if model not in PUBLISHED:
        raise unknown("published point", model, PUBLISHED)
    dollars = PUBLISHED[model].dollars
    if dollars is None:
        raise InputError(f"published point = {model!r} has no cost in dollars: choose one that has.")
    if not 0 < steps < inf:
        raise InputError(f"steps = {steps!r} is not valid: it must be a finite number above 0.")
    return dollars / steps
