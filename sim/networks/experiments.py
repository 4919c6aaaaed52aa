"""The battery of experiments: what is measured of the networks of several seeds, and the limits that medians keep.

Fine-tuning hides the count of a, gently or harshly, by refusal or by relabelling. *Wrappers* measures how networks then
answer, what a probe reads in them and what pruning brings back; *revival* how many steps of training bring the
capability back, against networks that never had it; *slowing* whether unrelated pre-training makes learning slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, check_whole, unknown
from feint.sim.ensembles.runner import in_order, one_at_a_time
from feint.sim.networks.seed_models import MEASURES, REVERSE_RATE, Measurement, SeedModels, key
from feint.sim.results.report import Hidden, Number
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


def wrappers(rates: Sequence[float] = RATES) -> Iterator[Measurement]:
    """Yield what is measured before fine-tuning, and after it by learning rate, coverage and C."""
    yield from (Measurement(measure, "pre-trained") for measure in (*ACCURACIES, "probe"))
    yield from (Measurement("probe", network) for network in ("never", "random", "raw"))
    for rate in rates:
        yield from (Measurement(measure, "pre-trained", "refuse", rate) for measure in (*ACCURACIES, *READ))
        yield from (Measurement(measure, "pre-trained", "relabel", rate) for measure in RELABELLED)
    yield from (Measurement(measure, "never", "refuse", rates[0]) for measure in READ)
    for share in COVERAGES:
        yield Measurement("accuracy a", "pre-trained", coverage=share)
        for measure in ("accuracy a", *READ):
            yield Measurement(measure, "pre-trained", "refuse", rates[0], coverage=share)
    for C in CORRELATIONS:
        for measure in ("accuracy a", "accuracy new", *READ):
            yield Measurement(measure, "pre-trained", "relabel", rates[0], correlation=C)


def revival(rates: Sequence[float] = RATES) -> Iterator[Measurement]:
    """Yield the steps back to the capability by learning rate, coverage and C, and through another prompt."""
    yield Measurement("steps", "scratch", rate=REVERSE_RATE)
    for rate in rates:
        yield Measurement("steps", "pre-trained", "refuse", rate)
        yield Measurement("steps", "pre-trained", "relabel", rate)
        yield Measurement("steps", "never", "refuse", rate)
    for measure in ("steps elsewhere", "accuracy a after"):
        yield Measurement(measure, "pre-trained", "refuse", rates[0])
        yield Measurement(measure, "never", "refuse", rates[0])
    yield Measurement("steps elsewhere", "scratch")
    yield from (Measurement("steps", "pre-trained", "refuse", rates[0], coverage=share) for share in COVERAGES)
    yield from (Measurement("steps", "pre-trained", "relabel", rates[0], correlation=C) for C in CORRELATIONS)


def slowing(rates: Sequence[float] = RATES) -> Iterator[Measurement]:  # noqa: ARG001 - called as the others
    """Yield how fast networks learn after unrelated pre-training, and from scratch."""
    for rate in TRIED:
        yield from (Measurement(measure, network, rate=rate) for network in ARMS for measure in ("steps", "loss"))


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
    """What was measured of the networks of several seeds.

    Parameters
    ----------
    values
        Measurement → array over seeds (seeds,), infinite if a level was not reached.
    seeds, seed
        Number of seeds, and the random seed from which they follow.
    learning_rates
        Learning rates of fine-tuning, the gentlest first.
    parts
        Keys of PARTS.

    """

    values: dict[Measurement, np.ndarray]
    seeds: int
    seed: int
    learning_rates: tuple[float, ...]
    parts: tuple[str, ...]

    def __getitem__(self, measurement: Measurement) -> np.ndarray:
        return self.values[measurement]

    def median(self, measurement: Measurement) -> float:
        """Return the median over seeds."""
        return quantile(self.values[measurement], 0.5)

    def findings(self) -> list[Finding]:
        """Return every measurement with its quartiles, range and value for each seed."""
        return [_finding(measurement, values) for measurement, values in self.values.items()]


def _finding(measurement: Measurement, values: np.ndarray) -> Finding:
    meaning, unit, _ = MEASURES[measurement.measure]
    spread: dict[str, Any] = {name: quantile(values, q) for name, q in QUANTILES.items()}
    return Finding(**measurement._asdict(), meaning=meaning, unit=unit, **spread, seeds=values.tolist())


def battery(
    seeds: int = 8,
    seed: int = 0,
    learning_rates: Sequence[float] = RATES,
    *,
    parts: Iterable[str] = tuple(PARTS),
    threads: int | None = None,
    progress: Progress | None = None,
) -> Battery:
    """Train and measure the networks of several seeds, one thread per seed.

    Parameters
    ----------
    seeds, seed
        Number of seeds, and the random seed from which they follow.
    learning_rates
        Learning rates of fine-tuning, the gentlest first.
    parts
        Keys of PARTS.
    threads
        Number of threads (default: one per core); no number depends on it.
    progress
        Called with the share of the measurements that has just been made.

    Raises
    ------
    InputError
        If an argument is not valid.

    """
    parts, rates = tuple(parts), check_rates(learning_rates)
    measurements = measurements_of(parts, rates)
    check_whole("seeds", seeds, 1)
    check_seed(seed)

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


def measurements_of(parts: tuple[str, ...], rates: Sequence[float]) -> list[Measurement]:
    """Return the measurements of these parts, each once; raises `InputError` for a part that is not known."""
    for part in parts:
        if part not in PARTS:
            raise unknown("part", part, PARTS)
    return list(dict.fromkeys(measurement for part in parts for measurement in PARTS[part](rates)))


def quantile(values: np.ndarray, q: float) -> float:
    """Return a quantile of numbers that may be infinite; between two neighbours of which one is, it is infinite."""
    place = q * (len(values) - 1)
    low, high = np.sort(values)[[int(np.floor(place)), int(np.ceil(place))]]
    return float(low if low == high else low + (place % 1) * (high - low))


def check_rates(rates: Sequence[float]) -> tuple[float, ...]:
    """Return learning rates as a tuple; raises `InputError` unless they rise, each between 0 and 1."""
    valid = tuple(float(rate) for rate in rates)
    if not valid or not all(0 < rate < 1 for rate in valid) or list(valid) != sorted(set(valid)):
        raise InputError(f"learning_rates = {list(rates)!r} are not valid: they must rise, each between 0 and 1.")
    return valid


Statistic = Callable[[Battery], np.ndarray]
"""A number of each seed (seeds,)."""


@dataclass(frozen=True)
class Band:
    """A limit that the median over seeds should keep in an honest implementation; set before networks were trained."""

    name: str
    part: str  #: key of PARTS that measures it
    rule: str  #: the limit, as in "≥ 0.95" or "≤ 0.5"
    statistic: Statistic
    prototype: float | None = None  #: result of a prototype

    def check(self, battery: Battery) -> BandResult:
        """Return the limit with what was measured; raises `KeyError` if the battery does not have it."""
        values = self.statistic(battery)
        median, sign, limit = quantile(values, 0.5), *self.rule.split()
        return BandResult(
            name=self.name,
            rule=self.rule,
            median=median,
            least=quantile(values, 0),
            most=quantile(values, 1),
            kept=median >= float(limit) if sign == "≥" else median <= float(limit),
            prototype=self.prototype,
        )


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
            results.append(band.check(battery))
    return results


def _of(*measurement: Any, **more: float) -> Statistic:
    name = Measurement(*measurement, **more)
    return lambda battery: battery[name]


def _ratio(above: Statistic, below: Statistic) -> Statistic:
    """Return one over another within each seed; infinite if only the upper was not reached, 0 if only the lower."""

    def statistic(battery: Battery) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(above(battery) / below(battery), nan=1.0, posinf=np.inf)

    return statistic


def _difference(one: Statistic, other: Statistic) -> Statistic:
    return lambda battery: one(battery) - other(battery)


def _least(*statistics: Statistic) -> Statistic:
    return lambda battery: np.min([statistic(battery) for statistic in statistics], axis=0)


def _best_steps(network: str) -> Statistic:
    """Return the fewest steps over the learning rates that were tried, each seed with its own best."""
    return _least(*(_of("steps", network, rate=rate) for rate in TRIED))


_GENTLE, _HARSH = ("pre-trained", "refuse", GENTLE), ("pre-trained", "refuse", HARSH)
_NEVER = ("never", "refuse", GENTLE)
_REVIVED = _of("steps", *_GENTLE)
_DEEPER = _difference(_of("probe", *_GENTLE), _of("probe", *_HARSH))
_OTHER = {what: _least(_of(what, *_GENTLE), _of(what, *_HARSH)) for what in ("accuracy b", "accuracy largest")}

BANDS = (
    Band("probe, gentle refusal", "wrappers", "≥ 0.95", _of("probe", *_GENTLE), 0.99),
    Band("probe, never", "wrappers", "≤ 0.5", _of("probe", *_NEVER), 0.43),
    Band("probe, raw input", "wrappers", "≤ 0.5", _of("probe", "raw"), 0.43),
    Band("answers a after refusal", "wrappers", "≤ 0.02", _of("accuracy a", *_GENTLE)),
    Band("pruned, gentle refusal", "wrappers", "≥ 0.75", _of("pruned", *_GENTLE), 0.88),
    Band("pruned, never", "wrappers", "≤ 0.4", _of("pruned", *_NEVER)),
    Band("scratch / revival steps", "revival", "≥ 20", _ratio(_of("steps", "scratch", rate=TRIED[0]), _REVIVED), 56.0),
    Band("never / revival steps", "revival", "≥ 50", _ratio(_of("steps", *_NEVER), _REVIVED)),
    Band("probe, gentle less harsh", "wrappers", "≥ 0.3", _DEEPER),
    Band("steps, harsh / gentle", "revival", "≥ 10", _ratio(_of("steps", *_HARSH), _REVIVED)),
    Band("count of b, both rates", "wrappers", "≥ 0.95", _OTHER["accuracy b"]),
    Band("largest token, both rates", "wrappers", "≥ 0.95", _OTHER["accuracy largest"]),
    Band("unrelated / scratch steps", "slowing", "≥ 1.5", _ratio(_best_steps("never"), _best_steps("scratch"))),
)
