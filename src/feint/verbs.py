"""The commands as functions: each takes the fields of its request as keywords, and returns its report.

They are made from the registry of requests when they are first used; `verbs.pyi` declares them for type checkers.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from feint.agents.errors import unknown
from feint.scenarios.requests import COMMANDS, SCENARIOS, loaded, report_of
from feint.sim.results.report import Report
from feint.sim.results.request import Option, Request
from feint.sim.training.configuration import point_of

OWN = ("compare", "simulate", "rare", "replay", "boundary", "screen")
"""Commands whose functions stand beside what they compute, since they take arguments by position."""
VERBS = {name.replace("-", "_"): name for name in COMMANDS if name not in OWN}
"""Function → command."""
CURRICULUM = "Stages, or the name of a file that holds them; pre-training + fine-tuning if None."
MODEL = "Model, or the values of its parameters by name; the defaults if None, or what the file says."
START = "How runs start: fresh, or as a registered type such as internal, corrigible or deceptive."
MATCH = "What is held equal at the end: target, ceiling, steps, total-steps or data."
THREADS = "Number of threads, one per core if None; no result depends on it."
PROGRESS = "Called with the amount of work that has just been done, in units of the command's progress bar."
SHOW = "Called with early results, as text."
POINT = {
    "curriculum": ("Curriculum | str | Path | None", None, CURRICULUM),
    "model": ("Model | Mapping[str, Any] | None", None, MODEL),
}
STARTED = {"start": ("str", "fresh", START), "match": ("str", "target", MATCH)}
FOLDER = "str | Path | Sweep"
FUNCTION = "Callable[[{}], object] | None"
RENAMED = {"number": "run"}
"""Fields whose keywords are named as on the command line."""


@dataclass(frozen=True, kw_only=True)
class Keyword:
    """An argument of a function: its type as text, its default and its meaning."""

    name: str
    type: str
    default: Any
    meaning: str
    positional: bool = False

    def parameter(self) -> inspect.Parameter:
        """Return the argument as part of a signature."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if self.positional else inspect.Parameter.KEYWORD_ONLY
        default = inspect.Parameter.empty if self.default is MISSING else self.default
        return inspect.Parameter(self.name, kind, default=default, annotation=self.type)


def __getattr__(name: str) -> Any:
    if name not in VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return function(name)


def scenario(name: str, **fields: Any) -> Report:
    """Run one thought experiment, as `feint scenario NAME` does.

    Parameters
    ----------
    name
        Name of the experiment, such as "two-exits" or "release".
    **fields
        Options of its command as keywords, such as `seed`, `runs` and `settings={"years": 20}`.

    Returns
    -------
    Report
        Text, table, figure and JSON document of the result.

    Raises
    ------
    InputError
        If the name is not known, or a value is not valid.

    """
    if name not in SCENARIOS:
        raise unknown("scenario", name, SCENARIOS)
    return made(name.replace("-", "_"), loaded(SCENARIOS[name]), name)(**fields)


@cache
def function(name: str) -> Callable[..., Any]:
    """Return the function of a command, named as in VERBS."""
    command = VERBS[name]
    return made(name, loaded(COMMANDS[command]), command)


def made(name: str, kind: type[Request], command: str) -> Callable[..., Any]:
    """Return a function that carries out a request, with its signature and docstring."""
    signature = inspect.Signature(
        [keyword.parameter() for keyword in keywords(kind)], return_annotation=returned(kind, command)
    )

    def call(*values: Any, **named: Any) -> Any:
        try:
            given = signature.bind(*values, **named).arguments
        except TypeError as error:
            raise TypeError(f"{name}() {error}") from None
        return answer(kind, given)

    call.__name__ = call.__qualname__ = name
    call.__module__, call.__doc__ = __name__, documented(kind, command)
    call.__signature__ = signature  # pyright: ignore[reportFunctionMemberAccess] - read by inspect
    return call


def answer(kind: type[Request], given: Mapping[str, Any]) -> Any:
    """Make the request of these keywords, carry it out, and return its report; raises `InputError`."""
    left, hints = dict(given), get_type_hints(kind)
    more = {name: left.pop(name) for name in ("threads", "progress", "show") if name in left}
    values: dict[str, Any] = {}
    if "point" in hints:
        at = {name: left.pop(name) for name in (*POINT, *STARTED) if name in left and name not in hints}
        values["point"] = point_of(**at)
    own = {keyword_of(field): field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    values |= {own[name]: _taken(hints[own[name]], value) for name, value in left.items() if value is not MISSING}
    return kind(**values).run(**more)


def _taken(hint: Any, value: Any) -> Any:
    """Return a value as a request takes it: a path from its text or a sweep, a tuple from a list or a single one."""
    plain = _without_none(hint)
    if get_origin(plain) is tuple and value is not None:
        return tuple(value) if isinstance(value, (list, tuple, set, frozenset, Iterator)) else (value,)
    if plain is Path and value is not None:
        return value if isinstance(value, Mapping) else Path(getattr(value, "folder", value))
    if value is None and get_origin(plain) is Mapping:
        return {}
    return str(value) if isinstance(value, Path) else value


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, UnionType):
        return hint
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    if Path in kinds:  # what a passport holds in its place is no path
        return Path
    return kinds[0] if len(kinds) == 1 else Union[tuple(kinds)]  # noqa: UP007 - of a list of types


def keyword_of(field: Field[Any]) -> str:
    """Return the keyword of a request's field."""
    return RENAMED.get(field.name, field.name)


def keywords(kind: type[Request]) -> list[Keyword]:
    """Return the arguments of a request's function, those by position first; fields without a meaning are left out."""
    listed = [*_keywords(kind)]
    return sorted(listed, key=lambda keyword: not keyword.positional)


def _keywords(kind: type[Request]) -> Iterator[Keyword]:
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):  # pyright: ignore[reportArgumentType] - a request is a dataclass
        if field.name == "point":
            places = {**POINT, **(STARTED if kind.started else {})}
            for name, (text, default, meaning) in places.items():
                yield Keyword(name=name, type=text, default=default, meaning=meaning)
            continue
        inner, *extras = get_args(hints[field.name]) if get_origin(hints[field.name]) is Annotated else (None,)
        for extra in extras:
            argument = isinstance(extra, Option) and extra.argument
            default = None if field.default_factory is not MISSING else field.default
            about = {"name": keyword_of(field), "type": type_text(inner, field.name, default), "default": default}
            yield Keyword(**about, meaning=_meaning(extra), positional=argument)
    yield from _how_to_run(kind)


def _how_to_run(kind: type[Request]) -> Iterator[Keyword]:
    """Yield the arguments that change no number."""
    if kind.threaded:
        yield Keyword(name="threads", type="int | None", default=None, meaning=THREADS)
    if kind.work is not Request.work:
        yield Keyword(name="progress", type=FUNCTION.format("float"), default=None, meaning=PROGRESS)
    if kind.staged:
        yield Keyword(name="show", type=FUNCTION.format("str"), default=None, meaning=SHOW)


def _meaning(extra: Option | str) -> str:
    """Return the help of an option, or what an annotation says, as it is said of a keyword."""
    text = extra.help if isinstance(extra, Option) else extra
    return spoken(text).replace("; repeatable", "; several as a list")


def spoken(text: str) -> str:
    """Return a text on options with the names of keywords: `--half-width` is `half_width`."""
    return re.sub(r"--([a-z][a-z-]*)", lambda found: f"`{found[1].replace('-', '_')}`", text)


def type_text(inner: Any, name: str, default: Any = MISSING) -> str:
    """Return the type of a keyword, as its function takes it."""
    plain = _without_none(inner)
    optional = "" if plain is inner and default is not None else " | None"
    if get_origin(plain) is Mapping:
        return "Mapping[str, Any] | None"
    if get_origin(plain) is tuple:
        parts = " | ".join(part.__name__ for part in _members(get_args(plain)[0]))
        return f"{parts} | Iterable[{parts}]{optional}"
    if plain is Path:
        return (FOLDER if name == "folder" else "str | Path") + optional
    return " | ".join(part.__name__ for part in _members(plain)) + optional


def _members(kind: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the one type."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def returned(kind: type[Request], command: str) -> str:
    """Return the names of the reports that a request may give."""
    return " | ".join(report.__name__ for report in reports(kind, command))


def reports(kind: type[Request], command: str) -> tuple[type[Report], ...]:
    """Return the reports that a request may give."""
    result = get_type_hints(kind.run)["return"]
    return _members(report_of(command) if result is Any else result)


def documented(kind: type[Request], command: str) -> str:
    """Return the docstring of a request's function."""
    sections = [spoken(inspect.getdoc(kind) or ""), "", f"The command is `feint {_words(command)}`.", ""]
    sections += [*_section("Parameters", {keyword.name: keyword.meaning for keyword in keywords(kind)})]
    about = " ".join((inspect.getdoc(report) or "").split("\n", 1)[0] for report in reports(kind, command))
    sections += [*_section("Returns", {returned(kind, command): about})]
    sections += [*_section("Raises", {"InputError": "If a value is not valid."})]
    return "\n".join(sections)


def _words(command: str) -> str:
    return f"scenario {command}" if command in SCENARIOS else command


def _section(title: str, entries: Mapping[str, str]) -> Iterator[str]:
    yield from (title, "-" * len(title))
    for name, meaning in entries.items():
        yield from (name, f"    {meaning}")
    yield ""
