"""What the page shows of the declarations: parameters with their sliders, world views, and findings, as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from feint.agents.errors import InputError, check_whole
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.agents.parameters import Parameter, plain
from feint.scenarios.argument.worldview_files import WorldView, default_view, views
from feint.sim.ensembles.companions import COMPANIONS
from feint.sim.ensembles.protocols import ARM_NAMES
from feint.sim.results.figure_style import COLOURS, HATCHES
from feint.sim.results.provenance import data_beside
from feint.sim.training.curriculum import Match
from feint.sim.training.parameter_point import Point, check_two_stages, differing
from feint.sim.training.stage import Stage

PAGE = data_beside(__file__, "assets/page.toml")
ASSETS = Path(__file__).with_name("assets")
STAGES: dict[str, str] = PAGE["stages"]
MOST_SEED = 2**53  # the largest whole number that a browser keeps exactly


def slider(name: str, declared: Parameter, default: Any, prior: tuple[float, float] | None) -> dict[str, Any]:
    """Return a parameter as its slider needs it; ends of the slider are those of its prior if it has one."""
    stage, _, own = name.rpartition(".")
    low, high, log = (*prior, declared.log) if prior else PAGE["reach"][own]
    most = PAGE["most"].get(own, declared.valid[1])
    return {
        "name": name,
        "meaning": declared.meaning,
        "stage": STAGES.get(stage, ""),
        "argument": declared.argument,
        "unit": "" if declared.unit == "1" else declared.unit,
        "source": declared.source,
        "allowed": declared.allowed,
        "valid": [declared.valid[0], most],
        "prior": f"{plain(low)} to {plain(high)}" if prior else "",
        "default": default,
        "off": declared.off,
        "low": low,
        "high": high,
        "log": log,
        "whole": isinstance(default, int),
    }


def sliders() -> list[dict[str, Any]]:
    """Return every number of the model and of both stages, in the order of the page: by argument."""
    every = [
        slider(name, declared, declared.default, declared.prior)
        for name, declared in Model.parameters().items()
        if not declared.choices
    ]
    every += [
        slider(f"{stage.name}.{name}", declared, getattr(stage, name), stage.prior(name))
        for name, declared in Stage.parameters().items()
        for stage in (Point().curriculum if name != "objective" else ())
    ]
    order = list(dict.fromkeys(row["argument"] for row in every if row["argument"] not in PAGE["last"]))
    return sorted(every, key=lambda row: [*order, *PAGE["last"]].index(row["argument"]))


def described_views() -> Iterator[dict[str, Any]]:
    """Yield the default and each world view with its departures."""
    for view in (default_view(), *views().values()):
        facts = {name: getattr(view, name) for name in ("name", "title", "author", "year", "reading")}
        sources = [{"title": source.title, "where": source.where} for source in view.cited]
        departures = [asdict(departure) for departure in view.departures]
        yield {**facts, "label": short_name(view), "sources": sources, "departures": departures}


def short_name(view: WorldView) -> str:
    """Return author and year, with the end of the view's name if one text has two."""
    whose = f"{view.author} {view.year}".replace(" and ", " & ") if view.author else "Defaults"
    several = sum((other.author, other.year) == (view.author, view.year) for other in views().values()) > 1
    return f"{whose} ({view.name.rpartition('-')[2]})" if several else whose


def findings() -> dict[str, Any]:
    """Return the committed effect of each world view and the nearest flips of the headline, from the manual's runs."""
    return json.loads((ASSETS / "findings.json").read_text(encoding="utf-8"))


def data(point: Point, *, seed: int, runs: int) -> dict[str, Any]:
    """Return everything that the page takes from Python; raises `InputError` if it cannot start at this point."""
    start = checked(point)
    check_whole("runs", runs, 1, PAGE["most"]["runs"])
    check_whole("seed", seed, 0, MOST_SEED)
    return {
        **{name: PAGE[name] for name in ("headline", "curve", "story", "stages", "most")},
        "start": {"values": start, "match": point.match, "seed": seed, "runs": runs},
        "default": Point().described(),
        "parameters": sliders(),
        "views": list(described_views()),
        "findings": findings(),
        "arms": ARM_NAMES,
        "outcomes": [
            {"label": kind.label, "meaning": kind.meaning, "colour": COLOURS[kind], "hatch": HATCHES[kind]}
            for kind in Outcome
        ],
        "matches": [{"name": name, "meaning": Match.named(name).meaning} for name in PAGE["matches"]],
        "companions": [
            {"words": row.words, "changes": dict(row.changes), "converged": row.converged} for row in COMPANIONS
        ],
    }


def checked(point: Point) -> dict[str, Any]:
    """Return the values that depart from the default, by dotted name; raises `InputError` for one without a slider."""
    check_two_stages(point, "that this page shows")
    known = {row["name"]: row for row in sliders()}
    changes = differing(point, Point())
    if (match := changes.pop("match", "target")) not in PAGE["matches"]:
        raise InputError(f"match = {match!r} is not on the page: it must be one of {', '.join(PAGE['matches'])}.")
    for name, value in changes.items():
        if name not in known or isinstance(value, tuple):
            raise InputError(f"{name} = {value!r} is not on the page: leave it at {Point().value(name)!r}.")
        if (most := known[name]["valid"][1]) is not None and value > most:
            raise InputError(f"{name} = {value!r} is more than the page trains: it must be at most {most:,}.")
    return changes
