"""Tables of settings: what a comparison or an ensemble gives at each of several values of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Annotated, Any, Self

from pydantic import Field

from feint.agents.errors import InputError
from feint.agents.outcome import LABELS, Outcome
from feint.sim.ensembles.protocols import ARM_NAMES, FROM_SCRATCH, PRETRAIN_FINETUNE
from feint.sim.results.report import Hidden, Report, Table, folded
from feint.sim.statistics.intervals import Interval, tango
from feint.sim.training.parameter_point import Point, written

MOST_ROWS = 100  # settings of a table; `feint sweep` carries out larger studies
Vary = tuple[tuple[str, Sequence[Any]], ...]
"""Dotted names in the order of the rows, each with its values."""
Train = Callable[..., Mapping[str, Any]]
"""A function that trains both arms of a comparison at a point, on the same random numbers at every point."""
DECEPTIVE = Outcome.DECEPTIVE


@dataclass(frozen=True, kw_only=True)
class SettingShares:
    """What one setting gives: shares of outcomes at the end, and differences."""

    setting: Annotated[str, Field(description="the values of this row, as in similarity=0.1")]
    values: Annotated[dict[str, Any], Field(description="by dotted name")]
    shares: Annotated[dict[str, Interval], Field(description="by arm of a comparison, in deception, or by outcome")]
    difference: Annotated[
        Interval | None, Field(description="of the arms of a comparison in deception, on the same runs; null if none")
    ] = None

    @classmethod
    def of(cls, values: Mapping[str, Any], shares: Mapping[str, Interval], difference: Interval | None = None) -> Self:
        """Return the row of a setting."""
        return cls(setting=label_of(values), values=dict(values), shares=dict(shares), difference=difference)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SettingsTable(Report):
    """A row of shares for each setting; all settings are trained on the same random numbers."""

    seed: int
    runs: Annotated[int, Field(description="of each setting and arm")]
    settings: list[SettingShares]
    request: Hidden[Any]

    @classmethod
    def trained(cls, request: Any, train: Train) -> Self:
        """Train both arms of a comparison at each combination of values; raises `InputError` before any is trained."""
        rows = []
        for values, point in [*settings_of(request.point, request.vary)]:
            arms = train(point)
            one, other = (arms[arm].is_outcome(DECEPTIVE) for arm in (PRETRAIN_FINETUNE, FROM_SCRATCH))
            pairs = int((one & ~other).sum()), int((other & ~one).sum()), len(one)
            shares = {name: arm.frequency(DECEPTIVE, confidence=request.confidence) for name, arm in arms.items()}
            rows.append(SettingShares.of(values, shares, tango(*pairs, request.confidence)))
        return cls(seed=request.seed, runs=request.runs, settings=rows, request=request)

    def blocks(self) -> list[str | Table]:
        """Return one row per setting."""
        first, heads = self.settings[0], {**ARM_NAMES, **dict(zip(LABELS, LABELS, strict=True))}
        columns: dict[str, Callable[[SettingShares], str]] = {"setting": lambda row: row.setting.replace(", ", "\n")}
        for name in first.shares:
            columns[folded(heads[name], 18)] = lambda row, name=name: row.shares[name].plus_minus(".3f")
        if first.difference is not None:
            columns["paired\ndifference"] = lambda row: f"{row.difference:+.3f}"
        what = "Deception" if first.difference else "Outcomes at the end"
        several = f"{self.runs:,} runs of each setting{' per arm' * (first.difference is not None)}, seed {self.seed}"
        note = f"{100 * self.request_confidence():g} % intervals; all settings on common random numbers"
        return [f"{what}, {several}", Table(self.settings, columns, note=note)]

    def request_confidence(self) -> float:
        """Return the level of the intervals."""
        return next(iter(self.settings[0].shares.values())).confidence

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per setting."""
        return [
            {"setting": row.setting, **row.values, **row.shares, "difference": row.difference} for row in self.settings
        ]


def as_vary(vary: Vary | Mapping[str, Sequence[Any]]) -> Vary:
    """Return names and values as nested tuples, as a request keeps them."""
    pairs = vary.items() if isinstance(vary, Mapping) else vary
    return tuple((name, tuple(tuple(v) if isinstance(v, list) else v for v in values)) for name, values in pairs)


def number_of(vary: Vary) -> int:
    """Return the number of combinations of values."""
    return prod(len(values) for _, values in vary)


def settings_of(point: Point, vary: Vary) -> Iterator[tuple[dict[str, Any], Point]]:
    """Yield each combination of values with its point; raises `InputError` for too many, or one that is not valid."""
    count = number_of(vary)
    if not 1 <= count <= MOST_ROWS:
        right = f"a table has 1 to {MOST_ROWS}, and `feint sweep` carries out larger studies"
        raise InputError(f"vary names {count:,} settings: {right}.")
    for combination in product(*(values for _, values in vary)):
        values = dict(zip(dict(vary), combination, strict=True))
        yield values, point.at(values)


def label_of(values: Mapping[str, Any]) -> str:
    """Return the values of a setting in one line."""
    return ", ".join(f"{name}={written(v)}" for name, v in values.items())
