"""Lineages: released models and everything made of them, as a directed acyclic graph; and merging of models.

Two or more models of the same runs are merged by

    θ = Σ_i weight_i θ_i   for goal, representation, pointer, gate, capability, awareness, horizon
    w_j = max_i w_ij       for the world model: a merged model understands what any of its parents understands

The first is the weight averaging by which models are merged in practice (Wortsman et al. 2022, arXiv 2203.05482); the
second assumes that concepts are combined and not averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, check_output, unknown
from feint.agents.interventions import readable
from feint.agents.mind import OUTSIDE, Mind, Progress
from feint.agents.state import State
from feint.sim.markets.training_cost import cost
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, RunSpec, train

if TYPE_CHECKING:
    import networkx as nx

RELEASE, FINE_TUNE, MERGE, PUBLISH, TAKE = "release", "fine-tune", "merge", "publish", "take"
HANDED_ON = (RELEASE, PUBLISH, TAKE)
SUFFIX = ".graphml"
Recipe = Callable[[list[State]], State]


@dataclass(frozen=True, kw_only=True, eq=False)
class LineageModel:
    """A model of a lineage."""

    name: str
    kind: str  #: RELEASE, FINE_TUNE, MERGE, PUBLISH or TAKE
    state: State
    owner: str
    steps: np.ndarray  #: steps taken beyond its parents (runs,)
    dollars: np.ndarray  #: cost of those steps (runs,)
    recipe: Recipe  #: makes its state of those of its parents
    year: int = 0  #: years after the first release


class Lineage:
    """Models by unique names, and how each is made of its parents.

    A model is a state of several runs, with its owner, its year, its cost in dollars and steps, and the recipe by which
    it follows from its parents. Edges lead from parents to children. Every state can be computed again from its
    parents, bit for bit. `precision` is that of training: single or double.
    """

    def __init__(self, *, precision: str = PRECISION) -> None:
        import networkx as nx

        self.graph: nx.DiGraph = nx.DiGraph()
        self.precision = precision

    def __getitem__(self, name: str) -> LineageModel:
        if name not in self.graph:
            raise unknown("model", name, self.graph)
        return self.graph.nodes[name]["model"]

    def __len__(self) -> int:
        return len(self.graph)

    def parents(self, name: str) -> list[str]:
        """Return the models that a model was made of, in the given order."""
        self[name]
        return sorted(self.graph.predecessors(name), key=lambda parent: self.graph.edges[parent, name]["place"])

    def release(self, name: str, spec: RunSpec, runs: np.ndarray, *, owner: str = "developer") -> LineageModel:
        """Add a model trained from nothing through all stages; its cost is not counted."""
        return self._add(name, RELEASE, [], lambda _: trained(spec, runs), owner=owner)

    def hand_on(self, name: str, parent: str, *, owner: str, kind: str = RELEASE, year: int = 0) -> LineageModel:
        """Add an unchanged copy of a model: released again, published, or taken from where it was published."""
        if kind not in HANDED_ON:
            raise unknown("kind", kind, HANDED_ON)
        return self._add(name, kind, [parent], lambda states: states[0], owner=owner, year=year)

    def fine_tune(
        self,
        name: str,
        parent: str,
        stage: Stage,
        *,
        owner: str,
        price: float = 0,
        key: int | None = None,
        year: int = 0,
    ) -> LineageModel:
        """Add a model trained through one stage at `price` dollars per step; a key gives it noise of its own."""
        if not price >= 0:
            raise InputError(f"price = {price!r} is not valid: a step costs at least 0 dollars.")

        def recipe(states: list[State]) -> State:
            return train(states[0] if key is None else states[0].forked(key), stage, precision=self.precision)

        return self._add(name, FINE_TUNE, [parent], recipe, owner=owner, year=year, price=price)

    def merge(
        self, name: str, parents: Sequence[str], *, owner: str, weights: Sequence[float] | None = None, year: int = 0
    ) -> LineageModel:
        """Add a merge of several models, which costs nothing."""
        return self._add(name, MERGE, parents, lambda states: merged(states, weights), owner=owner, year=year)

    def replay(self, name: str) -> State:
        """Return the state of a model, computed again from its first ancestors."""
        return self[name].recipe([self.replay(parent) for parent in self.parents(name)])

    def check(self) -> None:
        """Raise `InputError` unless the graph has no cycle and each state equals its replay, bit for bit."""
        import networkx as nx

        if not nx.is_directed_acyclic_graph(self.graph):
            raise InputError("graph = cyclic is not valid for a lineage: no model is its own ancestor.")
        for name in self.graph:
            if not same_state(self[name].state, self.replay(name)):
                raise InputError(f"model {name!r} is not what its parents make: it must equal its replay.")

    def dollars(self, name: str) -> np.ndarray:
        """Return the cost of a model and its ancestors, each counted once (runs,)."""
        import networkx as nx

        whole = {self[name].name, *nx.ancestors(self.graph, name)}
        return np.sum([self[model].dollars for model in sorted(whole)], axis=0)

    def plain_graph(self, **more: Callable[[LineageModel], str | float]) -> nx.DiGraph:
        """Return the graph with words and numbers only, as GraphML and other formats need it.

        A node has `kind`, `owner`, `year`, and the means over its runs of `steps` and `dollars`; an edge its `kind` and
        `place`. Each function in `more` adds an attribute of the nodes.
        """
        import networkx as nx

        graph: nx.DiGraph = nx.DiGraph()
        for name in self.graph:
            model = self[name]
            own = {"kind": model.kind, "owner": model.owner, "year": model.year}
            means = {"steps": float(model.steps.mean()), "dollars": float(model.dollars.mean())}
            graph.add_node(name, **own, **means, **{attribute: of(model) for attribute, of in more.items()})
        graph.add_edges_from(self.graph.edges(data=True))
        return graph

    def _add(
        self, name: str, kind: str, parents: Sequence[str], recipe: Recipe, *, price: float = 0, **own: Any
    ) -> LineageModel:
        if name in self.graph:
            raise InputError(f"model {name!r} is there already: give each a name of its own.")
        state = recipe([self[parent].state for parent in parents])
        steps = state.taken.astype(float) if kind == FINE_TUNE else np.zeros(len(state))
        made = {"kind": kind, "state": state, "recipe": recipe, "steps": steps, "dollars": cost(steps, price)}
        model = LineageModel(name=name, **made, **own)
        self.graph.add_node(name, model=model)
        for place, parent in enumerate(parents):
            self.graph.add_edge(parent, name, kind=kind, place=place)
        return model


def check_lineage_path(path: str | Path) -> Path:
    """Return the path of a lineage to write; raises `InputError` if it cannot be written."""
    path = Path(path)
    if path.suffix.lower() != SUFFIX:
        raise InputError(f"lineage = {str(path)!r} has no known format: its name must end in {SUFFIX}.")
    return check_output("lineage", path)


def write_graphml(graph: nx.DiGraph, path: str | Path) -> None:
    """Write a plain graph as GraphML, which Gephi, yEd, igraph and networkx read."""
    import networkx as nx

    path = check_lineage_path(path)
    try:
        nx.write_graphml(graph, path)
    except OSError as error:
        raise InputError(f"lineage = {str(path)!r} cannot be written: {error.strerror}.") from None


def same_state(one: State, other: State) -> bool:
    """Return whether two states are equal bit for bit, including their places in the random streams."""
    if any(getattr(one, name) != getattr(other, name) for name in ("model", "seed", "objective", "occurrences")):
        return False
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return all(first.tobytes() == second.tobytes() for first, second in pairs)


def _arrays(state: State) -> list[np.ndarray]:
    return [state.run, state.fork, state.bias, *state.world, *state.initial, *state.mind, *state.progress]


def trained(spec: RunSpec, runs: np.ndarray) -> State:
    """Return the state of runs after all stages."""
    state = spec.begin(runs)
    for stop in spec.train(state):
        state = stop.state
    return state


def merged(states: Sequence[State], weights: Sequence[float] | None = None) -> State:
    """Return the merge of models, run by run, outside any stage; weights are equal by default.

    Raises `InputError` for fewer than two models, models of different runs, and weights that do not add up to 1.
    """
    shares = _shares(states, weights)
    first = states[0]
    for other in states[1:]:
        _check_kin(first, other)
    parts = {
        name: np.sum([share * getattr(state.mind, name) for share, state in zip(shares, states, strict=True)], axis=0)
        for name in Mind._fields
    }
    parts["world"] = np.max([state.mind.world for state in states], axis=0)
    runs = len(first)
    outside = Progress(np.zeros(runs, np.int64), np.full(runs, OUTSIDE), np.zeros((runs, 4), np.uint32))
    occurrences = tuple(map(max, zip(*(state.occurrences for state in states), strict=True)))
    return replace(first.with_mind(**parts), progress=outside, objective=-1, occurrences=occurrences)


def blended(states: Sequence[State], weights: Sequence[float] | None = None) -> State:
    """Return the merge of the models whose weight is not 0; a single one is returned unchanged."""
    shares = _weights(states, weights)
    kept = [i for i, share in enumerate(shares) if share > 0]
    if len(kept) == 1:
        return states[kept[0]]
    return merged([states[i] for i in kept], [shares[i] for i in kept])


def survival(child: State, parent: State, objective: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left in a merged model of a parent that was trained towards an objective.

    The first array is how well the objective can be read (r²), the second the gate γ, both less the same in the parent
    (runs,).
    """
    return readable(child, objective) - readable(parent, objective), _open_gate(child) - _open_gate(parent)


def _open_gate(state: State) -> np.ndarray:
    """Return γ = σ(G) (runs,)."""
    return 0.5 * (1 + np.tanh(state.mind.gate / 2))


def _weights(states: Sequence[State], weights: Sequence[float] | None) -> list[float]:
    return [1 / len(states)] * len(states) if weights is None else [float(weight) for weight in weights]


def _shares(states: Sequence[State], weights: Sequence[float] | None) -> list[float]:
    if len(states) < 2:
        raise InputError(f"states = {len(states)} are too few to be merged: give at least two.")
    shares = _weights(states, weights)
    if len(shares) != len(states) or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise InputError(f"weights = {shares!r} are not valid: give {len(states)} of at least 0 that add up to 1.")
    return shares


def _check_kin(first: State, other: State) -> None:
    for name in ("model", "seed", "objectives"):
        if getattr(other, name) != getattr(first, name):
            raise InputError(f"{name} = {getattr(other, name)!r} differs from {getattr(first, name)!r}: merge kin.")
    if not np.array_equal(other.run, first.run):
        raise InputError(f"run = {other.run.tolist()!r} are other runs than {first.run.tolist()!r}: merge kin.")
