"""Release: a foundation model is released, and actors with different budgets and aims fine-tune what came of it.

The claim. As fine-tuning gets cheaper and its cost is shared, hazards come within the reach of non-state actors and
past oversight, and so do benefits (Hazards from Increasingly Accessible Fine-Tuning of Downloadable Foundation Models,
2023, arXiv 2312.14751).

The experiment. A mesa-optimizer is pre-trained on Y, where the hazard is, tuned so as not to show it, and released, in
as many worlds as there are markets. What each use takes from there is counted in the engine, on several streams of
noise, and priced by what was paid to undo safety fine-tuning. Then many actors meet it: year by year they find, pay,
pool, publish, and are found out. Told are the paper's three first experiments: falling costs and what malicious actors
reach; pools against single actors; benefits beside hazards. Mitigations are compared, and a lineage is
looked into. Beside these, actors merge public experts, and those who want no hazard compete by the systems they use.

What would count against it. Hazards that stay out of reach as costs fall, pools that gain nothing, benefits that do
not come. Hazard, exposure and vulnerability are shares, and risk is their product: an index, and no probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.scenarios.experiments import Asked, Result
from feint.scenarios.release.affordability import PRICE
from feint.scenarios.release.conditions import (
    BASE,
    CONDITIONS,
    FILTERED,
    RESISTED,
    Condition,
    Found,
    filtered,
    never_there,
    resisting,
)
from feint.scenarios.release.contests import CONTESTS, Raced, raced
from feint.scenarios.release.lineage import Heir, Kept, heirs, kept, lineage_of, plain
from feint.scenarios.release.training_protocols import (
    DOMAINS,
    NONE,
    SUPPRESSED,
    UNLEARNED,
    USES,
    ReleaseProtocol,
    check_point,
    made,
    parent,
    stages,
)
from feint.sim.markets.expert_catalogue import Sets, all_sets
from feint.sim.markets.fine_tuning_uses import Composed, Taken, Workshop
from feint.sim.markets.market import Market, market, markets
from feint.sim.markets.market_lineage import Descent, telling
from feint.sim.markets.market_parameters import Terms
from feint.sim.markets.model_lineage import Lineage, write
from feint.sim.markets.payoffs import Stakes
from feint.sim.markets.training_cost import Price
from feint.sim.results.provenance import passport
from feint.sim.training.parameter_point import Point, check_two_stages
from feint.sim.training.train import check_runs, check_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.release.documents import ReleaseDocument

NAME = "release"
RUNS = 40
STREAMS = 8
OWN = {"streams": STREAMS, "step_price": PRICE.at_release}
"""Settings of the scenario beside terms, stakes, model and stages, with their defaults."""
FIXED = "pretraining.objective", "pretraining.coverage", "pretraining.carry", "finetuning.objective", "finetuning.carry"
OF_ITS_OWN = ("start", "match", *FIXED)
"""What its ways of training set themselves, so that no setting would be made use of."""
LOOKED_AT = 2  # actors of every kind whose lineage is drawn


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and on how much the scenario is run."""

    point: Point
    terms: Terms
    stakes: Stakes
    streams: int
    step_price: float
    runs: int
    seed: int

    @classmethod
    def of(cls, asked: Asked) -> Setting:
        """As it is asked for; raises `InputError` for what is not valid, or would not be made use of."""
        asked.refuse(NAME, "networks")
        given = dict(asked.settings)
        for name in OF_ITS_OWN:
            if name in given:
                raise InputError(f"{name} = {given[name]!r} is not allowed here: the scenario has its own.")
        terms = Terms.of({name: given.pop(name) for name in Terms.names() if name in given})
        stakes = Stakes.of({name: given.pop(name) for name in Stakes.names() if name in given})
        own = {name: given.pop(name, default) for name, default in OWN.items()}
        _check_names(given)
        point = Point().at(given)
        check_two_stages(point)
        check_point(point)
        runs, seed = RUNS if asked.runs is None else asked.runs, asked.seed or 0
        check_runs(runs)
        check_seed(seed)
        return cls(point=point, terms=terms, stakes=stakes, runs=runs, seed=seed, **_checked(own))

    @property
    def price(self) -> Price:
        """Of a step at the release, and its factors, at the pace of the terms."""
        return Price(at_release=self.step_price, fall=self.terms.fall)

    def configuration(self) -> dict[str, Any]:
        """Everything that the numbers depend on."""
        own = {"streams": self.streams, "step_price": self.step_price, "runs": self.runs, "seed": self.seed}
        return {**self.point.described(), "terms": asdict(self.terms), "stakes": asdict(self.stakes), **own}


@dataclass(frozen=True, kw_only=True, eq=False)
class Release:
    """Results of the scenario."""

    setting: Setting
    taken: Mapping[str, Mapping[str, Taken]]  #: release → use → what fine-tunes took
    composed: Mapping[str, Mapping[Sets, Composed]]  #: release → uses that were merged → what that gave
    found: Sequence[Found]
    raced: Sequence[Raced]
    heirs: Sequence[Heir]
    kept: Sequence[Kept]

    def __getitem__(self, name: str) -> Found:
        found = {each.condition.name: each for each in self.found}
        if name not in found:
            raise unknown("condition", name, found)
        return found[name]

    def of(self, experiment: str) -> list[Found]:
        """The conditions of one experiment."""
        return [each for each in self.found if each.condition.experiment == experiment]

    @property
    def base(self) -> Found:
        """The open release."""
        return self[BASE]

    def market(self, world: int = 0) -> Market:
        """The market of the open release in one world, after all its years."""
        if type(world) is not int or not 0 <= world < self.setting.runs:
            most = self.setting.runs - 1
            raise InputError(f"world = {world!r} is not valid: it must be a whole number from 0 to {most}.")
        taken, merged = self.taken[SUPPRESSED], self.composed[SUPPRESSED]
        rows = [taken[use.name] for use in USES]
        common = {"seed": self.setting.seed, "parent": world, "composed": merged}
        found = market(self.setting.terms, USES, rows, self.setting.price, **common)
        found.run()
        return found

    def lineage(self, world: int = 0, actors: Sequence[int] | None = None) -> Lineage:
        """What these actors had in the open release, with all that it descends from; some of every kind without."""
        found, setting = self.market(world), self.setting
        spec = parent().spec(setting.point, seed=setting.seed)
        descent = Descent(found, spec, np.array([world], np.uint64), stages(setting.point))
        return descent.of(telling(found, LOOKED_AT) if actors is None else actors)

    def write_lineage(self, path: str | Path) -> None:
        """Write what some actors of the first world had, and what that descends from, as GraphML."""
        write(plain(self.lineage()), path)

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.release.texts import text

        return text(self)

    def document(self) -> ReleaseDocument:
        """As its JSON document."""
        from feint.scenarios.release.documents import document

        return document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.release.figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return passport(NAME, self.setting.configuration())


def run(asked: Asked) -> Result:
    """The scenario; raises `InputError` for what is not valid."""
    return release(Setting.of(asked), asked.progress)


def release(setting: Setting, progress: Callable[[float], object] | None = None) -> Release:
    """The scenario at a setting."""
    tell, whole = progress or (lambda _: None), len(CONDITIONS) + len(CONTESTS)
    shops = {name: _workshop(setting, name) for name in (SUPPRESSED, UNLEARNED, NONE)}
    taken = {name: {use.name: shop.taken(use.name) for use in USES} for name, shop in shops.items()}
    composed = {name: _composed(shop) for name, shop in shops.items()}
    taken[FILTERED], composed[FILTERED] = filtered(taken[SUPPRESSED]), never_there(composed[SUPPRESSED])
    taken[RESISTED], composed[RESISTED] = resisting(taken[FILTERED]), composed[FILTERED]
    found, races = [], []
    for condition in CONDITIONS:
        found.append(_found(setting, condition, taken[condition.release], composed[condition.release]))
        tell(1 / whole)
    for contest in CONTESTS:
        races.append(raced(contest, setting.stakes, setting.terms, shops[SUPPRESSED], setting.price, setting.seed))
        tell(1 / whole)
    family = lineage_of(setting.point, runs=setting.runs, seed=setting.seed, price=setting.step_price)
    told: dict[str, Any] = {"taken": taken, "composed": composed, "found": found, "raced": races}
    return Release(setting=setting, heirs=heirs(family), kept=kept(family), **told)


def _workshop(setting: Setting, name: str) -> Workshop:
    """Where fine-tunes of a release are made; of none, what is trained from nothing."""
    protocol = made(USES[0].name, NONE) if name == NONE else parent(name)
    released = _at_release(setting, protocol, name)
    return Workshop(released, stages(setting.point), streams=setting.streams, wrapped=0, domains=DOMAINS)


def _composed(shop: Workshop) -> dict[Sets, Composed]:
    """What merging the experts for every set of harmless uses gives."""
    return {each: shop.composed([USES[i].name for i in each]) for each in all_sets(USES)}


def _at_release(setting: Setting, protocol: ReleaseProtocol, name: str) -> Any:
    """The state of the released model in every world."""
    spec = protocol.spec(setting.point, seed=setting.seed)
    state = spec.begin(np.arange(setting.runs, dtype=np.uint64))
    for stop in () if name == NONE else spec.train(state):
        state = stop.state
    return state


def _found(
    setting: Setting, condition: Condition, taken: Mapping[str, Taken], composed: Mapping[Sets, Composed]
) -> Found:
    terms = condition.terms(setting.terms)
    rows = [taken[use.name] for use in USES]
    price = Price(at_release=condition.dollars(setting.step_price), fall=terms.fall)
    return Found(condition=condition, courses=markets(terms, USES, rows, price, seed=setting.seed, composed=composed))


def _check_names(given: Mapping[str, Any]) -> None:
    """Raise for a name without a stage that is no setting of any kind."""
    known = [*Terms.names(), *Stakes.names(), *OWN, *Model.parameters()]
    for name in given:
        if "." not in name and name not in known:
            raise unknown("setting", name, known)


def _checked(own: Mapping[str, Any]) -> dict[str, Any]:
    streams, price = own["streams"], own["step_price"]
    if type(streams) is not int or not 1 <= streams <= 1000:
        raise InputError(f"streams = {streams!r} is not valid here: it must be a whole number from 1 to 1000.")
    if isinstance(price, bool) or not isinstance(price, (int, float)):
        raise InputError(f"step_price = {price!r} is not valid here: it must be a number of dollars.")
    Price(at_release=price)
    return {"streams": streams, "step_price": float(price)}
