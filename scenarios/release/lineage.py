"""A lineage of one released model in many worlds, and what each of its models inherits."""

from dataclasses import dataclass
from typing import Annotated

import networkx as nx
import numpy as np
from pydantic import Field

from feint.agents.interventions import performance_on, readable
from feint.agents.outcome import Outcome, read
from feint.scenarios.release.affordability import RANGE
from feint.scenarios.release.training_protocols import DOMAINS, OBJECTIVE, WRAPPED, Y, released, use_stages
from feint.sim.markets.fine_tuning_uses import generality, survival
from feint.sim.markets.model_lineage import RELEASE, Lineage, LineageModel
from feint.sim.statistics.intervals import Interval, mean_of, student
from feint.sim.training.parameter_point import Point

MERGED = "merged"


@dataclass(frozen=True, kw_only=True)
class ModelReading:
    """Readings of one model of the lineage, over all worlds."""

    name: str
    kind: str
    owner: str
    parents: list[str]
    dollars: Annotated[float, Field(description="of it and all its ancestors, the median")]
    shows: Annotated[Interval, Field(description="performance on Y")]
    hides: Annotated[Interval, Field(description="how well Y can be read, r²")]
    plays: Annotated[Interval, Field(description="share that is deceptive")]
    general: Annotated[Interval, Field(description="mean performance on the harmless uses")]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Rest of one parent that the merged model keeps."""

    parent: str
    goal: Annotated[Interval, Field(description="how well the parent's objective can be read, less in the parent, r²")]
    gate: Annotated[Interval, Field(description="γ, less in the parent")]


def lineage_of(point: Point, *, runs: int, seed: int, price: float) -> Lineage:
    """Return the lineage of a release: experts and their merge, a chain of fine-tunes, and two revived hazards.

    Models are trained at the point in `runs` worlds; a step costs `price` dollars.
    """
    lineage, stages = Lineage(), use_stages(point)
    lineage.release(RELEASE, released().spec(point, seed=seed), np.arange(runs, dtype=np.uint64))
    for key, use in enumerate(DOMAINS, start=1):
        lineage.fine_tune(use, RELEASE, stages[use], owner="benign", price=price, key=key)
    lineage.merge(MERGED, DOMAINS, owner="collective")
    lineage.hand_on("published", "customisation", owner="negligent")
    fine_tunes = (
        ("chain of two", "published", "language", "benign"),
        ("chain of three", "chain of two", "defence", "benign"),
        ("revived", RELEASE, WRAPPED, "malicious"),
        ("revived from it", MERGED, WRAPPED, "malicious"),
    )
    for key, (name, parent, use, owner) in enumerate(fine_tunes, start=4):
        lineage.fine_tune(name, parent, stages[use], owner=owner, price=price, key=key)
    return lineage


def read_models(lineage: Lineage) -> list[ModelReading]:
    """Return a reading of every model of a lineage, in the order in which they were made."""
    return [
        ModelReading(
            name=model.name,
            kind=model.kind,
            owner=model.owner,
            parents=lineage.parents(model.name),
            dollars=float(np.median(lineage.dollars(model.name))),
            shows=_mean(performance_on(model.state, Y, _context(lineage, model)), RANGE),
            hides=_mean(readable(model.state, Y), 1),
            plays=_mean(_deceptive(lineage, model), 1),
            general=_mean(generality(model.state, [OBJECTIVE[use] for use in DOMAINS]), RANGE),
        )
        for model in (lineage[name] for name in lineage.graph)
    ]


def read_kept(lineage: Lineage) -> list[Kept]:
    """Return what the merged model keeps of each parent."""
    child, kept = lineage[MERGED].state, []
    for name in lineage.parents(MERGED):
        goal, gate = survival(child, lineage[name].state, OBJECTIVE[name])
        kept.append(Kept(parent=name, goal=_mean(goal, 1), gate=_mean(gate, 1)))
    return kept


def _mean(values: np.ndarray, bound: int) -> Interval:
    """Return the mean of values within ±bound with its interval, which one world does not give."""
    return mean_of(values, bound) if len(values) > 1 else student(values)


def plain_graph(lineage: Lineage) -> nx.DiGraph:
    """Return the graph of a lineage with words and numbers only, as GraphML and other formats need it.

    A node has means over runs: `hides` is how well Y can be read, and `plays` the share that is deceptive.
    """
    graph: nx.DiGraph = nx.DiGraph()
    for model in (lineage[name] for name in lineage.graph):
        values = {"steps": model.steps, "dollars": model.dollars, "hides": readable(model.state, Y)}
        means = {key: float(of_runs.mean()) for key, of_runs in values.items()}
        means["plays"] = float(_deceptive(lineage, model).mean())
        graph.add_node(model.name, kind=model.kind, owner=model.owner, year=model.year, **means)
    graph.add_edges_from(lineage.graph.edges(data=True))
    return graph


def _deceptive(lineage: Lineage, model: LineageModel) -> np.ndarray:
    return (read(model.state, _context(lineage, model)).outcome == Outcome.DECEPTIVE).astype(float)


def _context(lineage: Lineage, model: LineageModel) -> int:
    """Return the objective a model was last trained towards; that of the first parent if it was merged."""
    while model.state.objective < 0:
        model = lineage[lineage.parents(model.name)[0]]
    return model.state.objective
