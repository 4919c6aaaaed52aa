"""The JSON documents of experiments with real networks; `docs/schemas` holds their published schemas."""

from __future__ import annotations

from math import isfinite
from typing import Any, Literal

import numpy as np
from pydantic import Field, PositiveInt

from feint.scenarios.networks.asked import limits
from feint.sim.networks.acceptance_ranges import judged
from feint.sim.networks.experiments import Battery, quantile
from feint.sim.networks.measurement_key import MEASURES
from feint.sim.results.part import Part


class SpreadOf(Part):
    """A number over seeds; null where a level was not reached."""

    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    seeds: list[float | None] = Field(description="of each seed, in their order")


class FindingFacts(SpreadOf):
    """A number measured of networks."""

    measure: str
    meaning: str
    unit: str
    network: str = Field(description="pre-trained, never, scratch, random or raw")
    tuned: str = Field(description="how it was fine-tuned: not, refuse or relabel")
    rate: float | None = Field(description="learning rate of the fine-tuning, or of the training that is measured")
    coverage: float = Field(description="share of the prompt in pre-training")
    correlation: float = Field(description="C in the data of relabelling")


class BandFacts(Part):
    """A band beside what was measured."""

    name: str
    rule: str
    median: float | None
    least: float | None
    most: float | None
    kept: bool
    prototype: float | None


class NetworksDocument(Part):
    """What the experiments with real networks have in common."""

    schema_: Literal[1] = Field(alias="schema")
    seeds: PositiveInt
    seed: int
    learning_rates: list[float]
    findings: list[FindingFacts]
    bands: list[BandFacts]
    passport: dict[str, Any]


class NetworksWrappersDocument(NetworksDocument):
    """The document of `feint scenario wrappers --networks`."""

    scenario: Literal["networks-wrappers"]


class NetworksRevivalDocument(NetworksDocument):
    """The document of `feint scenario revival --networks`."""

    scenario: Literal["networks-revival"]


def told(name: str, battery: Battery) -> dict[str, Any]:
    """A battery as a document under this name."""
    return {
        "schema": 1,
        "scenario": name,
        "seeds": battery.seeds,
        "seed": battery.seed,
        "learning_rates": list(battery.learning_rates),
        "findings": [
            {**finding._asdict(), "meaning": MEASURES[finding.measure][0], "unit": MEASURES[finding.measure][1]}
            | spread(values)
            for finding, values in battery.values.items()
        ],
        "bands": [
            {"name": each.band.name, "rule": each.band.rule, "kept": each.met, "prototype": each.band.prototype}
            | dict(zip(("median", "least", "most"), map(finite, limits(each)), strict=True))
            for each in judged(battery)
        ],
        "passport": battery.passport(),
    }


def spread(values: np.ndarray) -> dict[str, Any]:
    """A number over seeds."""
    quartiles = {"median": 0.5, "lower_quartile": 0.25, "upper_quartile": 0.75}
    found: dict[str, Any] = {name: finite(quantile(values, q)) for name, q in quartiles.items()}
    return {**found, "seeds": [finite(value) for value in values]}


def finite(value: float) -> float | None:
    """A number; None where it is not finite."""
    return float(value) if isfinite(value) else None
