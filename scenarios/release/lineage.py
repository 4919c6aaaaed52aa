"""Inheritance: a lineage of one released model, and what each descendant has from its ancestors.

Looked at in so many worlds side by side: what stands in a node is read over all its runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from feint.agents.outcome import Outcome, read
from feint.agents.probes import performance_on, readable
from feint.scenarios.release.affordability import RANGE
from feint.scenarios.release.training_protocols import DOMAINS, NAMED, Y, parent, stages
from feint.sim.markets.fine_tuning_uses import generality
from feint.sim.markets.model_lineage import Lineage, Released
from feint.sim.markets.weight_averaging import survival
from feint.sim.statistics.intervals import Interval, mean_of
from feint.sim.training.parameter_point import Point

if TYPE_CHECKING:
    import networkx as nx

MERGED = "merged"
BASE = "release"


@dataclass(frozen=True, kw_only=True)
class Heir:
    """What is read of one model of the lineage."""

    name: str
    kind: str
    owner: str
    parents: tuple[str, ...]
    dollars: float  #: of it and all its ancestors, the median
    shows: Interval  #: performance on Y, trained on or not
    hides: Interval  #: how well Y can be read from the terminal objective
    plays: Interval  #: share that does what training wants in training alone
    general: Interval  #: mean performance on the harmless uses


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a merged model has left of one parent."""

    parent: str
    goal: Interval  #: r² of the parent's objective, less in the parent
    gate: Interval  #: γ, less in the parent


def lineage_of(point: Point, *, runs: int, seed: int, price: float) -> Lineage:
    """A release, experts and their merging, a chain of fine-tunes, and a hazard revived from first and merged."""
    family, stage = Lineage(), stages(point)
    spec = parent().spec(point, seed=seed)
    family.release(BASE, spec, np.arange(runs, dtype=np.uint64))
    for key, use in enumerate(DOMAINS, start=1):
        family.fine_tune(use, BASE, stage[use], owner="benign", price=price, key=key)
    family.merge(MERGED, DOMAINS, owner="collective")
    family.release_again("published", "customisation", owner="negligent")
    family.fine_tune("chain of two", "published", stage["language"], owner="benign", price=price, key=4)
    family.fine_tune("chain of three", "chain of two", stage["defence"], owner="benign", price=price, key=5)
    for key, (name, of) in enumerate({"revived": BASE, "revived from it": MERGED}.items(), start=6):
        family.fine_tune(name, of, stage["wrapped hazard"], owner="malicious", price=price, key=key)
    return family


def heirs(family: Lineage) -> list[Heir]:
    """Every model of a lineage, as it was made."""
    return [_heir(family, name) for name in family.graph]


def kept(family: Lineage) -> list[Kept]:
    """What the merged model has left of each parent."""
    return list(_kept(family))


def plain(family: Lineage) -> nx.DiGraph:
    """A lineage in words and numbers: beside `Lineage.plain`, how well Y can be read, and what plays along."""
    return family.plain(
        hides=lambda model: float(readable(model.state, Y).mean()),
        plays=lambda model: float((read(model.state, _context(family, model)).outcome == Outcome.DECEPTIVE).mean()),
    )


def _heir(family: Lineage, name: str) -> Heir:
    model = family[name]
    state, context = model.state, _context(family, model)
    shares = {
        "shows": (performance_on(state, Y, context), RANGE),
        "hides": (readable(state, Y), 1),
        "plays": ((read(state, context).outcome == Outcome.DECEPTIVE).astype(float), 1),
        "general": (generality(state, [NAMED[use].objective for use in DOMAINS]), RANGE),
    }
    return Heir(
        name=name,
        kind=model.kind,
        owner=model.owner,
        parents=tuple(family.parents(name)),
        dollars=float(np.median(family.dollars(name))),
        **{what: mean_of(*each) for what, each in shares.items()},
    )


def _context(family: Lineage, model: Released) -> int:
    """The objective that it takes itself to be trained towards: its own, of a merged one that of its first parent.

    What is handed on takes itself to be what it was.
    """
    while model.state.objective < 0:
        model = family[family.parents(model.name)[0]]
    return model.state.objective


def _kept(family: Lineage) -> Iterator[Kept]:
    child = family[MERGED].state
    for name in family.parents(MERGED):
        left = survival(child, family[name].state, NAMED[name].objective)
        yield Kept(parent=name, goal=mean_of(left.goal, 1), gate=mean_of(left.gate, 1))
