"""One sentence for whatever is wrong with input, system or environment, and exit code 2."""

from __future__ import annotations

import os
import sys
from itertools import takewhile
from typing import Any

from feint.agents.errors import InputError
from feint.commands.console import PrintError, say_aside

READ_BY = {"matplotlib": ("MPL",), "numba": ("NUMBA_",)}
"""Beginnings of the variables of the environment that libraries read."""


def check_environment() -> None:
    """Raise `InputError` for a variable of the environment at which a library would fail."""
    threads = os.environ.get("NUMBA_NUM_THREADS", "1")
    try:
        valid = int(threads) >= 1
    except ValueError:
        valid = False
    if not valid:
        right = "it must be a whole number of at least 1, or not set"
        raise InputError(f"NUMBA_NUM_THREADS = {threads!r}, a variable of the environment, is not valid: {right}.")


def give_up(error: Exception) -> int:
    """Print one sentence on an error; raises it again if it is none of the input or the system."""
    sentence = _sentence(error)
    if sentence:  # a call without a command has printed the help
        say_aside(f"{sentence}{'' if sentence[-1] in '.?' else '.'}")
    return 2


def _sentence(error: Exception) -> str:
    if isinstance(error, (InputError, MemoryError)):
        return str(error) or "there is not enough memory for this: request fewer runs"
    if isinstance(error, PrintError):
        return f"the result cannot be printed: {error}"
    if isinstance(error, OSError):
        file = f"{str(error.filename)!r} cannot be read or written" if error.filename else "this cannot be carried out"
        return f"{file}: {error.strerror or error}"
    if hasattr(error, "format_message"):  # the parser's errors have it
        return _usage(error)
    if variable := _at_fault(error):
        return f"{variable} = {os.environ[variable]!r}, a variable of the environment, is not valid: change or unset it"
    raise error


def _at_fault(error: Exception) -> str | None:
    """Return the variable of the environment at whose value a library failed."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    library = frame.tb_frame.f_globals.get("__name__", "").partition(".")[0] if frame is not None else ""
    variables = [name for name in os.environ if name.startswith(READ_BY.get(library, ()))]
    return next((name for name in variables if repr(os.environ[name]) in str(error)), None)


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
    return f"{sentence}{_choices(error)}; `{command} --help` lists arguments and options." if sentence else ""


def _choices(error: Any) -> str:
    """Return the names that an argument or option without a value takes, if they are fixed."""
    option, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if option is None and context is not None:
        named = getattr(error, "option_name", None)
        option = next((one for one in context.command.params if named in one.opts), None)
    if option is None or context is None:
        return ""
    choices = [item.value for item in option.shell_complete(context, "") if item.type == "plain"]
    return f", one of {', '.join(choices)}" if choices else ""
