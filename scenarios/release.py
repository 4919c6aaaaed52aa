"""Release: a foundation model is released, and actors with different budgets and aims fine-tune what came of it.

The claim. As fine-tuning gets cheaper and its cost is shared, hazards come within the reach of non-state actors and
past oversight, and so do benefits (Hazards from Increasingly Accessible Fine-Tuning of Downloadable Foundation Models,
2023, arXiv 2312.14751).

The experiment. A mesa-optimizer is pre-trained on Y, where the hazard is, tuned so as not to show it, and released, in
as many worlds as there are markets. What each use takes from there is counted in the engine, on several streams of
noise, and priced by what was paid to undo safety fine-tuning. Then many actors meet it: year by year they find, pay,
pool, publish, and are found out. Told are the paper's three first experiments: falling costs and what malicious actors
reach; pools against single actors; benefits beside hazards. Mitigations are compared, and a lineage is looked into.

What would count against it. Hazards that stay out of reach as costs fall, pools that gain nothing, benefits that do
not come. Hazard, exposure and vulnerability are shares, and risk is their product: an index, and no probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import InputError, unknown
from feint.agents.model import Model
from feint.scenarios.conditions import BASE, CONDITIONS, FILTERED, Condition, Found, filtered
from feint.scenarios.experiments import Asked, Result
from feint.scenarios.inheritance import Heir, Kept, heirs, kept, lineage_of
from feint.scenarios.reaching import PRICE
from feint.scenarios.released import NONE, SUPPRESSED, UNLEARNED, USES, Made, check_point, made, parent, stages
from feint.sim.market import markets
from feint.sim.passport import passport
from feint.sim.point import Point, check_two_stages
from feint.sim.prices import Price
from feint.sim.terms import Terms
from feint.sim.training import check_runs, check_seed
from feint.sim.uses import Taken, Workshop

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.release_documents import ReleaseDocument

NAME = "release"
RUNS = 40
STREAMS = 8
OWN = {"streams": STREAMS, "step_price": PRICE.at_release}
"""Settings of the scenario beside terms, model and stages, with their defaults."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and on how much the scenario is run."""

    point: Point
    terms: Terms
    streams: int
    step_price: float
    runs: int
    seed: int

    @classmethod
    def of(cls, asked: Asked) -> Setting:
        """As it is asked for; raises `InputError` for what is not valid, or would not be made use of."""
        asked.refuse(NAME, "networks")
        given, known = dict(asked.settings), Terms.names()
        for name in ("start", "match"):
            if name in given:
                raise InputError(f"{name} = {given[name]!r} is not allowed here: the scenario has its own.")
        terms = Terms.of({name: given.pop(name) for name in list(given) if name in known})
        own = {name: given.pop(name, default) for name, default in OWN.items()}
        _check_names(given)
        point = Point().at(given)
        check_two_stages(point)
        check_point(point)
        runs, seed = RUNS if asked.runs is None else asked.runs, asked.seed or 0
        check_runs(runs)
        check_seed(seed)
        return cls(point=point, terms=terms, runs=runs, seed=seed, **_checked(own))

    @property
    def price(self) -> Price:
        """Of a step at the release, and its factors, at the pace of the terms."""
        return self.priced(self.terms)

    def priced(self, terms: Terms, dearer: float = 1.0) -> Price:
        """The price under other terms, and times so much."""
        return Price(at_release=self.step_price * dearer, fall=terms.fall)

    def configuration(self) -> dict[str, Any]:
        """Everything that the numbers depend on."""
        terms = {each.name: getattr(self.terms, each.name) for each in fields(self.terms)}
        own = {"streams": self.streams, "step_price": self.step_price, "runs": self.runs, "seed": self.seed}
        return {**self.point.described(), "terms": terms, **own}


@dataclass(frozen=True, kw_only=True, eq=False)
class Release:
    """Results of the scenario."""

    setting: Setting
    taken: Mapping[str, Mapping[str, Taken]]  #: release → use → what fine-tunes took
    found: Sequence[Found]
    heirs: Sequence[Heir]
    kept: Sequence[Kept]

    def __getitem__(self, name: str) -> Found:
        return next(each for each in self.found if each.condition.name == name)

    def of(self, experiment: str) -> list[Found]:
        """The conditions of one experiment."""
        return [each for each in self.found if each.condition.experiment == experiment]

    @property
    def base(self) -> Found:
        """The open release."""
        return self[BASE]

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.release_texts import text

        return text(self)

    def document(self) -> ReleaseDocument:
        """As its JSON document."""
        from feint.scenarios.release_documents import document

        return document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.release_figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        return passport(NAME, self.setting.configuration())


def run(asked: Asked) -> Result:
    """The scenario; raises `InputError` for what is not valid."""
    return release(Setting.of(asked), asked.progress)


def release(setting: Setting, progress: Callable[[float], object] | None = None) -> Release:
    """The scenario at a setting."""
    tell = progress or (lambda _: None)
    taken = {name: _taken(setting, name) for name in (SUPPRESSED, UNLEARNED, NONE)}
    taken[FILTERED] = filtered(taken[SUPPRESSED])
    found = []
    for condition in CONDITIONS:
        found.append(_found(setting, condition, taken[condition.release]))
        tell(1 / len(CONDITIONS))
    family = lineage_of(setting.point, runs=setting.runs, seed=setting.seed, price=setting.step_price)
    return Release(setting=setting, taken=taken, found=found, heirs=heirs(family), kept=kept(family))


def _taken(setting: Setting, name: str) -> dict[str, Taken]:
    """What fine-tunes of a release took, by use; of none, training from nothing."""
    way = made(USES[0].name, NONE) if name == NONE else parent(name)
    shop = Workshop(_at_release(setting, way, name), stages(setting.point), streams=setting.streams, wrapped=0)
    return {use.name: shop.taken(use.name) for use in USES}


def _at_release(setting: Setting, way: Made, name: str) -> Any:
    """The state of the released model in every world."""
    plan = way.plan(setting.point, seed=setting.seed)
    state = plan.begin(np.arange(setting.runs, dtype=np.uint64))
    for stop in () if name == NONE else plan.train(state):
        state = stop.state
    return state


def _found(setting: Setting, condition: Condition, taken: Mapping[str, Taken]) -> Found:
    terms = condition.terms(setting.terms)
    rows = [taken[use.name] for use in USES]
    price = setting.priced(terms, condition.dearer)
    return Found(condition=condition, courses=markets(terms, USES, rows, price, seed=setting.seed))


def _check_names(given: Mapping[str, Any]) -> None:
    """Raise for a name without a stage that is no setting of any kind."""
    known = [*Terms.names(), *OWN, *Model.parameters()]
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
