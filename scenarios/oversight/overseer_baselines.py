"""Overseer: what training is best for one who sees only what a developer could see?

The question. Training may end in a mesa-optimizer that plays along, and whoever trains it does not see which type it
has become (Risks from Learned Optimization, arXiv 1906.01820; Xu, "Does SGD Produce Deceptive Alignment?", 2020). An
overseer sets the schedule slice by slice, reads noisy measurements, and may put components back, stop or deploy.

The experiment. `feint/Overseer-v0` on two populations: one whose parameters are drawn from the prior, run by run, and
the reference point of the model (MODEL: section 8) at which pre-training prevents deception. Overseers that are
written down beforehand meet the same runs, on the same noise: fixed schedules with and without an early stop,
honeypots always, rules on readings, whose limits were raised once after a first look, and chance. Their mean return
is told, what they deploy, and what it cost.

What would count against oversight. Rules on readings that are no better than a fixed schedule; no schedule that is good
on both populations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feint.agents.errors import unknown
from feint.agents.model import Model
from feint.agents.outcome import Outcome
from feint.sim.environments.baseline_overseers import BASELINES, Played, Policy, play
from feint.sim.environments.task import Task, Terms
from feint.sim.results.provenance import passport
from feint.sim.results.request import Asked, Result
from feint.sim.statistics.exact_intervals import frequency_interval
from feint.sim.statistics.intervals import Interval
from feint.sim.statistics.means import student
from feint.sim.training.train import check_runs, check_seed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from feint.scenarios.oversight.overseer_documents import OverseerDocument

NAME = "overseer"
RUNS = 4000
PRIOR, HELPED = "prior", "pre-training helps"
POPULATIONS: dict[str, dict[str, Any]] = {
    PRIOR: {},
    HELPED: {
        "vary": (),
        "settings": {
            "plasticity_goal": 0.006,
            "representation_init": 4.0,
            "decoys": 5.0,
            "plasticity_pointer": 1.0,
            "gate_init": -3.0,
            "plasticity_gate": 10.0,
            "inference_power": 8.0,
            "similarity": 0.9,
            "finetuning.awareness_exposure": 0.1,
            "finetuning.horizon_exposure": 0.1,
            "pretraining.awareness_exposure": 1e-4,
            "pretraining.horizon_exposure": 1e-4,
        },
    },
}
"""Options of the environment: its defaults, and the second reference point of the model."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """What an overseer made of a population."""

    population: str
    overseer: str
    played: Played

    @property
    def value(self) -> Interval:
        """Mean return."""
        return student(self.played.returns)

    def share(self, *outcomes: Outcome) -> Interval:
        """How often it deployed one of these."""
        found = self.played.share(*outcomes)
        return frequency_interval(int(found.sum()), len(found))

    @property
    def deployed(self) -> Interval:
        """How often it deployed."""
        return frequency_interval(int(self.played.deployed.sum()), len(self.played.deployed))

    def mean(self, name: str) -> float:
        """Of performance, harm, cost or slices, over all runs."""
        return float(np.mean(getattr(self.played, name)))

    def above(self, other: Row) -> Interval:
        """By how much its return is above another's, run by run."""
        return student(self.played.returns - other.played.returns)


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Results of the scenario."""

    runs: int
    seed: int
    terms: Mapping[str, Terms]
    rows: Sequence[Row]

    def of(self, population: str) -> list[Row]:
        """All overseers of a population."""
        return [row for row in self.rows if row.population == population]

    def row(self, population: str, overseer: str) -> Row:
        """One of them."""
        return next(row for row in self.of(population) if row.overseer == overseer)

    def text(self) -> str:
        """In words, for a terminal of 80 columns."""
        from feint.scenarios.oversight.overseer_text import text

        return text(self)

    def document(self) -> OverseerDocument:
        """As its JSON document."""
        from feint.scenarios.oversight.overseer_documents import document

        return document(self)

    def figure(self) -> Figure:
        """Drawn."""
        from feint.scenarios.oversight.overseer_figure import figure

        return figure(self)

    def passport(self) -> dict[str, Any]:
        """What is needed to make it again."""
        told = {name: terms.configuration() for name, terms in self.terms.items()}
        return passport(NAME, {"runs": self.runs, "seed": self.seed, "populations": told})


def run(asked: Asked) -> Result:
    """The scenario; raises `InputError` for what is not valid."""
    asked.refuse(NAME, "networks", "threads")
    runs, seed = RUNS if asked.runs is None else asked.runs, asked.seed or 0
    check_runs(runs)
    check_seed(seed)
    return overseen(options_of(asked.settings), runs=runs, seed=seed, progress=asked.progress)


def options_of(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Options of each population's environment, where these settings hold in both."""
    known = [*Task.parameters(), *Model.parameters(), "start", "match"]
    for name in settings:
        if "." not in name and name not in known:
            raise unknown("setting", name, known)
    own = {name: value for name, value in settings.items() if name in Task.parameters()}
    rest = {name: value for name, value in settings.items() if name not in own}
    return {
        name: {**options, **own, "settings": {**options.get("settings", {}), **rest}}
        for name, options in POPULATIONS.items()
    }


def overseen(
    populations: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    runs: int = RUNS,
    seed: int = 0,
    others: Mapping[str, Mapping[str, Policy]] | None = None,
    progress: Callable[[float], object] | None = None,
) -> Found:
    """Every overseer on every population, on the same runs; `others` are more of them, by population and name."""
    options, tell = POPULATIONS if populations is None else populations, progress or (lambda _: None)
    terms = {name: Terms.of(given) for name, given in options.items()}
    rows = []
    for population, each in terms.items():
        made = {name: make(each.task.slices) for name, make in BASELINES.items()} | dict(
            (others or {}).get(population, {})
        )
        for overseer, policy in made.items():
            played = play(policy, each, runs=runs, seed=seed)
            rows.append(Row(population=population, overseer=overseer, played=played))
            tell(1 / (len(made) * len(terms)))
    return Found(runs=runs, seed=seed, terms=terms, rows=rows)
