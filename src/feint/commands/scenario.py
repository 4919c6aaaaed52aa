"""The command that runs one thought experiment: `feint scenario`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from feint.commands.options import AsJson, FigureFile, Threads, whole

if TYPE_CHECKING:
    from feint.sim.results.request import Request

app = typer.Typer()


@app.command()
def scenario(
    name: Annotated[
        str,
        typer.Argument(
            help="calibration, transfer: beside what is published; overseer: who trains without seeing the type; "
            "release: what actors make of a released model; "
            "revival: how soon what fine-tuning took away is back; rsa-2048: who waits for a sign that training cannot "
            "forge; two-exits: when playing along is best; wrappers: what carries its change; xu-race: the "
            "published toy of Xu (2020)."
        ),
    ],
    networks: Annotated[
        bool, typer.Option("--networks", help="Train real networks in place of the engine's mesa-optimizers.")
    ] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a number of the scenario; repeatable.")
    ] = None,
    runs: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Runs, or networks' seeds.")] = None,
    seed: Annotated[int | None, typer.Option(parser=whole, metavar="N", help="Key of all random streams.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
    figure: FigureFile = None,
    lineage: Annotated[
        Path | None,
        typer.Option(
            "--lineage",
            metavar="FILE.graphml",
            help="Of release alone: write what some actors of a market had, and what that descends from.",
        ),
    ] = None,
) -> None:
    """Run one thought experiment."""
    from feint.commands.build import answer
    from feint.scenarios.requests import SCENARIOS, request_of

    given = {"settings": settings, "networks": networks or None, "runs": runs, "seed": seed, "threads": threads}
    given |= {"lineage": lineage}
    given = {option: value for option, value in given.items() if value is not None}
    kind = request_of(name, SCENARIOS)
    check_options(name, kind, given)
    answer(kind, given | {"as_json": as_json, "figure": figure})


def check_options(name: str, kind: type[Request], given: Mapping[str, Any]) -> None:
    """Raise `InputError` if an option is given that the scenario does not have."""
    from feint.agents.errors import InputError
    from feint.commands.build import options_of

    for option, value in given.items():
        if option not in options_of(kind):
            shown = repr(str(value) if isinstance(value, Path) else value)
            raise InputError(f"{option} = {shown} is not allowed with scenario {name!r}: leave it out.")
