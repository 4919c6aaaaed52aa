"""Registry of what can be asked: commands, scenarios, and the documents that they print."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from feint.agents.errors import unknown
from feint.sim.results.request import Request

COMMANDS: dict[str, str] = {}
"""Command → its request, as `module:class`; commands of the front door alone are in `feint.commands.cli`."""
SCENARIOS = {
    "overseer": "feint.scenarios.oversight.overseer_baselines:OverseerRequest",
    "xu-race": "feint.scenarios.xu_race:XuRaceRequest",
}
"""Scenario → its request."""
DOCUMENTS = {
    "overseer": "feint.scenarios.oversight.overseer_baselines:Overseen",
    "scenario": "feint.scenarios.xu_race:Trajectory",
}
"""Name of a JSON document → the report whose document it is."""


def loaded(target: str) -> Any:
    """Return the object that `module:name` means."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def request_of(name: str, known: dict[str, str]) -> type[Request]:
    """Return the request of this name; raises `InputError` if it is not known."""
    if name not in known:
        raise unknown("scenario" if known is SCENARIOS else "command", name, known)
    return loaded(known[name])
