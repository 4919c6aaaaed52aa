"""What varies in a study: a parameter by its dotted name, with its levels or its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Any

from feint.agents.errors import InputError, unknown
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.parameters import Parameter
from feint.agents.types import STARTS, check_start
from feint.sim.training.curriculum import Curriculum
from feint.sim.training.matching_rules import Match
from feint.sim.training.parameter_paths import carried
from feint.sim.training.stage import Stage

WAYS = {"start": list(STARTS), "match": [mode.value for mode in Match]}
RANGE = ("low", "high", "levels", "log")
DEFAULT_LEVELS = 5


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One thing that varies: `values` in turn, or a range between `low` and `high`."""

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    levels: int | None = None
    log: bool = False
    whole: bool = False  #: of a parameter that is a whole number
    group: str = ""  #: the argument that the parameter belongs to
    base: Any = None  #: its value at the point around which the study varies

    @property
    def is_range(self) -> bool:
        """Whether it varies without steps."""
        return not self.values

    def at(self, share: float) -> Any:
        """The value at a share of the way from low to high, in the logarithm where the range is logarithmic."""
        if self.log:
            value = exp(log(self.low) + share * (log(self.high) - log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value

    @property
    def grid(self) -> list[Any]:
        """Its values on a grid."""
        if not self.is_range:
            return list(self.values)
        steps = (self.levels or DEFAULT_LEVELS) - 1
        found = [self.at(i / steps) for i in range(steps + 1)] if steps else [self.at(0.0)]
        return list(dict.fromkeys(found))

    @property
    def ends(self) -> list[Any]:
        """The lowest and the highest value; the first and the last of a list."""
        return [self.at(0.0), self.at(1.0)] if self.is_range else [self.values[0], self.values[-1]]

    def check(self) -> None:
        """Raise where a range cannot be walked."""
        if not self.is_range:
            return
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise InputError(f"vary.{self.name}: low = {self.low!r} must be no more than high = {self.high!r}.")
        if self.log and self.low <= 0:
            raise InputError(f"vary.{self.name}: low = {self.low!r} must be above 0 where log = true.")

    def described(self) -> Any:
        """The factor as plain data."""
        if not self.is_range:
            return [list(value) if isinstance(value, tuple) else value for value in self.values]
        return {"low": self.low, "high": self.high, "levels": self.levels, "log": self.log}


def factor_of(name: str, spec: Any, model: Model, curriculum: Curriculum) -> Factor:
    """The factor that an entry of `vary` means; raises `InputError` for a name or a specification that is not valid."""
    declared, base = _declaration(name, model, curriculum)
    spec = spec.tolist() if hasattr(spec, "tolist") else spec  # of NumPy and pandas
    facts: dict[str, Any] = {"name": name, "base": base, "group": declared.argument if declared else "ways of training"}
    facts["whole"] = declared is not None and isinstance(declared.default, int)
    if isinstance(spec, (list, tuple)):
        if not spec:
            raise InputError(f"vary.{name} = [] is empty: name one value or more.")
        values = tuple(_value(each) for each in spec)
        if len(set(values)) != len(values):
            raise InputError(f"vary.{name} = {list(spec)!r} names a value twice.")
        return Factor(values=values, **facts)
    if declared is None or declared.choices or isinstance(base, tuple):
        raise InputError(f"vary.{name} = {spec!r} is not valid: name its values in a list.")
    if spec == "prior":
        if declared.prior is None:
            raise InputError(f"vary.{name} = 'prior' is not valid: {name} has no prior; give low and high, or a list.")
        return Factor(low=declared.prior[0], high=declared.prior[1], log=declared.log, **facts)
    if not isinstance(spec, Mapping):
        right = 'a list of values, { low = …, high = … }, or "prior"'
        raise InputError(f"vary.{name} = {spec!r} is not valid: it must be {right}.")
    return Factor(**_range(name, spec, declared), **facts)


def check_value(name: str, value: Any, model: Model, curriculum: Curriculum) -> None:
    """Raise unless this is a value that what is varied can take, whatever the others take."""
    stage, _, parameter = name.rpartition(".")
    if name == "start":
        check_start(value)
    elif name == "match":
        Match.named(value)
    elif stage:
        curriculum.replace({stage: {parameter: carried(value) if parameter == "carry" else value}})
    else:
        model.replace(**{name: value})


def prior_factors(model: Model, curriculum: Curriculum) -> list[Factor]:
    """Every parameter that has a prior, of the model and of each stage; one that is several numbers here stays."""
    single = (name for name in Model.parameters() if not isinstance(getattr(model, name), tuple))
    names = [name for name in single if Model.parameters()[name].prior]
    of_stages = [name for name, declared in Stage.parameters().items() if declared.prior]
    names += [f"{stage.name}.{name}" for stage in curriculum for name in of_stages]
    return [factor_of(name, "prior", model, curriculum) for name in names]


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _range(name: str, spec: Mapping[str, Any], declared: Parameter) -> dict[str, Any]:
    for entry in spec:
        if entry not in RANGE:
            raise unknown(f"entry of vary.{name}", entry, RANGE)
    found = {"low": None, "high": None, "levels": None, "log": declared.log, **spec}
    missing = [end for end in ("low", "high") if end not in spec]
    if missing:
        told = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise InputError(f"vary.{name}: {told}: a range has low and high, and levels and log as you like.")
    for end in ("low", "high"):
        value = found[end]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InputError(f"vary.{name}: {end} = {value!r} is not valid: it must be a number.")
    levels = found["levels"]
    if levels is not None and (isinstance(levels, bool) or not isinstance(levels, int) or levels < 1):
        raise InputError(f"vary.{name}: levels = {levels!r} is not valid: it must be a whole number of at least 1.")
    if not isinstance(found["log"], bool):
        raise InputError(f"vary.{name}: log = {found['log']!r} is not valid: it must be true or false.")
    return {**found, "low": float(found["low"]), "high": float(found["high"])}


def _declaration(name: str, model: Model, curriculum: Curriculum) -> tuple[Parameter | None, Any]:
    """The declaration of a name, None of what has none, and its present value; raises for an unknown name."""
    if name in WAYS:
        return None, None
    stage, _, parameter = name.rpartition(".")
    if not stage:
        if name in Stage.model_fields and name not in Model.model_fields:
            choices = " or ".join(f"{each}.{name}" for each in curriculum.names)
            raise InputError(f"vary.{name}: it is a parameter of a stage: write {choices}.")
        if name not in Model.model_fields:
            raise unknown("parameter to vary", name, [*Model.model_fields, *WAYS])
        return Model.parameters()[name], getattr(model, name)
    if stage not in curriculum.names:
        raise unknown("stage", stage, curriculum.names)
    if parameter not in Stage.model_fields or parameter == "name":
        raise unknown("stage parameter", parameter, [each for each in Stage.model_fields if each != "name"])
    present = curriculum[curriculum.names.index(stage)]
    if parameter == "carry":
        if stage == curriculum.names[0]:
            raise InputError(f"vary.{name}: a first stage has nothing to carry; vary that of a later one.")
        return None, tuple(group for group in GROUPS if group in present.carry)
    return Stage.parameters()[parameter], getattr(present, parameter)
