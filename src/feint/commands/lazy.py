"""A group of commands that are imported when they are called, so that the command line starts quickly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

from feint.agents.errors import unknown
from feint.scenarios.requests import loaded


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

    found = loaded(target)
    if isinstance(found, typer.Typer):
        app = found
    else:
        app = typer.Typer(add_completion=False)
        app.command(name, rich_help_panel=panel)(command(found) if isinstance(found, type) else found)
    made = typer.main.get_command(app)
    made.name, made.rich_help_panel = name, panel  # pyright: ignore[reportAttributeAccessIssue]
    return made
