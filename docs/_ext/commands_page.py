"""Lists every command with its arguments and options, from the declarations that the command line itself reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from feint.commands.cli import app, scenario


def page() -> str:
    """Return one section per command and per scenario, in Markdown."""
    tops = _commands(get_command(app), "feint")
    scenarios = _commands(get_command(scenario), "feint scenario")
    return "\n\n".join(_section(*of) for of in (*tops, *scenarios))


def _commands(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    context = group.make_context(before, [], resilient_parsing=True)
    for name in group.list_commands(context):
        if (command := group.get_command(context, name)) is not None:
            yield f"{before} {name}", command


def _section(name: str, command: Any) -> str:
    """Return a heading, what the command does, how it is called, and a table of its options."""
    own = [part for part in command.params if part.name != "help"]
    named = [part for part in own if part.param_type_name == "argument"]
    called = " ".join([name, *(_metavar(part) for part in named), "[OPTIONS]"])
    rows = [_row(part) for part in own if _help(part)]
    head = ["| | meaning | default |", "|---|---|---|"] if rows else []
    text = (command.help or "").split("\n\n")
    return "\n\n".join([f"## {name}", *map(_plain, text), f"```text\n{called}\n```", "\n".join([*head, *rows])])


def _row(part: Any) -> str:
    given = "" if part.param_type_name == "argument" else ", ".join(part.opts) + " "
    value = "" if getattr(part, "is_flag", False) else _metavar(part)
    shown = isinstance(part.default, (int, float, str)) and part.default is not False and part.default != ""
    default = f"`{part.default}`" if shown else ""
    return f"| `{(given + value).strip()}` | {_plain(_help(part))} | {default} |"


def _help(part: Any) -> str:
    return getattr(part, "help", None) or ""


def _metavar(part: Any) -> str:
    return part.metavar or str(part.name).upper()


def _plain(text: str) -> str:
    """Return a help text as Markdown: its brackets are no markup, and its bars no cells."""
    return " ".join(text.replace("\\[", "[").split()).replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")
