"""Requests: the parameters of a command or function, declared once.

A request is a frozen, keyword-only dataclass. Its fields are the options of the command, the keywords in Python, and,
if they differ from the defaults, the configuration in the passport, from which `feint regenerate` makes it again.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, get_args, get_type_hints

from feint.agents.errors import InputError, check_whole, unknown

Progress = Callable[[float], object]
"""A function that is called with the amount of work that has just been done."""
POINT = ("model", "stages", "start", "match")
"""Fields of a point's configuration."""


Choices = tuple[str, ...] | str
"""Names that can be chosen, or MODULE:NAME of what holds them, which is loaded only when they are needed."""


def names_of(choices: Choices) -> list[str]:
    """Return the names that can be chosen."""
    if isinstance(choices, tuple):
        return [*choices]
    module, _, name = choices.partition(":")
    held: Any = getattr(import_module(module), name)
    return [*map(str, held if isinstance(held, Iterable) else held())]


@dataclass(frozen=True)
class Option:
    """Offers a field on the command line: `Annotated[int, Option("Number of runs.", "N")] = 2000`."""

    help: str  #: one sentence
    metavar: str | None = None  #: placeholder of the value; left out for switches
    flag: str | None = None  #: name on the command line without dashes, if it is not the field's
    argument: bool = False  #: whether the value is given by position
    least: float | None = None  #: bounds of a number
    most: float | None = None
    choices: Choices = ()  #: what shells complete, and messages list
    written: bool = False  #: whether the command writes the file that the value names


@dataclass(frozen=True)
class Output:
    """A further file that a command writes on request, as `--csv FILE.csv`."""

    help: str
    metavar: str
    method: str  #: name of the report's method that writes the file
    check: Callable[[Path], Path]  #: returns the path; raises `InputError` if it cannot be written
    figure: bool = False  #: whether the method takes the keywords of `Look`


class Request:
    """Base of requests: subclasses are declared with `@dataclass(frozen=True, kw_only=True)`.

    A field is a plain value, a tuple of plain values, or an object with `configuration()` and a class method
    `from_configuration`, such as a `Point`. Threads and progress change no number, so that they are arguments of `run`.
    """

    kind: ClassVar[str]  #: name in the passport
    unit: ClassVar[str] = " steps"  #: what the progress bar counts
    started: ClassVar[bool] = False  #: whether `--start` and `--match` are offered beside the point
    threaded: ClassVar[bool] = True  #: whether `--threads` is offered
    drawn: ClassVar[bool] = True  #: whether `--figure` is offered
    staged: ClassVar[bool] = False  #: whether `run` takes `show`, which is called with early results
    outputs: ClassVar[Mapping[str, Output]] = {}  #: further files, by option
    not_drawn: ClassVar[Mapping[str, str]] = {}  #: fields that exclude `--figure`, with the reason
    varied: ClassVar[bool] = False  #: whether `--set NAME=A,B,C` fills the field `vary`, for a table
    text_only: ClassVar[tuple[str, ...]] = ()  #: fields that choose another text, so that they exclude `--json`

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self), include_extras=True).items():
            option = next((option for option in getattr(kind, "__metadata__", ()) if isinstance(option, Option)), None)
            if option is not None and option.least is not None and getattr(self, name) is not None:
                object.__setattr__(self, name, check_whole(name, getattr(self, name), option.least, option.most))

    def check(self, given: Mapping[str, Any]) -> None:
        """Raise `InputError` if the request excludes another option that is given, such as a further file."""

    def work(self) -> float:
        """Return how much there is to do, in `unit`."""
        return 1

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Any:
        """Compute and return the `Report`; raises `InputError` for what is not valid."""
        raise NotImplementedError

    def configuration(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, as plain data."""
        return {
            name: _plain(getattr(self, name))
            for name, default in defaults_of(type(self)).items()
            if getattr(self, name) != default
        }

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Self:
        """Return the request that has this configuration; raises `InputError` for a field or value that is not one."""
        if not isinstance(configuration, Mapping):
            raise InputError(f"configuration = {configuration!r} is not valid: it must be a table of fields.")
        kinds, known = get_type_hints(cls), defaults_of(cls)
        inside = [name for name in POINT if name in configuration and name not in known]
        if "point" in known and inside:  # passports of version 1 hold the fields of the point among the rest
            rest = {name: value for name, value in configuration.items() if name not in inside}
            configuration = {**rest, "point": {name: configuration[name] for name in inside}}
        for name in configuration:
            if name not in known:
                raise unknown("field", name, known)
        missing = [name for name, default in known.items() if default is MISSING and name not in configuration]
        if missing:
            raise InputError(f"configuration = {configuration!r} is not valid: field {missing[0]!r} must be in it.")
        return cls(**{name: _checked(name, kinds[name], value) for name, value in configuration.items()})


def defaults_of(cls: type) -> dict[str, Any]:
    """Return the default of every field; `MISSING` for a field that must be given."""
    return {
        field.name: field.default_factory() if field.default_factory is not MISSING else field.default
        for field in fields(cls)
    }


def _plain(value: Any) -> Any:
    if hasattr(value, "configuration"):
        return value.configuration()
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    plain = value is None or (isinstance(value, (bool, int, float)) and value not in INFINITE.values())
    return value if plain else str(value)


def _checked(name: str, kind: Any, value: Any) -> Any:
    """Return the value of a field from a configuration; raises `InputError` unless it has the field's type."""
    restored = _restored(kind, value)
    if hasattr(kind, "from_configuration"):
        return restored
    from pydantic import TypeAdapter, ValidationError

    try:
        known = TypeAdapter(kind, config={"arbitrary_types_allowed": True})
        known.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        where, right = error.errors()[0]["loc"], error.errors()[0]["msg"]
        at = "".join(f"[{part!r}]" for part in where if not str(part).startswith(("constrained", "function")))
        raise InputError(f"{name}{at} = {value!r} is not valid: {right[0].lower()}{right[1:]}.") from None
    return restored


def _restored(kind: Any, value: Any) -> Any:
    for one in (kind, *get_args(kind)):  # also of a field that may be None
        if hasattr(one, "from_configuration"):
            return one.from_configuration(value)
    if isinstance(value, Mapping):
        return {name: _restored(None, item) for name, item in value.items()}
    return tuple(value) if isinstance(value, list) else INFINITE.get(value, value)


INFINITE = {"inf": inf, "-inf": -inf}
"""Numbers that JSON does not have, by their text in a configuration."""


MOST_RUNS = 10**9  # of one ensemble, which holds what it records in memory
MOST_SEED = 2**64 - 1

Runs = Annotated[int, Option("Number of runs.", "N", least=1, most=MOST_RUNS)]
Seed = Annotated[int, Option("Random seed. The same seed gives the same result.", "N", least=0, most=MOST_SEED)]
Confidence = Annotated[float, Option("Confidence level of all intervals.", "X")]
Precision = Annotated[str, Option("Floating-point precision: single or double.", choices=("single", "double"))]
Networks = Annotated[bool, Option("Train real networks in place of the engine's mesa-optimizers.")]
Settings = Annotated[Mapping[str, Any], Option("Set a number of the scenario; repeatable.", "NAME=VALUE", flag="set")]
"""Fields that many requests have."""
