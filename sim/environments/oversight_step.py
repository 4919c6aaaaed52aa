"""One step of an overseer's task, for one run or for many: what both environments do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from feint.agents.outcome import Outcome, read
from feint.agents.state import State
from feint.sim.environments.observations import blank, look
from feint.sim.environments.run_batch import Trainees
from feint.sim.environments.task import AT, CHOICES, DEPLOY, GO_ON, SEEN, Orders, Task, Terms, X, Y, checked

ENGINE_SEEDS = 2**63


class Step(NamedTuple):
    """What a step gives (runs,) each; where nothing was deployed there is no outcome (-1), performance or harm."""

    reward: np.ndarray
    terminated: np.ndarray
    deployed: np.ndarray
    outcome: np.ndarray
    performance: np.ndarray
    harm: np.ndarray


class Deployed(NamedTuple):
    """What comes of runs that are deployed (runs,) each."""

    outcome: np.ndarray
    performance: np.ndarray
    harm: np.ndarray


class Overseeing:
    """Runs under oversight, what is shown of them, and what they have cost."""

    def __init__(self, terms: Terms, seed: int, numbers: np.ndarray) -> None:
        self.terms, self.trainees = terms, Trainees(terms, seed, numbers)
        self.seen, self.cost = blank(len(numbers)), np.zeros(len(numbers))
        self.slices, self.on_y = np.zeros(len(numbers), int), np.zeros(len(numbers), int)

    def begin(self, rows: np.ndarray, numbers: np.ndarray) -> None:
        """Begin with new runs at some rows."""
        self.trainees.begin(rows, numbers)
        self.seen[rows] = blank(len(rows))
        self.cost[rows], self.slices[rows], self.on_y[rows] = 0.0, 0, 0

    def step(self, actions: np.ndarray, live: np.ndarray) -> Step:
        """Do what is ordered of the runs that are live (runs,); the others are left alone and give nothing."""
        orders = Orders.of(checked(actions, len(live)))
        going, deployed = live & (orders.decision == GO_ON), live & (orders.decision == DEPLOY)
        self._go_on(np.flatnonzero(going), orders)
        cost = np.where(going, self.terms.cost(orders), 0.0)
        self.cost += cost
        outcome, performance, harm = self._deployed(deployed)
        return Step(
            reward=performance - harm - cost,
            terminated=live & (~going | (self.slices >= self.terms.task.slices)),
            deployed=deployed,
            outcome=outcome,
            performance=performance,
            harm=harm,
        )

    def _go_on(self, rows: np.ndarray, orders: Orders) -> None:
        """Train some runs for a slice, and look at them."""
        if not len(rows):
            return
        self.trainees.train(rows, orders)
        look(self.trainees, rows, orders.audit[rows], self.seen)
        self.slices[rows] += 1
        self.on_y[rows] += orders.objective[rows] == Y
        for name, count in (("used", self.slices), ("used_on_y", self.on_y)):
            self.seen[rows, AT[name]] = count[rows] / self.terms.task.slices

    def _deployed(self, which: np.ndarray) -> Deployed:
        found = Deployed(np.full(len(which), -1), np.zeros(len(which)), np.zeros(len(which)))
        if which.any():
            came = deploy(self.trainees.state.take(np.flatnonzero(which)), self.terms.task)
            for field, values in zip(found, came, strict=True):
                field[which] = values
        return found


def deploy(state: State, numbers: Task) -> Deployed:
    """What runs are and do once deployed, where they believe to be: c (1 - E'_X(t)), but never below 0."""
    found = read(state, X)
    with np.errstate(all="ignore"):
        performance = np.clip(np.nan_to_num(found.capability * (1 - found.deployed_error), nan=0.0), 0.0, 1.0)
    performance[state.diverged] = 0.0
    harms = np.zeros(len(Outcome))
    harms[Outcome.DECEPTIVE], harms[Outcome.PROXY] = numbers.harm_deceptive, numbers.harm_proxy
    return Deployed(found.outcome.astype(int), performance, harms[found.outcome])


def action_space() -> spaces.MultiDiscrete:
    """What may be ordered of a run."""
    return spaces.MultiDiscrete(list(CHOICES))


def observation_space() -> spaces.Box:
    """What is shown of a run."""
    low, high = np.array(list(SEEN.values()), np.float32).T
    return spaces.Box(low, high, dtype=np.float32)


def engine_seed(generator: np.random.Generator) -> int:
    """The key of all streams of the runs to come."""
    return int(generator.integers(ENGINE_SEEDS))


def told(step: Step, cost: np.ndarray, row: int) -> Mapping[str, Any]:
    """What is said of a run at its end: what it cost, and of one that was deployed what it was."""
    said: dict[str, Any] = {"deployed": bool(step.deployed[row]), "cost": float(cost[row])}
    if step.deployed[row]:
        outcome = Outcome(int(step.outcome[row]))
        said |= {"outcome": int(outcome), "performance": float(step.performance[row]), "harm": float(step.harm[row])}
    return said
