"""Makes commands from requests: options, validation, progress bar, JSON, text and files; imported when called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperGroup

from feint.agents.errors import InputError, unknown
from feint.commands.options import (
    AsJson,
    CurriculumFile,
    FigureFile,
    Matching,
    Settings,
    Start,
    Threads,
    bar,
    figure_path,
    point_of,
    real,
    save,
    whole,
)
from feint.scenarios.requests import loaded
from feint.sim.results.report import Report
from feint.sim.results.request import Option, Request


class LazyGroup(TyperGroup):
    """Group whose commands are requests or functions, named as `module:name`.

    `panels` has the commands by the heading under which the help lists them.
    """

    panels: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    of: ClassVar[str] = "command"  #: what its members are called in messages

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the parser's own signature
        """Return the names of all commands in the order of the help."""
        return [name for listed in self.panels.values() for name in listed]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name; raises `InputError` if it is not known."""
        for panel, listed in self.panels.items():
            if cmd_name in listed:
                return _made(cmd_name, listed[cmd_name], panel)
        raise unknown(self.of, cmd_name, self.list_commands(ctx))


def _made(name: str, target: str, panel: str) -> Any:
    """Return the command of a request or a function, or a group of commands."""
    from feint.commands.build import command

    member = loaded(target)
    if isinstance(member, typer.Typer):
        app = member
    else:
        app = typer.Typer(add_completion=False)
        app.command(name, rich_help_panel=panel)(command(member) if isinstance(member, type) else member)
    made = typer.main.get_command(app)
    made.name, made.rich_help_panel = name, panel  # pyright: ignore[reportAttributeAccessIssue]
    return made


PARSERS: dict[Any, Callable[[str], Any]] = {int: whole, float: real}
POINT = {"curriculum": (CurriculumFile, None), "settings": (Settings, None)}
STARTED = {"start": (Start, "fresh"), "match": (Matching, "target")}


def command(kind: type[Request]) -> Callable[..., None]:
    """Return a function whose parameters are the options of a request, as typer takes it."""

    def call(**given: Any) -> None:
        code = answer(kind, given).exit_code
        if code:
            raise typer.Exit(code)

    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in options_of(kind).items()
    ]
    call.__signature__ = inspect.Signature(options)  # pyright: ignore[reportFunctionMemberAccess] - read by typer
    call.__annotations__ = {option.name: option.annotation for option in options}
    call.__doc__ = inspect.getdoc(kind)
    return call


def answer(kind: type[Request], given: Mapping[str, Any]) -> Report:
    """Carry out a command: make the request, compute, write the files, print, and return the result."""
    own = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    values = {name: value for name, value in given.items() if name in own}
    if "point" in own:
        more = {name: given[name] for name in STARTED if name in given and name not in own}
        values["point"] = point_of(given.pop("curriculum"), given.pop("settings"), **more)  # pyright: ignore
    for name in kind.text_only:
        if given["as_json"] and values[name]:
            raise InputError(f"--{name} and --json exclude each other: give one.")
    for name, reason in kind.not_drawn.items():
        if given["figure"] and values[name]:
            raise InputError(f"--{name} and --figure exclude each other: {reason}.")
    path = figure_path(given.get("figure"))
    outputs = {name: output.check(given[name]) for name, output in kind.outputs.items() if given.get(name)}
    request = kind(**dict(_converted(kind, values)))
    request.check(given)
    with bar(request.work(), unit=request.unit) as progress:
        result = request.run(threads=given.get("threads"), progress=progress)
    if path:
        save(result.figure(), path, result.passport())
    for name, written in outputs.items():
        getattr(result, kind.outputs[name].method)(written)
    print(result.json() if given["as_json"] else result.text())
    return result


def options_of(kind: type[Request]) -> dict[str, tuple[Any, Any]]:
    """Return the annotation, as typer reads it, and the default of each option by name."""
    return dict(_options(kind))


def _options(kind: type[Request]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):  # pyright: ignore[reportArgumentType] - a request is a dataclass
        if field.name == "point":
            yield from {**POINT, **(STARTED if kind.started else {})}.items()
            continue
        hint = hints[field.name]
        inner, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        option = next((extra for extra in metadata if isinstance(extra, Option)), None)
        if option is None:  # a keyword in Python alone
            continue
        yield field.name, (_annotated(inner, option, field.name), _default(field, inner, option))
    if kind.threaded:
        yield "threads", (Threads, None)
    for name, output in kind.outputs.items():
        yield name, (Annotated[Path | None, typer.Option(metavar=output.metavar, help=output.help)], None)
    yield "as_json", (AsJson, False)
    if kind.drawn:
        yield "figure", (FigureFile, None)


def _default(field: Any, inner: Any, option: Option) -> Any:
    if _repeats(inner):
        return None
    return (... if option.argument else inspect.Parameter.empty) if field.default is MISSING else field.default


def _annotated(inner: Any, option: Option, name: str) -> Any:
    """Return the type of a field and how typer offers it."""
    plain = _without_none(inner)
    text: dict[str, Any] = {"parser": PARSERS[plain]} if plain in PARSERS else {}
    text |= {"metavar": option.metavar} if option.metavar else {}
    kind = list[str] if _repeats(inner) else plain
    optional = kind | None if kind is not plain or plain is not inner else kind
    if option.argument:
        return Annotated[optional, typer.Argument(help=option.help, **text)]
    flag = [f"--{(option.flag or name).replace('_', '-')}"]
    return Annotated[optional, typer.Option(*flag, help=option.help, **text)]


def _without_none(inner: Any) -> Any:
    if get_origin(inner) in (Union, UnionType):
        (inner,) = (kind for kind in get_args(inner) if kind is not type(None))
    return inner


def _repeats(inner: Any) -> bool:
    """Whether an option may be given several times: a tuple, or a mapping of NAME=VALUE."""
    return get_origin(_without_none(inner)) in (tuple, Mapping)


def _converted(kind: type[Request], values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values of fields as the request takes them; a repeated option that is not given is left out."""
    from feint.sim.training.configuration import parse_settings

    hints = get_type_hints(kind)
    for name, value in values.items():
        origin = get_origin(_without_none(hints[name]))
        if origin in (tuple, Mapping) and not value:
            continue
        yield name, parse_settings(value, name) if origin is Mapping else tuple(value) if origin is tuple else value
