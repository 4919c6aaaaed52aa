"""Lineage: released models and what was made of them, as a directed graph without cycles.

A node is a state of some runs side by side, with its owner, its year, what it cost in dollars and in steps, and the
recipe by which it comes from its parents; edges lead from parents and are a release, a fine-tune, a merge, or a handing
on as it is, to all or to one. Every state can be made again from its parents, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, check_output, unknown
from feint.agents.state import State
from feint.sim.markets.training_cost import cost
from feint.sim.markets.weight_averaging import merged
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.stage import Stage
from feint.sim.training.train import PRECISION, train

if TYPE_CHECKING:
    import networkx as nx

RELEASE, FINE_TUNE, MERGE, PUBLISH, TAKE = "release", "fine-tune", "merge", "publish", "take"
SUFFIX = ".graphml"
HANDED_ON = (RELEASE, PUBLISH, TAKE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Released:
    """One model of a lineage."""

    name: str
    kind: str  #: RELEASE, FINE_TUNE, MERGE, PUBLISH or TAKE
    state: State
    owner: str
    steps: np.ndarray  #: that it took beyond its parents (runs,)
    dollars: np.ndarray  #: that those cost (runs,)
    recipe: Any  #: a plan, a stage with a noise key, or weights; None where it is a parent handed on
    year: int = 0  #: after the first release


class Lineage:
    """Models by name, and how each came to be; names are given once."""

    def __init__(self, *, precision: str = PRECISION) -> None:
        import networkx as nx

        self.graph: nx.DiGraph = nx.DiGraph()
        self.precision = precision

    def __getitem__(self, name: str) -> Released:
        if name not in self.graph:
            raise unknown("model", name, self.graph)
        return self.graph.nodes[name]["model"]

    def __len__(self) -> int:
        return len(self.graph)

    def parents(self, name: str) -> list[str]:
        """The models that one was made of, in the order they were given."""
        self[name]
        return sorted(self.graph.predecessors(name), key=lambda parent: self.graph.edges[parent, name]["place"])

    def release(self, name: str, spec: RunSpec, runs: np.ndarray, *, owner: str = "developer") -> Released:
        """A model from nothing, trained through all stages of a plan; its cost is not counted."""
        state = _trained(spec, runs)
        nothing = np.zeros(len(state))
        return self._add(name, RELEASE, state, owner, nothing, nothing, (spec, np.array(runs)), [])

    def release_again(self, name: str, parent: str, *, owner: str, kind: str = RELEASE, year: int = 0) -> Released:
        """A model handed on as it is: released again, published, or taken from where it lies."""
        if kind not in HANDED_ON:
            raise unknown("kind", kind, HANDED_ON)
        state = self[parent].state
        nothing = np.zeros(len(state))
        return self._add(name, kind, state, owner, nothing, nothing, None, [parent], year)

    def fine_tune(
        self,
        name: str,
        parent: str,
        stage: Stage,
        *,
        owner: str,
        price: float = 0.0,
        key: int | None = None,
        year: int = 0,
    ) -> Released:
        """A parent trained through a stage, at so many dollars a step; a key gives it noise of its own."""
        if not price >= 0:
            raise InputError(f"price = {price!r} is not valid: a step costs at least 0 dollars.")
        state = _tuned(self[parent].state, stage, key, self.precision)
        steps = state.taken.astype(float)
        return self._add(name, FINE_TUNE, state, owner, steps, cost(steps, price), (stage, key), [parent], year)

    def merge(
        self,
        name: str,
        parents: Sequence[str],
        *,
        owner: str,
        weights: Sequence[float] | None = None,
        year: int = 0,
    ) -> Released:
        """Parents made into one; that costs nothing."""
        state = merged([self[parent].state for parent in parents], weights)
        nothing = np.zeros(len(state))
        return self._add(name, MERGE, state, owner, nothing, nothing, weights, list(parents), year)

    def replayed(self, name: str) -> State:
        """A state made again from its parents, and those from theirs."""
        model, parents = self[name], self.parents(name)
        if not parents:
            spec, runs = model.recipe
            return _trained(spec, runs)
        states = [self.replayed(parent) for parent in parents]
        if model.kind == MERGE:
            return merged(states, model.recipe)
        if model.recipe is None:
            return states[0]
        stage, key = model.recipe
        return _tuned(states[0], stage, key, self.precision)

    def check(self) -> None:
        """Raise unless no model is its own ancestor and each equals its replay; bit for bit."""
        import networkx as nx

        if not nx.is_directed_acyclic_graph(self.graph):
            raise InputError("graph = cyclic is not valid for a lineage: no model is its own ancestor.")
        for name in self.graph:
            if not same(self[name].state, self.replayed(name)):
                raise InputError(f"model {name!r} is not what its parents make: it must equal its replay.")

    def dollars(self, name: str) -> np.ndarray:
        """What a model and all its ancestors cost, each once (runs,)."""
        import networkx as nx

        whole = {self[name].name, *nx.ancestors(self.graph, name)}
        return np.sum([self[each].dollars for each in sorted(whole)], axis=0)

    def plain(self, **more: Callable[[Released], str | float]) -> nx.DiGraph:
        """The same graph with nothing but words and numbers in it, for GraphML and other formats.

        A node has `kind`, `owner`, `year`, and the means over its runs of `steps` and `dollars`; an edge its `kind` and
        `place`. `more` adds what it finds of each model, under its name.
        """
        import networkx as nx

        found: nx.DiGraph = nx.DiGraph()
        for name in self.graph:
            model = self[name]
            told = {"kind": model.kind, "owner": model.owner, "year": model.year}
            means = {"steps": float(model.steps.mean()), "dollars": float(model.dollars.mean())}
            found.add_node(name, **told, **means, **{what: of(model) for what, of in more.items()})
        found.add_edges_from(self.graph.edges(data=True))
        return found

    def _add(
        self,
        name: str,
        kind: str,
        state: State,
        owner: str,
        steps: np.ndarray,
        dollars: np.ndarray,
        recipe: Any,
        parents: list[str],
        year: int = 0,
    ) -> Released:
        if name in self.graph:
            raise InputError(f"model {name!r} is there already: give each a name of its own.")
        model = Released(
            name=name,
            kind=kind,
            state=state,
            owner=owner,
            steps=steps,
            dollars=dollars,
            recipe=recipe,
            year=year,
        )
        self.graph.add_node(name, model=model)
        for place, parent in enumerate(parents):
            self.graph.add_edge(parent, name, kind=kind, place=place)
        return model


def check_lineage_path(path: str | Path) -> Path:
    """The path of a lineage to come; raises before anything is computed where it cannot be written."""
    path = Path(path)
    if path.suffix.lower() != SUFFIX:
        raise InputError(f"lineage = {str(path)!r} has no known format: its name must end in {SUFFIX}.")
    return check_output("lineage", path)


def write(graph: nx.DiGraph, path: str | Path) -> None:
    """Write a plain graph as GraphML, which Gephi, yEd, igraph and networkx read."""
    import networkx as nx

    path = check_lineage_path(path)
    try:
        nx.write_graphml(graph, path)
    except OSError as error:
        raise InputError(f"lineage = {str(path)!r} cannot be written: {error.strerror}.") from None


def same(one: State, other: State) -> bool:
    """Whether two states are equal bit for bit, places in their streams included."""
    if (one.model, one.seed, one.objective, one.occurrences) != (
        other.model,
        other.seed,
        other.objective,
        other.occurrences,
    ):
        return False
    arrays = [one.run, one.fork, one.bias, *one.world, *one.initial, *one.mind, *one.progress]
    others = [other.run, other.fork, other.bias, *other.world, *other.initial, *other.mind, *other.progress]
    return all(a.tobytes() == b.tobytes() for a, b in zip(arrays, others, strict=True))


def _trained(spec: RunSpec, runs: np.ndarray) -> State:
    state = spec.begin(runs)
    for stop in spec.train(state):
        state = stop.state
    return state


def _tuned(state: State, stage: Stage, key: int | None, precision: str) -> State:
    return train(state if key is None else state.forked(key), stage, precision=precision)
