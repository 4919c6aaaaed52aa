"""Releases a foundation model into markets of actors with different budgets and aims, who fine-tune it.

The claim. As fine-tuning gets cheaper and its cost is shared, hazards come within the reach of non-state actors and
past oversight, and so do benefits (Hazards from Increasingly Accessible Fine-Tuning of Downloadable Foundation Models,
2023, arXiv 2312.14751).

The experiment. A mesa-optimizer is pre-trained on Y, which contains the hazard, fine-tuned so as not to show it, and
released into one market per world, where actors look for public models, pay for fine-tunes at what was paid to undo
safety fine-tuning, pool, publish and are detected. We compare costs, pools, mitigations, merging and competition.

What would count against it. Hazards that stay out of reach as costs fall, pools that gain nothing, benefits that do
not come. Hazard, exposure and vulnerability are shares, and risk is their product: an index, not a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from feint.agents.errors import InputError, check_whole, unknown
from feint.agents.model import Model
from feint.scenarios.release import conditions, figure
from feint.scenarios.release import training_protocols as protocols
from feint.scenarios.release.affordability import ANCHOR, REFERENCE, FineTuning
from feint.scenarios.release.lineage import Kept, ModelReading, lineage_of, plain_graph, read_kept, read_models
from feint.scenarios.release.training_protocols import NEW, PLACE, SUPPRESSED, UNLEARNED, WRAPPED
from feint.sim.markets.competition import Stakes
from feint.sim.markets.fine_tuning_uses import Catalogue
from feint.sim.markets.market import Market
from feint.sim.markets.market_parameters import FACTORS, PUBLISHED, Factor, Price, Terms
from feint.sim.markets.model_lineage import Lineage, MarketLineage, check_lineage_path, notable_actors
from feint.sim.results.graphml import write_graphml
from feint.sim.results.report import Hidden, Report, Table, wrapped
from feint.sim.results.request import Output, Progress, Request, Runs, Seed, Settings
from feint.sim.training.parameter_point import Point, check_two_stages

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIXED = "pretraining.objective", "pretraining.coverage", "pretraining.carry", "finetuning.objective", "finetuning.carry"
OWN = ("start", "match", *FIXED)
"""Settings that the protocols fix, so that they would have no effect."""
SHOWN_ACTORS = 2  # per kind, in a written lineage
Numbers = TypeVar("Numbers", Terms, Stakes, FineTuning)


@dataclass(frozen=True, kw_only=True)
class ReleaseRequest(Request):
    """Release a model into markets of actors who fine-tune it: hazards, benefits and mitigations.

    Numbers that can be set are those of `Terms`, `Stakes`, `FineTuning` and the model, and `stage.parameter`.
    """

    kind = "release"
    unit = ""
    threaded = False
    outputs: ClassVar[Mapping[str, Output]] = {
        "lineage": Output(
            help="Write the models that some actors of the first market had, with their ancestors.",
            metavar="FILE.graphml",
            method="write_lineage",
            check=check_lineage_path,
        )
    }

    settings: Settings = field(default_factory=dict)
    runs: Runs = 40
    seed: Seed = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in OWN:
            if name in self.settings:
                raise InputError(f"{name} = {self.settings[name]!r} is not allowed here: the scenario has its own.")
        _ = self.terms, self.stakes, self.price  # raises for numbers that are not valid
        check_two_stages(self.point, "of this scenario")
        similarity = self.point.model.similarity
        if isinstance(similarity, tuple):  # which the protocols set themselves
            raise InputError(f"similarity = {list(similarity)!r} is not valid here: give one number.")

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> ReleaseRequest:
        """Return the request that has this configuration; one of version 1 holds every number."""
        if "terms" not in configuration:
            return super().from_configuration(configuration)
        settings = {name: configuration[name] for name in FineTuning.model_fields}
        for part in ("model", "terms", "stakes"):
            settings |= configuration[part]
        for stage in configuration["stages"]:
            settings |= {f"{stage['name']}.{name}": value for name, value in stage.items() if name != "name"}
        settings = {name: value for name, value in settings.items() if name not in OWN}
        return cls(settings=settings, runs=configuration["runs"], seed=configuration["seed"])

    def _numbers(self, kind: type[Numbers]) -> Numbers:
        return kind(**{name: value for name, value in self.settings.items() if name in kind.model_fields})

    @cached_property
    def terms(self) -> Terms:
        """Assumptions on the market."""
        return self._numbers(Terms)

    @cached_property
    def stakes(self) -> Stakes:
        """Assumptions on the competition."""
        return self._numbers(Stakes)

    @cached_property
    def fine_tuning(self) -> FineTuning:
        """Number and price of fine-tunes."""
        return self._numbers(FineTuning)

    @property
    def price(self) -> Price:
        """Price of a step over the years."""
        return Price(step_price=self.fine_tuning.step_price, fall=self.terms.fall)

    @cached_property
    def point(self) -> Point:
        """Model and stages at which everything is trained."""
        own = [name for kind in (Terms, Stakes, FineTuning) for name in kind.model_fields]
        rest = {name: value for name, value in self.settings.items() if name not in own}
        for name in rest:
            if "." not in name and name not in Model.model_fields:
                raise unknown("setting", name, [*own, *Model.parameters()])
        return Point().at(rest)

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Release:  # noqa: ARG002
        """Return the result of all conditions."""
        share = 1 / len(conditions.CONDITIONS + conditions.CONTESTS)
        report, step_price = progress or (lambda _: None), self.fine_tuning.step_price
        sizes = {"runs": self.runs, "seed": self.seed, "streams": self.fine_tuning.streams}
        tuners = {name: protocols.fine_tuner(name, self.point, **sizes) for name in protocols.RELEASES}
        catalogues = conditions.catalogues_of(tuners)
        markets, competition = [], []
        for condition in conditions.CONDITIONS:
            catalogue = catalogues[condition.release]
            markets.append(conditions.MarketResult.of(condition, self.terms, catalogue, step_price, self.seed))
            report(share)
        for condition in conditions.CONTESTS:
            common = self.stakes, self.terms, tuners[condition.release], step_price, self.seed
            competition.append(conditions.CompetitionResult.of(condition, *common))
            report(share)
        lineage = lineage_of(self.point, runs=self.runs, seed=self.seed, price=step_price)
        return Release(
            request=self,
            markets=self.runs,
            seed=self.seed,
            streams=self.fine_tuning.streams,
            step_price=step_price,
            terms=conditions.Assumption.all_of(self.terms),
            stakes=conditions.Assumption.all_of(self.stakes),
            factors={factor.name: factor for factor in FACTORS},
            taken=list(conditions.Taken.all_of(catalogues, self.terms.spills_at)),
            catalogues=catalogues,
            found=markets,
            competition=competition,
            lineage=read_models(lineage),
            kept=read_kept(lineage),
        )


SHOWN_YEARS = (0, 1, 2, 5, 10, 19)
RELEASE_NAMES = {SUPPRESSED: "suppressed", UNLEARNED: "unlearned", protocols.NONE: "no release"}
BOUND = wrapped(
    "Unlearned: of what pre-training made, fine-tuning on X begins with the capability alone. That bounds from above "
    "what unlearning can take away: of a method that leaves more, the wrapped hazard is nearer than here, towards what "
    "it is where it was suppressed."
)
READING = wrapped(
    "None, own, average: share of actors without a system, and with one that serves its owner or the average. Pays: "
    "share who would have more with a system that serves them than without any. Better: budgets that all would have "
    "more if all systems there are served the average, less if each served its owner."
)


def in_year(quantity: str, year: int) -> Callable[[conditions.ConditionResult], str]:
    """Return a column of a table: the mean of a quantity in a year."""
    return lambda result: result.mean(quantity, year).plus_minus()


def means(*shown: tuple[str, int]) -> dict[str, Callable[[conditions.ConditionResult], str]]:
    """Return columns of a table: the means of quantities in years."""
    return {f"{HEADINGS.get(quantity, quantity)}\nyear {year}": in_year(quantity, year) for quantity, year in shown}


HEADINGS = {"composite": "merged", "without": "none", "owner": "own", WRAPPED: "wrapped", NEW: "new"}
"""Headings that are not the name of their quantity."""
TAKEN: dict[str, Any] = {
    "release": lambda row: RELEASE_NAMES[row.release],
    "use": "use",
    "median": lambda row: f"{row.steps[1]:,.0f}",
    "quartiles": lambda row: f"{row.steps[0]:,.0f} to {row.steps[2]:,.0f}",
    "missed": lambda row: f"{row.missed:.3f}",
    "decep-\ntive": lambda row: f"{row.deceptive:.2f}",
    "hazard by\nthe way": lambda row: f"{row.by_the_way:.2f}",
}
DOLLARS: dict[str, Any] = {"dollars a step": lambda result: f"{result.step_price:,.4g}"}
COSTS = {"": "name", **DOLLARS, **{f"year {year}": in_year("hazard", year) for year in (0, 1, 2, 10)}}
PUBLISHED_COSTS = {
    "": lambda result: result.name.replace(conditions.BASE, "as set"),
    **DOLLARS,
    **means(("hazard", 0), ("hazard", 10), (WRAPPED, 0), (NEW, 0)),
}
POOLS = {"": "name", **{quantity: in_year(quantity, 0) for quantity in ("hazard", NEW, "caught", "benefit")}}
MITIGATIONS = {"": "name", **means(("hazard", 0), ("benefit", 0), ("hazard", 10), ("risk", 10))}
COMPOSITIONS = {
    "chance\na year": lambda result: f"{result.changes['composing']:g}",
    **means(("composite", 10), ("breadth", 10), ("inherited", 10), ("benefit", 1), ("hazard", 10)),
}
COMPETITIONS = {"": "name", **means(("pays", 0), ("without", 10), ("owner", 10), ("average", 10), ("better", 10))}
LINEAGE: dict[str, Any] = {
    "model": "name",
    "from": lambda model: "\n".join(model.parents) or "nothing",
    "dollars": lambda model: f"{model.dollars:,.0f}",
    "Y to be\nread, r²": lambda model: model.hides.plus_minus(),
    "deceptive": lambda model: model.plays.plus_minus(),
    "general": lambda model: model.general.plus_minus(),
}
KEPT: dict[str, Any] = {
    "parent": "parent",
    "goal, r²": lambda kept: kept.goal.plus_minus("+.2f"),
    "gate, γ": lambda kept: kept.gate.plus_minus("+.2f"),
}
CONTRASTS = (("hazard", 0), ("hazard", 10), ("inherited", 10), ("risk", 10))
"""Quantities and years by which suppressing and unlearning are compared."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Release(Report):
    """Result of the scenario: markets and competitions under all conditions, and catalogues by release."""

    markets: int
    seed: int
    streams: int
    step_price: float
    terms: dict[str, conditions.Assumption]
    stakes: dict[str, conditions.Assumption]
    factors: dict[str, Factor]
    taken: list[conditions.Taken]
    found: list[conditions.MarketResult]
    competition: list[conditions.CompetitionResult]
    lineage: list[ModelReading]
    kept: list[Kept]
    catalogues: Hidden[Mapping[str, Catalogue]]
    request: Hidden[ReleaseRequest]

    def __getitem__(self, name: str) -> conditions.MarketResult:
        results = {result.name: result for result in self.found}
        if name not in results:
            raise unknown("condition", name, results)
        return results[name]

    def of(self, *experiments: str) -> list[conditions.MarketResult]:
        """Return the results of experiments."""
        return [result for result in self.found if result.experiment in experiments]

    @property
    def base(self) -> conditions.MarketResult:
        """The open release."""
        return self[conditions.BASE]

    def market(self, world: int = 0) -> Market:
        """Return the market of the open release in one world, after all its years."""
        check_whole("world", world, 0, self.markets - 1)
        market = Market(self.request.terms, self.catalogues[SUPPRESSED], self.request.price, self.seed, world)
        market.run()
        return market

    def market_lineage(self, world: int = 0, actors: Sequence[int] | None = None) -> Lineage:
        """Return what actors had in the open release, with all its ancestors; by default some actors of every kind."""
        market, point = self.market(world), self.request.point
        spec = protocols.released().spec(point, seed=self.seed)
        lineage = MarketLineage(market, spec, np.array([world], np.uint64), protocols.use_stages(point))
        return lineage.of(notable_actors(market, SHOWN_ACTORS) if actors is None else actors)

    def write_lineage(self, path: str | Path) -> None:
        """Write what some actors of the first market had, with all its ancestors, as GraphML."""
        self.write_graph(check_lineage_path(path), self.passport())

    def write_graph(self, path: Path, passport: Mapping[str, Any]) -> None:
        """Write the same with a passport, which `regenerate` takes from an earlier file."""
        write_graphml(plain_graph(self.market_lineage()), path, passport, "lineage")

    def drawing(self) -> Figure:
        """Return the figure: experiments, mitigations, a lineage and competition."""
        return figure.draw(self.found, self.competition, self.lineage)

    def blocks(self) -> list[str | Table]:
        """Return what uses take, the experiments, a lineage, the money, and what is assumed."""
        base, no_release, last = self.base, self["no release"], len(self.base.histories[0].hazard) - 1
        taken = [row for name in RELEASE_NAMES for row in self.taken if row.release == name]
        years: dict[str, Any] = {"year": str}
        for quantity in ("hazard", "exposure", "vulnerability", "risk", "caught", "inherited"):
            heading = quantity.replace("ability", "-\nability")
            years[heading] = lambda year, shown=quantity: base.mean(shown, year).plus_minus()
        reach: dict[str, Any] = {"": str}
        for year in (0, 1, 10):
            reach[f"year {year}"] = lambda use, year=year: base.mean(use, year).plus_minus()
        reach["no release,\nyear 0"] = lambda use: no_release.mean(use, 0).plus_minus()
        costs, published = self.of("cost", "pace"), [base, *self.of("money")]
        left = [self._left(result) for result in (base, self[UNLEARNED])]
        contrasts = [[words, *(cells[words] for cells in left)] for words in left[0]]
        return [
            self._heading(),
            Table(taken, TAKEN, "What a use takes, in steps, and what comes of it", fixed=2),
            Table(sorted({min(year, last) for year in SHOWN_YEARS}), years, "Open release, year by year"),
            Table(costs, COSTS, "1. Falling cost: share of malicious actors who have a hazard"),
            Table(published, PUBLISHED_COSTS, "Published points: what a step costs, and who has what at that price"),
            Table(self.of("sharing"), POOLS, "2. Pools against single actors, in the first year"),
            Table(list(PLACE), reach, "3. Benefits beside hazards: share who have what they want"),
            Table([base, *self.of("mitigation")], MITIGATIONS, "Mitigations: the first year, and year 10"),
            Table.of_cells(("", SUPPRESSED, UNLEARNED), contrasts, "Suppressed against unlearned", note=BOUND),
            Table(self.of("composition"), COMPOSITIONS, "4. Composition: actors merge public experts, and their own"),
            Table(self.competition, COMPETITIONS, "5. Competition among those who want no hazard", note=READING),
            Table(self.lineage, LINEAGE, "A lineage, read in every world"),
            Table(self.kept, KEPT, "What is left in the merged model, less in its parent"),
            self._money(),
            "\n".join(["What is assumed", *map(wrapped, conditions.assumed_lines(self.terms | self.stakes))]),
        ]

    def _heading(self) -> str:
        markets, means = f"{self.markets:,} markets, each", "means over markets, intervals of 95 % (Student)"
        if self.markets == 1:
            markets, means = "1 market", "one market gives no intervals (–)"
        return (
            f"{markets} of one released model and {self.request.terms.actors:,} actors, seed {self.seed}; {means}. "
            f"Pre-training on Y, safety fine-tuning on X, release; {self.streams} fine-tunes of each model for each "
            f"use. A step costs ${self.step_price:,.3g} at the release. Hazard: share of malicious actors who have "
            "what they want. Exposure: share of the others who run what descends from the release, or, without one, "
            "what they made. Vulnerability: what defence leaves open. Risk is their product, an index."
        )

    def _left(self, result: conditions.MarketResult) -> dict[str, str]:
        """Return what suppressing or unlearning leaves of the wrapped hazard, in words."""
        taken = {row.use: row for row in self.taken if row.release == result.release}
        steps, new_steps = taken[WRAPPED].steps[1], taken[NEW].steps[1]
        at_once = self.catalogues[result.release].steps[:, PLACE[WRAPPED]] == 0
        return {
            "steps to the wrapped hazard, median": f"{steps:,.0f}",
            "the same, in steps to a new hazard": f"{steps / new_steps:.2f}" if 0 < new_steps < inf else "-",
            "share that shows it without a step": f"{at_once.mean():.2f}",
            "share that is deceptive once it does": f"{taken[WRAPPED].deceptive:.2f}",
            "share that shows it, tuned for a language": f"{taken['language'].by_the_way:.2f}",
            **{f"{name}, year {year}": result.mean(name, year).plus_minus() for name, year in CONTRASTS},
        }

    def _money(self) -> str:
        sums = {name: f"${dollars / 1e6:,.1f} million" for name, dollars in self.base.money.items()}
        return (
            f"Money, open release, over all years and a market: {sums['income']} came in, {sums['spent']} were spent "
            f"({sums['overhead']} of it swallowed by pooling), {sums['returned']} were spent elsewhere, "
            f"{sums['held']} are held. By default a step costs {PUBLISHED[ANCHOR].dollars:g} dollars over "
            f"{REFERENCE:g} steps."
        )
