"""Builds commands from requests: options, validation, progress bar, JSON, text and files."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields
from functools import partial
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperGroup

from feint.agents.errors import InputError, unknown
from feint.scenarios.requests import loaded
from feint.sim.results.report import Report
from feint.sim.results.request import Option, Request

if TYPE_CHECKING:
    from feint.sim.training.parameter_point import Point


def _parser(name: str, kind: Callable[[str], Any], right: str) -> Callable[[str], Any]:
    """Return the parser of a kind of number, as typer takes it."""

    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not {right}.") from None

    parse.__name__ = name
    return parse


whole, real = _parser("whole", int, "a whole number"), _parser("real", float, "a number")
count = partial(typer.Option, parser=whole, metavar="N")  # an option that takes a whole number
CurriculumFile = Annotated[
    Path | None,
    typer.Option("--curriculum", metavar="FILE.toml", help="Model and stages to use in place of the defaults."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a model parameter (similarity=0.9) or a stage's (finetuning.honeypots=0.1); repeatable. "
        "`feint parameters` lists them.",
    ),
]
Seed = Annotated[int, count(help="Random seed. The same seed gives the same result.")]
Threads = Annotated[int | None, count(help="Threads; one per core unless given. Results do not depend on it.")]
Start = Annotated[str, typer.Option(help="How runs start: fresh, internal, corrigible or deceptive.")]
Matching = Annotated[
    str, typer.Option("--match", help="What is held equal at the end: target, ceiling, steps, total-steps or data.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
FigureFile = Annotated[
    Path | None, typer.Option("--figure", metavar="FILE", help="Draw the result; FILE ends in .svg, .png or .pdf.")
]
Precision = Annotated[str, typer.Option(help="Floating-point precision: single or double.")]
PARSERS: dict[Any, Callable[[str], Any]] = {int: whole, float: real}
POINT = {"curriculum": (CurriculumFile, None), "settings": (Settings, None)}
STARTED = {"start": (Start, "fresh"), "match": (Matching, "target")}


def point_of(file: Path | None, settings: list[str] | None, **more: str) -> Point:
    """Return the point that file and settings describe; `more` is its start and its matching rule."""
    from feint.agents.model import Model
    from feint.sim.training.configuration import Configuration, load
    from feint.sim.training.curriculum import pretrain_finetune
    from feint.sim.training.parameter_point import Point

    configured = load(file) if file else Configuration(model=Model())
    model, curriculum = configured.with_settings(settings or [], fallback=pretrain_finetune())
    return Point(model=model, curriculum=curriculum, **more)


@contextmanager
def bar(total: float, unit: str) -> Iterator[Callable[[float], object]]:
    """Show a progress bar on standard error after a second, on a terminal alone; yield what moves it."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None if total else True) as shown:
        yield shown.update


def show_warning(message: Warning | str, *_: object) -> None:
    """Print a warning as one line of standard error."""
    print(f"feint: warning: {message}", file=sys.stderr)


def show_early(text: str) -> None:
    """Print an early result on standard error, above the progress bar: the whole result follows on standard output."""
    from tqdm import tqdm

    tqdm.write(f"{text}\n", file=sys.stderr)


class LazyGroup(TyperGroup):
    """Group whose commands are requests or functions, named as `module:name`."""

    panels: ClassVar[Mapping[str, Mapping[str, str]]] = {}  #: commands by the heading under which the help lists them
    of: ClassVar[str] = "command"  #: name of its members in messages

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
    member = loaded(target)
    if isinstance(member, typer.Typer):
        app = member
    else:
        app = typer.Typer(add_completion=False)
        app.command(name, rich_help_panel=panel)(command(member) if isinstance(member, type) else member)
    made = typer.main.get_command(app)
    made.name, made.rich_help_panel = name, panel  # pyright: ignore[reportAttributeAccessIssue]
    return made


def command(kind: type[Request]) -> Callable[..., None]:
    """Return a function whose parameters are the options of a request, as typer takes it."""

    def call(**given: Any) -> None:
        code = answer(kind, given).exit_code
        if code:
            raise typer.Exit(code)

    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in _options(kind)
    ]
    call.__signature__ = inspect.Signature(options)  # pyright: ignore[reportFunctionMemberAccess] - read by typer
    call.__annotations__ = {option.name: option.annotation for option in options}
    call.__doc__ = inspect.getdoc(kind)
    return call


def answer(kind: type[Request], given: Mapping[str, Any]) -> Report:
    """Carry out a command: make the request, compute, write the files, print, and return the result."""
    from feint.sim.results.figure_style import check_figure_path, save

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
    path = check_figure_path(given["figure"]) if given.get("figure") else None
    outputs = {name: output.check(given[name]) for name, output in kind.outputs.items() if given.get(name)}
    request = kind(**dict(_converted(kind, values)))
    request.check(given)
    with bar(request.work(), unit=request.unit) as progress:
        more = {"show": show_early} if kind.staged else {}
        result = request.run(threads=given.get("threads"), progress=progress, **more)
    if path:
        save(result.figure(), path, result.passport())
    for name, written in outputs.items():
        getattr(result, kind.outputs[name].method)(written)
    print(result.json() if given["as_json"] else result.text())
    return result


def _options(kind: type[Request]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield each option's name, and its annotation, as typer reads it, with its default."""
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
        missing = ... if option.argument else inspect.Parameter.empty
        default = None if _repeats(inner) else missing if field.default is MISSING else field.default
        yield field.name, (_annotated(inner, option, field.name), default)
    if kind.threaded:
        yield "threads", (Threads, None)
    for name, output in kind.outputs.items():
        yield name, (Annotated[Path | None, typer.Option(metavar=output.metavar, help=output.help)], None)
    yield "as_json", (AsJson, False)
    if kind.drawn:
        yield "figure", (FigureFile, None)


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
    if get_origin(inner) in (Union, UnionType):  # what Python takes besides, such as a Claim, is no text
        kinds = [kind for kind in get_args(inner) if kind is not type(None)]
        inner = str if str in kinds else kinds[0]
    return inner


def _repeats(inner: Any) -> bool:
    """Return whether an option may be given several times: a tuple, or a mapping of NAME=VALUE."""
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
