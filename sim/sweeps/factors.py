"""Factors of a study: parameters under their dotted names, with their values or ranges."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Any

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.mind import GROUPS
from feint.agents.model import Model
from feint.agents.parameters import Parameter
from feint.agents.types import check_start, starts
from feint.sim.training.curriculum import Curriculum, Match
from feint.sim.training.parameter_point import Point, as_column, of_cell
from feint.sim.training.stage import Stage
from feint.sim.training.train import check_seed

NAMED = {"start": starts, "match": lambda: tuple(mode.value for mode in Match)}
"""Names that may vary besides parameters, and functions that return their values."""
SEED = "seed"  # of all random streams, which may vary too
RANGE = ("low", "high", "levels", "log")
DEFAULT_LEVELS, MOST_LEVELS = 5, 10**6


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A parameter that varies: over `values` in turn, or over the range between `low` and `high`."""

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    levels: int | None = None
    log: bool = False
    whole: bool = False  #: whether the parameter is a whole number
    group: str = ""  #: the argument that the parameter belongs to
    base: Any = None  #: its value at the point around which the study varies

    def __post_init__(self) -> None:
        if not self.is_range:
            return
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise InputError(f"vary.{self.name}: low = {self.low!r} must be no more than high = {self.high!r}.")
        if self.log and self.low <= 0:
            right = "it must be above 0, or log = false"
            raise InputError(f"vary.{self.name}: low = {self.low!r} is not valid on a logarithmic scale: {right}.")

    @property
    def is_range(self) -> bool:
        """True if it varies continuously, over a range."""
        return not self.values

    def at(self, share: float) -> Any:
        """Return the value at a share of the way from low to high, in the logarithm if the range is logarithmic."""
        if self.log:
            value = exp(log(self.low) + share * (log(self.high) - log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.whole else value

    @property
    def grid(self) -> list[Any]:
        """Values on a grid."""
        if not self.is_range:
            return list(self.values)
        steps = (self.levels or DEFAULT_LEVELS) - 1
        levels = [self.at(i / steps) for i in range(steps + 1)] if steps else [self.at(0.0)]
        return list(dict.fromkeys(levels))

    @property
    def cells(self) -> list[Any]:
        """Values on a grid as cells of its column in a table of points."""
        return as_column(self.grid)

    @property
    def ends(self) -> list[Any]:
        """The lowest and the highest value; the first and the last of a list."""
        return [self.at(0.0), self.at(1.0)] if self.is_range else [self.values[0], self.values[-1]]

    def described(self) -> Any:
        """Return the factor as plain data."""
        if not self.is_range:
            return [list(value) if isinstance(value, tuple) else value for value in self.values]
        return {"low": self.low, "high": self.high, "levels": self.levels, "log": self.log}


def factor_of(name: str, spec: Any, model: Model, curriculum: Curriculum) -> Factor:
    """Return the factor of an entry of `vary`; raises `InputError` for a name or specification that is not valid.

    `name` is `parameter`, `stage.parameter`, `start`, `match` or `seed`; `spec` is a list of values, a mapping with
    `low`, `high`, `levels` and `log`, or "prior".
    """
    declared, base, prior = _declaration(name, model, curriculum)
    spec = _plain(spec)
    facts: dict[str, Any] = {"name": name, "base": base, "group": "ways of training"}
    if declared is not None:
        facts |= {"group": declared.argument, "whole": isinstance(declared.default, int)}
    if isinstance(spec, (list, tuple)):
        values = tuple(tuple(value) if isinstance(value, list) else value for value in spec)
        if not values:
            raise InputError(f"vary.{name} = [] is empty: name one value or more.")
        if not all(isinstance(part, Hashable) for value in values for part in as_tuple(value)):
            raise InputError(f"vary.{name} = {list(spec)!r} is not valid: name numbers, names, or lists of them.")
        if twice := [value for value, times in Counter(values).items() if times > 1]:
            raise InputError(f"vary.{name} names a value twice, {twice[0]!r}: name each once.")
        return Factor(values=values, **facts)
    if declared is None or declared.choices or isinstance(base, tuple):
        raise InputError(f"vary.{name} = {spec!r} is not valid: name its values in a list.")
    if spec == "prior":
        if prior is None:
            raise InputError(f"vary.{name} = 'prior' is not valid: {name} has no prior; give low and high, or a list.")
        return Factor(low=prior[0], high=prior[1], log=declared.log, **facts)
    if not isinstance(spec, Mapping):
        right = 'a list of values, { low = …, high = … }, or "prior"'
        raise InputError(f"vary.{name} = {spec!r} is not valid: it must be {right}.")
    return Factor(**_range(name, spec, declared), **facts)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return several values as they are, and one as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def _plain(spec: Any) -> Any:
    """Return an entry of `vary` without types of NumPy and pandas."""
    if isinstance(spec, (list, tuple)):
        return [_plain(value) for value in spec]
    if isinstance(spec, Mapping):
        return {name: _plain(value) for name, value in spec.items()}
    return spec.tolist() if hasattr(spec, "tolist") else spec


def check_value(name: str, value: Any, model: Model, curriculum: Curriculum) -> None:
    """Raise `InputError` unless a factor of this name can have the value, or that of a cell."""
    if name == SEED:
        check_seed(value)
        return
    here = Point(model=model, curriculum=curriculum).at({name: of_cell(value)})
    check_start(here.start)
    Match.named(here.match)


def prior_factors(model: Model, curriculum: Curriculum) -> list[Factor]:
    """Return every parameter of the model and of each stage that has a prior; one that is a tuple here stays fixed."""
    of_model = [name for name, declared in Model.parameters().items() if declared.prior]
    names = [name for name in of_model if not isinstance(getattr(model, name), tuple)]
    names += [f"{stage.name}.{name}" for stage in curriculum for name in Stage.parameters() if stage.prior(name)]
    return [factor_of(name, "prior", model, curriculum) for name in names]


def _range(name: str, spec: Mapping[str, Any], declared: Parameter) -> dict[str, Any]:
    for entry in spec:
        if entry not in RANGE:
            raise unknown(f"entry of vary.{name}", entry, RANGE)
    if missing := [end for end in ("low", "high") if end not in spec]:
        what = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise InputError(f"vary.{name}: {what}: a range has low and high, and levels and log as you like.")
    for end in ("low", "high"):
        value = spec[end]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InputError(f"vary.{name}: {end} = {value!r} is not valid: it must be a number.")
    levels, scale = spec.get("levels"), spec.get("log", declared.log)
    if levels is not None:
        levels = check_whole(f"vary.{name}: levels", levels, 1, MOST_LEVELS)
    if not isinstance(scale, bool):
        raise InputError(f"vary.{name}: log = {scale!r} is not valid: it must be true or false.")
    return {"low": float(spec["low"]), "high": float(spec["high"]), "levels": levels, "log": scale}


def _declaration(name: str, model: Model, curriculum: Curriculum) -> tuple[Parameter | None, Any, Any]:
    """Return the declaration, None if there is none, the present value and the prior of a name."""
    if name in NAMED or name == SEED:
        return None, None, None
    stage, _, parameter = name.rpartition(".")
    if not stage:
        if name in Model.model_fields:
            return Model.parameters()[name], getattr(model, name), Model.parameters()[name].prior
        if name not in Stage.model_fields:
            raise unknown("parameter to vary", name, [*Model.model_fields, *NAMED, SEED])
        choices = " or ".join(f"{stage}.{name}" for stage in curriculum.names)
        raise InputError(f"vary.{name}: it is a parameter of a stage: write {choices}.")
    if stage not in curriculum.names:
        raise unknown("stage", stage, curriculum.names)
    known = [field for field in Stage.model_fields if field != "name"]
    if parameter not in known:
        raise unknown("stage parameter", parameter, known)
    present = curriculum[curriculum.names.index(stage)]
    if parameter != "carry":
        return Stage.parameters()[parameter], getattr(present, parameter), present.prior(parameter)
    if stage == curriculum.names[0]:
        raise InputError(f"vary.{name}: a first stage has nothing to carry; vary that of a later one.")
    return None, tuple(group for group in GROUPS if group in present.carry), None
