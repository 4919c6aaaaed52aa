"""The battery of experiments: what is measured of the networks of several seeds, and the limits that medians keep.

Fine-tuning hides the count of a, gently or harshly, by refusal or by relabelling. *Wrappers* measures how networks then
answer, what a probe reads in them and what pruning brings back; *revival* how many steps of training bring the
capability back, against networks that never had it; *slowing* whether unrelated pre-training makes learning slower.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole, unknown
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.networks.seed_models import MEASURES, REVERSE_RATE, Measurement, SeedModels, key
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Number, from_attributes
from feint.sim.results.request import Progress
from feint.sim.training.train import check_seed

GENTLE, HARSH = 3e-4, 3e-2  #: lowest and highest learning rate of fine-tuning
RATES = (GENTLE, 1e-3, 3e-3, 1e-2, HARSH)
TRIED = (REVERSE_RATE, 3e-3, 1e-2)  #: learning rates of training on the count of a, of which each arm takes its best
ARMS = ("scratch", "never")
COVERAGES = (0.1, 0.01)  #: besides the default
CORRELATIONS = (0.5, 0.8, 1.0)  #: besides none; as in Jain et al. (2024)
ACCURACIES = ("accuracy a", "accuracy b", "accuracy largest")
READ = ("probe", "pruned")
RELABELLED = (*ACCURACIES, "accuracy new", *READ)
QUANTILES = {"median": 0.5, "lower_quartile": 0.25, "upper_quartile": 0.75, "least": 0.0, "most": 1.0}
TUNINGS = (("pre-trained", "refuse"), ("pre-trained", "relabel"), ("never", "refuse"))
"""Networks that are fine-tuned, and how."""


def wrappers(rates: Sequence[float] = RATES) -> Iterator[Measurement]:
    """Yield what is measured before fine-tuning, and after it by learning rate, coverage and C."""
    refused, relabelled, never = TUNINGS
    yield from (Measurement(measure, "pre-trained") for measure in (*ACCURACIES, "probe"))
    yield from (Measurement("probe", network) for network in ("never", "random", "raw"))
    for rate in rates:
        yield from (Measurement(measure, *refused, rate) for measure in (*ACCURACIES, *READ))
        yield from (Measurement(measure, *relabelled, rate) for measure in RELABELLED)
    yield from (Measurement(measure, *never, rates[0]) for measure in READ)
    for share in COVERAGES:
        yield Measurement("accuracy a", "pre-trained", coverage=share)
        yield from (Measurement(measure, *refused, rates[0], coverage=share) for measure in ("accuracy a", *READ))
    for C, measure in product(CORRELATIONS, ("accuracy a", "accuracy new", *READ)):
        yield Measurement(measure, *relabelled, rates[0], correlation=C)


def revival(rates: Sequence[float] = RATES) -> Iterator[Measurement]:
    """Yield the steps back to the capability by learning rate, coverage and C, and through another prompt."""
    refused, relabelled, never = TUNINGS
    yield Measurement("steps", "scratch", rate=REVERSE_RATE)
    yield from (Measurement("steps", *tuning, rate) for rate, tuning in product(rates, TUNINGS))
    for measure, tuning in product(("steps elsewhere", "accuracy a after"), (refused, never)):
        yield Measurement(measure, *tuning, rates[0])
    yield Measurement("steps elsewhere", "scratch")
    yield from (Measurement("steps", *refused, rates[0], coverage=share) for share in COVERAGES)
    yield from (Measurement("steps", *relabelled, rates[0], correlation=C) for C in CORRELATIONS)


def slowing(rates: Sequence[float] = RATES) -> Iterator[Measurement]:  # noqa: ARG001 - called as the others
    """Yield how fast networks learn after unrelated pre-training, and from scratch."""
    for rate, network, measure in product(TRIED, ARMS, ("steps", "loss")):
        yield Measurement(measure, network, rate=rate)


PARTS: dict[str, Callable[[Sequence[float]], Iterable[Measurement]]] = {
    "wrappers": wrappers,
    "revival": revival,
    "slowing": slowing,
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A measurement summarised over seeds; null if a level was not reached."""

    measure: str
    meaning: str
    unit: str
    network: Annotated[str, Field(description="pre-trained, never, scratch, random or raw")]
    tuned: Annotated[str, Field(description="how it was fine-tuned: not, refuse or relabel")]
    rate: Annotated[float | None, Field(description="learning rate of the fine-tuning, or of what is measured")]
    coverage: Annotated[float, Field(description="share of the prompt in pre-training")]
    correlation: Annotated[float, Field(description="C in the data of relabelling")]
    median: Number
    lower_quartile: Number
    upper_quartile: Number
    least: Hidden[float]
    most: Hidden[float]
    seeds: Annotated[list[Number], Field(description="of each seed, in their order")]


@dataclass(frozen=True, kw_only=True, eq=False)
class Battery:
    """Measurements of the networks of several seeds; `battery["probe", "raw"]` returns one (seeds,)."""

    values: dict[Measurement, np.ndarray]  #: of each seed (seeds,), infinite if a level was not reached
    seeds: int
    seed: int  #: random seed from which those of the networks follow
    learning_rates: tuple[float, ...]  #: of fine-tuning, the gentlest first
    parts: tuple[str, ...]  #: keys of PARTS

    def __getitem__(self, measurement: Sequence[Any]) -> np.ndarray:
        return self.values[Measurement(*measurement)]

    def findings(self) -> list[Finding]:
        """Return every measurement with its quartiles, range and value for each seed."""
        findings = []
        for measurement, values in self.values.items():
            meaning, unit = MEASURES[measurement.measure]
            spread: dict[str, Any] = {name: quantile(values, q) for name, q in QUANTILES.items()}
            of_seeds = {**measurement._asdict(), **spread, "seeds": values.tolist()}
            findings.append(Finding(meaning=meaning, unit=unit, **of_seeds))
        return findings


def battery(
    seeds: int = 8,
    seed: int = 0,
    learning_rates: Sequence[float] = RATES,
    *,
    parts: Iterable[str] = tuple(PARTS),
    threads: int | None = None,
    progress: Progress | None = None,
) -> Battery:
    """Train and measure the networks of several seeds, one thread per seed; raises `InputError`.

    Parameters
    ----------
    learning_rates
        Of fine-tuning, the gentlest first.
    parts
        Keys of PARTS.

    """
    parts, rates = tuple(parts), tuple(float(rate) for rate in learning_rates)
    if not rates or not all(0 < rate < 1 for rate in rates) or list(rates) != sorted(set(rates)):
        raise InputError(
            f"learning_rates = {list(learning_rates)!r} are not valid: they must rise, each between 0 and 1."
        )
    for part in parts:
        if part not in PARTS:
            raise unknown("part", part, PARTS)
    check_whole("seeds", seeds, 1)
    seed = check_seed(seed)
    measurements = list(dict.fromkeys(measurement for part in parts for measurement in PARTS[part](rates)))
    report = one_at_a_time(progress)

    def measure(i: int) -> list[float]:
        models, values = SeedModels(key(seed, i)), []
        for measurement in measurements:
            values.append(models.measured(measurement))
            report(1 / (seeds * len(measurements)))
        return values

    columns = np.array(list(in_order(measure, range(seeds), threads=threads)))
    values = {measurement: columns[:, i] for i, measurement in enumerate(measurements)}
    return Battery(values=values, seeds=seeds, seed=seed, learning_rates=rates, parts=parts)


def quantile(values: np.ndarray, q: float) -> float:
    """Return a quantile of numbers that may be infinite; between two neighbours of which one is, it is infinite."""
    place = q * (len(values) - 1)
    low, high = np.sort(values)[[int(np.floor(place)), int(np.ceil(place))]]
    return float(low if low == high else low + (place % 1) * (high - low))


@dataclass(frozen=True, kw_only=True)
class Band:
    """A limit that the median over seeds should keep; measurements are given as `Battery` takes them."""

    name: str
    rule: str  #: the limit, as in "≥ 0.95" or "≤ 0.5"
    of: Sequence[Sequence[Any]]  #: measurements of which the least counts, within each seed
    over: Sequence[Sequence[Any]] = ()  #: others that it is divided by
    less: Sequence[Sequence[Any]] = ()  #: others that are subtracted
    prototype: float | None = None  #: result of a prototype

    def statistic(self, battery: Battery) -> np.ndarray:
        """Return the number of each seed (seeds,); a ratio is infinite if only its upper part was not reached."""
        measured = (self.of, self.over or self.less or self.of)
        value, other = (np.min([battery[name] for name in names], axis=0) for names in measured)
        if not self.over:
            return value - other if self.less else value
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(value / other, nan=1.0, posinf=np.inf)


@dataclass(frozen=True, kw_only=True)
class BandResult:
    """A limit with what was measured: median and range over seeds, and whether the median keeps the limit."""

    name: str
    rule: str
    median: Number
    least: Number
    most: Number
    kept: bool
    prototype: float | None


def check_bands(battery: Battery) -> list[BandResult]:
    """Return the limits with what was measured; those that need other measurements are left out."""
    results = []
    for band in BANDS:
        with suppress(KeyError):
            values, (sign, limit) = band.statistic(battery), band.rule.split()
            spread = {name: quantile(values, QUANTILES[name]) for name in ("median", "least", "most")}
            kept = spread["median"] >= float(limit) if sign == "≥" else spread["median"] <= float(limit)
            results.append(from_attributes(BandResult, band, kept=kept, **spread))
    return results


BANDS = tuple(Band(**band) for band in data_beside(__file__, "bands.toml")["band"])
