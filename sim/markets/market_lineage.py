"""Descent: what some actors of a market had, as the lineage from which it comes.

A market keeps in its ledger who made, published and took what. Each model that the actors one looks at ever had is made
again here by the engine, with all that it descends from: fine-tunes of the release on the stream that the market gave
them, what was published, what was taken from there, and what was merged of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from feint.agents.errors import InputError
from feint.sim.markets.actors import AIMS
from feint.sim.markets.ledger import MERGED, NOBODY, POOLED
from feint.sim.markets.market import Market
from feint.sim.markets.model_lineage import PUBLISH, TAKE, Lineage
from feint.sim.training.run_spec import RunSpec
from feint.sim.training.stage import Stage

RELEASE = "release"


class Descent:
    """The lineage of what actors of one market had; `spec` and `runs` make the released model of that market."""

    def __init__(self, market: Market, spec: RunSpec, runs: np.ndarray, stages: Mapping[str, Stage]) -> None:
        self.market, self.stages = market, dict(stages)
        self.models, self.had = market.ledger.models, market.ledger.had
        self.lineage = Lineage()
        self.lineage.release(RELEASE, spec, runs)

    def of(self, actors: Iterable[int]) -> Lineage:
        """With all that these actors had, in the order they had it."""
        for actor in actors:
            self._check(actor)
            for model, by, year in self.had[self.had["actor"] == actor][["model", "by", "year"]].tolist():
                self._had(actor, model, by, year)
        return self.lineage

    def _had(self, actor: int, model: int, by: int, year: int) -> None:
        """What an actor has from a year on: made by the actor or its pool, or taken from who published it."""
        if by == NOBODY:
            self._model(model)
        else:
            self._taken(actor, model, by, year)

    def _taken(self, actor: int, model: int, by: int, year: int) -> str:
        name = f"{self._name(model)}, taken by {actor}"
        if name not in self.lineage.graph:
            parent = self._published(model, by)
            self.lineage.release_again(name, parent, owner=self._called(actor), kind=TAKE, year=year)
        return name

    def _published(self, model: int, by: int) -> str:
        """What was published by an actor, in the year in which the actor first had it."""
        name = f"{self._name(model)}, published by {by}"
        if name not in self.lineage.graph:
            parent = self._model(model)
            when = int(self.had["year"][(self.had["actor"] == by) & (self.had["model"] == model)].min())
            self.lineage.release_again(name, parent, owner=self._called(by), kind=PUBLISH, year=when)
        return name

    def _model(self, model: int) -> str:
        """What was fine-tuned or merged, with all that it comes from."""
        name = self._name(model)
        if name not in self.lineage.graph:
            row = self.models[model]
            (self._merged if row["how"] == MERGED else self._tuned)(name, model)
        return name

    def _tuned(self, name: str, model: int) -> None:
        row = self.models[model]
        pooled = row["how"] == POOLED
        owner = f"pool {self.market.actors.pool[row['by']]}" if pooled else self._called(int(row["by"]))
        stage = self.stages[self.market.uses[row["kind"]].name]
        asked = {"price": float(row["price"]), "key": int(row["stream"]) + 1, "year": int(row["year"])}
        self.lineage.fine_tune(name, RELEASE, stage, owner=owner, **asked)

    def _merged(self, name: str, model: int) -> None:
        row = self.models[model]
        by, year = int(row["by"]), int(row["year"])
        parents = [self._part(by, each, publisher) for each, publisher in self.market.ledger.parents[model]]
        self.lineage.merge(name, parents, owner=self._called(by), year=year)

    def _part(self, actor: int, model: int, publisher: int) -> str:
        """What one part of a merged model is: published, or the actor's own, taken or made."""
        if publisher != NOBODY:
            return self._published(model, publisher)
        mine = self.had[(self.had["actor"] == actor) & (self.had["model"] == model)][0]
        return self._model(model) if mine["by"] == NOBODY else self._taken(actor, model, int(mine["by"]), mine["year"])

    def _name(self, model: int) -> str:
        kind, uses = self.models[model]["kind"], self.market.uses
        sets = self.market.catalogue.sets
        made_of = [kind] if kind < len(uses) else sets[kind - len(uses)]
        return f"model {model}: {' + '.join(uses[i].name for i in made_of)}"

    def _called(self, actor: int) -> str:
        return f"{AIMS[self.market.actors.aim[actor]]} {actor}"

    def _check(self, actor: int) -> None:
        most = len(self.market.actors) - 1
        if not isinstance(actor, (int, np.integer)) or isinstance(actor, bool) or not 0 <= actor <= most:
            raise InputError(f"actor = {actor!r} is not valid: it must be a whole number from 0 to {most}.")


def telling(market: Market, each: int) -> list[int]:
    """Actors worth a look: of every aim, the first few who made something, took it, and merged it."""
    had = market.ledger.had
    how = np.where(had["by"] == NOBODY, market.ledger.models["how"][had["model"]], -1)
    aims = market.actors.aim[had["actor"]]
    groups = [(aims == aim) & (how == one) for aim in range(len(AIMS)) for one in np.unique(how)]
    return sorted({int(actor) for group in groups for actor in had["actor"][group][:each]})
