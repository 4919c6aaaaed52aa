"""Compute: which arm has the lower loss at equal cost, in each data regime; and ossification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from feint.scenarios.transfer.arms import Arms
from feint.sim.results.report import Table, wrapped
from feint.sim.statistics.intervals import Interval, student
from feint.sim.statistics.scaling_laws import ENOUGH, LOW_DATA, data_for, least_loss

REGIMES = ("low", "medium", "high")
"""Up to a tenth of D(N), up to D(N), and beyond, where from-scratch training is close to convergence."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """Which arm has the lower mean loss at equal compute, at one size and in one regime; compute is steps · modes."""

    modes: int
    regime: str
    counted: Annotated[bool, Field(description="whether the steps of pre-training count")]
    share: Annotated[float, Field(description="share of its budgets at which the pre-trained arm has the lower loss")]
    steps: Annotated[int, Field(description="the regime's last budget, steps of fine-tuning")]
    difference: Annotated[Interval, Field(description="there: loss pre-trained less that from scratch, paired")]


@dataclass(frozen=True, kw_only=True)
class End:
    """The high-data end at one size: whether pre-training ossifies."""

    modes: int
    difference: Annotated[
        Interval, Field(description="loss at the last step, pre-trained less from scratch; above 0 is ossified")
    ]
    slower: Annotated[float | None, Field(description="steps to 99 % over those from scratch; null if never there")]


@dataclass(frozen=True, kw_only=True)
class Best:
    """The least mean loss that a budget buys, over sizes and arms."""

    compute: Annotated[float, Field(description="steps · modes")]
    arm: Annotated[str, Field(description="pre-trained or from scratch")]
    modes: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class Frontiers:
    """Loss-for-compute frontiers over all sizes, without and with the cost of pre-training."""

    free: list[Best]
    counted: list[Best]

    def __str__(self) -> str:
        return "\n".join(
            wrapped(
                f"On the loss-for-compute frontier over all sizes, pre-training {name}: pre-trained at "
                f"{sum(best.arm == 'pre-trained' for best in frontier)} of {len(frontier)} budgets, from scratch at "
                f"{sum(best.arm == 'from scratch' for best in frontier)}."
            )
            for name, frontier in vars(self).items()
        )


def ahead(arms: Arms) -> Iterator[Ahead]:
    """Yield every regime that has a budget, with and without the cost of pre-training."""
    for counted in (False, True):
        differences = loss_differences(arms, counted)
        for regime in REGIMES:
            here = in_regime(arms, regime) & np.isfinite(differences[:, 0])
            if here.any():
                last = int(np.flatnonzero(here)[-1])
                yield Ahead(
                    modes=arms.modes,
                    regime=regime,
                    counted=counted,
                    share=float((differences[here].mean(axis=1) < 0).mean()),
                    steps=int(arms.steps[last]),
                    difference=student(differences[last]),
                )


def in_regime(arms: Arms, regime: str) -> np.ndarray:
    """Return whether each amount of fine-tuning data is in a regime (points,)."""
    share = arms.steps / arms.scratch.enough
    low, medium = (arms.steps > 0) & (share <= LOW_DATA), (share > LOW_DATA) & (share <= 1)
    return {"low": low, "medium": medium, "high": share > 1}[regime]


def loss_differences(arms: Arms, counted: bool) -> np.ndarray:
    """Return the loss after fine-tuning less that from scratch after as many steps (points, runs).

    The steps of pre-training are added if `counted`. NaN if training from scratch was not that long.
    """
    cost = arms.steps + (arms.spent if counted else 0)
    return arms.tuned.losses - arms.scratch.at(cost)


def end(arms: Arms) -> End:
    """Return whether the pre-trained arm is worse at the last step, and slower to the loss of D(N)."""
    best = least_loss(arms.scratch.mean)
    wanted = np.array([1 - ENOUGH * (1 - best[-1])])
    taken = float(data_for(arms.steps, arms.tuned.mean, wanted)[0])
    return End(
        modes=arms.modes,
        difference=student(arms.tuned.losses[-1] - arms.scratch.losses[-1]),
        slower=taken / arms.scratch.enough if np.isfinite(taken) else None,
    )


def frontier(sizes: list[Arms], counted: bool, budgets: np.ndarray) -> list[Best]:
    """Return the loss-for-compute frontier at each budget that buys anything."""
    best = []
    for budget in budgets.tolist():
        options = [option for arms in sizes for option in _bought(arms, counted, budget)]
        if options:
            loss, arm, modes = min(options)
            best.append(Best(compute=budget, arm=arm, modes=modes, loss=loss))
    return best


def _bought(arms: Arms, counted: bool, budget: float) -> Iterator[tuple[float, str, int]]:
    """Yield the least loss of both arms of one size for at most this compute."""
    spent = arms.spent if counted else 0
    for arm, curve, before in (("from scratch", arms.scratch, 0), ("pre-trained", arms.tuned, spent)):
        affordable = (curve.data + before) * arms.modes <= budget
        if affordable.any():
            yield float(curve.mean[affordable].min()), arm, arms.modes


def ahead_table(ahead: Sequence[Ahead]) -> Table:
    """Return which arm is ahead for compute, over all sizes."""
    rows = []
    for regime, counted in dict.fromkeys((row.regime, row.counted) for row in ahead):
        here = [row for row in ahead if (row.regime, row.counted) == (regime, counted)]
        share = sum(row.share for row in here) / len(here)
        ends = [row.difference.estimate for row in here]
        span = f"{min(ends):+.5f} to {max(ends):+.5f}"
        rows.append([regime, "counted" if counted else "free", f"{100 * share:.0f} %", span])
    title = (
        "Compute, steps · modes: share of a regime's budgets at which the pre-trained arm has the lower loss, and "
        "the difference in loss at the last of them, pre-trained less from scratch."
    )
    note = f"Means and ranges over {len({row.modes for row in ahead})} sizes; each with its interval in the document."
    headings = ("regime", "pre-training", "ahead at", "difference at the end")
    return Table.of_cells(headings, rows, wrapped(title), wrapped(note))


def end_table(ends: Sequence[End]) -> Table:
    """Return whether pre-training ossifies, at every size."""
    columns = {
        "modes": lambda row: f"{row.modes}",
        "difference": lambda row: f"{row.difference.estimate:+.6f}",
        "interval": lambda row: f"[{row.difference.low:+.6f}, {row.difference.high:+.6f}]",
        "steps": lambda row: "never" if row.slower is None else f"{row.slower:.2f}",
    }
    title = (
        "Ossification: loss at the last step, pre-trained less from scratch (above 0: worse), and steps to 99 % of "
        "the best performance over those from scratch, which are D(N) (above 1: slower):"
    )
    return Table(ends, columns, wrapped(title))
