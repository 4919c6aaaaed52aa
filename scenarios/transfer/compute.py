"""Compute: which arm has the lower loss for what it cost, in each data regime; and ossification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from feint.scenarios.transfer.arms import Arms
from feint.sim.statistics.intervals import Interval, student
from feint.sim.statistics.learning_curve import ENOUGH, data_for, least_loss
from feint.sim.statistics.transfer_law import LOW_DATA

REGIMES = ("low", "medium", "high")
"""Up to a tenth of D(N), up to D(N), and beyond, where from-scratch training is close to convergence."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Who has the lower mean loss at equal compute, at one size and in one regime; compute is steps · modes."""

    modes: int
    regime: str
    counted: bool  #: whether the steps of pre-training count
    share: float  #: share of the regime's budgets, evenly on a log scale, at which the pre-trained arm is ahead
    steps: int  #: the regime's last budget, in steps of fine-tuning after pre-training
    difference: Interval  #: there: loss of the pre-trained arm less that from scratch, paired


@dataclass(frozen=True, kw_only=True)
class End:
    """The high-data end at one size: whether pre-training ossifies."""

    modes: int
    difference: Interval  #: loss at the last step, pre-trained less from scratch, paired
    slower: (
        float | None
    )  #: steps to the loss that D(N) stands for, over D(N); above 1 is slower; None where never there


@dataclass(frozen=True, kw_only=True)
class Best:
    """The least mean loss that a budget buys, over sizes and arms."""

    compute: float  #: steps · modes
    arm: str  #: "pre-trained" or "from scratch"
    modes: int
    loss: float


def ahead(arms: Arms) -> Iterator[Ahead]:
    """Every regime, with and without the cost of pre-training; one that has no budget is passed over."""
    for counted in (False, True):
        apart = apart_at_equal_cost(arms, counted)
        for regime in REGIMES:
            here = in_regime(arms, regime) & np.isfinite(apart[:, 0])
            if here.any():
                last = int(np.flatnonzero(here)[-1])
                yield Ahead(
                    modes=arms.modes,
                    regime=regime,
                    counted=counted,
                    share=float((apart[here].mean(axis=1) < 0).mean()),
                    steps=int(arms.steps[last]),
                    difference=student(apart[last]),
                )


def in_regime(arms: Arms, regime: str) -> np.ndarray:
    """Which amounts of fine-tuning data are in a regime (points,)."""
    share = arms.steps / arms.scratch.enough
    low, medium = (arms.steps > 0) & (share <= LOW_DATA), (share > LOW_DATA) & (share <= 1)
    return {"low": low, "medium": medium, "high": share > 1}[regime]


def apart_at_equal_cost(arms: Arms, counted: bool) -> np.ndarray:
    """Loss after fine-tuning less that from scratch for as many steps, with those of pre-training if counted.

    (points, runs), NaN where training from scratch was not that long.
    """
    cost = arms.steps + (arms.spent if counted else 0)
    return arms.tuned.losses - arms.scratch.at(cost)


def end(arms: Arms) -> End:
    """Whether the pre-trained arm is worse at the last step, and slower to where D(N) is enough from scratch."""
    best = least_loss(arms.scratch.mean)
    wanted = np.array([1 - ENOUGH * (1 - best[-1])])
    taken = float(data_for(arms.steps, arms.tuned.mean, wanted)[0])
    return End(
        modes=arms.modes,
        difference=student(arms.tuned.losses[-1] - arms.scratch.losses[-1]),
        slower=taken / arms.scratch.enough if np.isfinite(taken) else None,
    )


def frontier(sizes: list[Arms], counted: bool, budgets: np.ndarray) -> list[Best]:
    """Who is on the loss-for-compute frontier at each budget that buys anything."""
    found = []
    for budget in budgets:
        options = [each for arms in sizes for each in _bought(arms, counted, float(budget))]
        if options:
            loss, arm, modes = min(options)
            found.append(Best(compute=float(budget), arm=arm, modes=modes, loss=loss))
    return found


def _bought(arms: Arms, counted: bool, budget: float) -> Iterator[tuple[float, str, int]]:
    """The least loss of both arms of one size for at most this compute."""
    for arm, curve, before in (
        ("from scratch", arms.scratch, 0),
        ("pre-trained", arms.tuned, arms.spent if counted else 0),
    ):
        affordable = (curve.data + before) * arms.modes <= budget
        if affordable.any():
            yield float(curve.mean[affordable].min()), arm, arms.modes
