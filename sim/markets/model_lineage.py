"""Lineages: released models and everything made of them, as an acyclic graph; and what actors of a market held."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import networkx as nx
import numpy as np

from feint.agents.errors import InputError, check_output, check_whole, unknown
from feint.agents.state import State
from feint.sim.markets.fine_tuning_uses import merged
from feint.sim.markets.market import MERGED, NOBODY, POOLED, Market
from feint.sim.markets.market_parameters import AIMS, cost
from feint.sim.training.stage import Stage
from feint.sim.training.train import RunSpec, train

RELEASE, FINE_TUNE, MERGE, PUBLISH, TAKE = "release", "fine-tune", "merge", "publish", "take"
HANDED_ON = (RELEASE, PUBLISH, TAKE)
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

    A model is a state of several runs with its owner, year and cost, and the recipe by which it follows from its
    parents, bit for bit. Methods that add one take `owner` and `year`. Edges lead from parents to children.
    """

    def __init__(self) -> None:
        self.graph: nx.DiGraph = nx.DiGraph()

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
        return self._add(name, RELEASE, [], lambda _: [*spec.train(spec.begin(runs))][-1].state, owner=owner)

    def hand_on(self, name: str, parent: str, *, kind: str = RELEASE, **own: Any) -> LineageModel:
        """Add an unchanged copy of a model: released again, published, or taken from where it was published."""
        if kind not in HANDED_ON:
            raise unknown("kind", kind, HANDED_ON)
        return self._add(name, kind, [parent], lambda states: states[0], **own)

    def fine_tune(
        self, name: str, parent: str, stage: Stage, *, price: float = 0, key: int | None = None, **own: Any
    ) -> LineageModel:
        """Add a model trained through one stage at `price` dollars per step; a key gives it noise of its own."""
        if not price >= 0:
            raise InputError(f"price = {price!r} is not valid: a step costs at least 0 dollars.")

        def recipe(states: list[State]) -> State:
            return train(states[0] if key is None else states[0].forked(key), stage)

        return self._add(name, FINE_TUNE, [parent], recipe, price=price, **own)

    def merge(
        self, name: str, parents: Sequence[str], *, weights: Sequence[float] | None = None, **own: Any
    ) -> LineageModel:
        """Add a merge of several models, which costs nothing."""
        return self._add(name, MERGE, parents, lambda states: merged(states, weights), **own)

    def replay(self, name: str) -> State:
        """Return the state of a model, computed again from its first ancestors."""
        return self[name].recipe([self.replay(parent) for parent in self.parents(name)])

    def check(self) -> None:
        """Raise `InputError` unless the graph has no cycle and each state equals its replay, bit for bit."""
        if not nx.is_directed_acyclic_graph(self.graph):
            raise InputError("graph = cyclic is not valid for a lineage: no model is its own ancestor.")
        for name in self.graph:
            if not same_state(self[name].state, self.replay(name)):
                raise InputError(f"model {name!r} is not what its parents make: it must equal its replay.")

    def dollars(self, name: str) -> np.ndarray:
        """Return the cost of a model and its ancestors, each counted once (runs,)."""
        whole = {self[name].name, *nx.ancestors(self.graph, name)}
        return np.sum([self[model].dollars for model in sorted(whole)], axis=0)

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


check_lineage_path = partial(check_output, "lineage", endings=(".graphml",))
"""Return the path of a lineage to write; raises `InputError` if it cannot be written."""


def same_state(one: State, other: State) -> bool:
    """Return whether two states are equal bit for bit, including their places in the random streams."""
    if any(getattr(one, name) != getattr(other, name) for name in ("model", "seed", "objective", "occurrences")):
        return False
    arrays = ([of.run, of.fork, of.bias, *of.world, *of.initial, *of.mind, *of.progress] for of in (one, other))
    return all(first.tobytes() == second.tobytes() for first, second in zip(*arrays, strict=True))


class MarketLineage:
    """Lineage of what actors of one market held, computed again from the market's ledger.

    `spec` and `runs` say how the model released into that market was trained, `stages` is by name of the use.
    """

    def __init__(self, market: Market, spec: RunSpec, runs: np.ndarray, stages: Mapping[str, Stage]) -> None:
        self.market, self.stages = market, dict(stages)
        self.models, self.holdings = market.ledger["models"], market.ledger["holdings"]
        self.lineage = Lineage()
        self.lineage.release(RELEASE, spec, runs)

    def of(self, actors: Iterable[int]) -> Lineage:
        """Return the lineage with all that these actors held, in the order in which they had it."""
        for actor in actors:
            check_whole("actor", actor, 0, len(self.market.actors) - 1)
            for row in self.holdings[self.holdings["actor"] == actor]:
                self._held(actor, int(row["model"]), int(row["publisher"]))
        return self.lineage

    def _held(self, actor: int, model: int, publisher: int) -> str:
        """Add a model that an actor made, alone or in its pool, or took, and return its name."""
        if publisher == NOBODY:
            return self._made(model)
        return self._handed_on(model, TAKE, f"taken by {actor}", actor, self._published(model, publisher))

    def _published(self, model: int, publisher: int) -> str:
        return self._handed_on(model, PUBLISH, f"published by {publisher}", publisher, self._made(model))

    def _handed_on(self, model: int, kind: str, words: str, actor: int, parent: str) -> str:
        """Add a model that an actor published or took, in the year in which the actor first had it."""
        name = f"{self._name(model)}, {words}"
        if name not in self.lineage.graph:
            year = int(self._holding(actor, model)["year"].min())
            self.lineage.hand_on(name, parent, owner=self._actor(actor), kind=kind, year=year)
        return name

    def _made(self, model: int) -> str:
        """Add a fine-tune or merge with all its ancestors, and return its name."""
        name, row = self._name(model), self.models[model]
        if name in self.lineage.graph:
            return name
        maker, year = int(row["maker"]), int(row["year"])
        owner = f"pool {self.market.actors.pool[maker]}" if row["how"] == POOLED else self._actor(maker)
        if row["how"] == MERGED:
            parents = [self._part(maker, part, publisher) for part, publisher in self.market.ledger.parents[model]]
            self.lineage.merge(name, parents, owner=owner, year=year)
        else:
            stage, price = self.stages[self.market.uses[row["kind"]].name], float(row["price"])
            key = int(row["stream"]) + 1
            self.lineage.fine_tune(name, RELEASE, stage, owner=owner, price=price, key=key, year=year)
        return name

    def _part(self, actor: int, model: int, publisher: int) -> str:
        """Add a part of a merge, published or the actor's own, and return its name."""
        if publisher != NOBODY:
            return self._published(model, publisher)
        return self._held(actor, model, int(self._holding(actor, model)[0]["publisher"]))

    def _holding(self, actor: int, model: int) -> np.ndarray:
        return self.holdings[(self.holdings["actor"] == actor) & (self.holdings["model"] == model)]

    def _name(self, model: int) -> str:
        kind, uses = self.models[model]["kind"], self.market.uses
        parts = [kind] if kind < len(uses) else self.market.catalogue.sets[kind - len(uses)]
        return f"model {model}: {' + '.join(uses[i].name for i in parts)}"

    def _actor(self, actor: int) -> str:
        return f"{AIMS[self.market.actors.aim[actor]]} {actor}"


def notable_actors(market: Market, count: int) -> list[int]:
    """Return the first `count` actors of every aim that made a model alone, in a pool or by merging, or took one."""
    holdings = market.ledger["holdings"]
    how = np.where(holdings["publisher"] == NOBODY, market.ledger["models"]["how"][holdings["model"]], -1)
    aims = market.actors.aim[holdings["actor"]]
    groups = [(aims == aim) & (how == way) for aim in range(len(AIMS)) for way in np.unique(how)]
    return sorted({int(actor) for group in groups for actor in holdings["actor"][group][:count]})
