"""Scenarios that are not yet declared as requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from feint.agents.errors import InputError, unknown
from feint.scenarios.requests import SCENARIOS
from feint.sim.results.part import Part

if TYPE_CHECKING:
    from matplotlib.figure import Figure


EXPERIMENTS = {
}
"""Name → file, which has a function `run` of what is asked."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of an experiment; None is its own choice."""

    settings: Mapping[str, Any] = field(default_factory=dict)  #: as `--set` gives them
    networks: bool = False  #: real networks in place of the engine
    runs: int | None = None
    seed: int | None = None
    threads: int | None = None
    progress: Callable[[float], object] | None = None  #: called with the share of the work that is newly done

    def refuse(self, name: str, *fields: str) -> None:
        """Raise where something is asked that this experiment does not have."""
        for each in fields:
            if getattr(self, each) not in (None, False):
                raise InputError(
                    f"{each} = {getattr(self, each)!r} is not allowed with scenario {name!r}: leave it out."
                )


class Result(Protocol):
    """What an experiment gives."""

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        ...

    def document(self) -> Part:
        """As its JSON document."""
        ...

    def figure(self) -> Figure:
        """Drawn."""
        ...

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        ...


def run(name: str, asked: Asked) -> Result:
    """Run an experiment; raises `InputError` for one that there is not, and where it cannot do what is asked."""
    if name not in EXPERIMENTS:
        raise unknown("scenario", name, sorted([*EXPERIMENTS, *SCENARIOS]))
    return import_module(f"feint.scenarios.{EXPERIMENTS[name]}").run(asked)
