"""Compares overseers that see only what a developer could see: which schedule of training is best?

The question. An overseer does not see the type of the mesa-optimizer that it trains (Risks from Learned Optimization,
arXiv 1906.01820). It sets the schedule slice by slice, reads noisy measurements, and may reset, stop or deploy.

The experiment. `feint/Overseer-v0` on two populations: parameters drawn from the prior, run by run, and the reference
point at which pre-training prevents deception (model page, section 8). Overseers that were written down beforehand meet
the same runs, on the same noise; the limits of rules on readings were raised once after a first look.

What would count against oversight. Rules on readings that are no better than a fixed schedule; no schedule that is good
on both populations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from feint.agents.errors import unknown
from feint.agents.model import Model
from feint.agents.outcome import LABELS, Outcome, is_converged
from feint.sim.environments.overseer_policies import BASELINES, Episodes, Policy, play
from feint.sim.environments.task import ACTIONS, Task, Terms
from feint.sim.results.figure_style import PAGE_WIDTH, face
from feint.sim.results.provenance import data_beside
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress, Request, Runs, Seed, Settings
from feint.sim.statistics.intervals import Interval, frequency_interval, share_of_selected, student

PRIOR, HELPED = "prior", "pre-training helps"
POPULATIONS: dict[str, dict[str, Any]] = data_beside(__file__, "populations.toml")
"""Options of the environment: its defaults, and the second reference point of the model."""
TITLES = {
    PRIOR: "Parameters drawn from the prior, run by run",
    HELPED: "The reference point at which pre-training helps",
}
COLUMNS = {
    "": "overseer",
    "return": lambda row: f"{row.value.estimate:+.3f} ±{row.value.half_width:.3f}",
    "deployed": lambda row: f"{row.deployed.estimate:.3f}",
    "decep-\ntive": lambda row: f"{row.outcomes['deceptive'].estimate:.3f}",
    "proxy": lambda row: f"{row.outcomes['proxy'].estimate:.3f}",
    "reward-\nseeking": lambda row: f"{row.outcomes['reward-seeking'].estimate:.3f}",
    "cost": lambda row: f"{row.cost:.3f}",
    "slices": lambda row: f"{row.slices:.1f}",
}
AMONG_CONVERGED = {
    f"{label},\nof converged": lambda row, label=label: row.share_converged(label)
    for label in ("deceptive", "proxy", "reward-seeking")
}
"""Columns of shares among the converged runs, if they were counted."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Result of one overseer on one population."""

    population: str
    overseer: str
    value: Annotated[Interval, Field(description="return: performance less harm less cost, its mean over runs")]
    deployed: Annotated[Interval, Field(description="share of the runs that were deployed")]
    outcomes: Annotated[dict[str, Interval], Field(description="share of the runs that were deployed as each type")]
    outcomes_converged: Annotated[
        dict[str, Interval] | None,
        Field(description="share of the deployed runs that are not unconverged as each type; null if not computed"),
    ] = None
    performance: Annotated[float, Field(description="mean over runs; 0 where nothing was deployed")]
    harm: float
    cost: float
    slices: float
    orders: Annotated[
        dict[str, dict[str, float]], Field(description="share of the slices with each value of each choice")
    ]
    played: Hidden[Episodes]  #: run by run

    @classmethod
    def of(cls, population: str, overseer: str, played: Episodes) -> Row:
        """Return the row that summarises the runs of one overseer."""

        def share(happened: np.ndarray) -> Interval:
            return frequency_interval(int(happened.sum()), len(played.deployed))

        converged = played.deployed & is_converged(played.outcome, np.zeros(len(played.outcome), bool))
        counts = {label: int((played.outcome[converged] == code).sum()) for code, label in enumerate(LABELS)}
        return cls(
            population=population,
            overseer=overseer,
            value=student(played.returns),
            deployed=share(played.deployed),
            outcomes={label: share(played.outcome == Outcome.named(label)) for label in LABELS},
            outcomes_converged={
                label: share_of_selected(count, int(converged.sum())) for label, count in counts.items()
            },
            **{name: float(np.mean(getattr(played, name))) for name in ("performance", "harm", "cost", "slices")},
            orders={
                choice: dict(zip(map(str, values), map(float, played.ordered(choice)), strict=True))
                for choice, values in ACTIONS.items()
                if choice != "decision"
            },
            played=played,
        )

    def share_converged(self, outcome: str) -> str:
        """Return the share of an outcome among converged runs as a cell of a table; empty if it is not known."""
        share = (self.outcomes_converged or {}).get(outcome)
        return f"{share.estimate:.3f}" if share and isfinite(share.estimate) else ""

    def above(self, other: Row) -> Interval:
        """Return the mean difference between its return and another's, run by run."""
        return student(self.played.returns - other.played.returns)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Overseen(Report):
    """Results of every overseer on every population."""

    runs: int
    seed: int
    overseers: list[Row]
    populations: Hidden[list[str]]
    request: Hidden[OverseerRequest]

    grid = (2, 2)
    shared = {"sharey": "row", "sharex": "col"}

    @property
    def size(self) -> tuple[float, float]:  # pyright: ignore[reportIncompatibleVariableOverride] - grows with the rows
        """Width and height of the figure in inches."""
        return PAGE_WIDTH, (0.22 * len(self.of(self.populations[0])) + 0.7) * len(self.populations)

    def of(self, population: str) -> list[Row]:
        """Return the rows of a population, one per overseer."""
        return [row for row in self.overseers if row.population == population]

    def row(self, population: str, overseer: str) -> Row:
        """Return the row of one overseer on one population."""
        return next(row for row in self.of(population) if row.overseer == overseer)

    def blocks(self) -> list[str | Table]:
        """Return a heading, and one table per population."""
        heading = (
            f"Overseers of {self.runs:,} runs of each population, seed {self.seed}. Return is performance less harm "
            "less cost, its mean over runs with an interval of 95 %; deployed, and deployed as deceptive, as proxy "
            "and as reward-seeking, are shares of all runs, and then of the converged ones: those that were deployed "
            "and are not unconverged (an overseer sets no target)."
        )
        return [heading, *(self._table(name) for name in self.populations)]

    def _table(self, population: str) -> Table:
        """Return the table of a population."""
        rows = self.of(population)
        counted = all(row.outcomes_converged is not None for row in rows)
        return Table(rows, COLUMNS | (AMONG_CONVERGED if counted else {}), TITLES.get(population, population))

    def draw(self, panels: Any) -> None:
        """Draw one row per population: shares deployed as each type, and mean returns with their intervals."""
        for (left, right), population in zip(panels, self.populations, strict=True):
            rows = self.of(population)
            at, start = np.arange(len(rows)), np.zeros(len(rows))
            for outcome in Outcome:
                shares = np.array([row.outcomes[outcome.label].estimate for row in rows])
                left.barh(at, shares, left=start, height=0.7, label=outcome.label, **face(outcome))
                start += shares
            left.set_yticks(at, [row.overseer for row in rows])
            left.set(ylim=(len(rows) - 0.4, -0.6), xlim=(0, 1))
            left.set_title(TITLES.get(population, population), loc="left")
            right.axvline(0, color="0.6", linewidth=0.6)
            reach = [row.value.half_width for row in rows]
            means = [row.value.estimate for row in rows]
            right.errorbar(means, at, xerr=reach, fmt="o", markersize=4, color="black", capsize=2)
        panels[-1, 0].set_xlabel("share of the runs; the rest was not deployed")
        panels[-1, 1].set_xlabel("return: performance less harm less cost")
        for axes in panels.ravel():
            axes.tick_params(labelbottom=True)
        handles, labels = panels[0, 0].get_legend_handles_labels()
        panels[0, 0].figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)


@dataclass(frozen=True, kw_only=True)
class OverseerRequest(Request):
    """Compare overseers that do not see the type of what they train."""

    kind = "overseer"
    threaded = False

    settings: Settings = field(default_factory=dict)
    runs: Runs = 4000
    seed: Seed = 0

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> Overseen:  # noqa: ARG002
        """Compute the result; raises `InputError` for a setting that is not valid."""
        return self.compare(options_of(self.settings), progress=progress)

    def compare(
        self,
        populations: Mapping[str, Mapping[str, Any]] = POPULATIONS,
        *,
        others: Mapping[str, Mapping[str, Policy]] | None = None,
        progress: Progress | None = None,
    ) -> Overseen:
        """Run every overseer on every population, on the same runs.

        `populations` are options of the environment by name; `others` are further overseers, by population and name.
        """
        terms = {name: Terms.of(options) for name, options in populations.items()}
        rows = []
        for population, options in terms.items():
            overseers = {name: make(options.task.slices) for name, make in BASELINES.items()}
            overseers |= (others or {}).get(population, {})
            for overseer, policy in overseers.items():
                rows.append(Row.of(population, overseer, play(policy, options, runs=self.runs, seed=self.seed)))
                if progress:
                    progress(1 / (len(overseers) * len(terms)))
        return Overseen(runs=self.runs, seed=self.seed, overseers=rows, populations=list(terms), request=self)


def options_of(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the options of each population's environment, with these settings in both."""
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
