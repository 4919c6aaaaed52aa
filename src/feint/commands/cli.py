"""The command line `feint`: its commands in panels, and how it ends."""

from __future__ import annotations

import sys
import warnings
from itertools import takewhile
from typing import Annotated, Any, NoReturn

import typer

from feint.agents.errors import InputError
from feint.commands.build import LazyGroup, show_warning
from feint.scenarios.requests import COMMANDS, DOCUMENTS, SCENARIOS, schema_text

STOPPED = 130  # exit code after Ctrl-C
OWN = {
    "explore": "feint.commands.functions:explore",
    "export": "feint.commands.functions:export",
    "figures": "feint.commands.functions:figures",
    "graph": "feint.commands.functions:graph",
    "scenario": "feint.commands.cli:scenario",
    "schema": "feint.commands.cli:schema",
    "sweep": "feint.commands.functions:sweep",
}
"""Commands that are functions rather than requests."""
PANELS = {
    "Start": ("compare", "explore", "replay", "parameters"),
    "Studies": ("sweep", "export", "map", "sensitivity", "regions", "share", "simulate", "rare"),
    "The argument": ("argue", "why", "crux", "worldviews", "counting", "audit", "graph", "figures", "regenerate"),
    "More": ("scenario", "auditors", "schema"),
}


class Commands(LazyGroup):
    """All commands of `feint`."""

    panels = {panel: {name: (OWN | COMMANDS)[name] for name in names} for panel, names in PANELS.items()}


class Scenarios(LazyGroup):
    """All scenarios of `feint scenario`."""

    panels = {"Scenarios": SCENARIOS}
    of = "scenario"


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="New? Try `feint compare`, then `feint explore`.",
)
scenario = typer.Typer(cls=Scenarios, no_args_is_help=True, add_completion=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        from feint.agents.version import VERSION

        print(VERSION)
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """A fast, honest simulator of how training can produce deceptive alignment."""


@scenario.callback()
def experiments() -> None:
    """Run one thought experiment; each has its own options."""


def schema(document: Annotated[str, typer.Argument(help=f"{', '.join(DOCUMENTS)}.")]) -> None:
    """Print the JSON schema of a command's document."""
    print(schema_text(document))


def main() -> None:
    """Run the command line; bad input is one sentence and exit code 2."""
    warnings.showwarning = show_warning
    warnings.simplefilter("always", RuntimeWarning)  # each arm says how many of its runs diverged
    try:
        code = app(standalone_mode=False) or 0
        if code == STOPPED:  # the parser's code for Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code)
    except KeyboardInterrupt:
        print("feint: stopped. Finished parts of a sweep are kept; continue with --resume.", file=sys.stderr)
        sys.exit(STOPPED)
    except (InputError, MemoryError) as error:
        _give_up(str(error) or "there is not enough memory for this: request fewer runs.")
    except OSError as error:
        _give_up(f"the result cannot be printed: {error.strerror}.")
    except Exception as error:
        if not hasattr(error, "format_message"):  # the parser's errors have it
            raise
        _give_up(_usage(error))


def _usage(error: Any) -> str:
    """Return what the parser's error says and what would be right; empty if the help was printed."""
    words = [*takewhile(lambda word: not word.startswith("-"), sys.argv[1:])]
    command = " ".join(["feint", *words[: 2 if words[:1] == ["scenario"] else 1]])
    sentence, option = error.format_message().rstrip("."), getattr(error, "param", None)
    if option is not None and error.message:  # a value that is not valid
        return sentence
    if near := getattr(error, "possibilities", None):
        return f"No such option: {error.option_name}: did you mean {near[0]}?"
    if option is not None:  # it is missing
        value = option.metavar or option.name.upper()
        sentence += f": give {value if option.param_type_name == 'argument' else f'{option.opts[0]} {value}'}"
    return f"{sentence}; `{command} --help` lists arguments and options." if sentence else ""


def _give_up(sentence: str) -> NoReturn:
    if sentence:  # a call without a command has printed the help
        print(f"feint: {sentence}{'' if sentence[-1] in '.?' else '.'}", file=sys.stderr)
    sys.exit(2)
