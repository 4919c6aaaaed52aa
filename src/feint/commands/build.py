"""Builds commands from requests: options, validation, progress bar, JSON, text and files."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from functools import partial
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from feint.agents.errors import InputError, check_whole, unknown
from feint.commands.console import say, say_aside, say_document, say_written
from feint.commands.settings import point_of, varied_settings, versus_of, with_second_setting
from feint.scenarios.requests import loaded
from feint.sim.results.report import Report
from feint.sim.results.request import Choices, Option, Request, names_of


def _whole(text: str) -> int:
    """Return a whole number, which may also be written as 1e4 or 2,000; raises `ValueError` for anything else."""
    plain = text.replace(",", "") if re.fullmatch(r"\s*[+-]?\d{1,3}(,\d{3})+\s*", text) else text
    try:
        return int(plain)
    except ValueError:
        from decimal import Decimal

        number = float(plain)
        if not number.is_integer() or abs(number) >= MOST_READ:
            raise
        return int(Decimal(plain))


def completed(choices: Choices) -> Callable[[str], list[str]]:
    """Return the function that completes one of these choices, or of several with commas between, in a shell."""

    def complete(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in names_of(choices) if name.startswith(begun)]

    complete.choices = choices  # pyright: ignore[reportFunctionMemberAccess] - for messages
    return complete


def _parser(name: str, kind: Callable[[str], Any], right: str) -> Callable[[str], Any]:
    """Return the parser of a kind of number, as typer takes it."""

    def parse(text: Any) -> Any:
        try:
            return kind(str(text))
        except (ValueError, OverflowError):
            raise typer.BadParameter(f"{text!r} is not {right}.") from None

    parse.__name__ = name
    return parse


MOST_READ = 1e30  # whole numbers in the notation of floats, such as 1e4
whole, real = _parser("whole", _whole, "a whole number"), _parser("real", float, "a number")
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
        "`feint parameters` lists them. With compare and simulate, similarity=0.1,0.5,0.9 makes a table.",
    ),
]
Versus = Annotated[
    list[str] | None,
    typer.Option(
        "--versus",
        metavar="NAME=VALUE",
        help="Compare with a second setting, on the same random numbers: all --set, --start and --match after it "
        "belong to that one.",
    ),
]
Seed = Annotated[int, count(help="Random seed. The same seed gives the same result.")]
Threads = Annotated[int | None, count(help="Threads; one per core unless given. Results do not depend on it.")]
Start = Annotated[
    str,
    typer.Option(
        help="How runs start: fresh, internal, corrigible or deceptive.",
        autocompletion=completed("feint.agents.types:starts"),
    ),
]
Matching = Annotated[
    str,
    typer.Option(
        "--match",
        help="What is held equal at the end: target, ceiling, steps, total-steps or data.",
        autocompletion=completed("feint.sim.training.curriculum:MATCHES"),
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
FigureFile = Annotated[
    Path | None,
    typer.Option("--figure", metavar="FILE", help="Draw the result; FILE ends in .svg, .pdf, .png, .eps or .tiff."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there already.")]
OF_FIGURE = "figure_"  # before the names of a figure's options, which may be those of fields, too
Precision = Annotated[
    str,
    typer.Option(help="Floating-point precision: single or double.", autocompletion=completed(("single", "double"))),
]
PARSERS: dict[Any, Callable[[str], Any]] = {int: whole, float: real}
POINT = {"curriculum": (CurriculumFile, None), "settings": (Settings, None)}
STARTED = {"start": (Start, "fresh"), "match": (Matching, "target")}


@contextmanager
def bar(total: float, unit: str) -> Iterator[Callable[[float], object]]:
    """Show a progress bar on standard error after a second, on a terminal alone; yield what moves it."""
    from tqdm import tqdm

    with tqdm(total=total, unit=unit, unit_scale=True, delay=1, leave=False, disable=None if total else True) as shown:
        yield shown.update


def show_warning(message: Warning | str, *_: object) -> None:
    """Print a warning as one line of standard error: the first one, if a library's is a whole report."""
    say_aside(f"warning: {next(filter(None, map(str.strip, str(message).splitlines())), '')}")


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
        look: dict[str, Any] = {"cls": SettingCommand, "rich_help_panel": panel}
        app.command(name, **look)(command(member) if isinstance(member, type) else member)
    made = typer.main.get_command(app)
    made.name, made.rich_help_panel = name, panel  # pyright: ignore[reportAttributeAccessIssue]
    return made


class SettingCommand(TyperCommand):
    """Command in which settings that follow `--versus` belong to the second setting."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        try:
            return super().parse_args(ctx, with_second_setting(args))
        except Exception as error:
            if getattr(error, "ctx", ctx) is None:  # the parser's error, which does not know its command
                error.ctx = ctx  # pyright: ignore[reportAttributeAccessIssue]
            raise


def command(kind: type[Request]) -> Callable[..., None]:
    """Return a function whose parameters are the options of a request, as typer takes it."""

    def call(**given: Any) -> None:
        code = answer(kind, given).exit_code
        if code:
            raise typer.Exit(code)

    return _with_options(call, (), dict(_options(kind)), inspect.getdoc(kind))


def look_of(given: Mapping[str, Any], *, drawn: bool) -> dict[str, Any]:
    """Return the options of a figure that are given; raises `InputError` if one is not valid, or nothing is drawn."""
    from feint.sim.results.figure_look import Look

    look = {name.removeprefix(OF_FIGURE): value for name, value in given.items() if name.startswith(OF_FIGURE)}
    look = {name: value for name, value in look.items() if value and value != getattr(Look, name, None)}
    if look and not drawn:
        raise InputError(f"--{next(iter(look))} says how a figure looks, and none is drawn: give --figure FILE, too.")
    return Look(**look).configuration()


def drawing(call: Callable[..., None]) -> Callable[..., None]:
    """Offer the options of figures with a command that is a function, and give it those as `look`."""

    def drawn(**given: Any) -> None:
        own = {name: value for name, value in given.items() if not name.startswith(OF_FIGURE)}
        call(**own, look=look_of(given, drawn="figure" not in given or given["figure"] is not None))

    kept = [option for option in inspect.signature(call, eval_str=True).parameters.values() if option.name != "look"]
    return _with_options(drawn, kept, dict(_look_options()), call.__doc__)


def _with_options(call: Any, kept: Iterable[inspect.Parameter], more: Mapping[str, Any], doc: str | None) -> Any:
    """Return a function with the parameters `kept` and, by name, annotations and defaults of `more`, as typer reads."""
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in more.items()
    ]
    options = [*(option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in kept), *added]
    call.__signature__ = inspect.Signature(options)
    call.__annotations__ = {option.name: option.annotation for option in options}
    call.__doc__ = inspect.cleandoc(doc or "")
    return call


def _look_options() -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the options of a figure as `_options` does those of a request."""
    from feint.sim.results.figure_look import Look

    for name, option in _field_options(Look):
        yield f"{OF_FIGURE}{name}", option


def answer(kind: type[Request], given: Mapping[str, Any]) -> Report:
    """Carry out a command: make the request, compute, write the files, print, and return the result."""
    from feint.sim.results.figure_style import check_figure_path
    from feint.sim.results.files import check_free

    own = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    values = {name: value for name, value in given.items() if name in own and name != "versus"}
    points = dict(_points(kind, given)) if "point" in own else {}
    _check_together(kind, given, values)
    path = check_figure_path(given["figure"]) if given.get("figure") else None
    outputs = {name: output.check(given[name]) for name, output in kind.outputs.items() if given.get(name)}
    drawn = bool(path) or any(kind.outputs[name].figure for name in outputs)
    look = look_of(given, drawn=drawn) if kind.drawn else {}
    written = {**({"figure": path} if path else {}), **outputs}
    written |= {name: given[name] for name, option in _offered(kind) if option.written and given[name]}
    check_free(written, force=given.get("force", False))
    if drawn:
        import_module("matplotlib")  # which reads the environment
    request = kind(**dict(_converted(kind, values)), **points)
    request.check(given)
    if given.get("threads") is not None:
        check_whole("threads", given["threads"], 1)
    with bar(request.work(), unit=request.unit) as progress:
        more = {"show": show_early} if kind.staged else {}
        result = request.run(threads=given.get("threads"), progress=progress, **more)
    say_document(result.json()) if given["as_json"] else say(result.text())
    if path:
        result.save_figure(path, **look)
    beside = {name: value for name, value in look.items() if name != "only"}
    for name, file in outputs.items():
        getattr(result, kind.outputs[name].method)(file, **(beside if kind.outputs[name].figure else {}))
    if not given["as_json"]:
        say_written(*written.values())
    return result


def _check_together(kind: type[Request], given: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Raise `InputError` if options are given that exclude each other."""
    for name in kind.text_only:
        if given["as_json"] and values[name]:
            raise InputError(f"--{name} and --json exclude each other: give one.")
    for name, reason in kind.not_drawn.items():
        if given["figure"] and values[name]:
            raise InputError(f"--{name} and --figure exclude each other: {reason}.")


def _points(kind: type[Request], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the point of a request, and the second setting and several values of parameters if they are given."""
    own = {field.name for field in fields(kind)}  # pyright: ignore[reportArgumentType]
    more = {name: given[name] for name in STARTED if name in given and name not in own}
    file, settings = given["curriculum"], given["settings"]
    if kind.varied:
        settings, several = varied_settings(settings)
        if several:
            yield "vary", tuple(several.items())
    yield "point", point_of(file, settings, **more)
    if given.get("versus"):
        yield "versus", versus_of(file, given["versus"], **more)


def _offered(kind: type[Request]) -> Iterator[tuple[str, Option]]:
    """Yield the name of each field that the command line offers, with its option."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        yield from ((name, extra) for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Option))


def _options(kind: type[Request]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield each option's name, and its annotation, as typer reads it, with its default."""
    yield from _field_options(kind)
    if kind.threaded:
        yield "threads", (Threads, None)
    for name, output in kind.outputs.items():
        yield name, (Annotated[Path | None, typer.Option(metavar=output.metavar, help=output.help)], None)
    yield "as_json", (AsJson, False)
    if kind.drawn:
        yield "figure", (FigureFile, None)
        yield from _look_options()
    hints = get_type_hints(kind)
    if "force" not in hints and (kind.drawn or kind.outputs or any(option.written for _, option in _offered(kind))):
        yield "force", (Force, False)


def _field_options(kind: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield the options that fields declare."""
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        if field.name == "point":
            yield from {**POINT, **(STARTED if kind.started else {})}.items()
            continue
        if field.name == "versus":
            yield "versus", (Versus, None)
            continue
        hint = hints[field.name]
        inner, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        option = next((extra for extra in metadata if isinstance(extra, Option)), None)
        if option is None:  # a keyword in Python alone
            continue
        missing = ... if option.argument else inspect.Parameter.empty
        default = None if _repeats(inner) else missing if field.default is MISSING else field.default
        yield field.name, (_annotated(inner, option, field.name), default)


def _annotated(inner: Any, option: Option, name: str) -> Any:
    """Return the type of a field and how typer offers it."""
    plain = _without_none(inner)
    text: dict[str, Any] = {"parser": PARSERS[plain]} if plain in PARSERS else {}
    text |= {"metavar": option.metavar} if option.metavar else {}
    text |= {"autocompletion": completed(option.choices)} if option.choices else {}
    kind = list[str] if _repeats(inner) else plain
    optional = kind | None if kind is not plain or plain is not inner else kind
    if option.argument:
        return Annotated[optional, typer.Argument(help=_plain(option.help), **text)]
    flag = [f"--{(option.flag or name).replace('_', '-')}"]
    return Annotated[optional, typer.Option(*flag, help=_plain(option.help), **text)]


def _plain(text: str) -> str:
    """Return a help text whose brackets the help prints, and does not take for markup."""
    return text.replace("[", r"\[")


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
    hints = get_type_hints(kind)
    for name, value in values.items():
        origin = get_origin(_without_none(hints[name]))
        if origin in (tuple, Mapping) and not value:
            continue
        yield name, _listed(name, value) if origin is Mapping else _parts(value) if origin is tuple else value


def _listed(name: str, settings: Sequence[str]) -> dict[str, Any]:
    """Return the values of NAME=VALUE settings, in which commas make a list."""
    from feint.sim.training.configuration import Several, parse_settings

    values = parse_settings(settings, name)
    return {key: list(value) if isinstance(value, Several) else value for key, value in values.items()}


def _parts(given: Sequence[str]) -> tuple[str, ...]:
    """Return the values of an option that may be given several times, or with commas between; files keep theirs."""
    from feint.sim.training.configuration import separated

    return tuple(part for text in given for part in ([text] if Path(text).exists() else separated(text)))
