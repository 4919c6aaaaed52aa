"""A parameter is declared once; validation, help, documentation and the prior all read that declaration."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from feint.agents.errors import InputError, unknown

Bounds: TypeAlias = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What is known of one parameter besides its value."""

    name: str = ""
    default: Any
    valid: Bounds = (None, None)  #: closed bounds that validation enforces; None is unbounded
    prior: tuple[float, float] | None = None  #: stated ignorance, for robustness studies; never validated against
    log: bool = False  #: the prior is uniform in the logarithm
    off: Any = None  #: the value that removes what the parameter stands for; None where there is none
    meaning: str
    unit: str = "1"
    argument: str  #: the argument it belongs to
    source: str

    @property
    def allowed(self) -> str:
        """The valid values in words."""
        low, high = self.valid
        if low is None and high is None:
            return "a finite number"
        if high is None:
            return f"at least {low:g}"
        if low is None:
            return f"at most {high:g}"
        return f"from {low:g} to {high:g}"

    @property
    def prior_text(self) -> str:
        """The prior range in words, or a dash."""
        if self.prior is None:
            return "–"
        low, high = self.prior
        return f"{low:g} – {high:g}" + (" L" if self.log else "")


def parameter(default: Any, **facts: Any) -> Any:
    """Declare a field together with its facts; see `Parameter`."""
    declared = Parameter(default=default, **facts)
    low, high = declared.valid
    return Field(
        default=default,
        ge=low,
        le=high,
        description=declared.meaning,
        json_schema_extra={"parameter": asdict(declared)},
    )


class Declared(BaseModel):
    """Base of the parameter sets: frozen, keyword-only, exact about names and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    if not TYPE_CHECKING:

        def __init__(self, **values: Any) -> None:
            try:
                super().__init__(**values)
            except ValidationError as error:
                raise _explain(error, type(self)) from None

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The declaration of every parameter, by name."""
        found = {}
        for name, field in cls.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "parameter" in extra:
                found[name] = Parameter(**{**extra["parameter"], "name": name})  # pyright: ignore[reportCallIssue]
        return found

    def replace(self, **changes: Any) -> Self:
        """A copy with some values changed, validated like a new one."""
        return type(self)(**{**self.given(), **changes})

    def given(self) -> dict[str, Any]:
        """The values that were given, and not left to their defaults, as keyword arguments."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


def _explain(error: ValidationError, cls: type[Declared]) -> InputError:
    """The first fault of a validation as one sentence."""
    fault = error.errors()[0]
    name = str(fault["loc"][0]) if fault["loc"] else ""
    kind = cls.__name__.lower()
    if fault["type"] == "extra_forbidden":
        return unknown(f"{kind} parameter", name, cls.model_fields)
    if not name or fault["type"] == "value_error":
        return InputError(f"{name + ': ' if name else ''}{fault['msg'].removeprefix('Value error, ')}")
    declared = cls.parameters().get(name)
    if fault["type"] == "missing":
        return InputError(f"{kind} needs {name}: it was not given.")
    allowed = _allowed(fault, declared)
    return InputError(f"{name} = {fault['input']!r} is not valid for a {kind}: it must be {allowed}.")


def _allowed(fault: Any, declared: Parameter | None) -> str:
    """What would be right in place of a faulty value."""
    value = fault["input"]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if declared is None or not (number or fault["type"].startswith(("int", "float", "finite"))):
        return fault["msg"].removeprefix("Input should be ")
    whole = isinstance(declared.default, int) and not isinstance(declared.default, bool)
    noun = "a whole number " if whole else "a number "
    finite = "" if not number or math.isfinite(value) else "finite, "
    return f"{finite}{noun}{declared.allowed}".replace("number a finite number", "finite number")
