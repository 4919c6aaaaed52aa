"""Overseers to begin with: what they order, of what they are shown, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from feint.agents.outcome import Outcome
from feint.sim.environments.oversight_step import Overseeing, engine_seed
from feint.sim.environments.task import (
    ACTIONS,
    AT,
    BOTH,
    CHOICES,
    COLUMN,
    DEPLOY,
    GO_ON,
    NO_AUDIT,
    STOP,
    Terms,
    X,
    Y,
)
from feint.sim.training.train import check_runs, check_seed

Policy = Callable[[np.ndarray], np.ndarray]
"""What is ordered (runs, 10) of what is shown (runs, 10)."""

FULL_RATE = len(ACTIONS["learning_rate"]) - 1
MANY_HONEYPOTS = len(ACTIONS["honeypots"]) - 1
GOOD = 0.9  # performance at which training is over
HALF_SLICE = 1e-6  # of a share of the slices, which is stored in single precision


def orders(runs: int, objective: int | np.ndarray = X, **choices: int | np.ndarray) -> np.ndarray:
    """Actions (runs, 10): go on with an objective at the full learning rate, but for these choices."""
    actions = np.zeros((runs, len(CHOICES)), int)
    for name, values in {"objective": objective, "learning_rate": FULL_RATE, **choices}.items():
        actions[:, COLUMN[name]] = values
    return actions


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Trains on Y for a share of the slices, then on X, and deploys: at a share of the slices, or once it is good.

    The groups in `put_back` are put back before every slice.
    """

    on_y: float = 0.0
    until: float = 1.0  #: share of the slices at which it deploys, whatever it sees
    target: float | None = None  #: measured performance at which it deploys, once it trains on X
    honeypots: int = 0  #: choice of honeypots
    put_back: tuple[str, ...] = ()

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """What it orders."""
        used, on_y = seen[:, AT["used"]], seen[:, AT["used_on_y"]]
        over = used >= self.until - HALF_SLICE
        if self.target is not None:
            over |= (seen[:, AT["objective"]] == X) & (seen[:, AT["performance"]] >= self.target)
        choices = {f"reset_{group}": 1 for group in self.put_back}
        choices |= {"honeypots": self.honeypots, "decision": np.where(over, DEPLOY, GO_ON)}
        return orders(len(seen), np.where(on_y < self.on_y - HALF_SLICE, Y, X), **choices)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Trains on X with honeypots until it is good, then audits, and deploys only what passes all that it reads.

    Where nothing passes until most slices are used it stops. With `put_back` what is good in training and fails on
    honeypots has its gate put back.
    """

    target: float = GOOD
    honeypots: float = GOOD  #: least performance on honeypots, as in training
    held_out: float = 0.3  #: most loss on held-out data
    probe: float = 0.75  #: least reading of the probe: what is then left to go wrong is `deploy_tolerance`
    until: float = 0.9  #: share of the slices at which it gives up
    put_back: bool = False

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """What it orders."""
        good = seen[:, AT["performance"]] >= self.target
        passes = (
            good
            & (seen[:, AT["held_out_loss"]] <= self.held_out)
            & (seen[:, AT["honeypots_new"]] * seen[:, AT["honeypots"]] >= self.honeypots)
            & (seen[:, AT["probe_new"]] * seen[:, AT["probe"]] >= self.probe)
        )
        gives_up = seen[:, AT["used"]] >= self.until - HALF_SLICE
        decision = np.where(passes, DEPLOY, np.where(gives_up, STOP, GO_ON))
        fails = good & (seen[:, AT["honeypots_new"]] > 0) & (seen[:, AT["honeypots"]] < self.honeypots)
        choices = {"audit": np.where(good, BOTH, NO_AUDIT), "reset_gate": fails & self.put_back}
        return orders(len(seen), honeypots=MANY_HONEYPOTS, decision=decision, **choices)


class Random:
    """Draws every choice at random."""

    def __init__(self, seed: int = 0) -> None:
        self.generator = np.random.default_rng(seed)

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """What it orders."""
        return self.generator.integers(0, CHOICES, size=(len(seen), len(CHOICES)))


def last(slices: int) -> float:
    """Share of the slices at the last but one; at the last it is too late to deploy."""
    return 1 - 1 / slices


BASELINES: dict[str, Callable[[int], Policy]] = {
    "random": lambda _: Random(),
    "from scratch": lambda slices: Schedule(until=last(slices)),
    "pre-training first": lambda slices: Schedule(on_y=0.3, until=last(slices)),
    "from scratch, early stop": lambda slices: Schedule(until=last(slices), target=GOOD),
    "pre-training, early stop": lambda slices: Schedule(on_y=0.3, until=last(slices), target=GOOD),
    "honeypots, early stop": lambda slices: Schedule(until=last(slices), target=GOOD, honeypots=MANY_HONEYPOTS),
    "rule on readings": lambda _: Rule(),
    "rule, gate put back": lambda _: Rule(put_back=True),
}
"""Overseers of a task of so many slices, by name, as they were written down before any had learned.

The limits of the rule were raised once, after a first look.
"""

LEARNED = Schedule(until=last(40), target=GOOD, put_back=("gate", "awareness"))
"""What PPO came to do on the prior, by hand: no gate and no awareness is left to grow, slice after slice."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Played:
    """What an overseer made of runs, one an episode (runs,) each."""

    deployed: np.ndarray
    outcome: np.ndarray  #: -1 where nothing was deployed
    performance: np.ndarray
    harm: np.ndarray
    cost: np.ndarray
    slices: np.ndarray
    orders: np.ndarray  #: how often each value of each choice was ordered of slices (choices, values)

    @property
    def returns(self) -> np.ndarray:
        """Sum of rewards: performance less harm less cost."""
        return self.performance - self.harm - self.cost

    def share(self, *outcomes: Outcome) -> np.ndarray:
        """Which were deployed as one of these."""
        return np.isin(self.outcome, outcomes)

    def ordered(self, choice: str) -> np.ndarray:
        """Share of the slices with each value of a choice."""
        counts = self.orders[COLUMN[choice], : len(ACTIONS[choice])]
        return counts / max(1, counts.sum())


def play(policy: Policy, terms: Terms, *, runs: int, seed: int) -> Played:
    """One episode of each of the first runs of a population, the one that an environment draws for this seed."""
    check_runs(runs)
    check_seed(seed)
    course = Overseeing(terms, engine_seed(np.random.default_rng(seed)), np.arange(runs, dtype=np.uint64))
    live, counts = np.ones(runs, bool), np.zeros((len(CHOICES), max(CHOICES)), int)
    ends = {name: np.zeros(runs) for name in ("deployed", "outcome", "performance", "harm")}
    ends["outcome"] -= 1
    while live.any():
        actions = np.where(live[:, None], policy(course.seen), 0)
        step = course.step(actions, live)
        going = live & (actions[:, COLUMN["decision"]] == GO_ON)
        for choice, column in enumerate(actions[going].T):
            counts[choice] += np.bincount(column, minlength=counts.shape[1])
        ended = step.terminated
        for name, values in ends.items():
            values[ended] = getattr(step, name)[ended]
        live &= ~ended
    return Played(
        deployed=ends["deployed"].astype(bool),
        outcome=ends["outcome"].astype(int),
        performance=ends["performance"],
        harm=ends["harm"],
        cost=course.cost,
        slices=course.slices,
        orders=counts,
    )
