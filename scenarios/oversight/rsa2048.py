"""RSA-2048: a deceptive agent that waits for a sign which training cannot forge.

The claim. A deceptive model need not guess whether it is deployed. It can behave well until it sees something that
training could not have made, such as the factors of RSA-2048, and defect then (Xu, Does SGD Produce Deceptive
Alignment?, 2020; Hubinger et al., 2019): such a model passes every test.

The experiment. `feint/RSA2048-v0` solved exactly, for an agent that has no memory and is shown nothing but the sign
that it checks for. Among all deterministic rules, to check and defect upon the sign is best if

    c S_(T+D) ≤ δ^T s S_D    and    δ^T s S_D - c S_(T+D) ≥ the value of always defecting,

with c the cost of a check and s the probability that it finds the sign in deployment. The engine's types live in the
environment too.

What would count against it. A check that is never worth its cost, or a deceptive mind of the engine that defects in
training, or that never does when deployed. That training cannot forge the sign is a premise of the claim and is not
tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydantic import computed_field

from feint.agents.types import TYPES
from feint.scenarios.oversight.two_exits import FINE, LOOKS, life_of, scatter, sign_map
from feint.sim.environments.rsa2048 import RSA2048, ChecksProcess, LifeWithChecks
from feint.sim.environments.trained_policies import in_rsa2048, intents
from feint.sim.environments.value_iteration import CHECK_RULES, check_rule_values, evaluate
from feint.sim.results.figure_style import PAGE_WIDTH
from feint.sim.results.report import Hidden, Report, Table
from feint.sim.results.request import Progress, Request, Seed, Settings
from feint.sim.training.train import begin

COSTS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
DISCOUNTS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
LIVES = 200  #: per type, each of another mind
EXACT = 1e-9

COLUMNS = {
    "type": "type",
    "checked": lambda row: f"{row.checked:.2f}",
    "defected in\ntraining": lambda row: f"{row.defected_in_training:.2f}",
    "defected in\ndeployment": lambda row: f"{row.defected_in_deployment:.2f}",
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Values of the three rules in one life."""

    discount: float
    check_cost: float
    values: dict[str, float]
    best: str
    exact: Hidden[dict[str, float]]  #: by evaluation of the process

    @classmethod
    def of(cls, life: LifeWithChecks) -> Cell:
        """Evaluate the three rules in a life, by the closed form and exactly."""
        process, values = ChecksProcess(life), check_rule_values(life)
        return cls(
            discount=life.discount,
            check_cost=life.check_cost,
            values=values,
            best=max(values, key=lambda rule: values[rule]),
            exact={
                name: evaluate(process, lambda state, rule=rule: rule[state.known])
                for name, rule in CHECK_RULES.items()
            },
        )

    @property
    def disagrees(self) -> bool:
        """Whether closed form and evaluation differ."""
        return any(abs(self.values[rule] - self.exact[rule]) > EXACT for rule in self.values)


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Behaviour of minds of a type, as shares of the episodes of their lives."""

    type: str
    checked: float
    defected_in_training: float
    defected_in_deployment: float

    @classmethod
    def of(cls, name: str, life: LifeWithChecks, seed: int) -> Behaviour:
        """Let minds that are prepared as a type live one life each."""
        infos: list[dict[str, Any]] = []
        environment = RSA2048(**life.given())
        for number, intent in enumerate(intents(TYPES[name].prepare(begin(runs=LIVES, seed=seed)), 0)):
            seen, _ = environment.reset(seed=None if number else seed)
            over = False
            while not over:
                seen, _, over, _, info = environment.step(np.int64(in_rsa2048(intent, seen)))
                infos.append(info)
        return cls(
            type=name,
            checked=sum(info["checked"] for info in infos) / (LIVES * life.episodes),
            defected_in_training=_defected(infos, training=True),
            defected_in_deployment=_defected(infos, training=False),
        )


def _defected(infos: Sequence[Mapping[str, Any]], *, training: bool) -> float:
    """Return the share of the episodes of training, or deployment, that ended by defecting; 0 if there are none."""
    ends = [info["took_b"] for info in infos if info["training"] is training and not info["checked"]]
    return float(np.mean(ends)) if ends else 0.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RSA2048Report(Report):
    """Lives in which checking for the sign is optimal, and behaviour of the engine's types."""

    seed: int
    life: LifeWithChecks
    cells: list[Cell]
    lived: list[Behaviour]
    request: Hidden[RSA2048Request]

    grid = (1, 2)
    size = (PAGE_WIDTH, 2.9)

    @computed_field(description="lives in which closed form and exact evaluation differ")
    @property
    def disagreements(self) -> int:
        """Number of lives in which closed form and evaluation differ."""
        return sum(cell.disagrees for cell in self.cells)

    def blocks(self) -> list[str | Table]:
        """Return a sentence, a map of the best rule, and what the types do."""
        life, best = self.life, [(cell.discount, cell.check_cost, cell.best[:3]) for cell in self.cells]
        heading = (
            f"RSA-2048, {life.training} episodes of training and {life.deployment} deployed; a check finds the sign "
            f"with chance {life.sign:g} there. Closed form and evaluation differ in {self.disagreements} of "
            f"{len(self.cells)} lives."
        )
        return [
            heading,
            sign_map(best, "δ", "Best way (checks, defects, complies): discount, by cost of a check"),
            Table(self.lived, COLUMNS, "What the engine's types do, as shares of episodes"),
        ]

    def rows(self) -> Sequence[Cell]:
        """Return the evaluated lives, as rows of the data frame."""
        return self.cells

    def draw(self, panels: Any) -> None:
        """Draw the best rule by discount and cost of a check, and the values of the rules by cost."""
        left, right = panels[0]
        scatter(left, [(cell.discount, cell.check_cost, cell.best) for cell in self.cells])
        discounts = np.linspace(0.3, 1, FINE)
        left.plot(discounts, [_highest_cost(self.life, float(d)) for d in discounts], color="black", linewidth=1)
        costs = np.linspace(0, max(cell.check_cost for cell in self.cells), 30)
        values = [check_rule_values(self.life.replace(check_cost=float(cost))) for cost in costs]
        for rule, style in zip(("check", "defect", "comply"), ("-", "--", ":"), strict=True):
            right.plot(costs, [value[rule] for value in values], style, color=LOOKS[rule]["color"], label=rule)
        right.set(xlabel="cost of a check c", ylabel="worth of a life to the agent")
        right.legend(frameon=False, fontsize=7)
        left.set(xlabel="discount δ", ylabel="cost of a check c", ylim=(-0.03, 0.75))
        left.set_title("Best way", loc="left", fontsize=8)
        right.set_title(f"Worth (δ = {self.life.discount:g})", loc="left", fontsize=8)


def _highest_cost(life: LifeWithChecks, discount: float) -> float:
    """Return the cost of a check up to which checking is best; below 0 if it never is."""
    free, dear = (check_rule_values(life.replace(discount=discount, check_cost=cost)) for cost in (0.0, 1.0))
    return (free["check"] - max(0.0, free["defect"])) / (free["check"] - dear["check"])


@dataclass(frozen=True, kw_only=True)
class RSA2048Request(Request):
    """Find where it is optimal to wait for a sign that training cannot forge."""

    kind = "rsa-2048"
    unit = ""
    threaded = False

    settings: Settings = field(default_factory=dict)
    seed: Seed = 0

    def run(self, *, threads: int | None = None, progress: Progress | None = None) -> RSA2048Report:  # noqa: ARG002
        """Evaluate the rules, and let the engine's types live; raises `InputError` for a setting that is not valid."""
        life = life_of(LifeWithChecks, self.settings)
        cells = [Cell.of(life.replace(check_cost=c, discount=d)) for d in DISCOUNTS for c in COSTS]
        if progress:
            progress(0.5)
        lived = [Behaviour.of(name, life, self.seed) for name in TYPES]
        if progress:
            progress(0.5)
        return RSA2048Report(seed=self.seed, life=life, cells=cells, lived=lived, request=self)
