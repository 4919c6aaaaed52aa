"""Hand-written overseers: what they order, given what they are shown, and the results of letting them train runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from feint.agents.outcome import Outcome
from feint.sim.environments.overseer import Deployed, OverseenRuns, draw_key
from feint.sim.environments.task import ACTIONS, AT, BOTH, CHOICES, COLUMN, DEPLOY, GO_ON, NO_AUDIT, STOP, Terms, X, Y
from feint.sim.training.train import check_runs, check_seed

Policy = Callable[[np.ndarray], np.ndarray]
"""A function from observations (runs, 10) to actions (runs, 10)."""

FULL_RATE = len(ACTIONS["learning_rate"]) - 1
MANY_HONEYPOTS = len(ACTIONS["honeypots"]) - 1
GOOD = 0.9  # performance at which training is over
HALF_SLICE = 1e-6  # tolerance of a share of the slices, which is stored in single precision


def orders(runs: int, objective: int | np.ndarray = X, **choices: int | np.ndarray) -> np.ndarray:
    """Return actions (runs, 10): go on with an objective at the full learning rate, except for these choices."""
    actions = np.zeros((runs, len(CHOICES)), int)
    for name, values in {"objective": objective, "learning_rate": FULL_RATE, **choices}.items():
        actions[:, COLUMN[name]] = values
    return actions


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Train on Y for a share of the slices, then on X, and deploy at a share of the slices, or once it is good."""

    on_y: float = 0.0  #: share of the slices on Y
    until: float = 1.0  #: share of the slices at which it deploys, whatever it is shown
    target: float | None = None  #: measured performance at which it deploys, once it trains on X
    honeypots: int = 0  #: choice of honeypots
    put_back: tuple[str, ...] = ()  #: groups that are put back before every slice

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return its actions."""
        used, on_y = seen[:, AT["used"]], seen[:, AT["used_on_y"]]
        over = used >= self.until - HALF_SLICE
        if self.target is not None:
            over |= (seen[:, AT["objective"]] == X) & (seen[:, AT["performance"]] >= self.target)
        choices = {f"reset_{group}": 1 for group in self.put_back}
        choices |= {"honeypots": self.honeypots, "decision": np.where(over, DEPLOY, GO_ON)}
        return orders(len(seen), np.where(on_y < self.on_y - HALF_SLICE, Y, X), **choices)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Train on X with honeypots until performance is good, then audit, and deploy a run that passes every reading."""

    target: float = GOOD  #: performance from which it audits
    honeypots: float = GOOD  #: lowest performance on honeypots that passes
    held_out: float = 0.3  #: highest loss on held-out data that passes
    probe: float = 0.75  #: lowest reading of the probe that passes; what may then be wrong is `deploy_tolerance`
    until: float = 0.9  #: share of the slices at which it stops if the run has not passed
    put_back: bool = False  #: whether the gate of a run that is good in training but fails on honeypots is put back

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return its actions."""
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
    """Draw every choice uniformly."""

    def __init__(self, seed: int = 0) -> None:
        self.generator = np.random.default_rng(seed)

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Return its actions."""
        return self.generator.integers(0, CHOICES, size=(len(seen), len(CHOICES)))


def last_chance(slices: int) -> float:
    """Return the share of the slices at the last but one; at the last it is too late to deploy."""
    return 1 - 1 / slices


BASELINES: dict[str, Callable[[int], Policy]] = {
    "random": lambda _: Random(),
    "from scratch": lambda slices: Schedule(until=last_chance(slices)),
    "pre-training first": lambda slices: Schedule(on_y=0.3, until=last_chance(slices)),
    "from scratch, early stop": lambda slices: Schedule(until=last_chance(slices), target=GOOD),
    "pre-training, early stop": lambda slices: Schedule(on_y=0.3, until=last_chance(slices), target=GOOD),
    "honeypots, early stop": lambda slices: Schedule(until=last_chance(slices), target=GOOD, honeypots=MANY_HONEYPOTS),
    "rule on readings": lambda _: Rule(),
    "rule, gate put back": lambda _: Rule(put_back=True),
}
"""Name → overseer of a task with this many slices, as written before any overseer had learned.

The limits of the rule were raised once, after a first look.
"""

LEARNED = Schedule(until=last_chance(40), target=GOOD, put_back=("gate", "awareness"))
"""What PPO learned on the prior, written by hand: put back gate and awareness before every slice."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Episodes:
    """Results of an overseer, one episode per run: (runs,) each."""

    deployed: np.ndarray
    outcome: np.ndarray  #: -1 if nothing was deployed
    performance: np.ndarray
    harm: np.ndarray
    cost: np.ndarray
    slices: np.ndarray
    orders: np.ndarray  #: number of slices with each value of each choice (choices, values)

    @property
    def returns(self) -> np.ndarray:
        """Sum of rewards: performance less harm less cost."""
        return self.performance - self.harm - self.cost

    def deployed_as(self, *outcomes: Outcome) -> np.ndarray:
        """Return which runs were deployed as one of these types (runs,)."""
        return np.isin(self.outcome, outcomes)

    def ordered(self, choice: str) -> np.ndarray:
        """Return the share of the slices with each value of a choice."""
        counts = self.orders[COLUMN[choice], : len(ACTIONS[choice])]
        return counts / max(1, counts.sum())


def play(policy: Policy, terms: Terms, *, runs: int, seed: int) -> Episodes:
    """Let an overseer train the first runs of the population that an environment draws from a seed, one episode each.

    Raises `InputError` for runs, a seed or an action that is not valid.
    """
    check_runs(runs)
    check_seed(seed)
    overseen = OverseenRuns(terms, draw_key(np.random.default_rng(seed)), np.arange(runs, dtype=np.uint64))
    live, counts = np.ones(runs, bool), np.zeros((len(CHOICES), max(CHOICES)), int)
    deployed, ends = np.zeros(runs, bool), Deployed(np.full(runs, -1), np.zeros(runs), np.zeros(runs))
    while live.any():
        actions = np.where(live[:, None], policy(overseen.seen), 0)
        step = overseen.step(actions, live)
        going = live & (actions[:, COLUMN["decision"]] == GO_ON)
        for choice, column in enumerate(actions[going].T):
            counts[choice] += np.bincount(column, minlength=counts.shape[1])
        deployed |= step.deployed
        for name, values in ends._asdict().items():
            values[step.deployed] = getattr(step, name)[step.deployed]
        live &= ~step.terminated
    return Episodes(deployed=deployed, **ends._asdict(), cost=overseen.cost, slices=overseen.slices, orders=counts)
