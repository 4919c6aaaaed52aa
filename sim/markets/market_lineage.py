"""Reconstructs the lineage of the models that selected actors of a market held.

The ledger of a market records who made, published and took which model. Here the engine computes each model that the
selected actors ever held again, with all its ancestors: fine-tunes of the release on the stream that the market gave
them, published and taken models, and merges.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from feint.agents.errors import check_whole
from feint.sim.markets.actors import AIMS
from feint.sim.markets.ledger import MERGED, NOBODY, POOLED
from feint.sim.markets.market import Market
from feint.sim.markets.model_lineage import PUBLISH, RELEASE, TAKE, Lineage
from feint.sim.training.stage import Stage
from feint.sim.training.train import RunSpec


class MarketLineage:
    """Lineage of what actors of one market held.

    `spec` and `runs` say how the model released into that market was trained, `stages` is by name of the use.
    """

    def __init__(self, market: Market, spec: RunSpec, runs: np.ndarray, stages: Mapping[str, Stage]) -> None:
        self.market, self.stages = market, dict(stages)
        self.models, self.holdings = market.ledger.models, market.ledger.holdings
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
        name = self._name(model)
        if name not in self.lineage.graph:
            add = self._add_merge if self.models[model]["how"] == MERGED else self._add_fine_tune
            add(name, model)
        return name

    def _add_fine_tune(self, name: str, model: int) -> None:
        row = self.models[model]
        maker = int(row["maker"])
        owner = f"pool {self.market.actors.pool[maker]}" if row["how"] == POOLED else self._actor(maker)
        stage = self.stages[self.market.uses[row["kind"]].name]
        made = {"price": float(row["price"]), "key": int(row["stream"]) + 1, "year": int(row["year"])}
        self.lineage.fine_tune(name, RELEASE, stage, owner=owner, **made)

    def _add_merge(self, name: str, model: int) -> None:
        maker, year = int(self.models[model]["maker"]), int(self.models[model]["year"])
        parents = [self._part(maker, part, publisher) for part, publisher in self.market.ledger.parents[model]]
        self.lineage.merge(name, parents, owner=self._actor(maker), year=year)

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
    holdings = market.ledger.holdings
    how = np.where(holdings["publisher"] == NOBODY, market.ledger.models["how"][holdings["model"]], -1)
    aims = market.actors.aim[holdings["actor"]]
    groups = [(aims == aim) & (how == way) for aim in range(len(AIMS)) for way in np.unique(how)]
    return sorted({int(actor) for group in groups for actor in holdings["actor"][group][:count]})
