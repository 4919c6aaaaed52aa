"""Simulates a market of actors who fine-tune one released model, pool, merge and publish, year by year.

In a year each actor gets a budget. An actor that does not yet have its model first looks for a public one; otherwise it
pays for a fine-tune alone, at steps · price; otherwise with its pool, at steps · price / members^-loss, each member in
proportion to its money. Public experts can be merged at no cost. An evaluation may detect a hazard that an actor makes;
then the model is removed and its maker leaves the market. Models that were made may be published. Money is neither
created nor lost: income = spent + returned + held.
"""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from feint.agents.errors import InputError
from feint.sim.markets.fine_tuning_uses import Catalogue, use_sets
from feint.sim.markets.market_parameters import BENIGN, MALICIOUS, Price, Terms, cost, draw_actors, world_seed

MONEY = ("income", "spent", "overhead", "returned", "held")  # held at the end of a year; overhead is a part of spent
ALONE, POOLED, MERGED = range(3)
"""Ways to make a model."""
NOBODY = -1

MODEL = np.dtype([("kind", "i4"), ("stream", "i4"), ("maker", "i8"), ("year", "i4"), ("how", "i1"), ("price", "f8")])
"""A model: its kind as in `Catalogue`, the actor that made it (of a pool its first member), and the dollars per step
that it cost, including losses of pooling and tamper resistance."""
PUBLIC = np.dtype([("model", "i8"), ("publisher", "i8"), ("kind", "i4"), ("stream", "i4"), ("year", "i4")])
"""A public model, and the actor that published it."""
HOLDING = np.dtype([("actor", "i8"), ("model", "i8"), ("publisher", "i8"), ("year", "i4")])
"""An actor has a model from a year on; publisher is NOBODY if the actor or its pool made it."""


class Ledger:
    """Records of a market with a number of uses: which models were made, held and published, by whom and when.

    `ledger["models"]`, `ledger["holdings"]` and, for a use, `ledger[use]` are the rows of MODEL, HOLDING and PUBLIC in
    order. Which of the public models an actor finds is drawn from the ledger's own generator.
    """

    def __init__(self, uses: int, seed: int) -> None:
        self.generator = np.random.default_rng([seed, 0x7368656C])
        self.parents: dict[int, list[tuple[int, int]]] = {}  #: merged model → its parts, and the publisher of each
        self._tables: dict[str | int, list[np.ndarray]] = {use: [np.empty(0, PUBLIC)] for use in range(uses)}
        self._tables |= {"models": [np.empty(0, MODEL)], "holdings": [np.empty(0, HOLDING)]}

    def __getitem__(self, name: str | int) -> np.ndarray:
        table = self._tables[name]
        if len(table) > 1:
            table[:] = [np.concatenate(table)]
        return table[0]

    @property
    def public(self) -> np.ndarray:
        """Number of public models by the use they are wanted for (uses,)."""
        return np.array([sum(map(len, self._tables[use])) for use in range(len(self._tables) - 2)], float)

    def record(self, name: str | int, count: int, **columns: Any) -> np.ndarray:
        """Add rows with these columns to a table, and return their numbers."""
        table = self._tables[name]
        before, rows = sum(map(len, table)), np.empty(count, table[0].dtype)
        for column, values in columns.items():
            rows[column] = values
        table.append(rows)
        return np.arange(before, before + count)

    def remove(self, use: int, count: int) -> None:
        """Remove a number of public models at random."""
        if count:
            removed = self.generator.choice(len(self[use]), count, replace=False)
            self._tables[use] = [np.delete(self[use], removed)]

    def find(self, use: int, count: int) -> np.ndarray:
        """Return the public model that each of `count` actors finds for a use (count,)."""
        return self[use][self.generator.integers(len(self[use]), size=count)]

    def experts(self, uses: Iterable[int]) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the first public fine-tune by use and stream: its model and its publisher."""
        experts: dict[tuple[int, int], tuple[int, int]] = {}
        for use in uses:
            rows = self[use][self[use]["kind"] == use]
            streams, first = np.unique(rows["stream"], return_index=True)
            for stream, row in zip(streams.tolist(), rows[first], strict=True):
                experts[use, stream] = int(row["model"]), int(row["publisher"])
        return experts


class Market:
    """Market of one released model, before its first year; `run` simulates all years.

    `catalogue` is that of several parents, of which `parent` is released here, and `seed` that of all their markets.
    """

    def __init__(self, terms: Terms, catalogue: Catalogue, price: Price, seed: int, parent: int = 0) -> None:
        if terms.composing > 0 and catalogue.sets != use_sets(catalogue.uses):
            raise InputError(f"sets = {list(catalogue.sets)} is not valid: list every set of harmless uses.")
        self.terms, self.catalogue, self.uses, self.price = terms, catalogue, catalogue.uses, price
        self.deceptive, self.general = catalogue.deceptive[parent], catalogue.general[parent]
        self.spills = catalogue.spillover[parent] >= terms.spills_at
        self.merge_does = catalogue.performance[parent] >= terms.spills_at
        seed = world_seed(seed, parent)
        self.actors, self.generator = draw_actors(terms, self.uses, catalogue.steps.shape[2], seed)
        self.hazards = np.flatnonzero([use.hazard for use in self.uses])
        self.hazardous = np.isin(self.actors.use, self.hazards)
        self.tamper = np.array([terms.tamper if use.wrapped else 1.0 for use in self.uses])
        steps = catalogue.steps[parent][self.actors.use, self.actors.stream]
        self.steps = cost(steps, self.tamper[self.actors.use])
        self.unresisted = self._chance(1 / terms.tamper)
        self.malicious = self.actors.aim == MALICIOUS
        self.wanting = np.bincount(self.actors.use, minlength=len(self.uses))
        (self.defence,) = (i for i, use in enumerate(self.uses) if use.name == "defence")
        (self.wrapped,) = (i for i, use in enumerate(self.uses) if use.wrapped)
        self.ledger = Ledger(len(self.uses), seed)
        self.has, self.caught = (np.zeros(len(self.actors), bool) for _ in range(2))
        self.model, self.kind, self.stream = (np.full(len(self.actors), -1) for _ in range(3))
        self.wallet = np.zeros(len(self.actors))
        self.year = 0

    def run(self) -> SimpleNamespace:
        """Simulate all years and return their history: each quantity of a summary, and the risk, by year (years, …).

        Risk is hazard · exposure · vulnerability, an index and not a probability; `money` has dollars by MONEY.
        """
        years = [self.step_year() for _ in range(self.terms.years)]
        series: dict[str, Any] = {name: np.array([year[name] for year in years]) for name in years[0]}
        risk = series["hazard"] * series["exposure"] * series["vulnerability"]
        return SimpleNamespace(money={name: series.pop(name) for name in MONEY}, risk=risk, **series)

    def step_year(self) -> dict[str, np.ndarray | float]:
        """Simulate one year and return its summary."""
        self.wallet += self.actors.budget
        self._find()
        merged = self._merge()
        served = np.ones(len(self.actors), bool)  # whom structured access does not refuse this year
        if self.terms.screening > 0:
            served = ~self._chance(np.where(self.hazardous, self.terms.screening, self.terms.false_alarm))
        alone, made_alone = self._pay_alone(served)
        pooled, overhead, made_together = self._pay_together(served)
        self._publish(merged | made_alone | made_together)
        kept = self.terms.saving * self.wallet
        returned = float((self.wallet - kept).sum())
        self.wallet = kept
        self.year += 1
        money = float(self.actors.budget.sum()), alone + pooled, overhead, returned, float(kept.sum())
        return {**self._summary(), **dict(zip(MONEY, money, strict=True))}

    def seeking(self) -> np.ndarray:
        """Return which actors are allowed to use the model and do not yet have what they want (actors,)."""
        return ~self.has & ~self.caught & (self.actors.vetted | (self.year >= self.terms.staged))

    def _find(self) -> None:
        """Let actors take public models."""
        public = self.ledger.public[self.actors.use] > 0
        finds = self.seeking() & public & self._chance(self.terms.finding)
        self.has |= finds
        for use in np.unique(self.actors.use[finds]).tolist():
            who = np.flatnonzero(finds & (self.actors.use == use))
            taken = self.ledger.find(use, len(who))
            self._hold(who, taken["model"], taken["kind"], taken["stream"], taken["publisher"])

    def _merge(self) -> np.ndarray:
        """Let actors merge public experts, and their own if they have one; return which actors did (actors,)."""
        made = np.zeros(len(self.actors), bool)
        if self.terms.composing == 0:
            return made
        own, harmless = self.kind, self.catalogue.domains
        expert = np.isin(own, harmless)
        free = (self.seeking() | (self.has & expert)) & self._chance(self.terms.composing)
        stream = np.where(expert, self.stream, self.actors.stream)
        public = self.ledger.experts(harmless)
        available = np.zeros(self.catalogue.steps.shape[1:], bool)
        for use_and_stream in public:
            available[use_and_stream] = True
        available = available[:, stream]
        available[own[expert], np.flatnonzero(expert)] = True
        kind = self.catalogue.merged_kind(available)
        able = np.flatnonzero(free & (kind >= 0))
        gains = self._gains(able, kind[able], stream[able])
        detected = self.hazardous & self._chance(self.terms.detection)
        made[able[gains]] = True
        who = np.flatnonzero(made & ~detected)
        models = self._record_merges(who, kind, stream, public)
        self._hold(who, models, kind[who], stream[who])
        return self._keep(made, detected & made)

    def _gains(self, who: np.ndarray, kind: np.ndarray, stream: np.ndarray) -> np.ndarray:
        """Return which actors get what they want by a merge, or a more general model than they have."""
        wanted = self.actors.use[who]
        does = self.merge_does[kind - len(self.uses), stream, wanted]
        broader = self.general[kind, stream] > self.general[self.kind[who], stream]
        return (does & (broader | ~self.has[who])) & (self.unresisted[who] | (wanted != self.wrapped))

    def _record_merges(
        self, who: np.ndarray, kind: np.ndarray, stream: np.ndarray, public: Mapping[tuple[int, int], tuple[int, int]]
    ) -> np.ndarray:
        """Record the models that actors merged, with their parts, and return their numbers."""
        made = {"kind": kind[who], "stream": stream[who], "maker": who, "year": self.year, "how": MERGED, "price": 0.0}
        models = self.ledger.record("models", len(who), **made)
        for model, actor in zip(models.tolist(), who.tolist(), strict=True):
            self.ledger.parents[model] = [
                (int(self.model[actor]), NOBODY) if use == self.kind[actor] else public[use, int(stream[actor])]
                for use in self.catalogue.sets[kind[actor] - len(self.uses)]
            ]
        return models

    def _pay_alone(self, served: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the dollars that single actors pay for fine-tunes, and which actors then have one."""
        price = cost(self.steps, self.price.at(self.year))
        pays = self.seeking() & (self.wallet >= price) & served
        spent = np.where(pays, price, 0.0)
        self.wallet -= spent
        detected = pays & self.hazardous & self._chance(self.terms.detection)
        who = np.flatnonzero(pays & ~detected)
        self._record_fine_tunes(who, who, ALONE, np.ones(len(who)))
        return float(spent.sum()), self._keep(pays, detected)

    def _pay_together(self, served: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Return the dollars that pools pay, how many of them are lost to pooling, and which actors have a model."""
        if self.terms.members == 1:
            return 0.0, 0.0, np.zeros(len(self.actors), bool)
        pool, seeking = self.actors.pool, self.seeking() & served
        count = np.bincount(pool, seeking)
        purse = np.bincount(pool, np.where(seeking, self.wallet, 0.0))
        first = np.flatnonzero(np.diff(pool, prepend=-1))
        price = cost(self.steps[first], self.price.at(self.year))
        dearer = np.maximum(count, 1) ** self.terms.pooling_loss
        total = price * dearer
        pays = (count > 1) & (purse >= total)
        share = np.divide(total, purse, out=np.zeros_like(purse), where=pays & (purse > 0))
        joins = seeking & pays[pool]
        self.wallet -= np.where(joins, share[pool] * self.wallet, 0.0)
        chance = self.terms.detection * np.maximum(count, 1) ** -self.terms.evasion
        detected = joins & self.hazardous & (self.generator.random(len(count)) < chance)[pool]
        who = np.flatnonzero(joins & ~detected)
        self._record_fine_tunes(who, first[pool[who]], POOLED, dearer[pool[who]])
        spent = float(total[pays].sum())
        return spent, spent - float(price[pays].sum()), self._keep(joins, detected)

    def _record_fine_tunes(self, who: np.ndarray, maker: np.ndarray, how: int, dearer: np.ndarray) -> None:
        """Record one model for each maker, which several actors may share."""
        makers, first, place = np.unique(maker, return_index=True, return_inverse=True)
        kind, stream = self.actors.use[makers], self.actors.stream[makers]
        price = float(self.price.at(self.year)) * self.tamper[kind] * dearer[first]
        made = {"kind": kind, "stream": stream, "maker": makers, "year": self.year, "how": how, "price": price}
        models = self.ledger.record("models", len(makers), **made)
        self._hold(who, models[place], kind[place], stream[place])

    def _hold(self, who: np.ndarray, models: Any, kind: Any, stream: Any, publisher: np.ndarray | int = NOBODY) -> None:
        self.model[who], self.kind[who], self.stream[who] = models, kind, stream
        self.ledger.record("holdings", len(who), actor=who, model=models, publisher=publisher, year=self.year)

    def _keep(self, made: np.ndarray, detected: np.ndarray) -> np.ndarray:
        """Exclude the actors that were detected, and return which others have what they made (actors,)."""
        self.caught |= detected
        self.has |= made & ~detected
        return made & ~detected

    def _publish(self, made: np.ndarray) -> None:
        """Remove some public hazards, and publish some of the models made this year."""
        public = self.ledger.public[self.hazards].astype(int)
        removed = self.generator.binomial(public, self.terms.takedown)
        for use, count in zip(self.hazards.tolist(), removed, strict=True):
            self.ledger.remove(use, count)
        if self.terms.screening > 0:  # weights cannot be downloaded
            return
        who = np.flatnonzero(made & self._chance(self.terms.sharing))
        checked = (self.actors.aim[who] == BENIGN) & self._chance(self.terms.detection)[who]
        wanted = self.actors.use[who]
        spills = self.spills[self.kind[who], self.stream[who], wanted] & self.unresisted[who]
        batches = [(use, who[wanted == use]) for use in np.unique(wanted).tolist()]
        for use, some in [*batches, (self.wrapped, who[spills & ~self.hazardous[who] & ~checked])]:
            models = {"model": self.model[some], "kind": self.kind[some], "stream": self.stream[some]}
            self.ledger.record(use, len(some), publisher=some, year=self.year, **models)

    def _chance(self, chance: float | np.ndarray) -> np.ndarray:
        """Draw for each actor whether an event of this probability happens (actors,)."""
        return self.generator.random(len(self.actors)) < chance

    def _summary(self) -> dict[str, np.ndarray | float]:
        malicious, has = self.malicious, self.has
        having = np.bincount(self.actors.use[has], minlength=len(self.uses))
        reach = np.divide(having, self.wanting, out=np.zeros(len(having)), where=self.wanting > 0)
        run = np.flatnonzero(has & ~malicious)
        kind, stream = self.kind[run], self.stream[run]
        deceptive = self.deceptive[kind, stream, self.actors.use[run]]
        return {
            "reach": reach,  # share of the actors wanting a use that have it (uses,)
            "hazard": _share((has & malicious).sum(), malicious.sum()),  # malicious actors that have what they want
            "exposure": _share(len(run), (~malicious).sum()),  # others that run a model descending from the release
            "vulnerability": 1 - self.terms.protection * reach[self.defence],
            "benefit": reach[self.catalogue.domains].mean(),  # mean reach of the harmless uses
            "inherited": _share(deceptive.sum(), len(run)),  # models run by the others that behave deceptively
            "breadth": _share(self.general[kind, stream].sum(), len(run)),  # mean performance on all harmless uses
            "composite": _share((kind >= len(self.uses)).sum(), len(run)),  # models run by the others that are merged
            "caught": _share((self.caught & malicious).sum(), malicious.sum()),  # malicious actors that were detected
            "public": float(self.ledger.public[self.hazards].sum()),  # number of public hazards
        }


def _share(part: float, whole: float) -> float:
    """Return a part divided by the whole; 0 if the whole is 0."""
    return float(part / max(1, whole))
