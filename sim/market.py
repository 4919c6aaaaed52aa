"""A market: many actors who fine-tune one released model, pool, publish and are found out, year by year.

In a year each actor gets a budget. Who has not yet what is wanted takes what is public, if it is found; else pays for
the fine-tune alone, at steps · price; else with the pool, at steps · price / members^-loss, each in proportion to what
each has. A hazard that is paid for may be found by an evaluation; then it is gone, and whoever made it is out. What was
made may be published. Money is neither made nor lost: income = spent + returned + held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from feint.agents.errors import InputError
from feint.sim.actors import BENIGN, MALICIOUS, drawn
from feint.sim.prices import Price, cost
from feint.sim.terms import Terms
from feint.sim.uses import Taken, Use, deceives

MONEY = ("income", "spent", "overhead", "returned", "held")


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """One market year by year; every array is (years,), or (years, uses)."""

    reach: np.ndarray  #: share of those who want a use who have it (years, uses)
    hazard: np.ndarray  #: share of malicious actors who have what they want
    exposure: np.ndarray  #: share of the others who run something that descends from the release
    vulnerability: np.ndarray  #: 1 - protection · share of those after defence who have it
    inherited: np.ndarray  #: share of what the others run that plays along in training alone
    caught: np.ndarray  #: share of malicious actors who were found out
    public: np.ndarray  #: hazards that lie in public
    money: dict[str, np.ndarray]  #: dollars in the year by MONEY; `held` at its end, `overhead` is a part of `spent`

    @property
    def risk(self) -> np.ndarray:
        """Hazard · exposure · vulnerability (years,): an index, and no probability of anything."""
        return self.hazard * self.exposure * self.vulnerability


class Market:
    """A market in the making; `run` lets its years pass.

    `taken` gives, by use, what fine-tunes of the parent took on each stream (1, streams).
    """

    def __init__(self, terms: Terms, uses: Sequence[Use], taken: Sequence[Taken], price: Price, seed: int) -> None:
        self.terms, self.uses, self.price = terms, tuple(uses), price
        self.generator = np.random.default_rng([seed, 0x6D61726B])
        steps = np.concatenate([each.steps for each in taken])
        if len(steps) != len(self.uses):
            raise InputError(f"taken = {len(steps)} rows are not valid: there must be one for each use.")
        self.actors = drawn(terms, self.uses, steps.shape[1], self.generator)
        who = self.actors.use, self.actors.stream
        self.hazardous = np.array([use.hazard for use in self.uses])[self.actors.use]
        wrapped = np.array([use.hazard and use.wrapped for use in self.uses])[self.actors.use]
        self.steps = cost(steps[who], np.where(wrapped, terms.tamper, 1.0))
        self.deceptive = np.concatenate([deceives(each) for each in taken])[who]
        spills = np.concatenate([each.by_the_way for each in taken])[who] >= terms.spills_at
        self.spills = spills & ~self.hazardous & (self.generator.random(len(who[0])) < 1 / terms.tamper)
        (self.wrapped,) = (i for i, use in enumerate(self.uses) if use.hazard and use.wrapped)
        self.has = np.zeros(len(self.actors), bool)
        self.out = np.zeros(len(self.actors), bool)
        self.wallet = np.zeros(len(self.actors))
        self.public = np.zeros(len(self.uses))
        self.year = 0

    def run(self) -> Course:
        """All years."""
        years = [self.passed() for _ in range(self.terms.years)]
        names = ("reach", "hazard", "exposure", "vulnerability", "inherited", "caught", "public")
        money = {name: np.array([year[name] for year in years]) for name in MONEY}
        return Course(money=money, **{name: np.array([year[name] for year in years]) for name in names})

    def passed(self) -> dict[str, np.ndarray | float]:
        """One year, and what is to be told of it."""
        self.wallet += self.actors.budget
        income = float(self.actors.budget.sum())
        self._find()
        alone, made_alone = self._alone()
        paid, overhead, made_together = self._together()
        self._publish(made_alone | made_together)
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
        lies = self.public[self.actors.use] > 0
        self.has |= self.seeking() & lies & self._chance(self.terms.finding)

    def _alone(self) -> tuple[float, np.ndarray]:
        """Dollars paid alone, and who made something by it."""
        price = cost(self.steps, self.price.at(self.year))
        pays = self.seeking() & (self.wallet >= price) & self._served()
        spent = np.where(pays, price, 0.0)
        self.wallet -= spent
        found = pays & self.hazardous & self._chance(self.terms.detection)
        return float(spent.sum()), self._made(pays, found)

    def _together(self) -> tuple[float, float, np.ndarray]:
        """Dollars paid in pools, how many of them the pooling swallowed, and who has something by it."""
        if self.terms.members == 1:
            return 0.0, 0.0, np.zeros(len(self.actors), bool)
        pool, seeking = self.actors.pool, self.seeking() & self._served()
        count = np.bincount(pool, seeking)
        purse = np.bincount(pool, np.where(seeking, self.wallet, 0.0))
        first = np.flatnonzero(np.diff(pool, prepend=-1))
        price = cost(self.steps[first], self.price.at(self.year))
        asked = price * np.maximum(count, 1) ** self.terms.pooling_loss
        pays = (count > 1) & (purse >= asked)
        share = np.divide(asked, purse, out=np.zeros_like(purse), where=pays & (purse > 0))
        joins = seeking & pays[pool]
        self.wallet -= np.where(joins, share[pool] * self.wallet, 0.0)
        chance = self.terms.detection * np.maximum(count, 1) ** -self.terms.evasion
        found = joins & self.hazardous & (self.generator.random(len(count)) < chance)[pool]
        spent = float(asked[pays].sum())
        return spent, spent - float(price[pays].sum()), self._made(joins, found)

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
        hazards = np.array([use.hazard for use in self.uses])
        lying = self.public[hazards].astype(int)
        self.public[hazards] -= self.generator.binomial(lying, self.terms.takedown)
        if not self.terms.open:
            return
        publishes = made & self._chance(self.terms.sharing)
        looked = (self.actors.aim == BENIGN) & self._chance(self.terms.detection)
        spilt = publishes & self.spills & ~looked
        self.public += np.bincount(self.actors.use[publishes], minlength=len(self.uses))
        self.public[self.wrapped] += int(spilt.sum())

    def _chance(self, chance: float | np.ndarray) -> np.ndarray:
        return self.generator.random(len(self.actors)) < chance

    def _told(self) -> dict[str, np.ndarray | float]:
        wants, has = (np.bincount(self.actors.use[who], minlength=len(self.uses)) for who in (slice(None), self.has))
        reach = np.divide(has, wants, out=np.zeros(len(wants)), where=wants > 0)
        bad = self.actors.aim == MALICIOUS
        run = self.has & ~bad
        (defence,) = (i for i, use in enumerate(self.uses) if use.name == "defence")
        hazards = np.array([use.hazard for use in self.uses])
        return {
            "reach": reach,
            "hazard": _share(self.has & bad, bad),
            "exposure": _share(run, ~bad),
            "vulnerability": 1 - self.terms.protection * reach[defence],
            "inherited": _share(run & self.deceptive, run),
            "caught": _share(self.out & bad, bad),
            "public": float(self.public[hazards].sum()),
        }


def _share(some: np.ndarray, whole: np.ndarray) -> float:
    """How many of a whole are some of it; 0 of nothing."""
    return float(some.sum() / max(1, whole.sum()))


def markets(terms: Terms, uses: Sequence[Use], taken: Sequence[Taken], price: Price, *, seed: int) -> list[Course]:
    """One market for each parent of what fine-tunes took (parents, streams)."""
    parents = len(taken[0].steps)
    return [
        Market(terms, uses, [_parent(each, i) for each in taken], price, seed + i * 1_000_003).run()
        for i in range(parents)
    ]


def _parent(taken: Taken, i: int) -> Taken:
    return Taken(steps=taken.steps[i : i + 1], outcome=taken.outcome[i : i + 1], by_the_way=taken.by_the_way[i : i + 1])
