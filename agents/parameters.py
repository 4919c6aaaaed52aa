"""Declaration of parameters, which validation, help, documentation and the prior all read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import cleandoc
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from feint.agents.errors import InputError, unknown

Bounds: TypeAlias = tuple[float | None, float | None]
OWN = "modelling choice of Feint"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """Declaration of one parameter."""

    name: str
    default: Any
    valid: Bounds = (None, None)  #: closed bounds that validation enforces; None is unbounded
    prior: tuple[float, float] | None = None  #: stated ignorance, for robustness studies; never validated against
    prior_of: str = ""  #: the kind of stage that the prior is for, "pre-training" or "fine-tuning"; both if empty
    log: bool = False  #: the prior is uniform in the logarithm
    choices: tuple[str, ...] = ()  #: valid names, if the parameter is a name
    off: Any = None  #: value that removes the mechanism; None if there is none
    meaning: str
    unit: str = "1"
    argument: str  #: the argument it belongs to
    source: str = OWN

    @property
    def allowed(self) -> str:
        """Valid values in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        low, high = self.valid
        if low is None:
            return "finite" if high is None else f"at most {plain(high)}"
        return f"at least {plain(low)}" if high is None else f"from {plain(low)} to {plain(high)}"

    @property
    def brief(self) -> str:
        """Valid values in a few characters."""
        if self.choices:
            return ", ".join(self.choices)
        low, high = self.valid
        return f"≥ {plain(low)}" if high is None else f"{plain(low)} – {plain(high)}"

    @property
    def prior_text(self) -> str:
        """Prior range in words, or a dash."""
        if self.prior is None:
            return "–"
        low, high = self.prior
        return f"{low:g} – {high:g}" + (" L" if self.log else "") + (f" ({self.prior_of})" if self.prior_of else "")


def plain(number: float | str | None) -> str:
    """Format a number for people; names are returned unchanged."""
    if number is None or isinstance(number, str):
        return number or "–"
    return f"{number:,.0f}" if float(number).is_integer() and abs(number) >= 1000 else f"{number:g}"


def parameter(default: Any, *, checked: bool = True, meaning: str | None = None, **facts: Any) -> Any:
    """Declare a field with the facts of its `Parameter`; its bounds are enforced if `checked`.

    A field's meaning may also be the string below it.
    """
    low, high = facts.get("valid", (None, None)) if checked else (None, None)
    names = f"^({'|'.join(facts['choices'])})$" if "choices" in facts else None
    extra: Any = {"parameter": facts}
    return Field(default=default, ge=low, le=high, pattern=names, description=meaning, json_schema_extra=extra)


class Declared(BaseModel):
    """Base of parameter sets: frozen, keyword-only, strict about names and types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    if not TYPE_CHECKING:

        def __init__(self, **values: Any) -> None:
            numpy = (np.generic, np.ndarray)
            try:
                super().__init__(**{k: v.tolist() if isinstance(v, numpy) else v for k, v in values.items()})
            except ValidationError as error:
                raise _explain(error, type(self)) from None

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Add every parameter to a docstring in sections: its meaning, default, unit and valid values."""
        text, raises, rest = cleandoc(cls.__doc__ or "").partition("Raises\n------\n")
        if raises:
            entries = "\n".join(f"{name}\n    {told}" for name, told in cls._entries())
            cls.__doc__ = f"{text}Parameters\n----------\n{entries}\n\n{raises}{rest}"

    @classmethod
    def _entries(cls) -> Iterator[tuple[str, str]]:
        """Yield each parameter's name, and what a docstring says of it."""
        declared = cls.parameters()
        for name, field in cls.model_fields.items():
            unit = f" Unit: {declared[name].unit}." if name in declared and declared[name].unit != "1" else ""
            valid = f" Valid: {declared[name].allowed}." if name in declared else ""
            meaning = (field.description or name).replace("\n", " ")
            yield name, f"{meaning[0].upper()}{meaning[1:]}. Default: {field.default!r}.{unit}{valid}"

    def __repr__(self) -> str:
        """Return one line with the values that were given and differ from the defaults."""
        fields = type(self).model_fields
        changed = {name: value for name, value in self.given().items() if value != fields[name].default}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    __str__ = __repr__

    @classmethod
    @cache
    def parameters(cls) -> Mapping[str, Parameter]:
        """Return the declaration of every parameter, by name."""
        declared = {}
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "parameter" in extra:
                facts: Any = extra["parameter"]
                meaning = field.description or ""
                declared[name] = Parameter(name=name, default=field.default, meaning=meaning, **facts)
        return MappingProxyType(declared)

    @classmethod
    def of(cls, values: object) -> Self:
        """Return the parameters that these are, or that a mapping of names and values gives; the defaults if None.

        Raises `InputError` for anything else, and for a name or value that is not valid.
        """
        if isinstance(values, cls):
            return values
        if values is not None and not (isinstance(values, Mapping) and all(isinstance(name, str) for name in values)):
            name, kind = next(iter(cls.parameters())), cls.__name__
            right = f"write {kind}(...), or its parameters by name, as in {{{name!r}: …}}"
            raise InputError(f"{kind.lower()} = {values!r} is not a {kind}: {right}.")
        return cls(**(values or {}))

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some values changed, validated like a new one."""
        return type(self)(**{**self.given(), **changes})

    def given(self) -> dict[str, Any]:
        """Return the values that were given explicitly, as keyword arguments."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


def bounded(declared: Parameter, value: Any, cls: type[Declared]) -> None:
    """Raise `InputError` unless a value is a finite number within a parameter's valid bounds."""
    low, high = declared.valid
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not -inf < value < inf or (low is not None and value < low) or (high is not None and value > high):
        raise _fault(declared, value, cls)


def _explain(error: ValidationError, cls: type[Declared]) -> InputError:
    fault = error.errors()[0]
    name = str(fault["loc"][0]) if fault["loc"] else ""
    declared = cls.parameters().get(name)
    if fault["type"] == "extra_forbidden":
        return unknown(f"{_kind(cls)} parameter", name, cls.model_fields)
    if fault["type"] == "value_error" or declared is None:
        message = fault["msg"].removeprefix("Value error, ")
        return InputError(message if message.startswith(name) else f"{name} = {fault['input']!r}: {message}.")
    return _fault(declared, fault["input"], cls)


def _fault(declared: Parameter, value: object, cls: type[Declared]) -> InputError:
    infinite = cls.model_config.get("allow_inf_nan") and None in declared.valid
    kind = "a whole number" if isinstance(declared.default, int) else "a number" if infinite else "a finite number"
    bounds = "" if declared.valid == (None, None) else f" {declared.allowed}".replace(" at ", " of at ")
    right = declared.allowed if declared.choices else f"{kind}{bounds}"
    return InputError(f"{declared.name} = {value!r} is not valid for a {_kind(cls)}: it must be {right}.")


def _kind(cls: type[Declared]) -> str:
    return getattr(cls, "name", cls.__name__.lower())
