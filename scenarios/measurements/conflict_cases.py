"""Cases of conflict: two published experiments, and the premises in which they may differ, read from TOML files.

A file has a `title`; `rows`, a CSV of measurements beside it, whose rows can be named besides those that ship; two
`[[experiments]]` with `name`, `says` and the names of their `rows`; and `[[premises]]` with `name`, `parameters`, `why`
and, for parameters without a prior or to replace it, a table `ranges`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.scenarios.measurements.rows import MeasurementRow, read_rows, shipped_rows
from feint.scenarios.measurements.stand_in import NUISANCES, SETTINGS
from feint.scenarios.measurements.stand_ins import STAND_INS
from feint.sim.analysis.prior_shares import in_units
from feint.sim.results.report import from_attributes
from feint.sim.sweeps.factors import Factor, factor_of
from feint.sim.training.configuration import FILES, read_file
from feint.sim.training.parameter_point import Point

FOLDER = Path(__file__).parent / "conflicts"
SHIPPED = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
"""Names of the cases that ship."""
PUBLISHED: Mapping[str, Factor] = {factor.name: factor for factor in (*SETTINGS, *NUISANCES)}
"""Parameters of published experiments, which are none of the point."""
IN_CASE = {"title": str, "rows": str, "experiments": list, "premises": list}
IN_EXPERIMENT = {"name": str, "says": str, "rows": list}
IN_PREMISE = {"name": str, "parameters": list, "why": str, "ranges": dict}
KINDS = {str: "a text", list: "a list", dict: "a table"}
NAMES = ("rows", "parameters")  # lists of names


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A published experiment: what it says, and its measurements."""

    name: str
    says: str = ""
    rows: tuple[MeasurementRow, ...]


@dataclass(frozen=True, kw_only=True)
class Premise:
    """A parameter, or several that vary together, in which two experiments may differ."""

    name: str
    factors: tuple[Factor, ...]
    why: str = ""

    def at(self, place: float) -> dict[str, Any]:
        """Return the values by name at a place in the range of each parameter, from 0 to 1."""
        return {factor.name: value_at(factor, place) for factor in self.factors}

    def place(self, values: Mapping[str, Any]) -> float:
        """Return the place of values in the ranges, from 0 to 1; of several parameters, the mean of their places."""
        return float(np.mean([place_of(factor, values[factor.name]) for factor in self.factors]))

    def places(self, levels: int) -> list[float]:
        """Return this many places from 0 to 1, or those of the values that a parameter can have."""
        count = len(self.factors[0].values) or levels
        return np.linspace(0, 1, count).tolist()

    def shown(self, place: float) -> str:
        """Return the value at a place in words; of several parameters, the place itself."""
        first, *others = self.factors
        if others:
            return f"{100 * place:.0f} %"
        value = value_at(first, place)
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Two published experiments, and the premises in which they may differ."""

    name: str
    title: str
    experiments: tuple[Experiment, Experiment]
    premises: tuple[Premise, ...]  #: one at least

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Names of the stand-ins that the measurements of both need."""
        return tuple(dict.fromkeys(row.stand_in for experiment in self.experiments for row in experiment.rows))

    def only(self, names: Sequence[str]) -> Case:
        """Return the case with the premises of these names alone; raises `InputError` for one that it lacks."""
        known = {premise.name: premise for premise in self.premises}
        for name in names:
            if name not in known:
                raise unknown("premise", name, known)
        return replace(self, premises=tuple(premise for name, premise in known.items() if name in names))


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """A measurement with what stands in for it."""

    name: str
    what: str
    value: Annotated[float, Field(description="as published, in the unit")]
    error: Annotated[float, Field(description="standard error")]
    unit: str
    stand_in: str
    discrepancy: Annotated[float, Field(description="standard deviation of the model's error")]
    source: str
    where: str
    checked: Annotated[str, Field(description="V read in the source, A in its abstract, S in a summary, D derived")]
    note: str

    @classmethod
    def of(cls, row: MeasurementRow) -> PublishedRow:
        """Return the row with the discrepancy of its stand-in."""
        return from_attributes(cls, row, discrepancy=STAND_INS[row.stand_in].discrepancy)

    def __str__(self) -> str:
        place = ", ".join(filter(None, [self.source, self.where, f"[{self.checked}]" if self.checked else ""]))
        number = f"{self.value:.4g} ±{self.error:.2g} {self.unit}"
        note = f"; {self.note}" if self.note else ""
        return f"{number}: {self.what} ({place}){note}; here: {self.stand_in}, ±{self.discrepancy:g}"


@dataclass(frozen=True, kw_only=True)
class PublishedExperiment:
    """An experiment with its measurements, as the document shows it."""

    name: str
    says: str
    rows: Annotated[list[PublishedRow], Field(description="its measurements")]

    @classmethod
    def of(cls, experiment: Experiment) -> PublishedExperiment:
        """Return the experiment with its rows."""
        return cls(name=experiment.name, says=experiment.says, rows=[PublishedRow.of(row) for row in experiment.rows])


def value_at(factor: Factor, place: float) -> Any:
    """Return the value at a place in the range of a parameter, or among its values."""
    if factor.is_range:
        return factor.at(place)
    return factor.values[round(place * (len(factor.values) - 1))]


def place_of(factor: Factor, value: Any) -> float:
    """Return the place of a value in the range of a parameter, or among its values."""
    if factor.is_range:
        return in_units(factor, value)
    return factor.values.index(value) / max(1, len(factor.values) - 1)


def case_of(name: str) -> Case:
    """Return the case that ships under this name, or that of a TOML file; raises `InputError`."""
    if not name.lower().endswith(FILES):
        if name not in SHIPPED:
            raise unknown("conflict", name, SHIPPED)
        path = FOLDER / f"{name}.toml"
    else:
        path = Path(name)
    return read_file(path, lambda content: _case(path, content))


def _case(path: Path, content: Mapping[str, Any]) -> Case:
    _check("conflict", content, IN_CASE, needed=("title", "experiments", "premises"))
    own = read_rows(path.parent / content["rows"]) if "rows" in content else []
    rows = {row.name: row for row in (*shipped_rows(), *own)}
    experiments = [_experiment(entry, rows) for entry in content["experiments"]]
    if len(experiments) != 2:
        raise InputError(f"experiments are {len(experiments)}: a conflict needs two.")
    if not content["premises"]:
        raise InputError("premises = [] is empty: name one or more in which the experiments may differ.")
    premises = tuple(_premise(entry) for entry in content["premises"])
    for what, names in (("experiment", [e.name for e in experiments]), ("premise", [p.name for p in premises])):
        if twice := [name for i, name in enumerate(names) if name in names[:i]]:
            raise InputError(f"{what} {twice[0]!r} is there twice: each needs a name of its own.")
    first, second = experiments
    return Case(name=path.stem, title=content["title"], experiments=(first, second), premises=premises)


def _check(what: str, entry: Any, known: Mapping[str, type], needed: Iterable[str]) -> None:
    """Raise `InputError` unless a table has the entries that it needs, of their types, and no others."""
    if not isinstance(entry, Mapping):
        raise InputError(f"{what} = {entry!r} is not valid: it must be a table.")
    for name, value in entry.items():
        if name not in known:
            raise unknown(f"entry of a {what}", name, known)
        if not isinstance(value, known[name]):
            raise InputError(f"{name} = {value!r} of a {what} is not valid: it must be {KINDS[known[name]]}.")
        if name in NAMES and isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise InputError(f"{name} = {value!r} of a {what} is not valid: it must be a list of names in quotes.")
    if missing := [name for name in needed if name not in entry]:
        raise InputError(f"a {what} has no {missing[0]}: every one needs it.")


def _experiment(entry: Mapping[str, Any], rows: Mapping[str, MeasurementRow]) -> Experiment:
    _check("experiment", entry, IN_EXPERIMENT, needed=("name", "rows"))
    if not entry["rows"]:
        raise InputError(f"rows = [] of experiment {entry['name']!r} is empty: name one measurement or more.")
    for name in entry["rows"]:
        if name not in rows:
            raise unknown("measurement", name, rows)
        if not rows[name].scored or STAND_INS[rows[name].stand_in].law:
            right = "it needs an error and a stand-in that is no law of transfer"
            raise InputError(f"measurement {name!r} cannot be compared with the model: {right}.")
    return Experiment(**{**entry, "rows": tuple(rows[name] for name in entry["rows"])})


def _premise(entry: Mapping[str, Any]) -> Premise:
    _check("premise", entry, IN_PREMISE, needed=("name", "parameters"))
    ranges = entry.get("ranges", {})
    if not entry["parameters"]:
        raise InputError(f"parameters = [] of premise {entry['name']!r} is empty: name one or more.")
    for name in ranges:
        if name not in entry["parameters"]:
            raise unknown(f"parameter of premise {entry['name']!r}", name, entry["parameters"])
    factors = tuple(_factor(name, ranges.get(name)) for name in entry["parameters"])
    if len(factors) > 1 and not all(factor.is_range for factor in factors):
        raise InputError(f"premise {entry['name']!r} has a list of values: only ranges can vary together.")
    return Premise(name=entry["name"], factors=factors, why=entry.get("why", ""))


def _factor(name: str, spec: Any) -> Factor:
    """Return the range of a parameter as the file gives it, else its prior."""
    if name in PUBLISHED:
        if spec is not None:
            raise InputError(f"ranges.{name} = {spec!r} is not valid: its values are fixed; leave it out.")
        return PUBLISHED[name]
    if "." not in name and name not in Model.model_fields:
        raise unknown("parameter", name, (*PUBLISHED, *Model.model_fields))
    here = Point()
    factor = factor_of(name, "prior" if spec is None else spec, here.model, here.curriculum)
    if not factor.is_range and not all(isinstance(value, (int, float)) for value in factor.values):
        raise InputError(f"ranges.{name} = {spec!r} is not valid: it must be a list of numbers.")
    if not factor.is_range and factor.base not in factor.values:
        raise InputError(f"ranges.{name} = {spec!r} lacks {factor.base!r}, which the draws have: add it.")
    return factor
