"""A market: many actors who fine-tune one released model, pool, merge, publish and are found out, year by year.

In a year each actor gets a budget. Who has not yet what is wanted takes what is public, if it is found; else pays for
the fine-tune alone, at steps · price; else with the pool, at steps · price / members^-loss, each in proportion to what
each has. Public experts can be merged, which costs nothing. A hazard that is made may be found by an evaluation; then
it is gone, and whoever made it is out. What was made may be published. Money is neither made nor lost: income = spent +
returned + held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from feint.sim.markets.actors import BENIGN, MALICIOUS, drawn, key_of, stream_of
from feint.sim.markets.expert_catalogue import Catalogue, Sets
from feint.sim.markets.fine_tuning_uses import Composed, Taken, Use
from feint.sim.markets.ledger import ALONE, MERGED, POOLED, Ledger, public
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.training_cost import Price, cost

MONEY = ("income", "spent", "overhead", "returned", "held")


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """One market year by year; every array is (years,), or (years, uses)."""

    reach: np.ndarray  #: share of those who want a use who have it (years, uses)
    hazard: np.ndarray  #: share of malicious actors who have what they want
    exposure: np.ndarray  #: share of the others who run something that descends from the release
    vulnerability: np.ndarray  #: 1 - protection · share of those after defence who have it
    inherited: np.ndarray  #: share of what the others run that plays along in training alone
    breadth: np.ndarray  #: mean performance on all harmless uses of what the others run
    composite: np.ndarray  #: share of what the others run that was merged
    caught: np.ndarray  #: share of malicious actors who were found out
    public: np.ndarray  #: hazards that lie in public
    money: dict[str, np.ndarray]  #: dollars in the year by MONEY; `held` at its end, `overhead` is a part of `spent`

    @property
    def risk(self) -> np.ndarray:
        """Hazard · exposure · vulnerability (years,): an index, and no probability of anything."""
        return self.hazard * self.exposure * self.vulnerability


TOLD = ("reach", "hazard", "exposure", "vulnerability", "inherited", "breadth", "composite", "caught", "public")


class Market:
    """A market in the making; `run` lets its years pass.

    `taken` gives, by use, what fine-tunes of the parent took on each stream (1, streams); `composed`, what merging them
    gave, by which uses were merged.
    """

    def __init__(
        self,
        terms: Terms,
        uses: Sequence[Use],
        taken: Sequence[Taken],
        price: Price,
        seed: int,
        composed: Mapping[Sets, Composed] | None = None,
    ) -> None:
        self.terms, self.uses, self.price = terms, tuple(uses), price
        self.generator = stream_of(seed)
        self.catalogue = Catalogue.of(self.uses, taken, composed or {}, terms)
        self.actors = drawn(terms, self.uses, self.catalogue.streams, self.generator)
        who = self.actors.use, self.actors.stream
        self.hazards = np.flatnonzero([use.hazard for use in self.uses])
        self.hazardous = np.isin(self.actors.use, self.hazards)
        self.tamper = np.array([terms.tamper if use.hazard and use.wrapped else 1.0 for use in self.uses])
        self.steps = cost(self.catalogue.steps[who], self.tamper[self.actors.use])
        self.unresisted = self.generator.random(len(self.actors)) < 1 / terms.tamper
        self.bad, self.wants = self.actors.aim == MALICIOUS, np.bincount(self.actors.use, minlength=len(self.uses))
        (self.defence,) = (i for i, use in enumerate(self.uses) if use.name == "defence")
        (self.wrapped,) = (i for i, use in enumerate(self.uses) if use.hazard and use.wrapped)
        self.ledger = Ledger(len(self.uses), seed)
        self.has = np.zeros(len(self.actors), bool)
        self.out = np.zeros(len(self.actors), bool)
        self.model, self.kind, self.stream = (np.full(len(self.actors), -1) for _ in range(3))
        self.wallet = np.zeros(len(self.actors))
        self.year = 0

    def run(self) -> Course:
        """All years."""
        years = [self.passed() for _ in range(self.terms.years)]
        money = {name: np.array([year[name] for year in years]) for name in MONEY}
        return Course(money=money, **{name: np.array([year[name] for year in years]) for name in TOLD})

    def passed(self) -> dict[str, np.ndarray | float]:
        """One year, and what is to be told of it."""
        self.wallet += self.actors.budget
        income = float(self.actors.budget.sum())
        self._find()
        composed = self._compose()
        served = self._served()
        alone, made_alone = self._alone(served)
        paid, overhead, made_together = self._together(served)
        self._publish(composed | made_alone | made_together)
        kept = self.terms.saving * self.wallet
        returned = float((self.wallet - kept).sum())
        self.wallet = kept
        self.year += 1
        money = {"income": income, "spent": alone + paid, "overhead": overhead, "returned": returned}
        return {**self._told(), **money, "held": float(kept.sum())}

    def seeking(self) -> np.ndarray:
        """Who is served and has not what is wanted (actors,)."""
        seeking = ~self.has & ~self.out
        if self.year < self.terms.staged:
            seeking &= self.actors.vetted
        return seeking

    def _find(self) -> None:
        lies = self.ledger.public[self.actors.use] > 0
        finds = self.seeking() & lies & self._chance(self.terms.finding)
        self.has |= finds
        for use in np.unique(self.actors.use[finds]).tolist():
            who = np.flatnonzero(finds & (self.actors.use == use))
            found = self.ledger.find(use, len(who))
            self._hold(who, found["model"], found["kind"], found["stream"], found["by"])

    def _compose(self) -> np.ndarray:
        """Who has something by merging public experts, and their own if they have one."""
        if self.terms.composing == 0:
            return np.zeros(len(self.actors), bool)
        own, harmless = self.kind, self.catalogue.domains
        expert = np.isin(own, harmless)
        free = (self.seeking() | (self.has & expert)) & self._chance(self.terms.composing)
        stream = np.where(expert, self.stream, self.actors.stream)
        known = self.ledger.experts(harmless)
        lies = self.catalogue.lying(known)[:, stream]
        lies[own[expert], np.flatnonzero(expert)] = True
        kind = self.catalogue.kind(lies)
        able = np.flatnonzero(free & (kind >= 0))
        better = self.catalogue.gains(able, self.has, self.actors.use, own, kind, stream)
        better &= self.unresisted[able] | (self.actors.use[able] != self.wrapped)
        found = self.hazardous & self._chance(self.terms.detection)
        who = able[better]
        models = self._merge(who[~found[who]], kind, stream, known)
        self._hold(who[~found[who]], models, kind[who[~found[who]]], stream[who[~found[who]]])
        made = np.zeros(len(self.actors), bool)
        made[who] = True
        return self._made(made, found & made)

    def _merge(
        self, who: np.ndarray, kind: np.ndarray, stream: np.ndarray, known: Mapping[tuple[int, int], tuple[int, int]]
    ) -> np.ndarray:
        """Write down what actors merged: their numbers."""
        models = self.ledger.make(
            len(who), kind=kind[who], stream=stream[who], by=who, year=self.year, how=MERGED, price=0.0
        )
        for model, actor in zip(models.tolist(), who.tolist(), strict=True):
            mine = int(self.kind[actor]), (int(self.model[actor]), -1)
            self.ledger.parents[model] = [
                mine[1] if use == mine[0] else known[use, int(stream[actor])]
                for use in self.catalogue.sets[kind[actor] - len(self.uses)]
            ]
        return models

    def _alone(self, served: np.ndarray) -> tuple[float, np.ndarray]:
        """Dollars paid alone, and who made something by it."""
        price = cost(self.steps, self.price.at(self.year))
        pays = self.seeking() & (self.wallet >= price) & served
        spent = np.where(pays, price, 0.0)
        self.wallet -= spent
        found = pays & self.hazardous & self._chance(self.terms.detection)
        who = np.flatnonzero(pays & ~found)
        self._tuned(who, who, ALONE, np.ones(len(who)))
        return float(spent.sum()), self._made(pays, found)

    def _together(self, served: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Dollars paid in pools, how many of them the pooling swallowed, and who has something by it."""
        if self.terms.members == 1:
            return 0.0, 0.0, np.zeros(len(self.actors), bool)
        pool, seeking = self.actors.pool, self.seeking() & served
        count = np.bincount(pool, seeking)
        purse = np.bincount(pool, np.where(seeking, self.wallet, 0.0))
        first = np.flatnonzero(np.diff(pool, prepend=-1))
        price = cost(self.steps[first], self.price.at(self.year))
        dearer = np.maximum(count, 1) ** self.terms.pooling_loss
        asked = price * dearer
        pays = (count > 1) & (purse >= asked)
        share = np.divide(asked, purse, out=np.zeros_like(purse), where=pays & (purse > 0))
        joins = seeking & pays[pool]
        self.wallet -= np.where(joins, share[pool] * self.wallet, 0.0)
        chance = self.terms.detection * np.maximum(count, 1) ** -self.terms.evasion
        found = joins & self.hazardous & (self.generator.random(len(count)) < chance)[pool]
        who = np.flatnonzero(joins & ~found)
        self._tuned(who, first[pool[who]], POOLED, dearer[pool[who]])
        spent = float(asked[pays].sum())
        return spent, spent - float(price[pays].sum()), self._made(joins, found)

    def _tuned(self, who: np.ndarray, by: np.ndarray, how: int, dearer: np.ndarray) -> None:
        """Write down what actors made, each or in pools: one model for each who made it."""
        makers, first, place = np.unique(by, return_index=True, return_inverse=True)
        kind, stream = self.actors.use[makers], self.actors.stream[makers]
        price = float(self.price.at(self.year)) * self.tamper[kind] * dearer[first]
        models = self.ledger.make(
            len(makers), kind=kind, stream=stream, by=makers, year=self.year, how=how, price=price
        )
        self._hold(who, models[place], kind[place], stream[place])

    def _hold(
        self, who: np.ndarray, models: np.ndarray, kind: np.ndarray, stream: np.ndarray, by: np.ndarray | int = -1
    ) -> None:
        self.model[who], self.kind[who], self.stream[who] = models, kind, stream
        self.ledger.have(who, models, self.year, by)

    def _made(self, made: np.ndarray, found: np.ndarray) -> np.ndarray:
        self.out |= found
        self.has |= made & ~found
        return made & ~found

    def _served(self) -> np.ndarray:
        """Whom structured access does not refuse this year (actors,)."""
        if self.terms.open:
            return np.ones(len(self.actors), bool)
        return ~self._chance(np.where(self.hazardous, self.terms.screening, self.terms.false_alarm))

    def _publish(self, made: np.ndarray) -> None:
        """What was made this year and is published, and what of the public hazards is removed."""
        lying = self.ledger.public[self.hazards].astype(int)
        for use, gone in zip(self.hazards.tolist(), self.generator.binomial(lying, self.terms.takedown), strict=True):
            self.ledger.remove(use, gone)
        if not self.terms.open:
            return
        who = np.flatnonzero(made & self._chance(self.terms.sharing))
        looked = (self.actors.aim[who] == BENIGN) & self._chance(self.terms.detection)[who]
        use = self.actors.use[who]
        spills = self.catalogue.spills[self.kind[who], self.stream[who], use] & self.unresisted[who]
        for each in np.unique(use).tolist():
            self._shelve(each, who[use == each])
        self._shelve(self.wrapped, who[spills & ~self.hazardous[who] & ~looked])

    def _shelve(self, use: int, who: np.ndarray) -> None:
        if len(who):
            self.ledger.publish(use, public(who, self.model[who], self.kind[who], self.stream[who], self.year))

    def _chance(self, chance: float | np.ndarray) -> np.ndarray:
        return self.generator.random(len(self.actors)) < chance

    def _told(self) -> dict[str, np.ndarray | float]:
        bad, has_it = self.bad, self.has
        has = np.bincount(self.actors.use[has_it], minlength=len(self.uses))
        reach = np.divide(has, self.wants, out=np.zeros(len(has)), where=self.wants > 0)
        run = np.flatnonzero(has_it & ~bad)
        kind, stream = self.kind[run], self.stream[run]
        return {
            "reach": reach,
            "hazard": _share((has_it & bad).sum(), bad.sum()),
            "exposure": _share(len(run), (~bad).sum()),
            "vulnerability": 1 - self.terms.protection * reach[self.defence],
            "inherited": _share(self.catalogue.deceptive[kind, stream, self.actors.use[run]].sum(), len(run)),
            "breadth": _share(self.catalogue.general[kind, stream].sum(), len(run)),
            "composite": _share((kind >= len(self.uses)).sum(), len(run)),
            "caught": _share((self.out & bad).sum(), bad.sum()),
            "public": float(self.ledger.public[self.hazards].sum()),
        }


def _share(some: float, whole: float) -> float:
    """How much a sum is of a whole; 0 of nothing."""
    return float(some / max(1, whole))


def markets(
    terms: Terms,
    uses: Sequence[Use],
    taken: Sequence[Taken],
    price: Price,
    *,
    seed: int,
    composed: Mapping[Sets, Composed] | None = None,
) -> list[Course]:
    """One market for each parent of what fine-tunes took (parents, streams)."""
    parents = range(len(taken[0].steps))
    return [market(terms, uses, taken, price, seed=seed, parent=i, composed=composed).run() for i in parents]


def market(
    terms: Terms,
    uses: Sequence[Use],
    taken: Sequence[Taken],
    price: Price,
    *,
    seed: int,
    parent: int,
    composed: Mapping[Sets, Composed] | None = None,
) -> Market:
    """The market of one parent, before its first year."""
    merged = {name: each.parent(parent) for name, each in (composed or {}).items()}
    rows = [each.parent(parent) for each in taken]
    return Market(terms, uses, rows, price, key_of(seed, parent), merged)
